import io
import json
import zipfile

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from facies.analysis import analyse
from facies.errors import AnalysisCancelledError, OptionError, PhotoTooLargeError
from facies.findings import MapAnalysis, TileAnalysis
from facies.imaging import sizes, upright
from facies.imaging.sizes import Sizes
from facies.models.fake import FakeRuntime
from facies.models.openvino import OpenVinoRuntime
from facies.options import Options
from tests.data.networks import expected_logits, map_package, tile_package
from tests.data.photos import decode, encode, noise


@pytest.fixture
def photo(tmp_path):
    def write(pixels):
        path = tmp_path / "photo.png"
        path.write_bytes(encode(pixels))
        return path

    return write


@pytest.fixture
def runtime(tmp_path):
    made = []

    def make(package):
        made.append(OpenVinoRuntime(package))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_tiles_are_answered_one_by_one(tmp_path, photo, runtime):
    pixels = noise(40, 50)
    found = analyse(photo(pixels), runtime(tile_package(tmp_path / "tiles")))
    assert isinstance(found, TileAnalysis)
    assert [(row["y"], row["x"]) for row in found.rows] == [(y, x) for y in (0, 16, 32) for x in (0, 16, 32, 48)]
    whole = np.stack(
        [pixels[row["y"] :, row["x"] :][:16, :16] for row in found.rows if (row["height"], row["width"]) == (16, 16)]
    )
    logits = expected_logits(whole, 2, by_pixel=False)
    expected = 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))
    inside = [row["probability"] for row in found.rows if (row["height"], row["width"]) == (16, 16)]
    np.testing.assert_allclose(inside, expected, atol=1e-5)
    assert all((row["label"] == "bleached") == (row["probability"] >= 0.5) for row in found.rows)
    counts = found.summary["tiles"]
    assert counts["total"] == 12 == sum(counts["by_class"].values())


def test_a_result_shows_itself_in_one_line(tmp_path, photo, runtime):
    tiles = analyse(photo(noise(40, 50)), runtime(tile_package(tmp_path / "tiles")))
    assert repr(tiles) == "<TileAnalysis of 50 × 40 pixels by tiles@1.0.0>"
    drawn = analyse(photo(noise(40, 50)), runtime(map_package(tmp_path / "map")))
    assert repr(drawn) == "<MapAnalysis of 50 × 40 pixels by map@1.0.0>"


def test_the_unsure_band_is_a_third_label(tmp_path, photo, runtime):
    package = tile_package(tmp_path / "tiles", decision="unsure_band = [0.4, 0.6]")
    found = analyse(photo(np.full((16, 48, 3), (128, 0, 0), np.uint8)), runtime(package))
    assert found.summary["tiles"]["by_class"] == {"healthy": 0, "bleached": 0, "unsure": 3}
    assert [entry.rgb for entry in found.legend] == [(251, 146, 60)]


def test_a_map_follows_the_photo_whichever_way_it_lies(tmp_path, photo, runtime):
    shade = np.repeat(np.linspace(0, 255, 90).astype(np.uint8)[:, None, None], 40, axis=1).repeat(3, axis=2)
    engine = runtime(map_package(tmp_path / "map"))
    standing = analyse(photo(shade), engine)
    lying = analyse(photo(np.ascontiguousarray(np.rot90(shade))), engine)
    assert isinstance(standing, MapAnalysis)
    assert standing.label_map.shape == (90, 40)
    assert set(np.unique(standing.label_map[:30])) == {0}
    assert set(np.unique(standing.label_map[-30:])) == {2}
    assert (np.rot90(standing.label_map) == lying.label_map).mean() > 0.97
    assert standing.confidence.dtype == np.uint8


def test_pixels_that_are_not_sure_enough_are_unsure(tmp_path, photo, runtime):
    shade = np.repeat(np.linspace(0, 255, 96).astype(np.uint8)[:, None, None], 32, axis=1).repeat(3, axis=2)
    engine = runtime(map_package(tmp_path / "map"))
    plain = analyse(photo(shade), engine)
    found = analyse(photo(shade), engine, Options(min_confidence=0.6))
    unsure = plain.confidence < 153
    assert 0.1 < unsure.mean() < 0.9
    np.testing.assert_array_equal(found.label_map, np.where(unsure, 255, plain.label_map))
    np.testing.assert_array_equal(found.confidence, plain.confidence)
    np.testing.assert_array_equal(found.overlay()[unsure], shade[unsure])
    np.testing.assert_array_equal(found.overlay()[~unsure], plain.overlay()[~unsure])
    row = found.areas[-1]
    assert (row["index"], row["name"], row["pixels"]) == (255, "unsure", unsure.sum())
    assert sum(area["share"] for area in found.areas) == pytest.approx(1)
    assert found.summary["covered_share"] < plain.summary["covered_share"]
    assert "unsure" not in [entry.name for entry in found.legend]
    assert found.summary["options"]["min_confidence"] == 0.6
    files = {name: b"".join(content) for name, content in found.files()}
    (tmp_path / "labels.png").write_bytes(files["labels.png"])
    with Image.open(tmp_path / "labels.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), found.label_map)
        assert tuple(picture.getpalette()[3 * 255 :]) == (251, 146, 60)


def test_a_confidence_of_nought_changes_nothing(tmp_path, photo, runtime):
    engine = runtime(map_package(tmp_path / "map"))
    plain, found = (
        analyse(photo(noise(40, 32)), engine, options) for options in (Options(), Options(min_confidence=0))
    )
    np.testing.assert_array_equal(plain.label_map, found.label_map)


def test_areas_leave_the_background_out(tmp_path, photo, runtime):
    pixels = np.zeros((64, 32, 3), np.uint8)
    pixels[32:] = 255
    found = analyse(photo(pixels), runtime(map_package(tmp_path / "map")))
    assert [(area["name"], area["share"]) for area in found.areas] == [("siltstone", 1.0)]
    assert found.summary["covered_share"] == pytest.approx(0.5, abs=0.05)
    nothing = analyse(photo(np.zeros((64, 32, 3), np.uint8)), runtime(map_package(tmp_path / "map")))
    assert nothing.summary["classes"] == []
    assert nothing.summary["covered_share"] == 0


def test_a_core_is_logged_from_its_top_whichever_way_it_lies(tmp_path, photo, runtime):
    pixels = np.zeros((96, 32, 3), np.uint8)
    pixels[64:] = 255
    engine, depths = runtime(map_package(tmp_path / "map")), Options(depth_top_m=10.0, depth_base_m=11.5)
    for core, axis in ((pixels, "y"), (np.ascontiguousarray(np.rot90(pixels)), "x")):
        found = analyse(photo(core), engine, depths)
        (only,) = found.intervals
        assert (only["name"], only["top_m"], only["base_m"]) == ("siltstone", pytest.approx(11, abs=0.03), 11.5)
        assert (found.summary["core_axis"], found.summary["intervals"]) == (axis, found.intervals)


def test_files_are_what_the_analysis_says(tmp_path, photo, runtime):
    found = analyse(photo(noise(60, 30)), runtime(map_package(tmp_path / "map")), Options(opacity=0.3))
    files = {name: b"".join(content) for name, content in found.files(legend=True)}
    own = ["labels.png", "confidence.png", "intervals.csv"]
    assert list(files) == ["overlay.png", "overlay-legend.png", *own, "summary.json"]
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "labels.png")), found.label_map)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "overlay.png")), found.overlay())
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "confidence.png")), found.confidence)
    np.testing.assert_array_equal(found.overlay(), found.overlay(0.3))
    summary = json.loads(files["summary.json"])
    assert list(summary.pop("timings_s")) == ["analyse", "render"]
    assert summary == {key: value for key, value in json.loads(json.dumps(found.summary)).items() if key != "timings_s"}


@pytest.mark.parametrize("make_package", [tile_package, map_package])
def test_a_photo_read_in_bands_is_answered_as_one_kept_in_memory(tmp_path, photo, runtime, make_package):
    path, engine = photo(noise(331, 149)), runtime(make_package(tmp_path / "package"))
    answers = []
    for kept in (10**9, 0):
        found = analyse(path, engine, sizes=Sizes(kept=kept))
        answers.append({name: b"".join(content) for name, content in found.files(legend=True)})
    kept, in_bands = answers
    if make_package is map_package:  # scaled by two libraries, so a pixel at an edge may differ
        assert abs(len(kept["labels.png"]) - len(in_bands["labels.png"])) < 0.1 * len(kept["labels.png"])
    else:
        assert kept["overlay.png"] == in_bands["overlay.png"]
        assert kept["tiles.csv"] == in_bands["tiles.csv"]


def test_progress_counts_tiles_that_were_answered(tmp_path, photo):
    seen = []
    engine = FakeRuntime(tile_package(tmp_path / "tiles"))
    analyse(photo(noise(100, 100)), engine, on_progress=lambda done, total: seen.append((done, total)))
    engine.close()
    assert seen[0] == (0, 49)
    assert seen[-1] == (49, 49)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_cancelling_stops_between_two_batches(tmp_path, photo):
    engine = FakeRuntime(tile_package(tmp_path / "tiles"), delay_s=0.01)
    seen = []

    def is_cancelled():
        return bool(seen) and seen[-1] >= 8

    with pytest.raises(AnalysisCancelledError):
        analyse(
            photo(noise(400, 400)), engine, on_progress=lambda done, _: seen.append(done), is_cancelled=is_cancelled
        )
    assert seen[-1] <= 8 + engine.batch_size
    engine.close()


@pytest.mark.parametrize("opacity", [-0.1, 1.1, float("nan")])
def test_opacity_out_of_range_is_refused(opacity):
    with pytest.raises(OptionError, match="between 0 and 1"):
        Options(opacity)


def test_a_photo_beyond_the_limit_is_not_decoded(tmp_path, photo, runtime):
    with pytest.raises(PhotoTooLargeError):
        analyse(photo(noise(20, 20)), runtime(tile_package(tmp_path / "tiles")), sizes=Sizes(accepted=399))


def zoomed(archive: bytes) -> npt.NDArray[np.uint8]:
    """The pixels of a deep zoom's largest level, where that is one tile."""
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        level = max(int(name.split("/")[1]) for name in file.namelist() if name.endswith(".jpg"))
        return np.asarray(Image.open(io.BytesIO(file.read(f"overlay_files/{level}/0_0.jpg"))))


def test_a_photo_too_large_for_one_picture_gets_a_deep_zoom_of_the_same(tmp_path, photo, runtime):
    found = analyse(
        photo(noise(200, 149)), runtime(tile_package(tmp_path / "package")), sizes=Sizes(kept=0, pictured=0)
    )
    files = {name: b"".join(content) for name, content in found.files(legend=True)}
    assert list(files) == ["overlay.dzi.zip", "tiles.csv", "tiles.json", "summary.json"]
    assert (
        np.abs(zoomed(files["overlay.dzi.zip"]).astype(int) - found.overlay()).mean() < 12
    )  # JPEG, and lines of two pixels


@pytest.mark.parametrize("make_package", [tile_package, map_package])
def test_narrow_stripes_change_no_pixel(tmp_path, photo, runtime, monkeypatch, make_package):
    found = analyse(photo(noise(200, 149)), runtime(make_package(tmp_path / "package")))
    wide, narrow = ({}, {})
    for files in (wide, narrow):
        files.update({name: b"".join(content) for name, content in found.files(legend=True)})
        monkeypatch.setattr(sizes, "_STRIPE_BYTES", 149 * 3 * 5)
    for name in ("overlay.png", "overlay-legend.png"):
        np.testing.assert_array_equal(decode(wide[name]), decode(narrow[name]))


def test_a_label_map_too_large_for_one_picture_is_a_tiled_big_tiff(tmp_path, photo, runtime):
    found = analyse(photo(noise(200, 149)), runtime(map_package(tmp_path / "package")), sizes=Sizes(kept=0, pictured=0))
    files = {name: b"".join(content) for name, content in found.files(legend=True)}
    assert list(files)[:3] == ["overlay.dzi.zip", "labels.tif", "confidence.tif"]
    for name, expected in (("labels.tif", found.label_map), ("confidence.tif", found.confidence)):
        assert files[name][:4] == b"II+\0"
        picture = Image.open(io.BytesIO(files[name]))
        assert picture.tag_v2[322] == picture.tag_v2[323] == 512
        np.testing.assert_array_equal(np.asarray(picture), expected)


def test_a_map_of_too_many_pixels_is_refused_before_they_are_in_memory(tmp_path, photo, runtime, monkeypatch):
    engine = runtime(map_package(tmp_path / "package"))
    monkeypatch.setattr(upright, "MAX_UPRIGHT_PIXELS", 1000)
    with pytest.raises(PhotoTooLargeError, match=r"At the scale at which this model looks .* Cut it in parts"):
        analyse(photo(noise(200, 149)), engine)
