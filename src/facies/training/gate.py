"""The gate of a pixel classifier: whether a window looks like the labelled photos, so that the probes may decide."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from facies.training.probes import balance, fit_binary, set_linear, standardise
from facies.training.splits import grouped_folds

_PENALTY = 1e-3
_FOLDS = 4
_UNSEEN_SHUT = 0.005
_CERTAIN = 20.0


def fit_gate(
    gate: nn.Linear, features: Tensor, counts: npt.NDArray[np.bool_], groups: Sequence[str], seed: int
) -> None:
    """Fit the gate to tell windows of the labelled photos from all others, and to open for photos like them.

    Photos of a box that it was not fitted on look less like the others than they do like each other. So boxes are held
    out in turn, and the bias is moved until the gate is open, at a half or more, for 199 of 200 windows of these.

    Args:
        gate: filled in.
        features: (R, F), the mean features of every window.
        counts: bool (R,), whether the window is of a labelled photo that counts.
        groups: the group of each window.
        seed: of the folds.
    """
    if counts.all():
        torch.nn.init.constant_(gate.bias, _CERTAIN)
        return
    named = np.array(groups)
    names = named[counts].tolist()
    fold_of = np.full(len(counts), -1)
    folds = min(_FOLDS, len(set(names)))
    unseen = []
    if folds > 1:
        fold_of[counts] = grouped_folds(names, [0] * len(names), folds, seed)
        for fold in range(folds):
            seen = fold_of != fold
            _fit(gate, features[torch.from_numpy(seen)], counts[seen], named[seen])
            unseen.append(gate(features[torch.from_numpy(~seen)]).detach()[:, 0])
    _fit(gate, features, counts, named)
    if unseen:
        gate.bias.data += max(0.0, -float(torch.cat(unseen).quantile(_UNSEEN_SHUT)))


def _fit(gate: nn.Linear, features: Tensor, counts: npt.NDArray[np.bool_], groups: npt.NDArray[np.str_]) -> None:
    x, mean, deviation = standardise(features)
    weights = balance(counts.astype(np.int64), groups)
    set_linear(gate, fit_binary(x[:, None], counts, weights, _PENALTY)[None], mean, deviation)
