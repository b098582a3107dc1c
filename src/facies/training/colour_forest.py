"""What colour alone gives: a random forest on the colours of pixels, the baseline that a network has to beat.

It is trained on the same folds and scored in the same way; a score of the network means little without it.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image
from sklearn.ensemble import RandomForestClassifier

from facies.training.datasets import PhotoRecord
from facies.training.splits import FoldOf

Pixels = npt.NDArray[np.uint8]

_STEP = 8  # pixels between those that are looked at
_PIXELS_A_PHOTO = 1500
_TREES = 60
_LEAST_IN_LEAF = 20


def map_held_out(records: Sequence[PhotoRecord], fold_of: FoldOf, classes: int, seed: int) -> dict[int, Pixels]:
    """Label maps of every scored photo from a forest that saw nothing of its group.

    Args:
        records: the photos.
        fold_of: int64 (R,), -1 where a photo is not scored; those are left out.
        classes: how many; labels above are of no known class.
        seed: of what is drawn.

    Returns:
        From a record's number to its label map, uint8 (H, W).
    """
    scored = np.flatnonzero(fold_of >= 0).tolist()
    drawn = {
        number: _draw(*records[number].read(), classes, np.random.default_rng((seed, number))) for number in scored
    }
    found = {}
    for fold in np.unique(fold_of[scored]).tolist():
        outside = [drawn[number] for number in scored if fold_of[number] != fold]
        forest = RandomForestClassifier(
            _TREES, min_samples_leaf=_LEAST_IN_LEAF, class_weight="balanced_subsample", random_state=seed
        )
        forest.fit(np.concatenate([x for x, _ in outside]), np.concatenate([labels for _, labels in outside]))
        for number in scored:
            if fold_of[number] == fold:
                found[number] = _map(forest, records[number].read()[0])
    return found


def _features(photo: Pixels) -> npt.NDArray[np.float32]:
    """Colour, colour ratios and colour of the surroundings of every `_STEP`th pixel: float32 (h, w, 9)."""
    height, width = max(1, photo.shape[0] // _STEP), max(1, photo.shape[1] // _STEP)
    picture = Image.fromarray(photo)
    near = np.asarray(picture.resize((width, height), Image.Resampling.BOX), np.float32)
    small = picture.resize((max(1, width // 4), max(1, height // 4)), Image.Resampling.BOX)
    far = np.asarray(small.resize((width, height), Image.Resampling.BILINEAR), np.float32)
    ratios = near / (near.mean(axis=2, keepdims=True) + 1)
    return np.concatenate([near, far, ratios], axis=2)


def _draw(
    photo: Pixels, labels: Pixels, classes: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.float32], Pixels]:
    """Some pixels of a photo whose class is known: (n, 9) and (n,)."""
    x = _features(photo)
    height, width = x.shape[:2]
    truth = np.asarray(Image.fromarray(labels).resize((width, height), Image.Resampling.NEAREST)).ravel()
    known = np.flatnonzero(truth < classes)
    chosen = rng.permutation(known)[:_PIXELS_A_PHOTO]
    return x.reshape(-1, x.shape[2])[chosen], truth[chosen]


def _map(forest: RandomForestClassifier, photo: Pixels) -> Pixels:
    x = _features(photo)
    found = forest.predict(x.reshape(-1, x.shape[2])).reshape(x.shape[:2]).astype(np.uint8)
    return np.asarray(Image.fromarray(found).resize((photo.shape[1], photo.shape[0]), Image.Resampling.NEAREST))
