"""How far a tile lies from the tiles that a network was trained on: the domain score.

A network answers any picture, and is as sure of a car as of a coral. What it makes of a picture on the way to its
answer, its pooled features, tells the two apart. The space of the features of training photos is fitted when a package
is made and kept in it as one array; a tile's score is its distance in that space, worked out in the compiled graph
beside the answer, so it costs one number a tile.

    u = (∛f − mean) · scale                      features f, their cube roots brought to a common scale
    score = √(|u|² − |A u|²)                     A: the directions in which training tiles spread, by how much they do

It is about 1 for tiles like the training photos'. Source: Tipping and Bishop 1999, the Mahalanobis distance under
probabilistic principal components, divided by √F. Departs from it in the cube root, after which pooled activations,
which are skewed, spread evenly.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from facies.errors import PackageError
from facies.models.package import Package

Features = npt.NDArray[np.float32]
Space = npt.NDArray[np.float32]
"""float32 (2 + K, F): the mean, the scale, and K directions."""


def read_space(package: Package) -> Space | None:
    """The space of a package's domain; None where it has none.

    Raises:
        PackageError: the file is no such array.
    """
    path = package.domain_path
    if path is None:
        return None
    try:
        space: npt.NDArray[Any] = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise PackageError(f"The domain of {package.reference}, {path.name}, cannot be read: {error}.") from error
    if space.dtype != np.float32 or space.ndim != 2 or len(space) < 3 or not np.isfinite(space).all():
        raise PackageError(f"The domain of {package.reference}, {path.name}, is not what a domain must be.")
    return space


def score_tiles(features: Features, space: Space) -> npt.NDArray[np.float32]:
    """The score of each tile, as the compiled graph works it out.

    Args:
        features: float32 (N, F).
        space: of the domain.

    Returns:
        float32 (N,).
    """
    u = (np.cbrt(features) - space[0]) * space[1]
    squares: npt.NDArray[np.float32] = (u**2).sum(axis=1) - ((u @ space[2:].T) ** 2).sum(axis=1)
    return np.sqrt(np.maximum(squares, 0))


def score_photo(tile_scores: npt.NDArray[np.float32], areas: npt.NDArray[np.int64]) -> float:
    """The score of a photo: the mean over its tiles by their area; narrow ones at its rim count little.

    Args:
        tile_scores: float32 (T,).
        areas: int64 (T,), pixels.
    """
    return float(np.average(tile_scores, weights=areas))
