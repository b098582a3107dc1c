"""Whether a photo is one that its model knows anything about."""

from dataclasses import dataclass, field
from typing import TypedDict

import numpy as np
import numpy.typing as npt

_DECIMALS = 4


class DomainRow(TypedDict):
    """What a summary says of it."""

    score: float
    limit: float
    out_of_domain: bool


@dataclass(frozen=True, eq=False)
class DomainFinding:
    """How far a photo lies from the photos that the model was trained on.

    Attributes:
        score: about 1 for a photo like those; see `facies.models.domain`.
        limit: 99 of 100 photos of the kind, that the model was not fitted on, lie below it.
        tile_scores: float32 (T,), of each tile.
    """

    score: float
    limit: float
    tile_scores: npt.NDArray[np.float32] = field(repr=False)

    @property
    def out_of_domain(self) -> bool:
        """Whether the photo is so unlike the training photos that its result should not be relied on."""
        return self.to_json()["out_of_domain"]

    def to_json(self) -> DomainRow:
        """For a summary. What is shown is what is compared."""
        score, limit = round(self.score, _DECIMALS), round(self.limit, _DECIMALS)
        return DomainRow(score=score, limit=limit, out_of_domain=score > limit)
