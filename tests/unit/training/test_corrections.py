import pytest

from facies.errors import TrainingError
from facies.training.corrections import Correction, read_corrections

HEADER = "picture,top,left,bottom,right,value,everywhere,why\n"


def test_corrections_keep_their_order(tmp_path):
    path = tmp_path / "fixes.csv"
    path.write_text(HEADER + 'a.png,1,2,3,4,5,0,"left out, twice"\na.png,0,0,9,9,255,1,misplaced\n')
    assert read_corrections(path) == {
        "a.png": [
            Correction(1, 2, 3, 4, 5, everywhere=False),
            Correction(0, 0, 9, 9, 255, everywhere=True),
        ]
    }


@pytest.mark.parametrize(
    ("numbers", "problem"),
    [
        ("0,0,many,1,3,0", "must be whole numbers"),
        ("-1,0,10,10,3,0", "there is no rectangle from -1, 0 to 10, 10"),
        ("10,0,10,10,3,0", "there is no rectangle"),
        ("0,0,10,10,256,0", "value must be 0 … 255"),
        ("0,0,10,10,3,2", "everywhere 0 or 1"),
    ],
)
def test_what_cannot_be_done_is_named_with_its_line(tmp_path, numbers, problem):
    path = tmp_path / "fixes.csv"
    path.write_text(f"{HEADER}a.png,{numbers},x\n")
    with pytest.raises(TrainingError, match=rf"fixes\.csv, line 2: .*{problem}"):
        read_corrections(path)
