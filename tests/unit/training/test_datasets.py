import numpy as np
import pytest
from tests.data.labelled import write_image_folders, write_masks, write_tile_table
from PIL import Image

from facies.errors import TrainingError
from facies.training import datasets
from facies.training.plan import ImageFolders, Masks, Rule, SyntheticCores, TileTable

CLASSES = ("healthy", "bleached")
RULES = (
    Rule(where={"compromised": "1"}, label="bleached"),
    Rule(where={"healthy": "1"}, label="healthy"),
    Rule(where={"labelled": "1"}, label="neither"),
)


def table(**changes):
    values = {"kind": "tile-table", "domain": "survey", "path": "labels.csv", "pictures": "tiles", "rules": RULES}
    return TileTable(**values | changes)


def masks(**changes):
    values = {"kind": "masks", "domain": "columns", "path": "images", "masks": "masks", "group_pattern": r"(.+)_x\d+$"}
    return Masks(**values | changes)


class TestTileTable:
    def test_the_first_rule_that_holds_gives_the_class(self, tmp_path):
        write_tile_table(tmp_path, photos=2, tiles=4)
        found = datasets.read_tile_table(table(), tmp_path, CLASSES)
        assert [record.label for record in found] == [1, 0, 0, datasets.NEITHER] * 2
        assert {record.group for record in found} == {"00", "01"}

    def test_rows_that_no_rule_holds_for_are_left_out(self, tmp_path):
        write_tile_table(tmp_path, photos=1, tiles=4)
        assert len(datasets.read_tile_table(table(rules=RULES[:2]), tmp_path, CLASSES)) == 3

    def test_a_missing_picture_is_named_with_its_line(self, tmp_path):
        write_tile_table(tmp_path, photos=1, tiles=4)
        (tmp_path / "tiles" / "00_1.png").unlink()
        with pytest.raises(TrainingError, match=r"labels\.csv, line 3.*00_1\.png"):
            datasets.read_tile_table(table(), tmp_path, CLASSES)

    def test_a_missing_column_is_named(self, tmp_path):
        write_tile_table(tmp_path, photos=1)
        with pytest.raises(TrainingError, match="line 1.*'site'"):
            datasets.read_tile_table(table(group_column="site"), tmp_path, CLASSES)

    def test_a_short_row_is_named(self, tmp_path):
        write_tile_table(tmp_path, photos=1, tiles=1)
        with (tmp_path / "labels.csv").open("a") as file:
            file.write("00_9.png,00\n")
        with pytest.raises(TrainingError, match="line 3: the row is too short"):
            datasets.read_tile_table(table(), tmp_path, CLASSES)

    def test_no_table_at_all(self, tmp_path):
        with pytest.raises(TrainingError, match="does not exist"):
            datasets.read_tile_table(table(), tmp_path, CLASSES)


class TestImageFolders:
    def data(self, **labels):
        return ImageFolders(kind="image-folders", domain="web", path=".", labels=labels)

    def test_the_folder_gives_the_class(self, tmp_path):
        write_image_folders(tmp_path, pictures=3)
        found = datasets.read_image_folders(self.data(bleached="bleached", healthy="healthy"), tmp_path, CLASSES)
        assert [record.label for record in found] == [1] * 3 + [0] * 3

    def test_a_folder_that_stands_for_no_class(self, tmp_path):
        write_image_folders(tmp_path)
        with pytest.raises(TrainingError, match="'pale', which is no class"):
            datasets.read_image_folders(self.data(bleached="pale"), tmp_path, CLASSES)

    def test_an_empty_folder(self, tmp_path):
        (tmp_path / "bleached").mkdir()
        with pytest.raises(TrainingError, match="holds no pictures"):
            datasets.read_image_folders(self.data(bleached="bleached"), tmp_path, CLASSES)


class TestMasks:
    def test_values_become_classes_ignore_and_unknown(self, tmp_path):
        write_masks(tmp_path, boxes=2, columns=1)
        first, second = datasets.read_masks(masks(unknown=(3,)), tmp_path, 12, tmp_path)
        assert np.unique(datasets.read_label_map(first)).tolist() == [0, 1, datasets.IGNORE]
        assert np.unique(datasets.read_label_map(second)).tolist() == [0, datasets.UNKNOWN, datasets.IGNORE]

    def test_the_group_comes_from_the_name(self, tmp_path):
        write_masks(tmp_path, boxes=2, columns=2)
        found = datasets.read_masks(masks(), tmp_path, 12, tmp_path)
        assert [record.group for record in found] == ["box0", "box0", "box1", "box1"]

    def test_a_name_that_does_not_fit_the_pattern(self, tmp_path):
        write_masks(tmp_path)
        with pytest.raises(TrainingError, match="does not match the group pattern"):
            datasets.read_masks(masks(group_pattern="(crop)"), tmp_path, 12, tmp_path)

    def test_a_picture_without_a_mask(self, tmp_path):
        write_masks(tmp_path)
        (tmp_path / "masks" / "box0_x0.png").unlink()
        with pytest.raises(TrainingError, match="has no mask"):
            datasets.read_masks(masks(), tmp_path, 12, tmp_path)

    def test_corrections_fill_background_or_overwrite(self, tmp_path):
        write_masks(tmp_path, boxes=1, columns=1)
        (tmp_path / "fixes.csv").write_text(
            "picture,top,left,bottom,right,value,everywhere,why\n"
            "box0_x0.png,1,0,20,64,3,0,left out\n"
            "box0_x0.png,100,0,128,64,255,1,misplaced\n"
        )
        (record,) = datasets.read_masks(masks(corrections="fixes.csv"), tmp_path, 12, tmp_path)
        found = datasets.read_label_map(record)
        assert found[10, 30] == 1
        assert found[10, 2] == 3
        assert (found[100:] == datasets.IGNORE).all()

    def test_a_correction_of_no_picture(self, tmp_path):
        write_masks(tmp_path, boxes=1, columns=1)
        (tmp_path / "fixes.csv").write_text(
            "picture,top,left,bottom,right,value,everywhere,why\nother.png,0,0,1,1,3,0,x\n"
        )
        with pytest.raises(TrainingError, match=r"corrects other\.png"):
            datasets.read_masks(masks(corrections="fixes.csv"), tmp_path, 12, tmp_path)

    def test_a_correction_that_is_no_number_is_named_with_its_line(self, tmp_path):
        path = tmp_path / "fixes.csv"
        path.write_text("picture,top,left,bottom,right,value,everywhere,why\na.png,0,0,many,1,3,0,x\n")
        with pytest.raises(TrainingError, match=r"fixes\.csv, line 2"):
            datasets.read_corrections(path)


def test_drawn_records_for_training_and_for_testing_have_different_seeds():
    data = SyntheticCores(kind="synthetic-cores", count=3, test_count=2, height=64)
    training = {record.seed for record in datasets.drawn_records(data)}
    assert training.isdisjoint(record.seed for record in datasets.drawn_test_records(data))


def test_a_picture_that_is_none(tmp_path):
    path = tmp_path / "a.png"
    path.write_text("no picture")
    with pytest.raises(TrainingError, match="cannot be read"):
        datasets.read_picture(path)


def test_pictures_of_any_mode_come_as_rgb(tmp_path):
    path = tmp_path / "a.png"
    Image.new("L", (5, 4), 7).save(path)
    assert datasets.read_picture(path).shape == (4, 5, 3)
