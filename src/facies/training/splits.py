"""Splits by group: what comes from one photo, site, box or hole is never on both sides.

Pictures of one group are near-copies of each other. A split that ignores this measures memory, not skill.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from facies.errors import TrainingError

FoldOf = npt.NDArray[np.int64]


def grouped_folds(groups: Sequence[str], labels: Sequence[int], folds: int, seed: int) -> FoldOf:
    """Deal whole groups into folds so that each fold has about the same mix of labels.

    The groups are dealt largest first (ties in a seeded order), each into the fold that then departs least from an even
    share of every label.

    Args:
        groups: the group of each record.
        labels: the class of each record; negative counts as one more class.
        folds: how many, at least 2.
        seed: decides the order of groups of the same size.

    Returns:
        int64 (records,), the fold of each record, 0 … folds - 1.

    Raises:
        TrainingError: there are fewer groups than folds.
    """
    names, group_of = np.unique(np.asarray(groups), return_inverse=True)
    if folds < 2 or len(names) < folds:
        raise TrainingError(f"{len(names)} groups cannot be split into {folds} folds; ask for 2 … {len(names)}.")
    _, label_of = np.unique(np.asarray(labels), return_inverse=True)
    counts = np.zeros((len(names), int(label_of.max()) + 1))
    np.add.at(counts, (group_of, label_of), 1.0)
    shares = counts / counts.sum(axis=0)
    shuffled = np.random.default_rng(seed).permutation(len(names))
    order = shuffled[np.argsort(-counts[shuffled].sum(axis=1), kind="stable")]
    fold_shares = np.zeros((folds, counts.shape[1]))
    fold_of_group = np.zeros(len(names), np.int64)
    for group in order:
        after = fold_shares + shares[group]
        cost = (after**2).sum(axis=1) - (fold_shares**2).sum(axis=1)
        fold = int(np.argmin(cost))
        fold_of_group[group] = fold
        fold_shares[fold] = after[fold]
    return fold_of_group[group_of]


def random_folds(records: int, folds: int, seed: int) -> FoldOf:
    """Deal records into folds at random, ignoring groups. Only where a plan asks for it by name.

    Returns:
        int64 (records,), the fold of each record, 0 … folds - 1.
    """
    fold_of = np.arange(records, dtype=np.int64) % folds
    return np.random.default_rng(seed).permutation(fold_of)
