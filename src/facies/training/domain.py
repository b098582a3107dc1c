"""Fits a package's domain: where the features of its training photos lie, how far is too far, and how well that tells.

    training photos ──▶ features ─┬─▶ folds by group ──▶ held-out scores ──▶ limit ──────────────┬─▶ [domain]
                                  └─▶ all of them ──▶ domain.npy                                 │
    strangers ───────▶ features ────▶ scores in the folds' spaces ──▶ AUROC against the held-out ┴─▶ [metrics.domain]

The features are those of the package as it is served, so this is the last step of making one; the weights are not
touched. A photo is what belongs together: all tiles of one survey photo, or one core photo.
"""

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tomli_w

from facies.analysis import plan_tiles
from facies.errors import TrainingError
from facies.imaging.fitting import fit
from facies.imaging.tiles import cut
from facies.imaging.upright import make_upright
from facies.models.domain import Features, Space, score_photo, score_tiles
from facies.models.openvino import open_features
from facies.models.package import MANIFEST_NAME, Manifest, Package, load_package, weights_sha256
from facies.training import metrics
from facies.training.datasets import PhotoRecord
from facies.training.plan import Plan
from facies.training.progress import Report, silent
from facies.training.readers import read_photos, read_tiles
from facies.training.splits import FoldOf, grouped_folds
from facies.training.strangers import NOISE, Picture, draw_noise, find_strangers
from facies.training.tile_scores import rounded

DOMAIN_NAME = "domain.npy"

_DIRECTIONS = 32
# How much of the spread is taken to be alike in all directions: some ten thousand tiles of a few photos know little of
# the rarer ones.
_SHRINKAGE = 0.2
_LEAST_DEVIATION = 0.05
_FOLDS = 5
_QUANTILE = 0.99
_DRAWS = 200
_DECIMALS = 4

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Looked:
    """What the network makes of P photos with T tiles in all.

    Attributes:
        features: float32 (T, F).
        areas: int64 (T,), of each tile on its photo, pixels.
        photo_of: int64 (T,), 0 … P - 1.
        picture_of: int64 (T,), counts the pictures that photos are made of.
        groups: of each photo.
    """

    features: Features
    areas: npt.NDArray[np.int64]
    photo_of: npt.NDArray[np.int64]
    picture_of: npt.NDArray[np.int64]
    groups: Sequence[str]

    def of(self, photos: npt.NDArray[np.bool_]) -> "_Looked":
        """Some of the photos, bool (P,)."""
        tiles = photos[self.photo_of]
        numbers = np.cumsum(photos) - 1
        groups = [group for group, chosen in zip(self.groups, photos, strict=True) if chosen]
        return _Looked(
            self.features[tiles], self.areas[tiles], numbers[self.photo_of[tiles]], self.picture_of[tiles], groups
        )

    def score(self, space: Space) -> Floats:
        """The score of every photo: float64 (P,)."""
        return self._mean_by(self.photo_of, space)

    def score_pictures(self, space: Space) -> Floats:
        """The score of every picture, as if it were a photo of its own: float64."""
        return self._mean_by(self.picture_of, space)

    def _mean_by(self, owner_of: npt.NDArray[np.int64], space: Space) -> Floats:
        scores = score_tiles(self.features, space)
        chosen = (owner_of == owner for owner in np.unique(owner_of))
        return np.array([score_photo(scores[tiles], self.areas[tiles]) for tiles in chosen])


def add_domain(package: Package, plan: Plan, plan_dir: Path, data_dir: Path, report: Report = silent) -> Package:
    """Fit the domain that a plan describes and write it into a package; an older one is replaced.

    Args:
        package: one that is being made, with weights that give features; published ones are not changed.
        plan: the package's, with a `[domain]` table.
        plan_dir: where the plan is.
        data_dir: the folder that the plan's paths start from.
        report: told of every step.

    Returns:
        The package with its domain; its card is not filled in again.

    Raises:
        TrainingError: the plan describes no domain, or the pictures cannot be read or are of too few groups.
        PackageError: the network gives no features.
    """
    if plan.domain is None:
        raise TrainingError(f"The plan of {plan.package.name} has no [domain] table; it says which photos it is for.")
    look = open_features(package, plan.domain.output)
    photos = _read_photos(plan, plan_dir, data_dir)
    inside = _look_at(photos, look, package.manifest, "photos of the domain", report)
    folds = _fold(inside, plan.seed)
    spaces = [fit_space(part.features, part.areas) for part in (inside.of(folds != fold) for fold in np.unique(folds))]
    held_out = _held_out(inside, spaces, folds)
    limit = _limit(inside, spaces, folds, plan.seed)
    measured: dict[str, Any] = {
        "of": plan.domain.of,
        "photos": len(inside.groups),
        "groups": len(set(inside.groups)),
        "folds": len(spaces),
        "quantile": _QUANTILE,
        "draws": _DRAWS,
        "limit": limit,
        "median": round(float(np.median(held_out)), _DECIMALS),
        "pictures_flagged": _share_of_pictures(inside, spaces, folds, limit),
        "strangers": {},
    }
    sources = {name: find_strangers(data_dir / path) for name, path in plan.domain.strangers.items()}
    for name, reads in (sources | {NOISE: draw_noise(plan.seed, plan.package.tiling.tile_hw[0])}).items():
        strangers = {(f"{name} {number}", name): _once(read) for number, read in enumerate(reads)}
        outside = _look_at(strangers, look, package.manifest, name, report)
        measured["strangers"][name] = _compare(inside, held_out, outside, spaces, limit)
    space = fit_space(inside.features, inside.areas)
    return _write(package, space, {"of": plan.domain.of, "output": plan.domain.output, "limit": limit}, measured)


_Key = tuple[str, str]
"""A photo's name and its group."""


def _read_photos(plan: Plan, plan_dir: Path, data_dir: Path) -> dict[_Key, Iterable[Picture]]:
    """The pictures of each photo of the domain; they are decoded when they are asked for."""
    names, wanted = plan.package.class_names, plan.domain.origins if plan.domain else ()
    photos: dict[_Key, list[Callable[[], Picture]]] = {}
    for data in plan.data:
        if data.domain not in wanted:
            continue
        if plan.package.task == "tile-classification":
            for tile in read_tiles(data, data_dir, names):
                photos.setdefault((tile.group, tile.group), []).append(tile.read)
        else:
            for record in read_photos(data, data_dir, names, plan_dir):
                photos[record.name, record.group] = [partial(_read_photo, record)]
    return {key: (read() for read in reads) for key, reads in photos.items()}


def _read_photo(record: PhotoRecord) -> Picture:
    return record.read()[0]


def _once(read: Callable[[], Picture]) -> Iterator[Picture]:
    yield read()


def _look_at(
    photos: Mapping[_Key, Iterable[Picture]],
    look: Callable[[Picture], Features],
    manifest: Manifest,
    name: str,
    report: Report,
) -> _Looked:
    """Cut every picture as it is served, and keep what the network makes of its tiles."""
    features, areas, photo_of, groups = [], [], [], []
    picture_of: list[npt.NDArray[np.int64]] = []
    for number, ((_, group), pictures) in enumerate(photos.items()):
        for picture in pictures:
            upright, grid = plan_tiles((picture.shape[0], picture.shape[1]), manifest.tiling)
            size_hw, resize = manifest.input.size_hw, manifest.input.resize
            tiles = [fit(tile, size_hw, resize) for tile in cut(make_upright(picture, upright), grid)]
            features.append(look(np.stack(tiles)))
            areas.append(grid.sizes_hw.prod(axis=1))
            photo_of.append(np.full(len(tiles), number))
            picture_of.append(np.full(len(tiles), len(picture_of)))
        groups.append(group)
        report(name, number + 1, len(photos))
    owners = np.concatenate(photo_of), np.concatenate(picture_of)
    return _Looked(np.concatenate(features), np.concatenate(areas), *owners, groups)


def fit_space(features: Features, areas: npt.NDArray[np.int64]) -> Space:
    """Where tiles lie, and how they spread; see `facies.models.domain`.

    Args:
        features: float32 (T, F).
        areas: int64 (T,), how much each tile counts.

    Returns:
        float32 (2 + K, F). The mean score of these tiles is about 1.

    Source: Tipping and Bishop 1999. Departs from it in shrinking the spread along each direction towards the mean of
        all (Ledoit and Wolf 2004, with a share that is set, not estimated).
    """
    weights = areas / areas.sum()
    roots = np.cbrt(features.astype(np.float64))
    mean = weights @ roots
    variances = weights @ (roots - mean) ** 2
    deviation = np.sqrt(variances) + _LEAST_DEVIATION * np.sqrt(variances.mean()) + 1e-6
    scaled = (roots - mean) / deviation
    spread, directions = np.linalg.eigh((scaled * weights[:, None]).T @ scaled)
    spread, directions = np.maximum(spread[::-1], 0), directions[:, ::-1]
    count = max(1, min(_DIRECTIONS, features.shape[1] // 2, len(features) // 4))
    rest = max(float(spread[count:].mean()) if count < len(spread) else 0.0, 1e-3 * float(spread.mean()), 1e-6)
    along = np.maximum((1 - _SHRINKAGE) * spread[:count] + _SHRINKAGE * spread.mean(), rest)
    axes = (directions[:, :count] * np.sqrt(1 - rest / along)).T
    scale = 1 / (deviation * np.sqrt(rest * features.shape[1]))
    return np.concatenate([mean[None], scale[None], axes]).astype(np.float32)


def _fold(inside: _Looked, seed: int) -> FoldOf:
    groups = len(set(inside.groups))
    if groups < 2:
        raise TrainingError("The photos of the domain are all of one group; with none held out no limit can be set.")
    return grouped_folds(inside.groups, [0] * len(inside.groups), min(_FOLDS, groups), seed)


def _held_out(inside: _Looked, spaces: Sequence[Space], folds: FoldOf) -> Floats:
    """The score of every photo in the space of the others."""
    scores = np.zeros(len(folds))
    for fold, space in enumerate(spaces):
        scores[folds == fold] = inside.of(folds == fold).score(space)
    return scores


def _limit(inside: _Looked, spaces: Sequence[Space], folds: FoldOf, seed: int) -> float:
    """What 99 of 100 held-out photos stay below.

    There are too few photos to read that off, so each stands for many like it, which are made by drawing its tiles with
    replacement.
    """
    rng, draws = np.random.default_rng(seed), []
    for fold, space in enumerate(spaces):
        part = inside.of(folds == fold)
        scores = score_tiles(part.features, space)
        for photo in range(len(part.groups)):
            tiles = np.flatnonzero(part.photo_of == photo)
            drawn = rng.choice(tiles, (_DRAWS, len(tiles)))
            weights = part.areas[drawn]
            draws.append((scores[drawn] * weights).sum(axis=1) / weights.sum(axis=1))
    return round(float(np.quantile(np.concatenate(draws), _QUANTILE)), _DECIMALS)


def _share_of_pictures(inside: _Looked, spaces: Sequence[Space], folds: FoldOf, limit: float) -> float:
    """How many of the held-out pictures would be flagged if each were sent alone."""
    scores = [inside.of(folds == fold).score_pictures(space) for fold, space in enumerate(spaces)]
    return round(float((np.concatenate(scores) > limit).mean()), _DECIMALS)


def _compare(
    inside: _Looked, held_out: Floats, outside: _Looked, spaces: Sequence[Space], limit: float
) -> dict[str, Any]:
    """How well strangers are told from photos that the space was not fitted on."""
    scores = np.mean([outside.score(space) for space in spaces], axis=0)
    both = np.concatenate([held_out, scores])
    strange = np.arange(len(both)) >= len(held_out)
    # A stranger is a group of its own; pictures of one are drawn with replacement as photos of a group are.
    groups = [*inside.groups, *(f"stranger {number}" for number in range(len(scores)))]
    auroc = metrics.bootstrap(lambda drawn: metrics.auc(strange[drawn], both[drawn]), groups)
    return {
        "photos": len(scores),
        "auroc": rounded(auroc),
        "flagged": round(float((scores > limit).mean()), _DECIMALS),
    }


def _write(package: Package, space: Space, domain: dict[str, Any], measured: dict[str, Any]) -> Package:
    path = package.path / DOMAIN_NAME
    np.save(path, space)
    manifest_path = package.path / MANIFEST_NAME
    table = tomllib.loads(manifest_path.read_text(encoding="utf-8"))
    table["domain"] = {"file": DOMAIN_NAME, "sha256": weights_sha256(path), **domain}
    table["metrics"] = {**table.get("metrics", {}), "domain": measured}
    Manifest.model_validate(table)
    manifest_path.write_text(tomli_w.dumps(table), encoding="utf-8")
    return load_package(package.path)
