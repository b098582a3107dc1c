"""Are there pictures on both sides? Told by group, and by perceptual hash for copies that nobody wrote down.

A hash is the signs of a picture's lowest frequencies: it survives resizing, recompression and small changes of light,
and differs between two pictures of the same reef.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from facies.errors import TrainingError
from facies.models.package import FINGERPRINTS_NAME

Hashes = npt.NDArray[np.uint64]

_SIDE = 32
_LOW = 8
MOST_BITS = 8
"""Near-duplicates differ in at most this many of 64 bits: recompressed copies in 2, other photos of a reef in 12."""

_FINGERPRINT = re.compile("[0-9a-f]{16}")
_FLAT = 2.0
_MOST_EXAMPLES = 20
_ROWS_AT_ONCE = 512
_NOTHING_IN_COMMON = 65


@dataclass(frozen=True)
class Picture:
    """What is compared of a picture.

    Attributes:
        name: for people.
        group: its photo, site or box; None where that is not known.
        hash: from `perceptual_hash`; None where the picture has next to no structure.
    """

    name: str
    group: str | None
    hash: np.uint64 | None


def perceptual_hash(pixels: npt.NDArray[np.uint8]) -> np.uint64 | None:
    """Hash a picture.

    Args:
        pixels: uint8 (H, W, 3).

    Returns:
        64 bits; None for a picture that is all but flat, whose signs would be those of noise.

    Source: Zauner 2010 (pHash): 32 × 32 grey levels, the 8 × 8 lowest frequencies of their cosine transform, each
        larger than the median or not.
    """
    small = Image.fromarray(pixels).convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    grey = np.asarray(small, np.float64)
    if grey.std() < _FLAT:
        return None
    basis = _cosines()
    low = (basis @ grey @ basis.T)[:_LOW, :_LOW].ravel()
    bits = low > np.median(low[1:])
    return np.packbits(bits).view(np.uint64)[0]  # type: ignore[no-any-return]


def _cosines() -> npt.NDArray[np.float64]:
    """The first rows of the cosine transform: float64 (8, 32)."""
    frequencies, places = np.arange(_LOW)[:, None], np.arange(_SIDE)[None] + 0.5
    cosines: npt.NDArray[np.float64] = np.cos(np.pi * frequencies * places / _SIDE)
    return cosines


def nearest(
    left: Hashes,
    right: Hashes,
    most_bits: int = MOST_BITS,
    groups: tuple[Sequence[str | None], Sequence[str | None]] | None = None,
) -> list[tuple[int, int, int]]:
    """The near-duplicate of each picture that has one; of several the nearest.

    Args:
        left: uint64 (N,).
        right: uint64 (M,).
        most_bits: how many bits may differ.
        groups: of both; a picture of the same group does not count.

    Returns:
        index in `left`, index in `right`, bits that differ; nearest first.
    """
    if not len(left) or not len(right):
        return []
    found: list[tuple[int, int, int]] = []
    _, codes = np.unique([str(group) for side in groups or () for group in side], return_inverse=True)
    for first in range(0, len(left), _ROWS_AT_ONCE):
        bits = np.bitwise_count(left[first : first + _ROWS_AT_ONCE, None] ^ right[None])
        if groups is not None:
            bits[codes[first : first + len(bits), None] == codes[None, len(left) :]] = _NOTHING_IN_COMMON
        columns = bits.argmin(axis=1)
        least = bits[np.arange(len(bits)), columns]
        rows = np.flatnonzero(least <= most_bits)
        found += zip((rows + first).tolist(), columns[rows].tolist(), least[rows].tolist(), strict=True)
    return sorted(found, key=lambda pair: pair[2])


def find_leaks(tested: Sequence[Picture], trained_on: Sequence[Picture]) -> dict[str, Any]:
    """What of the tested pictures was trained on, as far as can be seen.

    Returns:
        Ready for JSON: what was compared, how many pictures are in a shared group, how many have a near-duplicate,
        and examples.
    """
    known = {picture.group for picture in trained_on} - {None}
    shared = [picture for picture in tested if picture.group in known]
    left, right = _hashed(tested), _hashed(trained_on)
    pairs = nearest(_hashes(left), _hashes(right))
    return {
        "checked": bool(trained_on),
        "grouped": sum(picture.group is not None for picture in trained_on),
        "trained_on": len(trained_on),
        "in_shared_groups": len(shared),
        "shared_groups": sorted({str(picture.group) for picture in shared}),
        "near_duplicates": len(pairs),
        "examples": [
            {"tested": left[one].name, "trained_on": right[other].name, "bits": bits}
            for one, other, bits in pairs[:_MOST_EXAMPLES]
        ],
    }


def find_twins(tested: Sequence[Picture]) -> dict[str, Any]:
    """Near-duplicates in different groups: these groups are not independent, and the intervals are too narrow.

    Returns:
        Ready for JSON: how many pictures have such a twin, and examples.
    """
    hashed = _hashed(tested)
    hashes, groups = _hashes(hashed), [picture.group for picture in hashed]
    pairs = nearest(hashes, hashes, groups=(groups, groups))
    once = {(min(one, other), max(one, other)): bits for one, other, bits in pairs}
    return {
        "near_duplicates": len(pairs),
        "examples": [
            {"tested": hashed[one].name, "trained_on": hashed[other].name, "bits": bits}
            for (one, other), bits in list(once.items())[:_MOST_EXAMPLES]
        ],
    }


def write_fingerprints(package: Path, pictures: Sequence[Picture]) -> None:
    """Write the hashes of what a package was trained on into it, so that anybody can look for leaks without the data.

    Args:
        package: its folder.
        pictures: what it was trained on.
    """
    lines = sorted(f"{int(picture.hash):016x}" for picture in pictures if picture.hash is not None)
    text = f"# Perceptual hashes of the {len(lines)} pictures that this package was trained on.\n" + "\n".join(lines)
    (package / FINGERPRINTS_NAME).write_text(text + "\n", encoding="ascii")


def read_fingerprints(package: Path) -> list[Picture]:
    """What a package says it was trained on; nothing where it does not say.

    Raises:
        TrainingError: a line is no hash.
    """
    path = package / FINGERPRINTS_NAME
    if not path.is_file():
        return []
    pictures = []
    for number, line in enumerate(path.read_text(encoding="ascii", errors="replace").splitlines(), start=1):
        if line.startswith("#"):
            continue
        if not _FINGERPRINT.fullmatch(line):
            raise TrainingError(f"{path}, line {number}: {line[:20]!r} is no hash of 16 hexadecimal digits.")
        pictures.append(Picture(f"training picture {line}", None, np.uint64(int(line, 16))))
    return pictures


def _hashed(pictures: Sequence[Picture]) -> list[Picture]:
    return [picture for picture in pictures if picture.hash is not None]


def _hashes(pictures: Sequence[Picture]) -> Hashes:
    return np.array([picture.hash for picture in pictures], dtype=np.uint64)
