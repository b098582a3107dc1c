import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from facies.training.gate import fit_gate  # noqa: E402

pytestmark = pytest.mark.train

DIMENSIONS = 16


def windows(box, count=40, seed=0):
    """Features of windows of a labelled box: a little of what all boxes have, and much of its own; of none: others."""
    features = 0.5 * np.random.default_rng((seed, box or 0)).standard_normal((count, DIMENSIONS))
    if box is not None:
        features[:, 0] += 4
        features[:, box + 1] += 3
    return torch.from_numpy(features).float()


def fitted(boxes):
    gate = torch.nn.Linear(DIMENSIONS, 1)
    texture = torch.cat([windows(box) for box in boxes] + [windows(None, 200)])
    counts = np.arange(len(texture)) < 40 * len(boxes)
    groups = [str(box) for box in boxes for _ in range(40)] + [f"drawn {number}" for number in range(200)]
    fit_gate(gate, texture, counts, groups, seed=1)
    return gate


def opened(gate, texture):
    return float((gate(texture) > 0).float().mean())


def test_the_gate_opens_for_a_box_that_it_has_not_seen_and_stays_shut_for_others():
    gate = fitted(range(8))
    assert opened(gate, windows(9, seed=7)) > 0.9
    assert opened(gate, windows(None, seed=7)) < 0.1


def test_boxes_held_out_open_it_further():
    alone, held_out = fitted([0]), fitted([0, 1])
    assert opened(alone, windows(0)) == 1
    assert opened(held_out, windows(5)) > opened(alone, windows(5))


def test_the_gate_is_open_where_all_photos_are_labelled():
    gate = torch.nn.Linear(DIMENSIONS, 1)
    torch.nn.init.zeros_(gate.weight)
    fit_gate(gate, windows(0), np.ones(40, np.bool_), ["0"] * 40, seed=1)
    assert opened(gate, windows(None)) == 1
