"""Tile classifiers on labelled pictures: each goes through the served analysis, and is one answer."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from facies.errors import TrainingError
from facies.findings import TileAnalysis
from facies.models.decision import decide
from facies.models.package import Manifest
from facies.models.runtime import Runtime
from facies.reports.domain import DomainFinding
from facies.training import metrics
from facies.training.calibration import fit_temperature, softmax
from facies.training.datasets import NEITHER, TileRecord
from facies.training.error_rates import measure_error_rates
from facies.training.evaluation import curves
from facies.training.evaluation.domain import Judged, count_out_of_domain
from facies.training.evaluation.leaks import Picture, perceptual_hash
from facies.training.evaluation.serving import serve
from facies.training.evaluation.thumbnails import thumbnail
from facies.training.metrics import Floats, Ints
from facies.training.progress import Report
from facies.training.splits import FoldOf

_LEAST_PROBABILITY = 1e-6
_THUMBNAIL = 132
_WORST = 24
_MOST_CLASSES_WITH_INTERVALS = 20
_MOST_CURVES = 8


@dataclass(frozen=True, eq=False)
class TileAnswers:
    """What a package said of N pictures.

    Attributes:
        records: the pictures.
        labels: int64 (N,), class index or `NEITHER`.
        served: float64 (N, C), the probabilities as served, the picture's tiles averaged by their area.
        raw: float64 (N, C), the same without the package's calibration.
        found: int64 (N,), the class decided on.
        pictures: for the check for leaks.
        domains: how far each picture lies from what the package was trained on; None where it cannot tell.
    """

    records: Sequence[TileRecord]
    labels: npt.NDArray[np.int64]
    served: npt.NDArray[np.float64]
    raw: npt.NDArray[np.float64]
    found: npt.NDArray[np.int64]
    pictures: Sequence[Picture]
    domains: Sequence[DomainFinding | None]

    @property
    def labelled(self) -> "TileAnswers":
        """The pictures that show one of the classes."""
        return self.chosen(np.flatnonzero(self.labels != NEITHER).tolist())

    def chosen(self, chosen: Sequence[int]) -> "TileAnswers":
        """Some of the pictures, by their numbers."""
        return TileAnswers(
            [self.records[number] for number in chosen],
            self.labels[chosen],
            self.served[chosen],
            self.raw[chosen],
            self.found[chosen],
            [self.pictures[number] for number in chosen],
            [self.domains[number] for number in chosen],
        )


def answer_tiles(records: Sequence[TileRecord], runtime: Runtime, report: Report) -> TileAnswers:
    """Analyse every picture as it is served.

    Raises:
        TrainingError: a picture cannot be read.
    """
    manifest = runtime.package.manifest
    served, raw, pictures, domains = [], [], [], []
    with TemporaryDirectory(prefix="facies-") as scratch:
        for number, record in enumerate(records, start=1):
            pixels = record.read()
            file = record.path if record.box is None else None
            analysis = serve(file, pixels, Path(scratch), runtime)
            if not isinstance(analysis, TileAnalysis):
                raise TrainingError(f"{manifest.reference} is no tile classifier.")
            areas = analysis.grid.sizes_hw.prod(axis=1).astype(np.float64)
            probs = analysis.probs.astype(np.float64)
            served.append(np.average(probs, axis=0, weights=areas))
            raw.append(np.average(uncalibrated(probs, manifest), axis=0, weights=areas))
            pictures.append(Picture(record.name, record.group, perceptual_hash(pixels)))
            domains.append(analysis.domain)
            report("pictures", number, len(records))
    labels = np.array([record.label for record in records], np.int64)
    without_band = manifest.decision.model_copy(update={"unsure_band": None})
    found = decide(np.stack(served).astype(np.float32), manifest.model_copy(update={"decision": without_band}))
    return TileAnswers(records, labels, np.stack(served), np.stack(raw), found.astype(np.int64), pictures, domains)


def uncalibrated(probs: Floats, manifest: Manifest) -> npt.NDArray[np.float64]:
    """What the network said before temperature and offset: (N, C), sums to 1 over C."""
    decision, temperature = manifest.decision, np.full((len(probs), 1), manifest.decision.temperature)
    if decision.temperature_below is not None:
        temperature[probs[:, manifest.positive_index] < 0.5] = decision.temperature_below
    logits = np.log(np.maximum(probs, _LEAST_PROBABILITY)) * temperature
    return softmax(logits - (np.array(decision.offset) if decision.offset else 0.0))


def score_tiles(answers: TileAnswers, manifest: Manifest, folds: FoldOf | None) -> dict[str, Any]:
    """All scores.

    Args:
        answers: what was said.
        manifest: of the package.
        folds: of the labelled pictures, for the temperature that is fitted here; None leaves it out.

    Returns:
        Ready for JSON.

    Raises:
        TrainingError: no picture shows any of the classes.
    """
    told = answers.labelled
    if not len(told.labels):
        raise TrainingError("No picture shows any of the package's classes.")
    names = [entry.name for entry in manifest.classes]
    found = {
        "scores": _main_scores(told, manifest),
        "classes": _class_scores(told, names),
        "confusion": {
            "names": names,
            "counts": metrics.confusion(told.labels, told.found, len(names)).tolist(),
        },
        "calibration": _calibration(told, manifest, folds),
        "curves": _curves(told, manifest),
        "coverage": _coverage(told),
        "groups": _groups(told, names),
        "domains": _domains(told, manifest),
        "domain": count_out_of_domain(_judged(answers)),
    }
    if folds is not None and manifest.positive_index is not None:
        positive = told.labels == manifest.positive_index
        served = told.served[:, manifest.positive_index]
        found["error_rates"] = measure_error_rates(served, positive, folds, manifest.decision.threshold)
    if len(told.labels) < len(answers.labels):
        found["neither"] = _neither(answers, manifest)
    return found


def _main_scores(told: TileAnswers, manifest: Manifest) -> dict[str, Any]:
    count = len(manifest.classes)
    groups = [record.group for record in told.records]
    present = np.unique(told.labels).tolist()

    def of_matrix(measure: Callable[[Ints], float]) -> Callable[[Ints], float]:
        return lambda drawn: measure(metrics.confusion(told.labels[drawn], told.found[drawn], count))

    scores: dict[str, Callable[[Ints], float]] = {
        "accuracy": of_matrix(metrics.accuracy),
        "balanced accuracy": of_matrix(lambda matrix: metrics.mean_where_labelled(metrics.recall, matrix, present)),
        "macro F1": of_matrix(lambda matrix: metrics.mean_where_labelled(metrics.f1, matrix, present)),
        "AUC": lambda drawn: _mean(metrics.auc(told.labels[drawn] == of, told.served[drawn, of]) for of in present),
        "average precision": lambda drawn: _mean(
            curves.average_precision(*curves.by_score(told.labels[drawn] == of, told.served[drawn, of]))
            for of in ([manifest.positive_index] if manifest.positive_index is not None else present)
        ),
        "ECE": lambda drawn: _error(told.served[drawn], told.labels[drawn], manifest),
    }
    slow = dict.fromkeys(("AUC", "average precision"), _resamples(len(present)))
    return {
        name: asdict(metrics.bootstrap(measure, groups, resamples=slow.get(name, metrics.RESAMPLES)))
        for name, measure in scores.items()
    }


def _resamples(classes: int) -> int:
    """How often what is computed of every class is drawn anew: not at all where there are many."""
    return metrics.RESAMPLES if classes <= _MOST_CLASSES_WITH_INTERVALS else 0


def _class_scores(told: TileAnswers, names: Sequence[str]) -> list[dict[str, Any]]:
    groups = [record.group for record in told.records]
    occurring = np.union1d(told.labels, told.found).tolist()
    resamples = _resamples(len(occurring))
    measures = {"precision": metrics.precision, "recall": metrics.recall, "F1": metrics.f1}

    def interval(measure: Callable[[Ints, int], float], of: int) -> dict[str, float]:
        def of_drawn(drawn: Ints) -> float:
            matrix = metrics.confusion(told.labels[drawn], told.found[drawn], len(names))
            return metrics.where_labelled(measure, matrix, of)

        return asdict(metrics.bootstrap(of_drawn, groups, resamples=resamples))

    return [
        {
            "name": names[of],
            "pictures": int((told.labels == of).sum()),
            **{name: interval(measure, of) for name, measure in measures.items()},
            "AUC": metrics.auc(told.labels == of, told.served[:, of]),
        }
        for of in occurring
    ]


def _calibration(told: TileAnswers, manifest: Manifest, folds: FoldOf | None) -> dict[str, Any]:
    """Reliability without the package's calibration, as served, and with a temperature fitted on these pictures."""
    kinds = {"before": told.raw, "served": told.served}
    if folds is not None:
        kinds["refitted"] = _refitted(told, folds)
    bins = {name: curves.reliability(*_outcomes(probs, told.labels, manifest)) for name, probs in kinds.items()}
    positive = manifest.decision.positive
    return {
        "of": f"probability of {positive}" if positive else "probability of the likeliest class",
        "temperature": manifest.decision.temperature,
        "temperature_below": manifest.decision.temperature_below,
        "offset": list(manifest.decision.offset),
        "applies": manifest.output.kind == "logits",
        "ece": {name: curves.error_of(entry) for name, entry in bins.items()},
        "bins": bins,
    }


def _refitted(told: TileAnswers, folds: FoldOf) -> npt.NDArray[np.float64]:
    """Probabilities with a temperature that was fitted on the other folds."""
    logits = np.log(np.maximum(told.served, _LEAST_PROBABILITY))
    probs = np.empty_like(logits)
    for fold in np.unique(folds):
        inside = folds == fold
        probs[inside] = fit_temperature(logits[~inside], told.labels[~inside]).probs(logits[inside])
    return probs


def _outcomes(probs: Floats, labels: Ints, manifest: Manifest) -> tuple[Floats, Floats]:
    """What came true, and the probability it had: of the positive class, or of the likeliest one."""
    positive = manifest.positive_index
    if positive is not None:
        return (labels == positive).astype(np.float64), probs[:, positive]
    return (probs.argmax(axis=1) == labels).astype(np.float64), probs.max(axis=1)


def _error(probs: Floats, labels: Ints, manifest: Manifest) -> float:
    return curves.error_of(curves.reliability(*_outcomes(probs, labels, manifest)))


def _curves(told: TileAnswers, manifest: Manifest) -> list[dict[str, Any]]:
    """One pair of curves: of the positive class, or of the most frequent classes against all others."""
    counts = np.bincount(told.labels, minlength=len(manifest.classes))
    chosen = [manifest.positive_index] if manifest.positive_index is not None else np.argsort(-counts, kind="stable")
    drawn = []
    for of in [int(index) for index in chosen if counts[index]][:_MOST_CURVES]:
        hits, misses = curves.by_score(told.labels == of, told.served[:, of])
        drawn.append(
            {
                "name": manifest.classes[of].name,
                "share": float(counts[of] / counts.sum()),
                "roc": curves.roc_points(hits, misses),
                "roc_area": curves.area_under_roc(hits, misses),
                "pr": curves.pr_points(hits, misses),
                "pr_area": curves.average_precision(hits, misses),
            }
        )
    return drawn


def _coverage(told: TileAnswers) -> dict[str, Any]:
    sureness = np.take_along_axis(told.served, told.found[:, None], axis=1)[:, 0]
    right, wrong = curves.by_score(told.found == told.labels, sureness)
    return curves.coverage(right, wrong, np.unique(sureness)[::-1])


def _groups(told: TileAnswers, names: Sequence[str]) -> list[dict[str, Any]]:
    group_of = np.array([record.group for record in told.records])
    rows = []
    for group in np.unique(group_of):
        inside = group_of == group
        labels, found = told.labels[inside], told.found[inside]
        rows.append(
            {
                "group": str(group),
                "pictures": int(inside.sum()),
                "labelled": {names[of]: int((labels == of).sum()) for of in np.unique(labels).tolist()},
                "found": {names[of]: int((found == of).sum()) for of in np.unique(found).tolist()},
                "accuracy": float((labels == found).mean()),
            }
        )
    return sorted(rows, key=lambda row: (row["accuracy"], -row["pictures"]))


def _domains(told: TileAnswers, manifest: Manifest) -> list[dict[str, Any]]:
    """Scores of pictures of each origin apart: one package can be good on the one and at chance on the other."""
    domain_of = np.array([record.domain for record in told.records])
    rows = []
    for domain in np.unique(domain_of):
        part = told.chosen(np.flatnonzero(domain_of == domain).tolist())
        rows.append({"domain": str(domain), "pictures": len(part.labels), "scores": _main_scores(part, manifest)})
    return rows


def _judged(answers: TileAnswers) -> list[Judged]:
    return [
        Judged(record.name, record.group, domain, int(label == found), int(label != NEITHER))
        for record, domain, label, found in zip(
            answers.records, answers.domains, answers.labels.tolist(), answers.found.tolist(), strict=True
        )
    ]


def _neither(answers: TileAnswers, manifest: Manifest) -> dict[str, Any]:
    """What was said of pictures that show none of the classes."""
    inside = answers.labels == NEITHER
    counts = np.bincount(answers.found[inside], minlength=len(manifest.classes))
    return {
        "pictures": int(inside.sum()),
        "called": {entry.name: int(counts[entry.index]) for entry in manifest.classes if counts[entry.index]},
        "share_positive": None
        if manifest.positive_index is None
        else float(counts[manifest.positive_index] / inside.sum()),
    }


def worst_tiles(answers: TileAnswers, names: Sequence[str]) -> list[dict[str, Any]]:
    """The pictures whose wrong answer was surest, with a thumbnail as a data URL."""
    told = answers.labelled
    sureness = np.take_along_axis(told.served, told.found[:, None], axis=1)[:, 0]
    wrong = np.flatnonzero(told.found != told.labels)
    order = wrong[np.argsort(-sureness[wrong], kind="stable")][:_WORST]
    return [
        {
            "name": told.records[number].name,
            "group": told.records[number].group,
            "label": names[told.labels[number]],
            "found": names[told.found[number]],
            "probability": float(sureness[number]),
            "pictures": [thumbnail(told.records[number].read(), _THUMBNAIL)],
        }
        for number in order.tolist()
    ]


def _mean(values: Iterator[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
