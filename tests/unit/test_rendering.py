import io
import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from facies.analysis import analyse
from facies.models.fake import FakeRuntime
from facies.options import DEFAULT_OPTIONS, Options
from facies.rendering import UNREADABLE, Recipe, render
from tests.data.packages import coral_package, rock_package
from tests.data.photos import decode, encode, patchwork, strata


@pytest.fixture
def folder(tmp_path):
    """A photo and everything an analysis of it leaves, for either task."""

    def make(package, pixels, options=DEFAULT_OPTIONS):
        photo = tmp_path / "photo"
        photo.write_bytes(encode(pixels))
        found = analyse(photo, FakeRuntime(package), options)
        for name, pieces in found.files(legend=True):
            (tmp_path / name).write_bytes(b"".join(pieces))
        return tmp_path

    return make


def overlay_recipe(folder, manifest, **changes):
    is_map = manifest.task == "segmentation"
    names, colours = [c.name for c in manifest.classes], [c.rgb for c in manifest.classes]
    if not is_map:
        names, colours = [*names, "unsure"], [*colours, (251, 146, 60)]
    shown = [index for index in range(len(names)) if index != manifest.background_index]
    sources = {"labels": str(folder / "labels.png")} if is_map else {"tiles": str(folder / "tiles.json")}
    wanted = {"names": names, "colours": colours, "shown": shown, **sources, **changes}
    return Recipe("overlay", str(folder / "photo"), **wanted)


def rendered(recipe):
    return b"".join(render(Recipe.from_json(recipe.to_json())))


def test_an_overlay_of_a_map_is_the_workers_to_the_pixel(folder, tmp_path):
    package = rock_package(tmp_path / "package")
    made = folder(package, strata(300, 700), Options(opacity=0.3))
    for name, legend in (("overlay.png", False), ("overlay-legend.png", True)):
        again = rendered(overlay_recipe(made, package.manifest, opacity=0.3, with_legend=legend))
        np.testing.assert_array_equal(decode(again), decode((made / name).read_bytes()))


def test_an_overlay_of_tiles_is_the_workers_to_the_pixel(folder, tmp_path):
    package = coral_package(tmp_path / "package", unsure_band=(0.4, 0.6))
    made = folder(package, patchwork(600, 500))
    again = rendered(overlay_recipe(made, package.manifest))
    np.testing.assert_array_equal(decode(again), decode((made / "overlay.png").read_bytes()))
    stronger = rendered(overlay_recipe(made, package.manifest, opacity=0.9))
    assert (decode(stronger) != decode(again)).any()


def test_classes_that_are_not_shown_stay_as_the_photo_is(folder, tmp_path):
    package = rock_package(tmp_path / "rock")
    photo = strata(300, 700)
    made = folder(package, photo)
    labels = np.asarray(Image.open(made / "labels.png"))
    one = int(np.bincount(labels.ravel())[1:].argmax()) + 1
    shown = decode(rendered(overlay_recipe(made, package.manifest, shown=[one], opacity=1.0)))
    np.testing.assert_array_equal(shown[labels != one], photo[labels != one])
    assert (shown[labels == one] == package.manifest.classes[one].rgb).all()


def test_tiles_that_are_not_shown_stay_as_the_photo_is(folder, tmp_path):
    package = coral_package(tmp_path / "coral")
    photo = patchwork(600, 500)
    made = folder(package, photo)
    only = decode(rendered(overlay_recipe(made, package.manifest, shown=[1])))
    for tile in json.loads((made / "tiles.json").read_bytes()):
        area = np.s_[tile["y"] : tile["y"] + tile["height"], tile["x"] : tile["x"] + tile["width"]]
        assert (only[area] == photo[area]).all() == (tile["label"] == "healthy")


def test_a_thumbnail_is_small_and_keeps_the_shape(tmp_path):
    (tmp_path / "photo").write_bytes(encode(patchwork(1500, 500)))
    small = Image.open(io.BytesIO(rendered(Recipe("thumbnail", str(tmp_path / "photo")))))
    assert (small.format, small.size) == ("JPEG", (512, 171))
    (tmp_path / "photo").write_bytes(encode(patchwork(40, 30)))
    assert Image.open(io.BytesIO(rendered(Recipe("thumbnail", str(tmp_path / "photo"))))).size == (40, 30)


def test_a_deep_zoom_goes_down_to_one_pixel(tmp_path):
    (tmp_path / "photo").write_bytes(encode(patchwork(600, 500)))
    archive = zipfile.ZipFile(io.BytesIO(rendered(Recipe("deep_zoom", str(tmp_path / "photo"), base="photo"))))
    names = archive.namelist()
    assert b'Width="600"' in archive.read("photo.dzi")
    assert {"photo_files/10/0_0.jpg", "photo_files/10/1_0.jpg", "photo_files/0/0_0.jpg"} <= set(names)
    assert all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())


def test_the_program_says_what_is_wrong_in_a_sentence(tmp_path):
    (tmp_path / "photo").write_bytes(encode(patchwork(600, 500))[:5000])
    recipe = Recipe("thumbnail", str(tmp_path / "photo"))
    ended = subprocess.run(
        [sys.executable, "-m", "facies.rendering"], input=recipe.to_json(), capture_output=True, timeout=60
    )
    assert (ended.returncode, ended.stdout) == (UNREADABLE, b"")
    assert ended.stderr
    assert b"Traceback" not in ended.stderr
