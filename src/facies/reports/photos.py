"""Many photos in one table: a row each, whatever their models found."""

from collections.abc import Mapping, Sequence
from typing import Any


def summary_row(photo_name: str, error: str | None, summary: Mapping[str, Any] | None) -> dict[str, Any]:
    """One photo as a row.

    Args:
        photo_name: of its file.
        error: why there is no result, None if there is one or may still be.
        summary: what `analysis.summary` says of it, None without a result.
    """
    row: dict[str, Any] = {"photo": photo_name, "error": error or ""}
    if summary is None:
        return row
    row |= {key: summary[key] for key in ("model", "width", "height")}
    if "domain" in summary:
        row |= {"domain_score": summary["domain"]["score"], "out_of_domain": summary["domain"]["out_of_domain"]}
    if "tiles" in summary:
        row["tiles"] = summary["tiles"]["total"]
        row |= {f"{name}_tiles": count for name, count in summary["tiles"]["by_class"].items()}
    for area in summary.get("classes", []):
        row[f"{area['name']}_pixels"] = area["pixels"]
        row[f"{area['name']}_share"] = round(area["share"], 6)
    return row


def summary_table(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same rows, each with the columns of all: 0 where a photo has nothing of what its model found on another."""
    columns = dict.fromkeys(column for row in rows for column in row)
    found_by: dict[str, set[str]] = {}
    for row in rows:
        if "model" in row:
            found_by.setdefault(row["model"], set()).update(row)

    def absent(row: Mapping[str, Any], column: str) -> int | str:
        return 0 if column in found_by.get(row.get("model", ""), ()) else ""

    return [{column: row.get(column, absent(row, column)) for column in columns} for row in rows]
