"""A package's self-test: a picture and what its network said of it when the package was made.

It tells a damaged copy, a runtime that reads the network differently, or a wrong precision from a sound one, on any
machine and without any data. The picture is a mosaic: no photo, but it has colours, edges and texture of several sizes.
"""

import io
import tomllib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tomli_w
from PIL import Image

from facies.errors import PackageError
from facies.models.package import MANIFEST_NAME, Package, SelfTest, load_package
from facies.models.runtime import Probs, Runtime, Tiles

_PICTURE_NAME = "self-test.png"
_BLOCKS = (4, 8, 16, 64)
_SEED = 20240229
_DECIMALS = 5


def make(package: Package, runtime: Runtime, tolerance: float = 0.05, served: Runtime | None = None) -> Package:
    """Draw the picture, ask the network, and write both into the package; an older self-test is replaced.

    Args:
        package: one that is being made; published ones are not changed.
        runtime: runs it in f32.
        tolerance: see `SelfTest`.
        served: runs it in the precision of its weights, where that is another.

    Returns:
        The package with its self-test.

    Raises:
        PackageError: the network answers with NaN or infinity.
    """
    tiles = _draw_tiles(package.manifest.input.size_hw)
    (package.path / _PICTURE_NAME).write_bytes(_encode(tiles))
    manifest_path = package.path / MANIFEST_NAME
    table = tomllib.loads(manifest_path.read_text(encoding="utf-8"))
    asked = {"probs": runtime} | ({"served": served} if served else {})
    answers = {name: _ask(one, tiles) for name, one in asked.items()}
    if not all(np.isfinite(answer).all() for answer in answers.values()):
        raise PackageError(
            f"The network of {package.reference} answers with what is no number; its weights are no good."
        )
    table["self_test"] = {"picture": _PICTURE_NAME, "tolerance": tolerance} | {
        name: np.round(answer, _DECIMALS).tolist() for name, answer in answers.items()
    }
    manifest_path.write_text(tomli_w.dumps(table), encoding="utf-8")
    return load_package(package.path)


def run(package: Package, runtime: Runtime) -> float:
    """Show the network its picture again.

    Returns:
        The largest difference of any probability from what it was, in f32 or in the precision of the weights,
        whichever the runtime is nearer to.

    Raises:
        PackageError: the package has no self-test, its picture cannot be read, or the difference is too large.
    """
    expected = package.manifest.self_test
    if expected is None:
        raise PackageError(f"The package {package.reference} has no self-test.")
    found = _ask(runtime, _read_tiles(package, expected))
    answers = [expected.probs] if expected.served is None else [expected.probs, expected.served]
    difference = min(float(np.abs(found - np.array(answer)).max()) for answer in answers)
    if not difference <= expected.tolerance:
        raise PackageError(
            f"The self-test of {package.reference} failed: a probability is off by {difference:.3f}, "
            f"at most {expected.tolerance} is allowed. Install the package again, or try another runtime."
        )
    return difference


def _ask(runtime: Runtime, tiles: Tiles) -> npt.NDArray[np.float64]:
    """What the network says of every tile: float64 (T, C)."""
    return np.concatenate([_summarise(runtime.submit(tile[None]).result().probs) for tile in tiles])


def _summarise(probs: Probs) -> npt.NDArray[np.float64]:
    """One row of (N, C) a tile. Pixels weigh more to the right and downwards, so that a map that is turned shows."""
    if probs.ndim == 2:
        return probs.astype(np.float64)
    height, width = probs.shape[2:]
    weights = np.add.outer(2.0 * np.arange(height) / height, np.arange(width) / width)
    means: npt.NDArray[np.float64] = np.einsum("nchw,hw->nc", probs.astype(np.float64), weights / weights.sum())
    return means


def _draw_tiles(size_hw: tuple[int, int]) -> Tiles:
    """Mosaics of ever larger blocks: uint8 (T, h, w, 3)."""
    rng = np.random.default_rng(_SEED)
    return np.stack([_draw_mosaic(rng, size_hw, block) for block in _BLOCKS])


def _draw_mosaic(rng: np.random.Generator, size_hw: tuple[int, int], block: int) -> Tiles:
    height, width = size_hw
    rows, columns = -(-height // block), -(-width // block)
    base = rng.integers(70, 190, 3)
    colours = base + rng.integers(-60, 61, (rows, columns, 1)) + rng.integers(-15, 16, (rows, columns, 3))
    large = colours.clip(0, 255).astype(np.uint8).repeat(block, axis=0).repeat(block, axis=1)
    return large[:height, :width]


def _encode(tiles: Tiles) -> bytes:
    file = io.BytesIO()
    Image.fromarray(tiles.reshape(-1, *tiles.shape[2:])).save(file, "PNG", optimize=True)
    return file.getvalue()


def _read_tiles(package: Package, expected: SelfTest) -> Tiles:
    """The picture's tiles: uint8 (T, h, w, 3)."""
    path: Path = package.path / expected.picture
    height, width = package.manifest.input.size_hw
    wanted = (width, height * len(expected.probs))
    try:
        with Image.open(path, formats=("PNG",)) as picture:
            if picture.size != wanted:
                raise PackageError(f"{path} is {picture.size} pixels in size where {wanted} belong.")
            return np.asarray(picture.convert("RGB")).reshape(-1, height, width, 3)
    except OSError as error:
        raise PackageError(f"The picture of the self-test, {path}, cannot be read: {error}.") from error
