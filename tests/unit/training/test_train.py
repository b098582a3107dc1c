"""Plans run from end to end on tiny fake data: what comes out is a package that loads and runs."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="needs the train extra")

from facies.errors import FaciesError, TrainingError
from facies.models.openvino import OpenVinoRuntime
from facies.models.package import Package
from facies.training.card import fill_card
from facies.training.train import train
from tests.data.labelled import write_image_folders, write_masks, write_tile_table

pytestmark = pytest.mark.train

TILE_PLAN = """
format_version = 1
seed = 3
[package]
name = "tiny-tiles"
version = "0.1.0"
task = "tile-classification"
title = "Tiny"
description = "Pale or dark noise."
authors = ["nobody"]
licence = "Apache-2.0"
card = "card.md"
positive = "bleached"
input = { size_hw = [64, 64] }
tiling = { tile_hw = [32, 32] }
classes = [{ index = 0, name = "healthy", rgb = [0, 255, 0] }, { index = 1, name = "bleached", rgb = [255, 0, 0] }]
[[data]]
kind = "tile-table"
domain = "survey"
path = "survey/labels.csv"
pictures = "survey/tiles"
rules = [
  { where = { compromised = "1" }, label = "bleached" },
  { where = { healthy = "1" }, label = "healthy" },
  { where = { labelled = "1" }, label = "neither" },
]
[[data]]
kind = "image-folders"
domain = "web"
path = "web"
labels = { healthy = "healthy", bleached = "bleached" }
[schedule]
views = 2
epochs = 1
steps = 2
batch_size = 4
neither_share = 0.1
[split]
folds = 2
[domain]
origins = ["survey"]
of = "pale or dark noise"
strangers = { "web pictures" = "web" }
"""

MASK_PLAN = """
format_version = 1
seed = 3
[package]
name = "tiny-pixels"
version = "0.1.0"
task = "segmentation"
title = "Tiny"
description = "Brown or grey noise."
authors = ["nobody"]
licence = "Apache-2.0"
card = "card.md"
background = "background"
input = { size_hw = [64, 64] }
tiling = { tile_hw = [64, 64], overlap = 16, normalised_width = 64 }
classes = [
  { index = 0, name = "background", rgb = [0, 0, 0] },
  { index = 1, name = "brown", rgb = [255, 0, 0] },
  { index = 2, name = "red", rgb = [0, 255, 0] },
  { index = 3, name = "grey", rgb = [0, 0, 255] },
]
[[data]]
kind = "masks"
domain = "columns"
path = "images"
masks = "masks"
group_pattern = '(.+)_x\\d+$'
[schedule]
views = 2
epochs = 1
steps = 2
batch_size = 2
[split]
folds = 2
"""


def write_plan(folder, text, card="# Card\n"):
    (folder / "plan.toml").write_text(text)
    (folder / "card.md").write_text(card)
    return folder / "plan.toml"


def write_tiles(folder):
    write_tile_table(folder / "survey")
    write_image_folders(folder / "web")
    return folder


@pytest.fixture
def tile_data(tmp_path):
    return write_tiles(tmp_path / "data")


@dataclass(frozen=True)
class Run:
    plan: Path
    data: Path
    out: Path
    package: Package


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Trained once for all tests that only look at what came out."""
    folder = tmp_path_factory.mktemp("tiles")
    card = "Accuracy $survey_accuracy of $survey_pictures tiles, domain up to $domain_limit.\n"
    plan = write_plan(folder, TILE_PLAN, card)
    data = write_tiles(folder / "data")
    return Run(plan, data, folder / "out", train(plan, data, folder / "out"))


def test_a_tile_plan_becomes_a_package_that_runs(trained):
    measured = trained.package.manifest.metrics
    assert measured["split"].startswith("2 folds by group (of web no groups are known: every picture is its own)")
    assert measured["survey"]["groups"] == 6
    assert measured["survey"]["neither"] == 6
    assert measured["web"]["pictures"] == 12
    assert measured["precision"]["onnxruntime_f32"]["largest_difference"] < 1e-3
    assert "of 18 tiles, domain up to " in trained.package.card
    assert measured["domain"]["photos"] == 6
    assert set(measured["error_rates"]) == {"5", "10", "20"}
    kept = trained.package.manifest.held_out.probs
    assert [len(kept[name]) for name in ("healthy", "bleached")] == [12, 6]
    assert list(kept["bleached"]) == sorted(kept["bleached"])
    assert measured["domain"]["limit"] == trained.package.manifest.domain.limit
    runtime = OpenVinoRuntime(trained.package)
    probs = runtime.submit(np.zeros((1, 64, 64, 3), np.uint8)).result().probs
    runtime.close()
    assert probs.sum() == pytest.approx(1, abs=1e-5)


def test_what_was_used_is_written_down(trained):
    used = json.loads((trained.out / "work" / "tiny-tiles" / "used.json").read_text())
    assert used["plan"] == TILE_PLAN
    assert "torch" in used["versions"]


def test_a_second_run_repeats_nothing_and_gives_the_same(trained):
    seen = []
    again = train(trained.plan, trained.data, trained.out, report=lambda *progress: seen.append(progress)).manifest
    # Nothing is trained again; the domain of the finished package is fitted anew.
    assert {part for part, *_ in seen} == {"photos of the domain", "web pictures", "generated noise"}
    assert again.domain == trained.package.manifest.domain
    assert again.weights.sha256 == trained.package.manifest.weights.sha256


def test_the_same_plan_gives_the_same_weights(trained, tmp_path):
    other = train(trained.plan, trained.data, tmp_path / "elsewhere").manifest
    assert other.weights.sha256 == trained.package.manifest.weights.sha256
    assert without_speed(other.metrics) == without_speed(trained.package.manifest.metrics)


def without_speed(metrics):
    precision = {
        name: {key: value for key, value in row.items() if key != "speed"} for name, row in metrics["precision"].items()
    }
    return metrics | {"precision": precision}


def test_a_mask_plan_from_a_checkpoint_becomes_a_package_that_runs_and_a_random_split_says_so(tmp_path):
    from tests.data.checkpoints import write_checkpoint

    write_masks(tmp_path / "data")
    write_checkpoint(tmp_path / "data" / "start", "v2")
    write_checkpoint(tmp_path / "data" / "texture", "v1")
    start = '[start]\nweights = "hub:start"\ntexture_weights = "hub:texture"\n'
    text = MASK_PLAN.replace("folds = 2", 'kind = "random"\nfolds = 2') + start
    plan = write_plan(tmp_path, text)
    package = train(plan, tmp_path / "data", tmp_path / "out")
    assert set(package.manifest.metrics["columns"]["iou"]) == {"brown", "grey"}
    assert "RANDOM" in package.manifest.metrics["split"]
    assert package.card.startswith("> **RANDOM SPLIT**")
    runtime = OpenVinoRuntime(package)
    probs = runtime.submit(np.zeros((1, 64, 64, 3), np.uint8)).result().probs
    runtime.close()
    assert probs.shape == (1, 4, 64, 64)


def test_texture_weights_of_another_network_are_refused(tmp_path):
    from tests.data.checkpoints import write_checkpoint

    write_masks(tmp_path / "data")
    write_checkpoint(tmp_path / "data" / "texture", "v2")
    plan = write_plan(tmp_path, MASK_PLAN + '[start]\ntexture_weights = "hub:texture"\n')
    with pytest.raises(TrainingError, match="start weights"):
        train(plan, tmp_path / "data", tmp_path / "out")


def test_masks_that_show_nothing_are_said_before_a_run_begins(tmp_path):
    write_masks(tmp_path / "data", boxes=2, columns=1)
    for mask in (tmp_path / "data" / "masks").iterdir():
        Image.new("L", (64, 128)).save(mask)
    with pytest.raises(TrainingError, match="No photo that is scored has a mask with anything but background"):
        train(write_plan(tmp_path, MASK_PLAN), tmp_path / "data", tmp_path / "out", report=never)


def test_fine_tuning_needs_a_bank_below_what_is_pooled(tmp_path, tile_data):
    text = TILE_PLAN.replace("[schedule]", '[start]\narchitecture = "mobilenet-v1"\n[schedule]\nfrozen_blocks = 12')
    with pytest.raises(TrainingError, match="mobilenet-v1 allows 11 at most"):
        train(write_plan(tmp_path, text), tile_data, tmp_path / "out")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (('card = "card.md"', 'card = "none.md"'), "template .*none.md does not exist"),
        (('card = "card.md"', 'card = "dollar.md"'), "dollar.md: a [$] begins no name"),
        (('positive = "bleached"', 'positive = "pale"'), "makes no valid package: .*'pale', which is not listed"),
        (('name = "bleached"', 'name = "healthy"'), "makes no valid package: .*same name"),
        (('positive = "bleached"', 'positive = "healthy"'), "let positive be 'bleached'"),
        (('{ "web pictures" = "web" }', '{ "web pictures" = "nowhere" }'), "no pictures in .*nowhere"),
        (("folds = 2", "folds = 7"), "6 groups cannot be split into 7 folds"),
    ],
)
def test_what_a_run_would_fail_by_at_its_end_is_said_before_it_begins(tmp_path, tile_data, change, problem):
    plan = write_plan(tmp_path, TILE_PLAN.replace(*change))
    (tmp_path / "dollar.md").write_text("For 5 $.")
    with pytest.raises(FaciesError, match=problem):
        train(plan, tile_data, tmp_path / "out", report=never)


def never(name, *_more):
    pytest.fail(f"{name} was begun")


def test_a_class_that_one_group_alone_has_cannot_be_tested(tmp_path, tile_data):
    table = tile_data / "survey" / "labels.csv"
    lines = table.read_text().splitlines()
    table.write_text(
        "\n".join(line[:-3] + "0,1" if line.split(",")[1] not in ("photo", "00") else line for line in lines) + "\n"
    )
    with pytest.raises(TrainingError, match="'survey', pictures of the class 'bleached' are in 1 of 2 folds"):
        train(write_plan(tmp_path, TILE_PLAN), tile_data, tmp_path / "out", report=never)


def test_data_that_do_not_fit_the_task(tmp_path, tile_data):
    masks = 'kind = "masks"\nmasks = "x"'
    labels = 'labels = { healthy = "healthy", bleached = "bleached" }\n'
    plan = write_plan(tmp_path, TILE_PLAN.replace('kind = "image-folders"', masks).replace(labels, ""))
    with pytest.raises(TrainingError, match="no label a picture"):
        train(plan, tile_data, tmp_path / "out")


def test_start_weights_that_do_not_exist(tmp_path, tile_data):
    plan = write_plan(tmp_path, TILE_PLAN + '[start]\nweights = "nowhere.tflite"\n')
    with pytest.raises(TrainingError, match=r"nowhere\.tflite"):
        train(plan, tile_data, tmp_path / "out")


def test_a_card_is_filled_with_what_was_measured(tmp_path):
    (tmp_path / "card.md").write_text("$survey_auc on $survey_tiles tiles")
    measured = {"survey": {"auc": {"value": 0.8642, "low": 0.8, "high": 0.9144}, "tiles": 646}}
    assert fill_card(tmp_path / "card.md", measured) == "0.864 (0.800–0.914) on 646 tiles"


def test_a_card_says_where_there_is_no_interval(tmp_path):
    (tmp_path / "card.md").write_text("$unseen_accuracy")
    assert fill_card(tmp_path / "card.md", {"unseen": {"accuracy": {"value": 0.75}}}) == (
        "0.750 (no interval: a single group)"
    )


def test_a_card_that_names_a_score_that_was_not_measured(tmp_path):
    (tmp_path / "card.md").write_text("$survey_beauty")
    with pytest.raises(TrainingError, match="survey_beauty"):
        fill_card(tmp_path / "card.md", {"survey": {"auc": 0.9}})
