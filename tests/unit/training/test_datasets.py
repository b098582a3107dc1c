import numpy as np
import pytest
from PIL import Image

from facies.errors import TrainingError
from facies.training import datasets, readers
from facies.training.plan import CoralNetPoints, ImageFolders, Masks, NoaaPatches, Rule, SyntheticCores, TileTable
from tests.data.labelled import (
    write_coralnet_points,
    write_image_folders,
    write_masks,
    write_noaa_patches,
    write_tile_table,
)

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
        with pytest.raises(TrainingError, match=r"line 1.*'site'"):
            datasets.read_tile_table(table(group_column="site"), tmp_path, CLASSES)

    def test_a_short_row_is_named(self, tmp_path):
        write_tile_table(tmp_path, photos=1, tiles=1)
        with (tmp_path / "labels.csv").open("a") as file:
            file.write("00_9.png,00\n")
        with pytest.raises(TrainingError, match="line 3: the row is too short"):
            datasets.read_tile_table(table(), tmp_path, CLASSES)

    @pytest.mark.parametrize(
        ("line", "problem"),
        [
            ("00_0.png,00,0,1,1", "00_0.png has a row already, line 2"),
            ("new.png,,0,1,1", "'photo' is empty"),
            ("new.png,00,0,1.0,1", "'compromised' must be 0 or 1, not '1.0'"),
            ("new.png,00,yes,0,1", "'healthy' must be 0 or 1, not 'yes'"),
            ("../survey.png,00,0,1,1", "'../survey.png' leads out of"),
            ("/new.png,00,0,1,1", "'/new.png' leads out of"),
            ("new\0.png,00,0,1,1", "does not exist"),
            ("new.png,00,0,1,1,coral, pale", "the row is too long"),
        ],
    )
    def test_what_is_wrong_with_a_row_is_named_with_its_line(self, tmp_path, line, problem):
        write_tile_table(tmp_path, photos=1, tiles=1)
        Image.new("RGB", (8, 8)).save(tmp_path / "tiles" / "new.png")
        with (tmp_path / "labels.csv").open("a") as file:
            file.write(line + "\n")
        with pytest.raises(TrainingError, match=rf"labels\.csv, line 3: .*{problem}"):
            datasets.read_tile_table(table(), tmp_path, CLASSES)

    def test_a_rule_for_what_is_no_class(self, tmp_path):
        write_tile_table(tmp_path, photos=1)
        rules = (Rule(where={"compromised": "1"}, label="bleeched"),)
        with pytest.raises(TrainingError, match="'bleeched', which is no class"):
            datasets.read_tile_table(table(rules=rules), tmp_path, CLASSES)

    def test_columns_of_words_may_hold_any(self, tmp_path):
        write_tile_table(tmp_path, photos=2)
        rules = (Rule(where={"photo": "00", "compromised": "1"}, label="bleached"),)
        assert len(datasets.read_tile_table(table(rules=rules), tmp_path, CLASSES)) == 1

    def test_rules_that_hold_for_no_row(self, tmp_path):
        write_tile_table(tmp_path, photos=1, tiles=4)
        rules = (Rule(where={"photo": "99"}, label="bleached"),)
        with pytest.raises(TrainingError, match="none of the rules holds for any of its 4 rows"):
            datasets.read_tile_table(table(rules=rules), tmp_path, CLASSES)

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

    def test_litter_of_file_managers_is_no_picture(self, tmp_path):
        write_image_folders(tmp_path, pictures=2)
        (tmp_path / "bleached" / "._bleached-0.png").write_bytes(b"litter")
        (tmp_path / "bleached" / "copies.png").mkdir()
        assert len(datasets.read_image_folders(self.data(bleached="bleached"), tmp_path, CLASSES)) == 2

    def test_an_empty_folder(self, tmp_path):
        (tmp_path / "bleached").mkdir()
        with pytest.raises(TrainingError, match="holds no pictures"):
            datasets.read_image_folders(self.data(bleached="bleached"), tmp_path, CLASSES)


class TestNoaaPatches:
    def data(self, **changes):
        return NoaaPatches(**{"kind": "noaa", "domain": "noaa"} | changes)

    def test_class_and_site_come_from_folder_and_name(self, tmp_path):
        write_noaa_patches(tmp_path, sites=2, patches=3)
        found = datasets.read_noaa_patches(self.data(parts=("test",)), tmp_path, CLASSES)
        assert [record.label for record in found] == [0] * 6 + [1] * 6
        assert {record.group for record in found} == {"FFS-B000", "FFS-B001"}

    def test_photos_can_be_kept_together_instead_of_sites(self, tmp_path):
        write_noaa_patches(tmp_path, sites=1, patches=4)
        found = datasets.read_noaa_patches(self.data(group_by="photo"), tmp_path, CLASSES)
        assert len(found) == 3 * 2 * 4
        assert {record.group for record in found} == {"FFS-B000_2019_0", "FFS-B000_2019_1"}

    def test_a_name_that_is_something_else(self, tmp_path):
        write_noaa_patches(tmp_path)
        (tmp_path / "train" / "CORAL" / "IMG_1.png").write_bytes(b"")
        with pytest.raises(TrainingError, match=r"IMG_1\.png is not SITE_YEAR_PHOTO_PATCH"):
            datasets.read_noaa_patches(self.data(), tmp_path, CLASSES)

    def test_a_part_that_is_missing(self, tmp_path):
        write_noaa_patches(tmp_path)
        with pytest.raises(TrainingError, match="val/CORAL does not exist"):
            datasets.read_noaa_patches(self.data(parts=("val",)), tmp_path, CLASSES)


class TestCoralNetPoints:
    def data(self, **changes):
        values = {"kind": "coralnet", "domain": "reef", "path": "annotations.csv", "pictures": "photos", "crop": 32}
        labels = {"labels": {"BL_Por": "bleached", "Porit": "healthy"}, "group_pattern": r"(site\d+)_"}
        return CoralNetPoints(**values | labels | changes)

    def append(self, folder, line):
        with (folder / "annotations.csv").open("a") as file:
            file.write(line + "\n")

    def test_a_point_is_the_square_round_it_inside_the_photo(self, tmp_path):
        write_coralnet_points(tmp_path, photos=2)
        found = datasets.read_coralnet_points(self.data(), tmp_path, CLASSES)
        assert [record.label for record in found] == [1, 1, 0, 0] * 2
        assert [record.box for record in found[:4]] == [
            (0, 0, 32, 32),
            (44, 24, 76, 56),
            (44, 144, 76, 176),
            (0, 168, 32, 200),
        ]
        assert {record.group for record in found} == {"site0", "site1"}
        assert all(record.read().shape == (32, 32, 3) for record in found)
        assert found[0].read().mean() > 180 > 100 > found[3].read().mean()
        assert found[1].name == "site0_00.png at 44, 24"

    def test_other_labels_can_be_kept_as_neither(self, tmp_path):
        write_coralnet_points(tmp_path, photos=1)
        found = datasets.read_coralnet_points(self.data(others="neither"), tmp_path, CLASSES)
        assert [record.label for record in found] == [1, 1, datasets.NEITHER, 0, 0]

    @pytest.mark.parametrize(
        ("line", "problem"),
        [
            ("site0_00.png,ten,5,Porit", "must be whole numbers"),
            ("site0_00.png,120,5,Porit", r"the point \(120, 5\) is not on the photo of \(120, 200\)"),
            ("site9_00.png,10,5,Porit", "site9_00.png does not exist"),
            ("broken.png,10,5,Porit", "broken.png cannot be read"),
            ("../photos/site0_00.png,10,5,Porit", "leads out of"),
            ("site0_00.png,-1,5,Porit", r"the point \(-1, 5\) is not on the photo"),
            ("site0_00.png,10.5,5,Porit", "must be whole numbers"),
            ("site0_00.png,60,40,Porit", "the point is 'Porit', and in line 3 'BL_Por'"),
            ("site0_00.png,10", "too short"),
        ],
    )
    def test_what_is_wrong_is_named_with_its_line(self, tmp_path, line, problem):
        write_coralnet_points(tmp_path, photos=1)
        (tmp_path / "photos" / "broken.png").write_bytes(b"no picture")
        self.append(tmp_path, line)
        with pytest.raises(TrainingError, match=rf"annotations\.csv, line 7: .*{problem}"):
            datasets.read_coralnet_points(self.data(), tmp_path, CLASSES)

    def test_a_point_that_is_there_twice_counts_once(self, tmp_path):
        write_coralnet_points(tmp_path, photos=1)
        self.append(tmp_path, "site0_00.png,60.0,40.0,BL_Por")
        assert len(datasets.read_coralnet_points(self.data(), tmp_path, CLASSES)) == 4

    def test_the_column_of_labels_as_coralnet_calls_it_today(self, tmp_path):
        write_coralnet_points(tmp_path, photos=1)
        table = tmp_path / "annotations.csv"
        table.write_text(table.read_text().replace("Label", "Label code", 1))
        assert len(datasets.read_coralnet_points(self.data(), tmp_path, CLASSES)) == 4

    def test_labels_of_which_the_table_has_none_are_said_with_those_it_has(self, tmp_path):
        write_coralnet_points(tmp_path, photos=1)
        with pytest.raises(TrainingError, match=r"no point has one of the plan's labels. It has: BL_Por, Porit, Sand"):
            datasets.read_coralnet_points(self.data(labels={"Bleached": "bleached"}), tmp_path, CLASSES)

    def test_a_crop_larger_than_the_photo(self, tmp_path):
        write_coralnet_points(tmp_path, photos=1)
        with pytest.raises(TrainingError, match=r"line 2: the photo .* smaller than the crop of 128"):
            datasets.read_coralnet_points(self.data(crop=128), tmp_path, CLASSES)

    def test_a_label_that_stands_for_no_class(self, tmp_path):
        write_coralnet_points(tmp_path, photos=1)
        with pytest.raises(TrainingError, match="line 5: 'Porit' stands for 'alive', which is no class"):
            datasets.read_coralnet_points(self.data(labels={"Porit": "alive"}), tmp_path, CLASSES)


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

    def test_a_value_that_means_nothing_is_named_with_its_place(self, tmp_path):
        write_masks(tmp_path, boxes=1, columns=1)
        (record,) = datasets.read_masks(masks(), tmp_path, 1, tmp_path)
        with pytest.raises(TrainingError, match=r"box0_x0\.png has the value 1 at row 8, column 12: it is no class"):
            datasets.read_label_map(record)

    def test_a_mask_of_another_size(self, tmp_path):
        write_masks(tmp_path, boxes=1, columns=1)
        Image.new("L", (64, 127)).save(tmp_path / "masks" / "box0_x0.png")
        (record,) = datasets.read_masks(masks(), tmp_path, 12, tmp_path)
        with pytest.raises(TrainingError, match=r"box0_x0\.png is \(127, 64\) where the photo is \(128, 64\)"):
            record.read()

    def test_masks_of_one_bit_and_of_sixteen(self, tmp_path):
        write_masks(tmp_path, boxes=1, columns=1)
        path = tmp_path / "masks" / "box0_x0.png"
        (record,) = datasets.read_masks(masks(), tmp_path, 12, tmp_path)
        drawn = np.zeros((128, 64), np.uint8)
        drawn[50:] = 1
        Image.fromarray(drawn * 255).convert("1").save(path)
        assert np.array_equal(datasets.read_label_map(record), drawn)
        Image.fromarray(drawn.astype(np.uint16)).save(path)
        assert np.array_equal(datasets.read_label_map(record), drawn)
        Image.fromarray(drawn.astype(np.uint16) * 300).save(path)
        with pytest.raises(TrainingError, match=r"box0_x0\.png has the value 300"):
            datasets.read_label_map(record)

    def test_a_name_that_does_not_fit_the_pattern(self, tmp_path):
        write_masks(tmp_path)
        with pytest.raises(TrainingError, match="does not match the group pattern"):
            datasets.read_masks(masks(group_pattern="(crop)"), tmp_path, 12, tmp_path)

    def test_a_picture_without_a_mask(self, tmp_path):
        write_masks(tmp_path)
        (tmp_path / "masks" / "box0_x0.png").unlink()
        with pytest.raises(TrainingError, match="has no mask"):
            datasets.read_masks(masks(), tmp_path, 12, tmp_path)

    def test_painted_masks(self, tmp_path):
        write_masks(tmp_path, boxes=1, columns=1)
        path = tmp_path / "masks" / "box0_x0.png"
        values = np.array(Image.open(path))
        paint = {0: (0, 0, 0), 1: (174, 199, 232), 255: (255, 255, 255)}
        Image.fromarray(np.array([paint.get(value, (0, 0, 0)) for value in range(256)], np.uint8)[values]).save(path)
        colours = {"#000000": 0, "#AEC7E8": 1, "#ffffff": 255}
        (record,) = datasets.read_masks(masks(colours=colours), tmp_path, 12, tmp_path)
        assert np.array_equal(datasets.read_label_map(record), values)
        (record,) = datasets.read_masks(masks(colours={"#000000": 0, "#ffffff": 255}), tmp_path, 12, tmp_path)
        with pytest.raises(TrainingError, match=r"box0_x0\.png has the colour #aec7e8 at row 8, column 12"):
            datasets.read_label_map(record)
        (record,) = datasets.read_masks(masks(), tmp_path, 12, tmp_path)
        with pytest.raises(TrainingError, match=r"box0_x0\.png is painted in colours; say in `colours`"):
            datasets.read_label_map(record)

    def test_grey_masks_may_come_as_colour_files(self, tmp_path):
        write_masks(tmp_path, boxes=1, columns=1)
        path = tmp_path / "masks" / "box0_x0.png"
        values = np.array(Image.open(path))
        Image.fromarray(values).convert("RGB").save(path)
        (record,) = datasets.read_masks(masks(), tmp_path, 12, tmp_path)
        assert np.array_equal(datasets.read_label_map(record), values)

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


def test_every_layout_has_one_reader(tmp_path):
    write_tile_table(tmp_path, photos=1, tiles=4)
    assert len(readers.read_tiles(table(), tmp_path, CLASSES)) == 4
    with pytest.raises(TrainingError, match="'masks' have no label a picture"):
        readers.read_tiles(masks(), tmp_path, CLASSES)
    with pytest.raises(TrainingError, match="'tile-table' have no label a pixel"):
        readers.read_photos(table(), tmp_path, CLASSES, tmp_path)


def test_drawn_records_for_training_and_for_testing_have_different_seeds():
    data = SyntheticCores(kind="synthetic-cores", count=3, test_count=2, height=64)
    training = {record.seed for record in datasets.drawn_records(data)}
    assert training.isdisjoint(record.seed for record in datasets.drawn_test_records(data))
