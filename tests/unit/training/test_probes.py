import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from facies.training.probes import balance, fit_across, fit_binary, fit_shares, set_linear, standardise  # noqa: E402

pytestmark = pytest.mark.train


def clouds(classes=2, count=60, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count)
    x = rng.normal(size=(count, 5)) * 3 + 10
    x[:, 0] += 8 * labels
    return torch.from_numpy(x).float(), labels


def test_a_binary_probe_separates_two_clouds_and_a_penalty_makes_it_smaller():
    x, labels = clouds()
    scaled, _, _ = standardise(x)
    loose = fit_binary(scaled[:, None], labels == 1, np.ones(60), 1e-3)
    tight = fit_binary(scaled[:, None], labels == 1, np.ones(60), 1.0)
    right = ((scaled @ loose[:-1] + loose[-1] > 0).numpy() == (labels == 1)).mean()
    assert right > 0.85
    assert tight[:-1].norm() < 0.5 * loose[:-1].norm()


def test_records_without_weight_count_for_nothing():
    x, labels = clouds()
    scaled, _, _ = standardise(x)
    weights = np.where(np.arange(60) < 40, 1.0, 0.0)
    flipped = np.where(np.arange(60) < 40, labels == 1, labels == 0)
    one = fit_binary(scaled[:, None], labels == 1, weights, 0.1)
    other = fit_binary(scaled[:, None], flipped, weights, 0.1)
    assert torch.allclose(one, other, atol=1e-4)


def test_a_probe_on_shares_laid_over_a_layer_takes_features_as_they_are():
    x, labels = clouds(classes=3)
    scaled, mean, deviation = standardise(x)
    shares = torch.nn.functional.one_hot(torch.from_numpy(labels), 3).float()
    layer = torch.nn.Linear(5, 3)
    set_linear(layer, fit_shares(scaled, shares, np.ones(60), 1e-3), mean, deviation)
    assert (layer(x).argmax(1).numpy() == labels).mean() > 0.8


def test_a_feature_that_never_varies_is_no_trouble():
    scaled, _, deviation = standardise(torch.ones(4, 3, 2))
    assert torch.isfinite(scaled).all()
    assert (deviation > 0).all()


def test_every_type_counts_alike_and_within_it_every_group():
    types = np.array([0, 0, 0, 0, 1])
    groups = np.array(["box1", "box1", "box1", "box2", "box1"])
    weights = balance(types, groups)
    assert weights[types == 0].sum() == pytest.approx(weights[types == 1].sum())
    assert weights[:3].sum() == pytest.approx(weights[3])


def boxes(numbers, seed=0):
    """Windows of boxes of two types in turn: one feature tells the type, another, much stronger, the box."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(numbers, 40)
    labels = groups % 2
    x = rng.normal(size=(len(groups), 3))
    x[:, 0] += 3 * labels
    x[:, 1] += np.array([4, 5, -6, 3, -2, 7, -8, -9])[groups]
    return torch.from_numpy(x).float(), labels, np.array([f"box{number}" for number in groups])


def test_what_differs_between_boxes_of_one_type_decides_nothing_on_the_next_box():
    x, labels, groups = boxes([0, 1, 2, 3, 4, 5])
    others, other_labels, _ = boxes([6, 7])
    scaled, mean, deviation = standardise(x)
    shares = torch.nn.functional.one_hot(torch.from_numpy(labels), 2).float()

    def right(fitted):
        layer = torch.nn.Linear(3, 2)
        set_linear(layer, fitted, mean, deviation)
        return (layer(others).argmax(1).numpy() == other_labels).mean()

    across, plain = fit_across(scaled, shares, groups, 0.03), fit_shares(scaled, shares, balance(labels, groups), 0.03)
    assert right(across) > 0.85 > 0.7 > right(plain)


def test_one_box_of_a_type_is_no_trouble():
    x, labels, groups = boxes([0, 1])
    shares = torch.nn.functional.one_hot(torch.from_numpy(labels), 2).float()
    assert torch.isfinite(fit_across(standardise(x)[0], shares, groups, 1e-3)).all()
