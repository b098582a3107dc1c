import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from facies.errors import TrainingError
from facies.models.openvino import OpenVinoRuntime
from facies.models.package import load_package
from facies.training.evaluate import JSON_NAME, Source, evaluate
from facies.training.evaluation.leaks import Picture, perceptual_hash, write_fingerprints
from tests.data.labelled import write_coralnet_points, write_image_folders, write_noaa_patches, write_tile_table
from tests.data.networks import map_package, tile_package

VOID = {"meta", "img", "br"}


class Checker(HTMLParser):
    """Remembers what is open, what was never closed, and what the page would fetch."""

    def __init__(self):
        super().__init__()
        self.open, self.fetched, self.tags = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        self.fetched += [value for name, value in attrs if name in ("src", "href")]

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def run(package, tmp_path, source, **more):
    runtime = OpenVinoRuntime(package, streams=1)
    try:
        page = evaluate(runtime, source, tmp_path / "out", **more)
    finally:
        runtime.close()
    return json.loads((page.parent / JSON_NAME).read_text()), page.read_text()


@pytest.fixture
def tiles(tmp_path):
    return tile_package(tmp_path / "packages" / "tiles")


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def remarks(found, kind):
    return " ".join(remark["text"] for remark in found["remarks"] if remark["kind"] == kind)


TABLE = """
[[data]]
kind = "tile-table"
domain = "survey"
path = "labels.csv"
pictures = "tiles"
rules = [
  { where = { compromised = "1" }, label = "bleached" },
  { where = { healthy = "1" }, label = "healthy" },
  { where = { labelled = "1" }, label = "neither" },
]
"""


def layout(tmp_path, text):
    (tmp_path / "layout.toml").write_text(text)
    return tmp_path / "layout.toml"


class TestTiles:
    def test_a_package_that_is_always_right(self, tmp_path, tiles, data):
        write_tile_table(data)
        found, page = run(tiles, tmp_path, Source(data, layout(tmp_path, TABLE)))
        assert found["confusion"] == {"names": ["healthy", "bleached"], "counts": [[12, 0], [0, 6]]}
        assert found["scores"]["accuracy"] == {"value": 1.0, "low": 1.0, "high": 1.0}
        assert found["scores"]["AUC"]["value"] == 1.0
        assert found["neither"] == {"pictures": 6, "called": {"healthy": 6}, "share_positive": 0.0}
        assert found["data"]["groups"] == 6
        assert "No answer was wrong" in page

    def test_the_probability_of_a_large_picture_is_that_of_its_tiles_by_area(self, tmp_path, tiles, data):
        (data / "healthy").mkdir(parents=True)
        (data / "bleached").mkdir()
        pixels = np.full((16, 24, 3), 40, np.uint8)
        pixels[:, 16:] = 250
        Image.fromarray(pixels).save(data / "healthy" / "a.png")
        Image.fromarray(pixels[:, ::-1]).save(data / "bleached" / "b.png")
        found, _ = run(tiles, tmp_path, Source(data))
        served = [1 / (1 + np.exp(-16 * (level / 255 - 0.5))) for level in (40, 250)]
        mean = (2 * served[0] + served[1]) / 3
        bins = found["calibration"]["bins"]["served"]
        assert min(entry["probability"] for entry in bins) == pytest.approx(mean, abs=1e-4)

    def test_calibration_is_taken_off_again_for_before(self, tmp_path, data):
        write_tile_table(data)
        plain = tile_package(tmp_path / "packages" / "plain")
        cooled = tile_package(tmp_path / "packages" / "cooled", decision="temperature = 2.5\noffset = [0.3, -0.4]")
        source = Source(data, layout(tmp_path, TABLE))
        ece = [run(package, tmp_path, source)[0]["calibration"]["ece"] for package in (plain, cooled)]
        assert ece[0]["before"] == pytest.approx(ece[0]["served"], abs=1e-4)
        assert ece[1]["before"] == pytest.approx(ece[0]["served"], abs=1e-4)
        assert ece[1]["served"] != pytest.approx(ece[0]["served"], abs=1e-2)
        assert set(ece[1]) == {"before", "served", "refitted"}

    def test_both_temperatures_are_told(self, tmp_path, data):
        write_tile_table(data)
        decision = "temperature = 2.5\ntemperature_below = 1.5"
        package = tile_package(tmp_path / "packages" / "tiles", decision=decision)
        found, page = run(package, tmp_path, Source(data, layout(tmp_path, TABLE)))
        assert (found["calibration"]["temperature"], found["calibration"]["temperature_below"]) == (2.5, 1.5)
        assert "temperature is 2.5, 1.5 where the answer is no" in page

    def test_wrong_answers_are_shown_surest_first(self, tmp_path, tiles, data):
        write_image_folders(data, pictures=3)
        for name, level in {"sure.png": 255, "unsure.png": 140}.items():
            Image.new("RGB", (16, 16), (level,) * 3).save(data / "healthy" / name)
        found, page = run(tiles, tmp_path, Source(data))
        assert [entry["name"] for entry in found["worst"]] == ["sure.png", "unsure.png"]
        assert found["worst"][0]["probability"] > 0.99
        assert page.count('<img src="data:image/jpeg;base64,') == 2
        assert "Groups are not known" in remarks(found, "note")

    def test_a_published_split_that_leaks_is_said_on_top(self, tmp_path, tiles, data):
        write_noaa_patches(data, sites=3)
        copy = next((data / "train" / "CORAL").iterdir())
        Image.open(copy).save(data / "test" / "CORAL" / "NEW-1_2020_3_7.PNG")
        found, page = run(tiles, tmp_path, Source(data))
        leaks = found["leaks"]["training"]
        assert (leaks["checked"], leaks["trained_on"], leaks["in_shared_groups"]) == (True, 48, 24)
        assert leaks["near_duplicates"] >= 1
        assert "24 of 25 tested pictures are of a group" in remarks(found, "alarm")
        assert page.index("LEAK") < page.index("<h2>Scores")

    def test_what_the_package_says_it_was_trained_on_is_compared_with(self, tmp_path, tiles, data):
        write_image_folders(data)
        first = Image.open(data / "healthy" / "healthy-0.png")
        write_fingerprints(tiles.path, [Picture("", None, perceptual_hash(np.asarray(first)))])
        found, _ = run(tiles, tmp_path, Source(data))
        assert "1 of 12 tested pictures have a near-duplicate" in remarks(found, "alarm")
        assert "that the package carries" in remarks(found, "note")

    def test_training_data_elsewhere_are_compared_with(self, tmp_path, tiles, data):
        write_image_folders(data / "new", seed=1)
        write_image_folders(data / "old", seed=2)
        found, _ = run(tiles, tmp_path, Source(data / "new"), trained_on=Source(data / "old"))
        assert "the 12 training pictures that were given" in remarks(found, "note") or "LEAK" in remarks(found, "alarm")

    def test_pictures_of_the_packages_own_plan_were_trained_on(self, tmp_path, tiles, data):
        write_tile_table(data)
        plan = layout(tmp_path, TABLE + '[package]\nname = "tiles"\n')
        found, _ = run(tiles, tmp_path, Source(data, plan))
        assert "LEAK: these pictures are described by the plan" in remarks(found, "alarm")

    def test_a_random_split_is_said_on_top(self, tmp_path, tiles, data):
        write_tile_table(data)
        source = Source(data, layout(tmp_path, TABLE))
        grouped, _ = run(tiles, tmp_path, source)
        assert remarks(grouped, "alarm") == ""
        found, page = run(tiles, tmp_path, source, split="random")
        assert "RANDOM SPLIT" in remarks(found, "alarm")
        assert page.index("RANDOM SPLIT") < page.index("<h2>Scores")

    def test_of_one_group_no_interval_is_told(self, tmp_path, data):
        write_tile_table(data, photos=1)
        package = tile_package(tmp_path / "packages" / "tiles", domain_limit=2.0)
        found, page = run(package, tmp_path, Source(data, layout(tmp_path, TABLE)))
        assert found["scores"]["accuracy"] == {"value": 1.0, "low": None, "high": None}
        assert "There is only one group" in remarks(found, "note")
        assert "0.0% have a domain score" in page

    def test_points_are_cut_out_and_analysed(self, tmp_path, tiles, data):
        write_coralnet_points(data)
        text = """
            [[data]]
            kind = "coralnet"
            domain = "reef"
            path = "annotations.csv"
            pictures = "photos"
            crop = 32
            labels = { BL_Por = "bleached", Porit = "healthy" }
        """
        found, _ = run(tiles, tmp_path, Source(data, layout(tmp_path, text)))
        assert found["confusion"]["counts"] == [[6, 0], [0, 6]]
        assert [row["pictures"] for row in found["groups"]] == [4, 4, 4]


class TestDomain:
    """The test packages know grey pictures; a red one is as far from these as its channels are apart."""

    def write(self, data):
        write_image_folders(data, pictures=3)
        for name, folder in {"red.png": "bleached", "redder.png": "healthy"}.items():
            Image.new("RGB", (16, 16), (255 if name == "redder.png" else 200, 0, 0)).save(data / folder / name)

    def test_pictures_out_of_domain_are_counted_and_named(self, tmp_path, data):
        self.write(data)
        package = tile_package(tmp_path / "packages" / "tiles", domain_limit=2.0)
        found, page = run(package, tmp_path, Source(data))
        strange = found["domain"]
        assert (strange["limit"], strange["pictures"], strange["out_of_domain"]) == (2.0, 8, 2)
        assert strange["share"]["value"] == 0.25
        assert [entry["name"] for entry in strange["strangest"]] == ["redder.png", "red.png"]
        assert strange["accuracy"] == {"within": 1.0, "beyond": 0.5}
        assert "2 of 8 tested pictures are out of the package's domain" in remarks(found, "note")
        assert "25.0%" in page
        assert "redder.png (" in page

    def test_a_package_without_a_domain_says_so(self, tmp_path, tiles, data):
        self.write(data)
        found, page = run(tiles, tmp_path, Source(data))
        assert found["domain"] is None
        assert "The package has no domain" in page

    def test_pictures_of_no_class_count_too(self, tmp_path, data):
        write_tile_table(data)
        package = tile_package(tmp_path / "packages" / "tiles", domain_limit=1e-6)
        strange = run(package, tmp_path, Source(data, layout(tmp_path, TABLE)))[0]["domain"]
        assert (strange["pictures"], strange["out_of_domain"]) == (24, 24)
        assert strange["accuracy"] == {"within": None, "beyond": 1.0}

    def test_photos_are_judged_by_their_pixels(self, tmp_path, data):
        TestMaps().write(data, wrong=(2,))
        package = map_package(tmp_path / "packages" / "map", domain_limit=1e-6)
        found, _ = run(package, tmp_path, Source(data))
        strange = found["domain"]
        assert strange["out_of_domain"] == 4
        assert strange["accuracy"]["beyond"] == pytest.approx(found["scores"]["pixel accuracy"]["value"])


class TestMaps:
    @pytest.fixture
    def package(self, tmp_path):
        return map_package(tmp_path / "packages" / "map")

    def write(self, data, photos=4, wrong=()):
        """Light stripes (2) on dark ground (0), a row to ignore; some masks say 1 instead of 2."""
        for part in ("images", "masks"):
            (data / part).mkdir(parents=True)
        for photo in range(photos):
            mask = np.zeros((64, 32), np.uint8)
            mask[16 + photo : 40] = 2
            pixels = np.where(mask == 2, 250, 5).astype(np.uint8)
            mask[mask == 2] = 1 if photo in wrong else 2
            mask[-1] = 255
            Image.fromarray(np.repeat(pixels[..., None], 3, axis=2)).save(data / "images" / f"{photo}.png")
            Image.fromarray(mask).save(data / "masks" / f"{photo}.png")

    def test_masks_beside_photos(self, tmp_path, package, data):
        self.write(data)
        found, page = run(package, tmp_path, Source(data))
        assert found["scores"]["pixel accuracy"]["value"] > 0.9
        assert found["scores"]["outline IoU"]["value"] > 0.8
        assert sum(map(sum, found["confusion"]["counts"])) == 4 * 63 * 32
        assert [row["name"] for row in found["classes"]] == ["background", "siltstone"]
        assert "No picture is labelled sandstone" in remarks(found, "note")
        assert page.count('alt="truth"') == 4

    def test_a_class_that_a_draw_lacks_does_not_pull_the_interval_down(self, tmp_path, package, data):
        self.write(data, wrong=(2,))
        found, _ = run(package, tmp_path, Source(data))
        score = found["scores"]["mean IoU"]
        assert score["low"] <= score["value"] < score["high"]

    def test_a_class_is_not_scored_in_draws_without_it(self, tmp_path, package, data):
        """It is labelled on one photo only, and called by mistake on another."""
        self.write(data, wrong=(0, 1, 3))
        siltstone = {row["name"]: row for row in run(package, tmp_path, Source(data))[0]["classes"]}["siltstone"]
        assert siltstone["IoU"]["low"] > 0
        assert siltstone["precision"]["low"] > 0

    def test_the_worst_photo_comes_first(self, tmp_path, package, data):
        self.write(data, wrong=(2,))
        found, _ = run(package, tmp_path, Source(data))
        assert found["worst"][0]["name"] == "2.png"
        assert found["worst"][0]["accuracy"] < 0.8 < found["worst"][1]["accuracy"]

    def test_a_mask_of_another_size(self, tmp_path, package, data):
        self.write(data)
        Image.new("L", (32, 60)).save(data / "masks" / "1.png")
        with pytest.raises(TrainingError, match=r"1\.png is \(60, 32\) where the photo is \(64, 32\)"):
            run(package, tmp_path, Source(data))


def test_what_has_no_positive_class_is_promised_no_unsure_band(tmp_path, tiles, data):
    write_image_folders(data)
    assert "<code>unsure_band</code>" in run(tiles, tmp_path, Source(data))[1]
    manifest = tiles.path / "package.toml"
    manifest.write_text(manifest.read_text().replace('positive = "bleached"', ""))
    assert "<code>unsure_band</code>" not in run(load_package(tiles.path), tmp_path, Source(data))[1]


@pytest.mark.parametrize("task", ["tiles", "maps"])
def test_the_page_is_whole_and_fetches_nothing(tmp_path, data, task):
    if task == "tiles":
        write_image_folders(data, pictures=2)
        Image.new("RGB", (16, 16), (255, 255, 255)).save(data / "healthy" / "<b>&.png")
        _, page = run(tile_package(tmp_path / "packages" / "tiles"), tmp_path, Source(data))
        assert "&lt;b&gt;&amp;.png" in page
    else:
        TestMaps().write(data)
        _, page = run(map_package(tmp_path / "packages" / "map"), tmp_path, Source(data))
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    assert "script" not in checker.tags
    assert all(source.startswith("data:image/") for source in checker.fetched)
    assert not re.search(r"https?://", page)
    assert "nan" not in page.lower().replace("nano", "")


class TestErrors:
    def test_a_picture_that_the_server_would_refuse_is_named(self, tmp_path, tiles, data):
        write_image_folders(data, pictures=2)
        Image.new("RGB", (16, 16)).save(data / "healthy" / "bitmap.png", "BMP")
        with pytest.raises(TrainingError, match=r"bitmap\.png cannot be read: The file is not a photo"):
            run(tiles, tmp_path, Source(data))

    def test_where_the_page_goes_is_tried_before_hours_are_spent(self, tmp_path, tiles, data):
        write_image_folders(data)
        (tmp_path / "out").touch()
        with pytest.raises(FileExistsError):
            run(tiles, tmp_path, Source(data), report=lambda *_progress: pytest.fail("pictures were looked at"))

    def test_a_folder_whose_labels_cannot_be_guessed(self, tmp_path, tiles, data):
        (data / "pictures").mkdir(parents=True)
        with pytest.raises(TrainingError, match=r"cannot be guessed.*--layout"):
            run(tiles, tmp_path, Source(data))

    def test_no_folder(self, tmp_path, tiles):
        with pytest.raises(TrainingError, match="does not exist"):
            run(tiles, tmp_path, Source(tmp_path / "nowhere"))

    @pytest.mark.parametrize(
        ("text", "problem"),
        [("", "data: Field required"), ("data = [", "not valid TOML"), ('[[data]]\nkind = "x"', "data.0: ")],
    )
    def test_a_layout_that_cannot_be_used(self, tmp_path, tiles, data, text, problem):
        with pytest.raises(TrainingError, match=problem):
            run(tiles, tmp_path, Source(data, layout(tmp_path, text)))

    def test_no_layout(self, tmp_path, tiles, data):
        with pytest.raises(TrainingError, match=r"The layout .* does not exist"):
            run(tiles, tmp_path, Source(data, tmp_path / "no.toml"))

    def test_labels_for_another_task(self, tmp_path, data):
        write_tile_table(data)
        package = map_package(tmp_path / "packages" / "map")
        with pytest.raises(TrainingError, match="have no label a pixel"):
            run(package, tmp_path, Source(data, layout(tmp_path, TABLE)))

    def test_pictures_of_no_class(self, tmp_path, tiles, data):
        write_tile_table(data)
        lines = [line for line in TABLE.splitlines() if "healthy" not in line and "bleached" not in line]
        with pytest.raises(TrainingError, match="No picture shows any of the package's classes"):
            run(tiles, tmp_path, Source(data, layout(tmp_path, "\n".join(lines))))
