import csv
import io

import numpy as np
import pytest

from facies.reports.intervals import core_intervals, intervals_csv, profile

CLASSES = [(1, "sandstone"), (2, "siltstone")]
WIDTH = 32  # so that slivers are those below two rows


def log(rows, *, depths_m=None, length_px=None, width=WIDTH, confidence=None):
    """The log of a map that is given as runs of rows: class index and how many."""
    labels = np.repeat(np.array([index for index, _ in rows], np.uint8), [count for _, count in rows])
    labels = np.tile(labels[:, None], (1, width))
    confidence = np.full(labels.shape, 255, np.uint8) if confidence is None else confidence
    found = profile(labels, confidence, [index for index, _ in CLASSES])
    return core_intervals(found, CLASSES, length_px or len(labels), depths_m)


def spans(intervals):
    return [(entry["name"], entry["top_px"], entry["base_px"]) for entry in intervals]


def test_a_core_is_told_from_its_top_down():
    assert spans(log([(1, 40), (2, 60)])) == [("sandstone", 0, 40), ("siltstone", 40, 100)]


def test_a_gap_is_no_interval():
    assert spans(log([(0, 20), (1, 40), (0, 30), (1, 10)])) == [("sandstone", 20, 60), ("sandstone", 90, 100)]


def test_nothing_but_background_has_no_interval():
    assert log([(0, 50)]) == []


def test_what_is_too_thin_goes_to_its_thicker_neighbour():
    assert spans(log([(1, 20), (2, 1), (1, 20)])) == [("sandstone", 0, 41)]
    assert spans(log([(1, 20), (0, 1), (1, 20)])) == [("sandstone", 0, 41)]


def test_a_row_is_what_most_of_it_is_and_the_share_tells_how_much():
    labels = np.full((60, WIDTH), 1, np.uint8)
    labels[:, :8] = 2
    labels[:, 24:] = 0
    confidence = np.where(labels == 1, 204, 51).astype(np.uint8)
    (only,) = core_intervals(profile(labels, confidence, [1, 2]), CLASSES, 60)
    assert (only["name"], only["share"], only["confidence"]) == ("sandstone", pytest.approx(2 / 3, abs=1e-4), 0.8)


def test_rows_are_brought_to_the_photo_and_to_the_hole():
    upper, lower = log([(1, 25), (2, 75)], length_px=1000, depths_m=(1200.0, 1200.8))
    assert (upper["top_m"], upper["base_m"], upper["length_m"]) == (1200.0, 1200.2, 0.2)
    assert (lower["top_px"], lower["base_px"], lower["base_m"]) == (250, 1000, 1200.8)


def test_long_maps_are_counted_as_short_ones():
    assert spans(log([(1, 3000), (2, 500)])) == [("sandstone", 0, 3000), ("siltstone", 3000, 3500)]


def test_the_table_has_its_header_even_where_there_is_no_rock():
    assert intervals_csv([]) == b"top_m,base_m,length_m,name,share,confidence,top_px,base_px\n"


def test_depths_that_nobody_gave_are_empty_cells():
    (row,) = csv.DictReader(io.StringIO(intervals_csv(log([(1, 40)])).decode()))
    assert row == {
        "top_m": "",
        "base_m": "",
        "length_m": "",
        "name": "sandstone",
        "share": "1.0",
        "confidence": "1.0",
        "top_px": "0",
        "base_px": "40",
    }
