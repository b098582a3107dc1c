import json

import numpy as np
import pytest

from facies.errors import TrainingError
from facies.training.coco import read_coco
from facies.training.datasets import IGNORE, UNKNOWN
from facies.training.plan import Coco
from facies.training.readers import read_photos
from tests.data.labelled import write_coco

CLASSES = ("background", "sandstone", "mudstone")


def coco(**changes):
    values = {"kind": "coco", "domain": "core", "path": "labels.json", "pictures": "photos"}
    named = {"labels": {"sand": "sandstone", "mud": "mudstone"}, "unlabelled": "background"}
    return Coco(**values | named | changes)


def edit(folder, change):
    table = json.loads((folder / "labels.json").read_text())
    change(table)
    (folder / "labels.json").write_text(json.dumps(table))


def test_polygons_and_runs_give_the_same_map(tmp_path):
    write_coco(tmp_path)
    polygons, runs, packed = (record.read()[1] for record in read_coco(coco(), tmp_path, CLASSES))
    assert polygons.shape == (40, 30)
    assert np.unique(polygons).tolist() == [0, 1, 2]
    assert (polygons[10:20, 5:25] == 1).all()
    assert (polygons[25:35, 5:25] == 2).all()
    assert np.array_equal(polygons, runs)
    assert np.array_equal(polygons, packed)


def test_records_are_photos_like_any_other(tmp_path):
    write_coco(tmp_path)
    record = read_photos(coco(group_pattern="(hole[0-9])"), tmp_path, CLASSES, tmp_path)[0]
    assert (record.name, record.group, record.scored, record.draws) == ("hole0_a.png", "hole0", True, 1)
    assert record.read()[0].shape == (40, 30, 3)


def test_other_categories_crowds_and_the_rest(tmp_path):
    write_coco(tmp_path)
    edit(tmp_path, lambda table: table["annotations"][1].update(iscrowd=1))
    found = read_coco(coco(labels={"mud": "mudstone"}, unlabelled=None), tmp_path, CLASSES)[0].read()[1]
    assert (found[10:20, 5:25] == UNKNOWN).all()
    assert (found[25:35, 5:25] == IGNORE).all()
    assert found[0, 0] == IGNORE


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda table: table.pop("categories"), r"labels\.json is no COCO file: it has no list of categories"),
        (lambda table: table["images"][1].pop("file_name"), r"labels\.json, entry 2 of images: 'file_name' is missing"),
        (lambda table: table["images"][0].update(file_name="no.png"), r"image 1: the picture .*no\.png does not exist"),
        (lambda table: table["annotations"][0].update(image_id=9), "annotation 11: it is on image 9"),
        (lambda table: table["annotations"][0].update(category_id=9), "annotation 11: its category 9 is not listed"),
        (lambda table: table["annotations"][0].update(segmentation=[[1, 2, 3, 4]]), "annotation 11: a polygon needs"),
        (lambda table: table["annotations"][0].update(segmentation=None), "annotation 11: it has neither"),
        (lambda table: table["annotations"][0].update(segmentation=[]), "annotation 11: it has neither"),
        (
            lambda table: table["annotations"][0].update(segmentation=[1, 2, 3, 4, 5, 6]),
            "annotation 11: a polygon needs",
        ),
        (lambda table: table["annotations"][0].update(segmentation=[["a"] * 6]), "annotation 11: a polygon needs"),
        (lambda table: table["annotations"][0].update(segmentation=[[[1, 1]] * 6]), "annotation 11: a polygon needs"),
        (
            lambda table: table["annotations"][0].update(segmentation=[[float("nan")] * 6]),
            "annotation 11: a polygon needs",
        ),
        (
            lambda table: table["annotations"][0].update(segmentation=[[31, 1, 39, 1, 39, 9]]),
            r"annotation 11: a polygon lies beside its photo of \(40, 30\)",
        ),
        *(
            (
                lambda table, runs=runs: table["annotations"][2]["segmentation"].update(runs),
                r"annotation 21: its runs of pixels do not make up a photo of \(40, 30\)",
            )
            for runs in (
                {"counts": [3, 4]},
                {"counts": 1200},
                {"counts": ["a"]},
                {"counts": [600.5, 599.5]},
                {"counts": [-1, 1201]},
                {"counts": "zzzz"},
                {"counts": [600, 600], "size": [30, 40]},
            )
        ),
        (lambda table: table["images"].clear(), r"labels\.json lists no images"),
        (lambda table: table["images"][1].update(id=1), r"labels\.json: of the images, 2 have the id 1"),
        (lambda table: table["categories"][1].update(id=5), r"labels\.json: of the categories, 2 have the id 5"),
        (lambda table: table["images"][1].update(id=[2]), "entry 2 of images: 'id' is not right"),
        (lambda table: table["images"][1].update(height="x"), "entry 2 of images: 'height' is not right"),
        (lambda table: table["images"][1].update(file_name=3), "entry 2 of images: 'file_name' is not right"),
        (lambda table: table["images"][1].update(file_name="../a.png"), "image 2: '../a.png' leads out of"),
        (lambda table: table["categories"].append([]), "entry 3 of categories: it is not right"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, change, problem):
    write_coco(tmp_path)
    edit(tmp_path, change)
    with pytest.raises(TrainingError, match=problem):
        read_coco(coco(), tmp_path, CLASSES)


def test_labels_for_a_photo_of_another_size(tmp_path):
    write_coco(tmp_path)
    edit(tmp_path, lambda table: table["images"][0].update(height=41))
    with pytest.raises(TrainingError, match=r"hole0_a\.png is \(40, 30\) where its labels are for \(41, 30\)"):
        read_coco(coco(), tmp_path, CLASSES)[0].read()


def test_a_byte_order_mark_does_no_harm(tmp_path):
    write_coco(tmp_path)
    path = tmp_path / "labels.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(read_coco(coco(), tmp_path, CLASSES)) == 3


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"[" * 100_000, "is no COCO file"),
        (b"[]", "is no COCO file: it has no list of images"),
        ('{"images": "é"}'.encode("latin-1"), "is not in UTF-8"),
        (b"", "line 1: no JSON"),
    ],
)
def test_what_is_no_coco_file(tmp_path, content, problem):
    (tmp_path / "labels.json").write_bytes(content)
    with pytest.raises(TrainingError, match=rf"labels\.json.*{problem}"):
        read_coco(coco(), tmp_path, CLASSES)


def test_what_is_no_json_is_named_with_its_line(tmp_path):
    (tmp_path / "labels.json").write_text('{"images": [],\n"annotations" []}')
    with pytest.raises(TrainingError, match=r"labels\.json, line 2: no JSON"):
        read_coco(coco(), tmp_path, CLASSES)


def test_no_file_and_a_category_that_stands_for_no_class(tmp_path):
    with pytest.raises(TrainingError, match="does not exist"):
        read_coco(coco(), tmp_path, CLASSES)
    write_coco(tmp_path)
    with pytest.raises(TrainingError, match="'sand' stands for 'granite', which is no class"):
        read_coco(coco(labels={"sand": "granite"}), tmp_path, CLASSES)
    with pytest.raises(TrainingError, match="unlabelled pixels are 'box', no class"):
        read_coco(coco(unlabelled="box"), tmp_path, CLASSES)
