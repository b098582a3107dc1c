import pytest

from facies.errors import TrainingError
from facies.training.tables import column_of, read_rows

PLAIN = "tile,photo,pale\na.png,Koh Tao,1\nb.png,Koh Tao,0\n"
ROWS = [{"tile": "a.png", "photo": "Koh Tao", "pale": "1"}, {"tile": "b.png", "photo": "Koh Tao", "pale": "0"}]


def rows_of(tmp_path, content, columns=("tile", "pale")):
    path = tmp_path / "labels.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_rows(path, columns))


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        "\ufeff" + PLAIN,
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        PLAIN.replace(",", " , "),
        PLAIN.replace("Koh Tao", '"Koh Tao"'),
        "\n" + PLAIN.replace("\n", "\n,,\n\n"),
        PLAIN.rstrip(),
    ],
)
def test_tables_of_spreadsheets_and_scripts_say_the_same(tmp_path, content):
    assert [row for _, row in rows_of(tmp_path, content)] == ROWS


def test_lines_are_counted_as_an_editor_does(tmp_path):
    content = 'tile,note,pale\n\na.png,"two\nlines",1\nb.png,,0\n'
    assert [line for line, _ in rows_of(tmp_path, content)] == [4, 5]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "is empty"),
        (" \n\n", "is empty"),
        ("tile,photo\n", "line 1: the column 'pale' is missing; there are: tile, photo"),
        ("tile,pale,pale\n", "line 1: the column 'pale' is there twice"),
        ("tile,pale\na.png,1\nb.png\n", "line 3: the row is too short: 1 values where there are 2"),
        ("tile,pale\nreef, 2019.png,1\n", "line 2: the row is too long: 3 values where there are 2"),
        ('tile,pale\n"a.png,1\nb.png,0\n', "line 3: no row of a CSV file"),
        ("tile,pale\n" + "a" * 200_000 + ",1\n", "line 2: no row of a CSV file: field larger"),
        ("tile,pale\na.png,1\nKoé.png,1\n".encode("latin-1"), "line 3: this is not UTF-8"),
        (PLAIN.encode("utf-16"), "line 1: this is not UTF-8"),
    ],
)
def test_what_is_no_table_is_named_with_its_line(tmp_path, content, problem):
    with pytest.raises(TrainingError, match=rf"labels\.csv.*{problem}"):
        rows_of(tmp_path, content)


def test_no_table_at_all_and_a_folder(tmp_path):
    with pytest.raises(TrainingError, match="does not exist"):
        list(read_rows(tmp_path / "labels.csv", ("tile",)))
    with pytest.raises(TrainingError, match="cannot be read: Is a directory"):
        list(read_rows(tmp_path, ("tile",)))


def test_a_column_may_have_one_of_several_names(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("\ufeffName; Label\n")
    assert column_of(path, ("Label code", "Label")) == "Label"
    path.write_text("Name,Row\n")
    assert column_of(path, ("Label code", "Label")) == "Label code"
