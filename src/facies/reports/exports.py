"""Rows as CSV and JSON, as a spreadsheet and a script like them."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any


def to_csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> bytes:
    """A CSV file with a header: UTF-8, commas, Unix line ends.

    Args:
        rows: with the same keys; None becomes an empty cell.
        columns: the header, also of a table without rows; the first row's keys where it is not given.
    """
    text = io.StringIO(newline="")
    if rows or columns:
        writer = csv.DictWriter(text, fieldnames=list(columns or rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: _harmless(value) for key, value in row.items()} for row in rows)
    return text.getvalue().encode()


def to_json(value: object) -> bytes:
    """JSON for people and scripts: UTF-8, indented, ending in a line end. NaN and infinity are refused."""
    return (json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def _harmless(value: object) -> object:
    """A photo's name must not turn into a formula when the table is opened in a spreadsheet."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
