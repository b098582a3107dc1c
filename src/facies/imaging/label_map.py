"""A label map for the whole photo, kept at the scale at which it was made."""

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class LabelMap:
    """Class and confidence of every pixel; the photo's pixels take theirs from the nearest one here.

    Attributes:
        photo_hw: the photo's size, pixels.
        labels: uint8 (h, w), class indices.
        confidence: uint8 (h, w), the label's probability in 1/255.
    """

    photo_hw: tuple[int, int]
    labels: npt.NDArray[np.uint8] = field(repr=False)
    confidence: npt.NDArray[np.uint8] = field(repr=False)

    def with_doubt(self, min_confidence: float, doubted: int) -> "LabelMap":
        """The same with another label where the confidence is below `min_confidence`, 0 to 1."""
        least = math.ceil(round(min_confidence * 255, 6))
        if not least:
            return self
        labels = np.where(self.confidence < least, np.uint8(doubted), self.labels)
        return LabelMap(self.photo_hw, labels, self.confidence)

    def labels_of(self, top: int, bottom: int) -> npt.NDArray[np.uint8]:
        """Labels of some rows of the photo: uint8 (bottom - top, W)."""
        return self._spread(self.labels, top, bottom)

    def confidence_of(self, top: int, bottom: int) -> npt.NDArray[np.uint8]:
        """Confidence of some rows of the photo: uint8 (bottom - top, W)."""
        return self._spread(self.confidence, top, bottom)

    def count_pixels(self, class_count: int) -> npt.NDArray[np.int64]:
        """How many of the photo's pixels each class has: int64 (C,)."""
        rows = np.bincount(self._rows, minlength=self.labels.shape[0])
        columns = np.bincount(self._columns, minlength=self.labels.shape[1])
        weights = np.outer(rows, columns).ravel()
        return np.bincount(self.labels.ravel(), weights, class_count).astype(np.int64)

    def _spread(self, found: npt.NDArray[np.uint8], top: int, bottom: int) -> npt.NDArray[np.uint8]:
        rows = self._rows[top:bottom]
        # Each row is spread once, however often it shows.
        wide: npt.NDArray[np.uint8] = found[rows[0] : rows[-1] + 1].take(self._columns, axis=1)
        spread: npt.NDArray[np.uint8] = wide[rows - rows[0]]
        return spread

    @cached_property
    def _rows(self) -> npt.NDArray[np.int64]:
        return _nearest(self.photo_hw[0], self.labels.shape[0])

    @cached_property
    def _columns(self) -> npt.NDArray[np.int64]:
        return _nearest(self.photo_hw[1], self.labels.shape[1])


def _nearest(length: int, source_length: int) -> npt.NDArray[np.int64]:
    """Index of the source pixel whose area holds the centre of each pixel."""
    return ((np.arange(length) + 0.5) * source_length / length).astype(np.int64)
