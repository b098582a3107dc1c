"""Tables of labels, CSV as people have them: from a spreadsheet or a script, with commas, semicolons or tabs."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from facies.errors import TrainingError

_DELIMITERS = ",;\t"

Row = dict[str, str]


def read_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, Row]]:
    """The rows of a table with the number of each row's last line; empty rows are passed over.

    Columns are separated by what the first line has most of: commas, semicolons or tabs. Spaces round names and values
    do not count.

    Args:
        path: CSV in UTF-8, with or without a byte order mark.
        columns: that the table must have.

    Yields:
        line number, and from each column's name to the value.

    Raises:
        TrainingError: it is missing, not in UTF-8 or no table; a column is missing or there twice; a row has too few
            values or too many. The message names the file and the line.
    """
    text = _read_text(path)
    if not text.strip():
        raise TrainingError(f"The table {path} is empty.")
    first_line = text.lstrip().splitlines()[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(_DELIMITERS, key=first_line.count), strict=True)
    names: list[str] = []
    try:
        for cells in reader:
            values = [cell.strip() for cell in cells]
            if not any(values):
                continue
            if not names:
                names = _checked(values, columns, f"{path}, line {reader.line_num}")
                continue
            if len(values) != len(names):
                problem = "short" if len(values) < len(names) else "long"
                raise TrainingError(
                    f"{path}, line {reader.line_num}: the row is too {problem}: {len(values)} values "
                    f"where there are {len(names)} columns."
                )
            yield reader.line_num, dict(zip(names, values, strict=True))
    except csv.Error as error:
        raise TrainingError(f"{path}, line {reader.line_num}: no row of a CSV file: {error}.") from error


def column_of(path: Path, names: Sequence[str]) -> str:
    """The first of some names that a table has as a column; the first of all where it has none of them.

    Raises:
        TrainingError: it is missing, or not in UTF-8.
    """
    header = next(iter(_read_text(path).lstrip().splitlines()), "")
    found = {cell.strip(' "') for cell in header.split(max(_DELIMITERS, key=header.count))}
    return next((name for name in names if name in found), names[0])


def _read_text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise TrainingError(f"The table {path} does not exist.") from None
    except OSError as error:
        raise TrainingError(f"The table {path} cannot be read: {error.strerror}.") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TrainingError(f"{path}, line {line}: this is not UTF-8; save the table as CSV in UTF-8.") from error


def _checked(names: list[str], columns: Sequence[str], where: str) -> list[str]:
    for column in columns:
        if names.count(column) != 1:
            problem = "is there twice" if column in names else f"is missing; there are: {', '.join(names)}"
            raise TrainingError(f"{where}: the column {column!r} {problem}.")
    return names
