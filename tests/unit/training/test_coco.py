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
        (lambda table: table["images"][0].update(file_name="no.png"), r"image 1: the photo .*no\.png does not exist"),
        (lambda table: table["annotations"][0].update(image_id=9), "annotation 11: it is on image 9"),
        (lambda table: table["annotations"][0].update(category_id=9), "annotation 11: its category 9 is not listed"),
        (lambda table: table["annotations"][0].update(segmentation=[[1, 2, 3, 4]]), "annotation 11: a polygon needs"),
        (lambda table: table["annotations"][0].update(segmentation=None), "annotation 11: it has neither"),
        (
            lambda table: table["annotations"][2]["segmentation"].update(counts=[3, 4]),
            r"annotation 21: its runs of pixels do not make up a photo of \(40, 30\)",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path, change, problem):
    write_coco(tmp_path)
    edit(tmp_path, change)
    with pytest.raises(TrainingError, match=problem):
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
