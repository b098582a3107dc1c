"""What the two contracts ask of the packages that ship: labels, names, colours, sizes."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facies.models import self_test
from facies.models.openvino import OpenVinoRuntime
from facies.models.registry import SHIPPED, Registry
from facies.options import Options
from facies.training.card import fill_card
from facies.training.evaluation.leaks import read_fingerprints
from tests.data.packages import CORAL_LABELS, ROCK_CLASSES

PLANS = Path(__file__).parents[2] / "plans"
MAX_WEIGHTS_BYTES = 15_000_000


@pytest.fixture(scope="module")
def shipped():
    return Registry([SHIPPED])


def test_coral_bleaching_speaks_the_coral_contract(shipped):
    manifest = shipped.get("coral-bleaching").manifest
    assert (manifest.task, manifest.tiling.tile_hw, manifest.tiling.overlap) == ("tile-classification", (244, 244), 0)
    assert {entry.name: entry.label_for("coral") for entry in manifest.classes} == CORAL_LABELS
    assert {entry.name: entry.rgb for entry in manifest.classes} == {
        "bleached": (239, 68, 68),
        "healthy": (34, 197, 94),
    }
    assert (manifest.decision.positive, manifest.decision.threshold) == ("bleached", 0.5)
    assert manifest.decision.unsure_band is None


def test_rock_types_speaks_the_rock_contract(shipped):
    manifest = shipped.get("rock-types").manifest
    assert manifest.task == "segmentation"
    assert {entry.name: entry.rgb for entry in manifest.classes if entry.index} == {
        name: rgb for name, rgb in ROCK_CLASSES.items() if name != "background"
    }
    assert [entry.name for entry in manifest.classes] == list(ROCK_CLASSES)
    assert manifest.background_index == 0


@pytest.mark.parametrize("name", ["coral-bleaching", "rock-types"])
def test_packages_are_small_and_say_where_they_come_from(shipped, name):
    package = shipped.get(name)
    weights = [package.weights_path, *([package.int8_path] if package.int8_path else [])]
    assert sum(path.stat().st_size for path in weights) < MAX_WEIGHTS_BYTES
    assert package.manifest.sources
    assert all(source.licence for source in package.manifest.sources)
    assert len(package.card) > 500


@pytest.mark.parametrize("name", ["coral-bleaching", "rock-types"])
def test_a_card_tells_the_figures_that_the_package_holds(shipped, name):
    package = shipped.get(name)
    assert package.card == fill_card(PLANS / f"{name}.card.md", package.manifest.metrics)


@pytest.mark.parametrize("name", ["coral-bleaching", "rock-types"])
def test_weights_do_not_tell_on_which_machine_they_were_made(shipped, name):
    package = shipped.get(name)
    for path in (package.weights_path, package.int8_path):
        assert not re.search(rb"/(tmp|root|home|usr)/|site-packages", path.read_bytes())


@pytest.mark.parametrize("precision", ["f32", None])
@pytest.mark.parametrize("name", ["coral-bleaching", "rock-types"])
def test_packages_say_what_they_said_when_they_were_made(shipped, name, precision):
    package = shipped.get(name)
    runtime = OpenVinoRuntime(package, 1, precision)
    try:
        assert self_test.run(package, runtime) <= package.manifest.self_test.tolerance
    finally:
        runtime.close()


@pytest.mark.parametrize("name", ["coral-bleaching", "rock-types"])
def test_packages_say_what_they_were_trained_on(shipped, name):
    assert read_fingerprints(shipped.get(name).path)


@pytest.mark.parametrize("precision", ["f32", None])
@pytest.mark.parametrize("name", ["coral-bleaching", "rock-types"])
def test_a_domain_score_changes_no_answer(shipped, name, precision):
    package = shipped.get(name)
    without = replace(package, manifest=package.manifest.model_copy(update={"domain": None}))
    tiles = np.random.default_rng(0).integers(0, 256, (3, *package.manifest.input.size_hw, 3), np.uint8)
    answers = []
    for each in (package, without):
        runtime = OpenVinoRuntime(each, 1, precision)
        answers.append([runtime.submit(tile[None]).result() for tile in tiles])
        runtime.close()
    for one, other in zip(*answers, strict=True):
        np.testing.assert_array_equal(one.probs, other.probs)
        assert np.isfinite(one.domain_scores).all()
        assert other.domain_scores is None


@pytest.mark.parametrize("name", ["coral-bleaching", "rock-types"])
def test_strange_pictures_are_told_from_held_out_photos(shipped, name):
    """Of what was measured; a look at the pictures themselves needs them."""
    manifest = shipped.get(name).manifest
    measured = manifest.metrics["domain"]
    assert measured["limit"] == manifest.domain.limit
    assert len(measured["strangers"]) >= 3
    assert all(told["auroc"]["value"] >= 0.95 for told in measured["strangers"].values())


def test_errors_of_coral_bleaching_can_be_made_rarer(shipped):
    package = shipped.get("coral-bleaching")
    bands = [Options(error_rate=rate).applied_to(package.manifest).decision.unsure_band for rate in (0.05, 0.1, 0.2)]
    widths = [high - low for low, high in bands]
    assert widths == sorted(widths, reverse=True)
    assert all(low <= package.manifest.decision.threshold <= high for low, high in bands)
    for rate, found in package.manifest.metrics["error_rates"].items():
        assert max(found["positive_errors"], found["negative_errors"]) <= int(rate) / 100 + 0.02
