"""Segmenters on photos with masks: each photo goes through the served analysis, and every pixel is an answer."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from facies.errors import TrainingError
from facies.findings import MapAnalysis
from facies.models.package import Manifest
from facies.models.runtime import Runtime
from facies.reports.domain import DomainFinding
from facies.training import metrics
from facies.training.coco import CocoRecord
from facies.training.datasets import IGNORE, MaskRecord, PhotoRecord
from facies.training.evaluation import curves
from facies.training.evaluation.domain import Judged, count_out_of_domain
from facies.training.evaluation.leaks import Picture, perceptual_hash
from facies.training.evaluation.serving import serve
from facies.training.evaluation.thumbnails import thumbnail
from facies.training.metrics import Ints
from facies.training.progress import Report

_LEVELS = 256
_THUMBNAIL = 150
_WORST = 12
_UNLABELLED_RGB = (128, 128, 128)

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class MapAnswer:
    """What a package said of one photo.

    Attributes:
        record: the photo.
        picture: for the check for leaks.
        matrix: int64 (C, C), pixels of known class by true and found class.
        objects: int64 (2, 2), background against everything else; pixels of unknown class count as object. All zero for
            a package without background.
        right, wrong: int64 (256,), pixels of known class by confidence.
        is_object, is_background: int64 (511,), pixels by how surely they were called object, least surely first.
        thumbnails: photo, truth and answer, as data URLs.
        domain: how far the photo lies from what the package was trained on; None where it cannot tell.
    """

    record: PhotoRecord
    picture: Picture
    matrix: Counts
    objects: Counts
    right: Counts
    wrong: Counts
    is_object: Counts
    is_background: Counts
    thumbnails: list[str]
    domain: DomainFinding | None


def answer_maps(records: Sequence[PhotoRecord], runtime: Runtime, report: Report) -> list[MapAnswer]:
    """Analyse every photo as it is served.

    Raises:
        TrainingError: a photo or mask cannot be read, or they are not of the same size.
    """
    answers = []
    with TemporaryDirectory(prefix="facies-") as scratch:
        for number, record in enumerate(records, start=1):
            answers.append(_answer(record, runtime, Path(scratch)))
            report("photos", number, len(records))
    return answers


def _answer(record: PhotoRecord, runtime: Runtime, scratch: Path) -> MapAnswer:
    manifest = runtime.package.manifest
    pixels, truth = record.read()
    file = record.path if isinstance(record, MaskRecord | CocoRecord) else None
    analysis = serve(file, pixels, scratch, runtime)
    if not isinstance(analysis, MapAnalysis):
        raise TrainingError(f"{manifest.reference} is no segmenter.")
    found, confidence = analysis.label_map, analysis.confidence
    known = truth < len(manifest.classes)
    is_right = (truth == found)[known]
    objects = _object_counts(truth, found, confidence, manifest)
    return MapAnswer(
        record,
        Picture(record.name, record.group, perceptual_hash(pixels)),
        metrics.confusion(np.where(known, truth, -1).astype(np.int64), found.astype(np.int64), len(manifest.classes)),
        objects[0],
        np.bincount(confidence[known][is_right], minlength=_LEVELS),
        np.bincount(confidence[known][~is_right], minlength=_LEVELS),
        objects[1],
        objects[2],
        [
            thumbnail(pixels, _THUMBNAIL),
            thumbnail(_coloured(truth, manifest), _THUMBNAIL, "PNG"),
            thumbnail(_coloured(found, manifest), _THUMBNAIL, "PNG"),
        ],
        analysis.domain,
    )


def _object_counts(
    truth: npt.NDArray[np.uint8], found: npt.NDArray[np.uint8], confidence: npt.NDArray[np.uint8], manifest: Manifest
) -> tuple[Counts, Counts, Counts]:
    """Objects against background: the confusion matrix, and both kinds of pixels by how surely they are object."""
    background = manifest.background_index
    most = _LEVELS - 1
    if background is None:
        none = np.zeros(2 * most + 1, np.int64)
        return np.zeros((2, 2), np.int64), none, none
    judged = truth != IGNORE
    is_object, called = (truth != background)[judged], (found != background)[judged]
    sureness = np.where(called, most + confidence[judged].astype(np.int64), most - confidence[judged].astype(np.int64))
    counts = [np.bincount(sureness[chosen], minlength=2 * most + 1) for chosen in (is_object, ~is_object)]
    return metrics.confusion(is_object.astype(np.int64), called.astype(np.int64), 2), counts[0], counts[1]


def _coloured(labels: npt.NDArray[np.uint8], manifest: Manifest) -> npt.NDArray[np.uint8]:
    """A label map in the package's colours, the background dark: uint8 (H, W, 3)."""
    table = np.full((256, 3), _UNLABELLED_RGB, np.uint8)
    for entry in manifest.classes:
        table[entry.index] = (24, 26, 30) if entry.name == manifest.decision.background else entry.rgb
    return table[labels]


def score_maps(answers: Sequence[MapAnswer], manifest: Manifest) -> dict[str, Any]:
    """All scores.

    Returns:
        Ready for JSON.

    Raises:
        TrainingError: there is no photo, or none has a pixel of known class.
    """
    if not answers or not sum(answer.matrix.sum() for answer in answers):
        raise TrainingError("No photo has a mask with any of the package's classes.")
    matrices = np.stack([answer.matrix for answer in answers])
    names = [entry.name for entry in manifest.classes]
    return {
        "scores": _main_scores(answers, matrices, manifest),
        "classes": _class_scores(answers, matrices, names),
        "confusion": {"names": names, "counts": matrices.sum(axis=0).tolist()},
        "calibration": _calibration(answers),
        "curves": _curves(answers, manifest),
        "coverage": _coverage(answers),
        "groups": _groups(answers, manifest),
        "domains": _domains(answers, manifest),
        "domain": count_out_of_domain([_judged(answer) for answer in answers]),
    }


def _main_scores(answers: Sequence[MapAnswer], matrices: Counts, manifest: Manifest) -> dict[str, Any]:
    groups = [answer.record.group for answer in answers]
    scored = _scored_classes(matrices.sum(axis=0), manifest)
    right, wrong = (np.stack([getattr(answer, kind) for answer in answers]) for kind in ("right", "wrong"))
    scores: dict[str, Callable[[Ints], float]] = {
        "pixel accuracy": lambda drawn: metrics.accuracy(matrices[drawn].sum(axis=0)),
        "mean IoU": lambda drawn: metrics.mean_where_labelled(metrics.iou, matrices[drawn].sum(axis=0), scored),
        "macro F1": lambda drawn: metrics.mean_where_labelled(metrics.f1, matrices[drawn].sum(axis=0), scored),
        "ECE": lambda drawn: curves.error_of(_bins(right[drawn].sum(axis=0), wrong[drawn].sum(axis=0))),
    }
    if manifest.background_index is not None:
        objects = np.stack([answer.objects for answer in answers])
        scores["outline IoU"] = lambda drawn: metrics.iou(objects[drawn].sum(axis=0), 1)
    return {name: asdict(metrics.bootstrap(measure, groups)) for name, measure in scores.items()}


def _scored_classes(matrix: Counts, manifest: Manifest) -> list[int]:
    """The classes that occur in the truth, background left out."""
    return [of for of in np.flatnonzero(matrix.sum(axis=1)).tolist() if of != manifest.background_index]


def _class_scores(answers: Sequence[MapAnswer], matrices: Counts, names: Sequence[str]) -> list[dict[str, Any]]:
    groups = [answer.record.group for answer in answers]
    total = matrices.sum(axis=0)
    measures = {"IoU": metrics.iou, "precision": metrics.precision, "recall": metrics.recall}

    def interval(measure: Callable[[Ints, int], float], of: int) -> dict[str, float]:
        return asdict(
            metrics.bootstrap(lambda drawn: metrics.where_labelled(measure, matrices[drawn].sum(axis=0), of), groups)
        )

    return [
        {
            "name": names[of],
            "pixels": int(total[of].sum()),
            **{name: interval(measure, of) for name, measure in measures.items()},
        }
        for of in np.flatnonzero(total.sum(axis=0) + total.sum(axis=1)).tolist()
    ]


def _calibration(answers: Sequence[MapAnswer]) -> dict[str, Any]:
    right, wrong = (np.sum([getattr(answer, kind) for answer in answers], axis=0) for kind in ("right", "wrong"))
    bins = _bins(right, wrong)
    return {
        "of": "confidence of a pixel's label",
        "applies": False,
        "ece": {"served": curves.error_of(bins)},
        "bins": {"served": bins},
    }


def _coverage(answers: Sequence[MapAnswer]) -> dict[str, Any]:
    right, wrong = (np.sum([getattr(answer, kind) for answer in answers], axis=0) for kind in ("right", "wrong"))
    levels = np.arange(_LEVELS) / (_LEVELS - 1)
    return curves.coverage(right[::-1].astype(np.float64), wrong[::-1].astype(np.float64), levels[::-1])


def _bins(right: Counts, wrong: Counts) -> list[dict[str, Any]]:
    counts = (right + wrong).astype(np.float64)
    levels = np.arange(_LEVELS) / (_LEVELS - 1)
    return curves.reliability(right / np.maximum(counts, 1), levels, counts)


def _curves(answers: Sequence[MapAnswer], manifest: Manifest) -> list[dict[str, Any]]:
    """Objects against background, ranked by how surely they were called so."""
    if manifest.background_index is None:
        return []
    hits = np.sum([answer.is_object for answer in answers], axis=0)[::-1].astype(np.float64)
    misses = np.sum([answer.is_background for answer in answers], axis=0)[::-1].astype(np.float64)
    return [
        {
            "name": f"anything but {manifest.decision.background}",
            "share": float(hits.sum() / max(1.0, hits.sum() + misses.sum())),
            "roc": curves.roc_points(hits, misses),
            "roc_area": curves.area_under_roc(hits, misses),
            "pr": curves.pr_points(hits, misses),
            "pr_area": curves.average_precision(hits, misses),
        }
    ]


def _groups(answers: Sequence[MapAnswer], manifest: Manifest) -> list[dict[str, Any]]:
    rows = []
    for group in sorted({answer.record.group for answer in answers}):
        inside = [answer for answer in answers if answer.record.group == group]
        matrix = np.sum([answer.matrix for answer in inside], axis=0)
        scored = _scored_classes(matrix, manifest)
        rows.append(
            {
                "group": group,
                "photos": len(inside),
                "accuracy": metrics.accuracy(matrix),
                "mean IoU": metrics.mean_where_labelled(metrics.iou, matrix, scored),
                "outline IoU": metrics.iou(np.sum([answer.objects for answer in inside], axis=0), 1),
                "labelled": {manifest.classes[of].name: int(matrix[of].sum()) for of in scored},
            }
        )
    return sorted(rows, key=lambda row: row["accuracy"])


def _judged(answer: MapAnswer) -> Judged:
    right, pixels = int(np.trace(answer.matrix)), int(answer.matrix.sum())
    return Judged(answer.record.name, answer.record.group, answer.domain, right, pixels)


def _domains(answers: Sequence[MapAnswer], manifest: Manifest) -> list[dict[str, Any]]:
    """Scores of photos of each origin apart: drawn ones say little of real ones."""
    rows = []
    for domain in sorted({answer.record.domain for answer in answers}):
        inside = [answer for answer in answers if answer.record.domain == domain]
        matrices = np.stack([answer.matrix for answer in inside])
        rows.append({"domain": domain, "photos": len(inside), "scores": _main_scores(inside, matrices, manifest)})
    return rows


def worst_maps(answers: Sequence[MapAnswer], manifest: Manifest) -> list[dict[str, Any]]:
    """The photos with the smallest share of right pixels: photo, truth and answer as data URLs.

    Photos on which nothing but background is known are left out.
    """
    judged = [answer for answer in answers if _scored_classes(answer.matrix, manifest)]
    judged.sort(key=lambda answer: metrics.accuracy(answer.matrix))
    return [
        {
            "name": answer.record.name,
            "group": answer.record.group,
            "accuracy": metrics.accuracy(answer.matrix),
            "pictures": answer.thumbnails,
        }
        for answer in judged[:_WORST]
    ]
