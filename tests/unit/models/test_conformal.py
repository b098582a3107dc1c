import numpy as np
import pytest

from facies.errors import OptionError
from facies.models.conformal import band_of
from facies.models.decision import decide
from facies.models.package import HeldOut, Manifest
from facies.options import Options
from facies.training.error_rates import keep_held_out, measure_error_rates
from tests.data.networks import tile_package

RNG = np.random.default_rng


def draw(seed: int, count: int):
    """Probabilities of a classifier that is right more often than not, and the truth."""
    rng = RNG(seed)
    positive = rng.random(count) < 0.3
    margin = rng.normal(np.where(positive, 1.0, -1.0), 1.2)
    return 1 / (1 + np.exp(-margin)), positive


def test_a_band_by_hand():
    negatives = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    # (9 + 1) · 0.8 = 8: the 8th smallest of the negatives, and the 8th largest of the positives.
    assert band_of(negatives, negatives, 0.2, 0.5) == (0.2, 0.8)
    # With none allowed to be wrong, and too few held out to tell, nothing is ruled out.
    assert band_of(negatives, negatives, 0.01, 0.5) == (0.0, 1.0)


def test_the_threshold_is_in_the_band():
    assert band_of([0.1] * 50, [0.9] * 50, 0.1, 0.5) == (0.1, 0.9)
    assert band_of([0.6] * 50, [0.7] * 50, 0.1, 0.5) == (0.5, 0.7)


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.25])
def test_errors_of_each_class_are_as_rare_as_was_wanted(rate):
    probability, positive = draw(0, 4000)
    low, high = band_of(probability[~positive].tolist(), probability[positive].tolist(), rate, 0.5)
    fresh, truth = draw(1, 40_000)
    unsure = (fresh >= low) & (fresh <= high)
    wrong = ~unsure & ((fresh >= 0.5) != truth)
    assert wrong[truth].mean() <= rate + 0.02
    assert wrong[~truth].mean() <= rate + 0.02


def test_the_rarer_the_errors_the_more_is_unsure():
    probability, positive = draw(0, 2000)
    measured = measure_error_rates(probability, positive, np.arange(2000) % 5)
    assert list(measured) == ["5", "10", "20"]
    assert measured["5"]["unsure"] > measured["10"]["unsure"] > measured["20"]["unsure"]
    for rate, found in measured.items():
        assert found["positive_errors"] <= int(rate) / 100 + 0.03
        assert found["negative_errors"] <= int(rate) / 100 + 0.03


def with_held_out(manifest: Manifest) -> Manifest:
    probability, positive = draw(0, 1000)
    return manifest.model_copy(update={"held_out": keep_held_out(probability, positive, ("healthy", "bleached"))})


def test_the_option_chooses_the_band(tmp_path):
    manifest = with_held_out(tile_package(tmp_path / "tiles").manifest)
    low, high = Options(error_rate=0.1).applied_to(manifest).decision.unsure_band
    wider = Options(error_rate=0.05).applied_to(manifest).decision.unsure_band
    assert wider[0] < low < 0.5 < high < wider[1]
    assert Options().applied_to(manifest).decision.unsure_band is None
    applied = Options(error_rate=0.1, threshold=0.05).applied_to(manifest)
    assert applied.decision.unsure_band[0] == 0.05
    probs = np.array([[1 - low, low], [0.0, 1.0], [1.0, 0.0]], np.float32)
    assert decide(probs, Options(error_rate=0.1).applied_to(manifest)).tolist() == [2, 1, 0]


def test_a_package_without_held_out_probabilities_says_so(tmp_path):
    with pytest.raises(OptionError, match="unsure_band instead"):
        Options(error_rate=0.1).applied_to(tile_package(tmp_path / "tiles").manifest)


def test_held_out_probabilities_are_of_the_packages_classes(tmp_path):
    manifest = tile_package(tmp_path / "tiles").manifest
    wrong = HeldOut(of="nothing", probs={"healthy": (0.1,), "pale": (0.9,)})
    with pytest.raises(ValueError, match="held_out"):
        Manifest.model_validate(manifest.model_dump() | {"held_out": wrong.model_dump()})
