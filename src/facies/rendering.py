"""Pictures made of a job's photo and its result, without looking at the photo again: a program of its own.

It reads a recipe, JSON, from its standard input and writes the picture to its standard output. The web runs it a few at
a time: whatever a decoder does with a stranger's bytes, it does not do it to the server.
"""

import json
import resource
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, Self

import numpy as np
import numpy.typing as npt
import pyvips
from PIL import Image

from facies.errors import FaciesError
from facies.imaging import png
from facies.imaging.decode import open_image, read_labels
from facies.imaging.deep_zoom import stream_deep_zoom
from facies.imaging.header import read_header
from facies.imaging.legend import LegendEntry, beside, draw_legend
from facies.imaging.native import halve
from facies.imaging.overlay import FILL_ALPHA, paint_tiles, tint
from facies.imaging.photo import Photo, open_photo, stripes_of_tiles
from facies.imaging.sizes import Sizes, stripe_rows
from facies.imaging.tiles import Grid

UNREADABLE: Final = 3
"""Exit status: not the program is at fault, but the photo."""

CPU_LIMIT_S: Final = 300
THUMBNAIL: Final = "thumbnail.jpg"
THUMBNAIL_SIDE: Final = 512

_CAREFUL_SIDE: Final = THUMBNAIL_SIDE * 3 // 2
"""Down to here a thumbnail is made smaller the quick way, and from here with care."""
_SHRINKS: Final = (2, 4, 8)
_STRIPE_ROWS: Final = 128
_SIZES: Final = Sizes(accepted=1 << 40)  # the photo was measured against the limit when it came

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Recipe:
    """What is to be made.

    Attributes:
        kind: "overlay", PNG; "overlay_deep_zoom", the same as a zip of JPEG tiles; "thumbnail", JPEG; "deep_zoom" of a
            picture that is there.
        picture: the photo; of a deep zoom any picture.
        labels: the label map, PNG or tiled TIFF, for an overlay of a map.
        tiles: the labelled tiles, JSON, for an overlay of tiles.
        names: of the classes by index, and of *unsure* behind them.
        colours: RGB of each.
        shown: the indices that are painted.
        opacity: 0 to 1; None: as tiles are painted by default.
        with_legend: whether to name the colours beside it.
        base: name of a deep zoom's files.
    """

    kind: Literal["overlay", "overlay_deep_zoom", "thumbnail", "deep_zoom"]
    picture: str
    labels: str | None = None
    tiles: str | None = None
    names: Sequence[str] = ()
    colours: Sequence[Colour] = ()
    shown: Sequence[int] = ()
    opacity: float | None = None
    with_legend: bool = False
    base: str = "photo"

    def to_json(self) -> bytes:
        """For `from_json`."""
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """What `to_json` gave."""
        values = json.loads(text)
        return cls(**{**values, "colours": [tuple(colour) for colour in values["colours"]]})


def render(recipe: Recipe) -> Iterator[bytes]:
    """Make the picture of a recipe, piece by piece.

    Raises:
        PhotoError: the photo cannot be read.
    """
    if recipe.kind == "thumbnail":
        yield _thumbnail(Path(recipe.picture))
    elif recipe.kind == "deep_zoom":
        picture = open_photo(Path(recipe.picture), _SIZES)
        bands = picture.bands(stripe_rows(picture.image_hw[1]))
        yield from stream_deep_zoom(picture.image_hw, (partial(np.asarray, band) for band in bands), recipe.base)
    elif recipe.kind == "overlay_deep_zoom":
        painted = _painted(recipe)
        yield from stream_deep_zoom(painted.photo.image_hw, painted.stripes(), recipe.base)
    else:
        yield from _overlay(recipe)


def quick_thumbnail(photo: Photo) -> bytes | None:
    """The thumbnail of a photo that was analysed, where that takes next to no time.

    Args:
        photo: any photo.

    Returns:
        JPEG; None of a photo that is not in memory.
    """
    if not photo.is_kept:
        return None
    pixels = photo.pixels
    while max(pixels.shape) // 2 >= _CAREFUL_SIDE:
        height, width, channels = pixels.shape
        half = np.empty((-(-height // 2), -(-width // 2), channels), dtype=np.uint8)
        halve(pixels, half)
        pixels = half
    return _shrunk(pyvips.Image.new_from_array(pixels, interpretation="srgb"))


def _thumbnail(photo: Path) -> bytes:
    header = read_header(photo)
    room = max(header.width, header.height) // _CAREFUL_SIDE
    shrink = max((factor for factor in _SHRINKS if factor <= room), default=1)
    return _shrunk(open_image(photo, shrink))


def _shrunk(image: pyvips.Image) -> bytes:
    small = image.thumbnail_image(THUMBNAIL_SIDE, height=THUMBNAIL_SIDE, size="down")
    return bytes(small.jpegsave_buffer(Q=82, keep="none"))


def _painted(recipe: Recipe) -> "_Tiles | _Map":
    photo = open_photo(Path(recipe.picture), _SIZES)
    return _Tiles(photo, recipe) if recipe.tiles else _Map(photo, recipe)


def _overlay(recipe: Recipe) -> Iterator[bytes]:
    painted = _painted(recipe)
    photo = painted.photo
    if not recipe.with_legend:
        yield from png.stream_rgb(photo.image_hw, painted.stripes())
        return
    height, width = photo.image_hw
    named = [LegendEntry(recipe.names[index], recipe.colours[index]) for index in painted.found()]
    panel = draw_legend(height, named)
    joined_hw = (panel.shape[0], width + panel.shape[1])
    yield from png.stream_rgb(joined_hw, beside(painted.stripes(), painted.stripe_tops, panel, photo.image_hw))


class _Map:
    """An overlay of a label map. What is not shown takes an index that has no colour, so it is never painted."""

    def __init__(self, photo: Photo, recipe: Recipe) -> None:
        self.photo = photo
        height, width = photo.image_hw
        self.stripe_tops = range(0, height, min(_STRIPE_ROWS, stripe_rows(width)))
        self._labels = Path(recipe.labels or "")
        self._hidden = len(recipe.names)
        self._table = np.full(256, self._hidden, dtype=np.uint8)
        self._table[list(recipe.shown)] = list(recipe.shown)
        self._colours = np.array(recipe.colours, dtype=np.uint8).reshape(-1, 3)
        self._opacity = 0.5 if recipe.opacity is None else recipe.opacity

    def found(self) -> list[int]:
        """The shown classes that at least one pixel has."""
        counts = np.zeros(self._hidden + 1, dtype=np.int64)
        for labels in self._bands_of_labels():
            counts += np.bincount(labels.ravel(), minlength=self._hidden + 1)
        return [int(index) for index in np.flatnonzero(counts[: self._hidden])]

    def stripes(self) -> Iterator[png.Stripe]:
        """The overlay from the top down."""
        for band, labels in zip(self.photo.bands(self.stripe_tops.step), self._bands_of_labels(), strict=True):
            yield partial(tint, band, labels, self._colours, self._opacity, background=None)

    def _bands_of_labels(self) -> Iterator[npt.NDArray[np.uint8]]:
        """The label map from the top down, uint8 (rows, W); a tiled TIFF is never in memory whole."""
        if self._labels.suffix == ".tif":
            yield from (self._table[labels] for labels in read_labels(self._labels, self.stripe_tops.step))
            return
        Image.MAX_IMAGE_PIXELS = None  # the label map is ours, however large
        with Image.open(self._labels) as picture:
            labels = np.asarray(picture)
        yield from (self._table[labels[top : top + self.stripe_tops.step]] for top in self.stripe_tops)


class _Tiles:
    """An overlay of labelled tiles. Those that are not shown stay as the photo is."""

    def __init__(self, photo: Photo, recipe: Recipe) -> None:
        rows: list[dict[str, Any]] = json.loads(Path(recipe.tiles or "").read_bytes())
        self.photo = photo
        self._grid = Grid(
            photo.image_hw,
            np.array([(row["y"], row["x"]) for row in rows], dtype=np.int64),
            np.array([(row["height"], row["width"]) for row in rows], dtype=np.int64),
        )
        self._labels = np.array([recipe.names.index(row["label"]) for row in rows], dtype=np.uint16)
        self._colours = np.array(recipe.colours, dtype=np.uint8).reshape(-1, 3)
        self._shown = np.array(recipe.shown, dtype=np.uint16)
        self._fill_alpha = FILL_ALPHA if recipe.opacity is None else round(recipe.opacity * 255)
        self._rows = stripe_rows(photo.image_hw[1])
        self.stripe_tops = [stripe.top for stripe in self._grid.stripes(self._rows)]

    def found(self) -> list[int]:
        """The shown labels that at least one tile has."""
        return [int(label) for label in np.unique(self._labels) if label in self._shown]

    def stripes(self) -> Iterator[png.Stripe]:
        """The overlay from the top down, none reaching over two rows of tiles."""
        for band, which, row, top in stripes_of_tiles(self.photo, self._grid, self._rows):
            yield partial(self._paint, band, row, self._labels[which], top)

    def _paint(
        self, band: npt.NDArray[np.uint8], row: Grid, labels: npt.NDArray[np.uint16], top: int
    ) -> npt.NDArray[np.uint8]:
        painted = paint_tiles(band, row, labels, self._colours, self._fill_alpha, top)
        hidden = ~np.isin(labels, self._shown)
        for x, width in zip(row.origins_yx[hidden, 1], row.sizes_hw[hidden, 1], strict=True):
            painted[:, x : x + width] = band[:, x : x + width]
        return painted


def main() -> None:
    """Render one recipe. A photo that cannot be read ends it with `UNREADABLE` and a sentence on standard error."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT_S, CPU_LIMIT_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        for piece in render(Recipe.from_json(sys.stdin.buffer.read())):
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    except (FaciesError, pyvips.Error) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(UNREADABLE)


if __name__ == "__main__":
    main()
