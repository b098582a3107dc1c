import csv
import io
import json

import numpy as np
import pytest

from facies.reports.areas import class_areas
from facies.reports.exports import to_csv, to_json
from facies.reports.tiles import count_labels, tile_rows

CLASSES = [("background", (0, 0, 0)), ("sandstone", (1, 2, 3)), ("siltstone", (4, 5, 6))]


def test_rows_are_x_first_and_in_order():
    rows = tile_rows(np.array([[0, 244]]), np.array([[100, 56]]), np.array([0.82], np.float32), ["bleached"])
    assert rows == [{"x": 244, "y": 0, "width": 56, "height": 100, "probability": 0.82, "label": "bleached"}]


def test_counts_name_the_absent_too():
    assert count_labels(["a", "b", "a"], ["a", "b", "c"]) == {"a": 2, "b": 1, "c": 0}


def test_areas_are_shares_of_what_is_no_background():
    labels = np.array([[0, 0, 1, 1], [1, 2, 0, 0]], np.uint8)
    areas = class_areas(np.bincount(labels.ravel(), minlength=3), dict(enumerate(CLASSES)), background=0)
    assert [(area["index"], area["pixels"], area["share"]) for area in areas] == [(1, 3, 0.75), (2, 1, 0.25)]
    assert [
        area["index"] for area in class_areas(np.bincount(labels.ravel()), dict(enumerate(CLASSES)), background=None)
    ] == [0, 1, 2]
    assert class_areas(np.array([9, 0, 0]), dict(enumerate(CLASSES)), background=0) == []


def test_a_table_survives_names_that_look_like_formulas():
    content = to_csv([{"photo": '=cmd|"/c calc"!A1', "tiles": -3}, {"photo": 'riff, "nord"\n2', "tiles": 4}])
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert rows == [{"photo": '\'=cmd|"/c calc"!A1', "tiles": "-3"}, {"photo": 'riff, "nord"\n2', "tiles": "4"}]
    assert to_csv([]) == b""


def test_json_is_json():
    assert json.loads(to_json({"name": "Riff – Süd"})) == {"name": "Riff – Süd"}
    with pytest.raises(ValueError, match="JSON"):
        to_json({"share": float("nan")})
