import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facies.analysis import analyse
from facies.errors import PackageError, TrainingError
from facies.models.domain import score_tiles
from facies.models.openvino import OpenVinoRuntime
from facies.models.package import load_package
from facies.training.domain import add_domain, fit_space
from facies.training.plan import read_plan
from facies.training.strangers import draw_noise, find_strangers
from tests.data.labelled import write_masks, write_tile_table
from tests.data.networks import map_package, tile_package

PLAN = """
format_version = 1
seed = 3
[package]
name = "tiles"
version = "1.0.0"
task = "tile-classification"
title = "Tiny"
description = "Tiny."
authors = ["nobody"]
licence = "Apache-2.0"
card = "card.md"
input = { size_hw = [16, 16] }
tiling = { tile_hw = [64, 64] }
classes = [{ index = 0, name = "healthy", rgb = [0, 255, 0] }, { index = 1, name = "bleached", rgb = [255, 0, 0] }]
[[data]]
kind = "tile-table"
domain = "survey"
path = "survey/labels.csv"
pictures = "survey/tiles"
rules = [{ where = { compromised = "1" }, label = "bleached" }, { where = { labelled = "1" }, label = "healthy" }]
[domain]
origins = ["survey"]
of = "green photos"
strangers = { "violet photos" = "violet" }
"""

MASK_PLAN = """
format_version = 1
seed = 3
[package]
name = "map"
version = "1.0.0"
task = "segmentation"
title = "Tiny"
description = "Tiny."
authors = ["nobody"]
licence = "Apache-2.0"
card = "card.md"
input = { size_hw = [16, 16] }
tiling = { tile_hw = [16, 16], overlap = 4, normalised_width = 32 }
classes = [
  { index = 0, name = "background", rgb = [0, 0, 0] },
  { index = 1, name = "sandstone", rgb = [0, 255, 0] },
  { index = 2, name = "siltstone", rgb = [255, 0, 0] },
]
[[data]]
kind = "masks"
domain = "columns"
path = "images"
masks = "masks"
unknown = [3]
group_pattern = '(.+)_x\\d+$'
[domain]
origins = ["columns"]
of = "dark photos"
strangers = { "violet photos" = "violet" }
"""


def write_violet(folder: Path) -> None:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(9)
    for number in range(5):
        pixels = np.array([230, 20, 240]) + rng.normal(0, 12, (64, 64, 3))
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{number}.png")


def write_plan(folder: Path, text: str = PLAN) -> Path:
    (folder / "plan.toml").write_text(text)
    (folder / "card.md").write_text("Limit $domain_limit, violet $domain_strangers_violet_photos_auroc\n")
    return folder / "plan.toml"


@pytest.fixture
def data(tmp_path):
    write_tile_table(tmp_path / "data" / "survey")
    write_violet(tmp_path / "data" / "violet")
    return tmp_path / "data"


@pytest.fixture
def package(tmp_path):
    return tile_package(tmp_path / "tiles", tile=64)


def test_a_package_learns_which_photos_it_is_for(tmp_path, data, package):
    fitted = add_domain(package, read_plan(write_plan(tmp_path)), tmp_path, data)
    measured = fitted.manifest.metrics["domain"]
    assert (measured["photos"], measured["groups"], measured["folds"]) == (6, 6, 5)
    assert measured["median"] < measured["limit"] == fitted.manifest.domain.limit
    assert measured["strangers"]["violet photos"]["auroc"]["value"] == 1.0
    assert measured["strangers"]["violet photos"]["flagged"] == 1.0
    assert measured["strangers"]["generated noise"]["photos"] == 60
    runtime = OpenVinoRuntime(fitted, streams=1)
    found = {
        name: analyse(data / name, runtime).domain.out_of_domain for name in ("survey/tiles/00_1.png", "violet/0.png")
    }
    runtime.close()
    assert found == {"survey/tiles/00_1.png": False, "violet/0.png": True}


def test_maps_have_a_domain_too(tmp_path):
    write_masks(tmp_path / "data")
    write_violet(tmp_path / "data" / "violet")
    fitted = add_domain(
        map_package(tmp_path / "map"), read_plan(write_plan(tmp_path, MASK_PLAN)), tmp_path, tmp_path / "data"
    )
    measured = fitted.manifest.metrics["domain"]
    assert (measured["photos"], measured["groups"], measured["folds"]) == (8, 4, 4)
    assert measured["strangers"]["violet photos"]["auroc"]["value"] == 1.0


def test_fitting_again_gives_the_same(tmp_path, data, package):
    plan = read_plan(write_plan(tmp_path))
    first = add_domain(package, plan, tmp_path, data)
    json.dumps(first.manifest.metrics, allow_nan=False)
    space, manifest = first.domain_path.read_bytes(), first.manifest
    again = add_domain(first, plan, tmp_path, data)
    assert again.manifest == manifest
    assert again.domain_path.read_bytes() == space


def test_the_command_fits_and_fills_the_card(tmp_path, data, package):
    plan = write_plan(tmp_path)
    command = [sys.executable, "-m", "facies", "models", "fit-domain", package.path, "--plan", plan, "--data", data]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == str(package.path)
    fitted = load_package(package.path)
    assert fitted.card == f"Limit {fitted.manifest.domain.limit:.3f}, violet 1.000 (1.000–1.000)\n"


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (("[domain]", "[nothing]"), TrainingError, "nothing"),
        (('origins = ["survey"]', 'origins = ["surveys"]'), TrainingError, "surveys"),
        (('"violet" }', '"no such folder" }'), TrainingError, "no pictures"),
        (('of = "green photos"', 'of = "green photos"\noutput = "fetaures"'), PackageError, "fetaures"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, data, package, change, error, said):
    with pytest.raises(error, match=said):
        add_domain(package, read_plan(write_plan(tmp_path, PLAN.replace(*change))), tmp_path, data)


def test_a_plan_without_a_domain_and_photos_of_one_group_are_refused(tmp_path, data, package):
    without = PLAN[: PLAN.index("[domain]")]
    with pytest.raises(TrainingError, match=r"\[domain\]"):
        add_domain(package, read_plan(write_plan(tmp_path, without)), tmp_path, data)
    table = data / "survey" / "labels.csv"
    table.write_text(
        "\n".join(line for line in table.read_text().splitlines() if line.split(",")[1] in ("photo", "00"))
    )
    with pytest.raises(TrainingError, match="one group"):
        add_domain(package, read_plan(write_plan(tmp_path)), tmp_path, data)


def test_a_space_is_the_mahalanobis_distance_of_its_own_spread():
    rng = np.random.default_rng(0)
    features = rng.normal(0, 1, (4000, 6)).astype(np.float32) @ np.diag([5, 3, 1, 1, 1, 1]).astype(np.float32)
    features += 40
    space = fit_space(features, np.ones(len(features), np.int64))
    assert space.shape == (2 + 3, 6)
    scores = score_tiles(features, space)
    assert np.sqrt((scores**2).mean()) == pytest.approx(1, abs=0.15)
    centre = space[0] ** 3
    wide, narrow = (centre + 20 * np.eye(6, dtype=np.float32)[axis] for axis in (0, 5))
    assert score_tiles(wide[None], space)[0] < score_tiles(narrow[None], space)[0] / 2


def test_tiles_count_by_their_area():
    features = np.array([[1.0, 1.0], [9.0, 9.0]], np.float32)
    space = fit_space(features, np.array([3, 1]))
    np.testing.assert_allclose(space[0], (3 * np.cbrt(features[:1]) + np.cbrt(features[1:]))[0] / 4, rtol=1e-6)


def test_noise_is_the_same_every_time_and_of_every_kind():
    first, again = ([draw() for draw in draw_noise(seed=4, tile=64)] for _ in range(2))
    assert all((one == other).all() for one, other in zip(first, again, strict=True))
    assert all(picture.dtype == np.uint8 and picture.shape[2] == 3 for picture in first)
    assert min(picture.std(axis=(0, 1)).max() for picture in first) == 0
    assert max(picture.std() for picture in first) > 60


def test_of_many_pictures_some_are_taken_evenly(tmp_path):
    for number in range(250):
        (tmp_path / f"{number:03}.jpg").write_bytes(b"")
    chosen = [read.args[0].name for read in find_strangers(tmp_path)]
    assert len(chosen) == 200 == len(set(chosen))
    assert (chosen[0], chosen[-1]) == ("000.jpg", "249.jpg")
