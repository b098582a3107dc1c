"""Labelled tiles as GeoJSON, for a GIS."""

import json
from collections.abc import Sequence

from facies.reports.tiles import TileRow


def tiles_geojson(rows: Sequence[TileRow]) -> bytes:
    """Tiles as a FeatureCollection (RFC 7946 in form; the coordinates are pixels of the photo, not degrees).

    A GIS has y grow upwards, a picture has it grow downwards: y is given negative, so the tiles lie on the photo as a
    GIS shows one without a place on Earth, its top-left corner at the origin.
    """
    features = [
        {
            "type": "Feature",
            "id": index,
            "geometry": {"type": "Polygon", "coordinates": [_ring(row)]},
            "properties": {"label": row["label"], "probability": row["probability"]},
        }
        for index, row in enumerate(rows)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, separators=(",", ":")).encode()


def _ring(row: TileRow) -> list[tuple[int, int]]:
    """The corners of a tile, counterclockwise, the first once more at the end."""
    left, right = row["x"], row["x"] + row["width"]
    top, bottom = -row["y"], -row["y"] - row["height"]
    return [(left, top), (left, bottom), (right, bottom), (right, top), (left, top)]
