"""Logistic regressions on features, fitted to the end: what a network's last layers start from.

With some hundred pictures and a thousand features a strong penalty decides what is learned; a probe is fitted with it
in seconds, always gives the same answer, and is hard to beat.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

_STEPS = 60
_LEAST_DEVIATION = 0.01
_EVENED = 100.0


def standardise(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Bring features (..., F) to mean 0 and deviation 1.

    Returns:
        the features, their mean (F,) and their deviation (F,), which is never 0.
    """
    deviation, mean = torch.std_mean(x.flatten(0, -2), 0)
    deviation = deviation + _LEAST_DEVIATION
    return (x - mean) / deviation, mean, deviation


def balance(types: npt.NDArray[np.int64], groups: npt.NDArray[np.str_]) -> npt.NDArray[np.float64]:
    """Weights of records with which every type counts alike, and within a type every group: no box outvotes another.

    Args:
        types: (R,), the type of each record.
        groups: (R,), its group.
    """
    weights = np.ones(len(types))
    for type_ in np.unique(types):
        inside = types == type_
        _, place, counts = np.unique(groups[inside], return_inverse=True, return_counts=True)
        weights[inside] = 1 / counts[place] / len(counts)
    return weights


def fit_binary(x: Tensor, positive: npt.NDArray[np.bool_], weights: npt.NDArray[np.float64], penalty: float) -> Tensor:
    """Weighted logistic regression with an L2 penalty.

    Args:
        x: (R, V, F), standardised; every view counts alike.
        positive: bool (R,).
        weights: (R,), of the records.
        penalty: of the squared weights, not of the bias.

    Returns:
        (F + 1,), the bias last.
    """
    target = torch.from_numpy(positive).float()[:, None].expand(x.shape[:2])
    weight = torch.from_numpy(weights / weights.sum() / x.shape[1]).float()[:, None]
    fitted = torch.zeros(x.shape[2] + 1, requires_grad=True)

    def loss() -> Tensor:
        logits = x @ fitted[:-1] + fitted[-1]
        losses = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
        return (losses * weight).sum() + penalty * (fitted[:-1] ** 2).sum()

    return _minimise(loss, fitted)


def fit_shares(x: Tensor, shares: Tensor, weights: npt.NDArray[np.float64], penalty: float) -> Tensor:
    """Weighted softmax regression on shares of classes, with an L2 penalty.

    Args:
        x: (R, F), standardised.
        shares: (R, C), sums to 1 over C.
        weights: (R,), of the records.
        penalty: of the squared weights, not of the biases.

    Returns:
        (C, F + 1), the biases last.
    """
    weight = torch.from_numpy(weights / weights.sum()).float()
    fitted = torch.zeros(shares.shape[1], x.shape[1] + 1, requires_grad=True)

    def loss() -> Tensor:
        log_probs = (x @ fitted[:, :-1].T + fitted[:, -1]).log_softmax(1)
        return -((log_probs * shares).sum(1) * weight).sum() + penalty * (fitted[:, :-1] ** 2).sum()

    return _minimise(loss, fitted)


def fit_across(x: Tensor, shares: Tensor, groups: npt.NDArray[np.str_], penalty: float) -> Tensor:
    """`fit_shares` with balanced records, and hardly along what differs between groups of one type.

    A box differs from the next one of the same type by its light, its wetness, its well: whatever a probe learns of
    that is wrong on the box after it.

    Args:
        x: (R, F), standardised.
        shares: (R, C), sums to 1 over C; a record is of the type with the largest.
        groups: (R,), the group of each record.
        penalty: as in `fit_shares`; the strongest differences between groups count a hundredfold.

    Returns:
        (C, F + 1), the biases last.

    Source: Hatch, Kajarekar and Stolcke 2006, Within-class covariance normalization for SVM-based speaker recognition.
    Departs from it in taking the covariance of the means of groups, and in adding it to the identity.
    """
    types = shares.argmax(1).numpy()
    between = _between_groups(x, types, groups)
    evened = torch.linalg.inv(torch.linalg.cholesky(torch.eye(x.shape[1]).double() + _EVENED * between)).T.float()
    fitted = fit_shares(x @ evened, shares, balance(types, groups), penalty)
    return torch.cat([fitted[:, :-1] @ evened.T, fitted[:, -1:]], 1)


def _between_groups(x: Tensor, types: npt.NDArray[np.int64], groups: npt.NDArray[np.str_]) -> Tensor:
    """How the means of groups of one type differ, on average over the types: a covariance, float64 (F, F)."""
    total = torch.zeros(x.shape[1], x.shape[1], dtype=torch.float64)
    found = np.unique(types)
    for type_ in found:
        inside = types == type_
        of_type, names = x[torch.from_numpy(inside)].double(), groups[inside]
        means = torch.stack([of_type[torch.from_numpy(names == name)].mean(0) for name in np.unique(names)])
        away = means - means.mean(0)
        total += away.T @ away / max(1, len(means) - 1)
    return total / len(found)


def _minimise(loss: Callable[[], Tensor], fitted: Tensor) -> Tensor:
    optimizer = torch.optim.LBFGS([fitted], max_iter=_STEPS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    optimizer.step(closure)
    return fitted.detach()


@torch.no_grad()
def set_linear(layer: nn.Linear, fitted: Tensor, mean: Tensor, deviation: Tensor) -> None:
    """Lay weights (C, F + 1) that were fitted on standardised features over a layer that takes them as they are."""
    weight = fitted[:, :-1] / deviation
    layer.weight.copy_(weight)
    layer.bias.copy_(fitted[:, -1] - weight @ mean)
