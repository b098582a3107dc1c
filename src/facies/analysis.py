"""The product in one page: a photo goes in, a label map or labelled tiles come out.

    decode ▸ upright ▸ tiles ▸ runtime ▸ stitch ▸ measure ▸ render

The command line, the Python API, the worker and the evaluator all call `analyse`. What is measured is what is served.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import compress
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facies.findings import Analysis, MapAnalysis, TileAnalysis
from facies.imaging.fitting import fit, fit_row
from facies.imaging.label_map import LabelMap
from facies.imaging.photo import Photo, open_photo, rows_of_tiles
from facies.imaging.sizes import DEFAULT_SIZES, Sizes
from facies.imaging.stitch import take_likeliest
from facies.imaging.tiles import Grid, cut, plan
from facies.imaging.upright import Upright, check_upright, lay_back, make_upright, plan_upright
from facies.models.decision import UNSURE_PIXEL
from facies.models.domain import score_photo
from facies.models.infer import Answer, infer
from facies.models.package import Manifest, Tiling
from facies.models.recall import NO_CHECKPOINT, Checkpoint, Numbers, infer_missing
from facies.models.runtime import MakeTile, Probs, Runtime
from facies.options import DEFAULT_OPTIONS, Options
from facies.reports.domain import DomainFinding

_PROBABILITY_DECIMALS = 6


def analyse(
    photo: Path,
    runtime: Runtime,
    options: Options = DEFAULT_OPTIONS,
    *,
    sizes: Sizes = DEFAULT_SIZES,
    checkpoint: Checkpoint = NO_CHECKPOINT,
    on_progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Analysis:
    """Analyse a photo.

    Args:
        photo: a JPEG, PNG, WebP, TIFF or BigTIFF file; it is read again when the results are rendered.
        runtime: the compiled model that looks at the tiles.
        options: the user's choices.
        sizes: from how many pixels on a photo is treated otherwise.
        checkpoint: what an earlier attempt found of the photo's tiles, and where this one leaves it (tiles).
        on_progress: called with tiles done and tiles in all, at the start and after every batch.
        is_cancelled: asked many times a second while tiles are looked at.

    Returns:
        A `TileAnalysis` or a `MapAnalysis`, as the package's task is.

    Raises:
        OptionError: an option does not suit the package.
        PhotoError: the file is no photo, too large or damaged.
        AnalysisCancelledError: `is_cancelled` said so.

    Notes: peak 3 bytes a pixel for a photo that `imaging.photo` keeps, and some bands of rows for a larger one.
    """
    manifest, started_at = options.applied_to(runtime.package.manifest), time.perf_counter()
    opened = open_photo(photo, sizes)
    upright, grid = plan_tiles(opened.image_hw, manifest.tiling)
    if manifest.task == "tile-classification":
        tiles_at = partial(_tiles_at, opened, grid, manifest)
        answers = infer_missing(runtime, tiles_at, len(grid), on_progress, is_cancelled, checkpoint)
        probs = answers.probs.round(_PROBABILITY_DECIMALS)
        domain = _judge_domain(answers.domain_scores, grid, manifest)
        return TileAnalysis(manifest, options, opened, time.perf_counter() - started_at, domain, grid, probs)
    check_upright(upright)
    on_progress(0, len(grid))
    tiles = _upright_tiles(opened, upright, grid, manifest)
    domain_scores: list[float] = []
    tile_probs = _take_probs(infer(runtime, tiles, len(grid), on_progress, is_cancelled), domain_scores)
    labels, confidence = (lay_back(found, upright) for found in take_likeliest(tile_probs, grid))
    found = LabelMap(opened.image_hw, labels, confidence).with_doubt(manifest.decision.min_confidence, UNSURE_PIXEL)
    domain = _judge_domain(np.array(domain_scores, np.float32), grid, manifest)
    return MapAnalysis(manifest, options, opened, time.perf_counter() - started_at, domain, found)


def plan_tiles(photo_hw: tuple[int, int], tiling: Tiling) -> tuple[Upright, Grid]:
    """Where the tiles of a photo will lie, without looking at it.

    Args:
        photo_hw: the photo's size, pixels.
        tiling: the package's.

    Returns:
        how the photo is brought upright, and the grid that lies on it then.
    """
    whole_tiles = tiling.overlap > 0
    upright = plan_upright(photo_hw, tiling.normalised_width, tiling.tile_hw if whole_tiles else (1, 1))
    return upright, plan(upright.padded_hw, tiling.tile_hw, tiling.overlap)


def _tiles_at(photo: Photo, grid: Grid, manifest: Manifest, numbers: Numbers) -> Iterator[MakeTile]:
    """The tiles of these numbers at the network's input size, in order."""
    is_wanted = np.zeros(len(grid), dtype=bool)
    is_wanted[numbers] = True
    for band, which, row in rows_of_tiles(photo, grid, np.unique(grid.origins_yx[is_wanted, 0]).tolist()):
        fitted = fit_row(band, row, manifest.input.size_hw, manifest.input.resize)
        yield from compress(fitted, is_wanted[which])


def _upright_tiles(photo: Photo, upright: Upright, grid: Grid, manifest: Manifest) -> Iterator[MakeTile]:
    """Every tile of the upright photo at the network's input size, in the grid's order."""
    for tile in cut(make_upright(photo.scaled(upright.scaled_hw), upright), grid):
        yield partial(fit, tile, manifest.input.size_hw, manifest.input.resize)


def _take_probs(answers: Iterable[Answer], domain_scores: list[float]) -> Iterator[Probs]:
    """The probabilities of every answer; its domain score, if it has one, is put aside."""
    for probs, domain_score in answers:
        if domain_score is not None:
            domain_scores.append(domain_score)
        yield probs


def _judge_domain(scores: npt.NDArray[np.float32] | None, grid: Grid, manifest: Manifest) -> DomainFinding | None:
    if manifest.domain is None or scores is None or not len(scores):
        return None
    return DomainFinding(score_photo(scores, grid.sizes_hw.prod(axis=1)), manifest.domain.limit, scores)
