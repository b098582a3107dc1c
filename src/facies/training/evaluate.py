"""`facies evaluate`: a package on labelled pictures, through the analysis that is served.

layout ──▶ records ──▶ analyse() ──▶ scores, curves, leaks ──▶ evaluation.json, evaluation.html
"""

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facies.errors import TrainingError
from facies.models.runtime import Runtime
from facies.training.datasets import NEITHER, TileRecord
from facies.training.evaluation.leaks import Picture, find_leaks, find_twins, perceptual_hash, read_fingerprints
from facies.training.evaluation.maps import answer_maps, score_maps, worst_maps
from facies.training.evaluation.page import render
from facies.training.evaluation.sources import Layout, Records, guess_layout, other_parts, read_layout, read_records
from facies.training.evaluation.tiles import answer_tiles, score_tiles, worst_tiles
from facies.training.progress import Report, silent
from facies.training.splits import FoldOf, grouped_folds, random_folds
from facies.version import __version__

JSON_NAME = "evaluation.json"
PAGE_NAME = "evaluation.html"

_FOLDS = 5
_SEED = 0
_FEW_GROUPS = 10

SPLITS = ("grouped", "random")


@dataclass(frozen=True)
class Source:
    """Labelled pictures.

    Attributes:
        folder: where they are.
        layout: a file that says how they are labelled; recognised where it is None.
    """

    folder: Path
    layout: Path | None = None

    def read(self, runtime: Runtime) -> tuple[Layout, Records]:
        """How they lie, and the pictures.

        Raises:
            TrainingError: they cannot be read.
        """
        manifest = runtime.package.manifest
        layout = read_layout(self.layout) if self.layout else guess_layout(self.folder, manifest)
        return layout, read_records(layout, self.folder, manifest)


def evaluate(
    runtime: Runtime,
    tested: Source,
    out_dir: Path,
    *,
    trained_on: Source | None = None,
    split: str = "grouped",
    report: Report = silent,
) -> Path:
    """Evaluate a package, and write `evaluation.json` and `evaluation.html`.

    Args:
        runtime: runs the package.
        tested: the labelled pictures to test on.
        out_dir: where the two files go; made where it does not exist.
        trained_on: what the package was trained on, to be compared with; the other parts of a published split are taken
            where it is None. The hashes that the package carries are compared with in any case.
        split: how the folds are made in which a temperature is fitted; "random" has to be asked for, and the page says
            so on top.
        report: told of every step.

    Returns:
        The page.

    Raises:
        TrainingError: the pictures cannot be read, or are not labelled for the package's task.
    """
    layout, records = tested.read(runtime)
    if not records:
        raise TrainingError(f"There are no labelled pictures in {tested.folder}.")
    others = _read_others(trained_on, layout, tested.folder, runtime)
    out_dir.mkdir(parents=True, exist_ok=True)
    measure = _measure_tiles if runtime.package.manifest.task == "tile-classification" else _measure_maps
    measured, pictures = measure(runtime, records, split, report)
    seen = [*_pictures(others, report), *read_fingerprints(runtime.package.path)]
    leaks = {"training": find_leaks(pictures, seen), "twins": find_twins(pictures)}
    evaluation = {
        "format_version": 1,
        **_describe(runtime, tested, layout, records),
        "split": split,
        "leaks": leaks,
        **measured,
    }
    evaluation["remarks"] = _remarks(evaluation)
    plain = _without_nan(evaluation)
    kept = {**plain, "worst": [{k: v for k, v in entry.items() if k != "pictures"} for entry in plain["worst"]]}
    (out_dir / JSON_NAME).write_text(json.dumps(kept, indent=1, ensure_ascii=False), encoding="utf-8")
    page = out_dir / PAGE_NAME
    page.write_text(render(plain), encoding="utf-8")
    return page


def _read_others(trained_on: Source | None, layout: Layout, folder: Path, runtime: Runtime) -> Records:
    if trained_on is not None:
        return trained_on.read(runtime)[1]
    others = other_parts(layout, folder)
    return read_records(others, folder, runtime.package.manifest) if others else []


def _measure_tiles(
    runtime: Runtime, records: Records, split: str, report: Report
) -> tuple[dict[str, Any], Sequence[Picture]]:
    manifest = runtime.package.manifest
    tiles = [record for record in records if isinstance(record, TileRecord)]
    answers = answer_tiles(tiles, runtime, report)
    told = [record for record in tiles if record.label != NEITHER]
    measured = score_tiles(answers, manifest, _folds(told, split))
    return measured | {"worst": worst_tiles(answers, [entry.name for entry in manifest.classes])}, answers.pictures


def _measure_maps(
    runtime: Runtime, records: Records, _split: str, report: Report
) -> tuple[dict[str, Any], Sequence[Picture]]:
    photos = [record for record in records if not isinstance(record, TileRecord)]
    answers = answer_maps(photos, runtime, report)
    manifest = runtime.package.manifest
    measured = score_maps(answers, manifest)
    return measured | {"worst": worst_maps(answers, manifest)}, [answer.picture for answer in answers]


def _folds(records: Sequence[TileRecord], split: str) -> FoldOf | None:
    """Folds to fit a temperature in; None where there are too few groups to hold any out."""
    if split == "random":
        return random_folds(len(records), _FOLDS, _SEED) if len(records) >= _FOLDS else None
    groups = [record.group for record in records]
    if len(set(groups)) < _FOLDS:
        return None
    return grouped_folds(groups, [record.label for record in records], _FOLDS, _SEED)


def _pictures(records: Records, report: Report) -> list[Picture]:
    pictures = []
    for number, record in enumerate(records, start=1):
        read = record.read()
        pixels = read[0] if isinstance(read, tuple) else read
        pictures.append(Picture(record.name, record.group, perceptual_hash(pixels)))
        report("training data", number, len(records))
    return pictures


def _describe(runtime: Runtime, tested: Source, layout: Layout, records: Records) -> dict[str, Any]:
    manifest = runtime.package.manifest
    groups = {record.group for record in records}
    return {
        "package": {
            "reference": manifest.reference,
            "title": manifest.title,
            "task": manifest.task,
            "positive": manifest.decision.positive,
            "sha256": manifest.weights.sha256,
        },
        "data": {
            "folder": tested.folder.resolve().name,
            "layout": layout.said,
            "of_training_plan": layout.plan_of == manifest.name,
            "pictures": len(records),
            "groups": len(groups),
            "groups_known": len(groups) < len(records),
        },
        "made": {"by": f"Facies {__version__}", "at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())},
    }


def _remarks(evaluation: dict[str, Any]) -> list[dict[str, str]]:
    """What a reader must know before any number: alarms first."""
    data = evaluation["data"]
    alarms, notes = _leak_remarks(evaluation["leaks"], data["pictures"])
    if data["of_training_plan"]:
        alarms.append(
            "LEAK: these pictures are described by the plan that the package was trained by, so it has seen them, but "
            "for drawn ones that are kept for testing. Its card has the scores on held-out groups."
        )
    if evaluation["split"] == "random":
        alarms.append(
            "RANDOM SPLIT, asked for by name: pictures of one group are on both sides where a temperature was fitted."
        )
    if not data["groups_known"]:
        notes.append("Groups are not known, so every picture counts as independent. The intervals may be too narrow.")
    if data["groups"] < _FEW_GROUPS:
        notes.append(_few(data["groups"], "group" if data["groups_known"] else "picture"))
    domain = evaluation["domain"]
    if domain is not None and domain["out_of_domain"]:
        notes.append(
            f"{domain['out_of_domain']} of {domain['pictures']} tested pictures are out of the package's domain: "
            "unlike what it was trained on. They count in all scores."
        )
    counts = evaluation["confusion"]["counts"]
    missing = [name for name, row in zip(evaluation["confusion"]["names"], counts, strict=True) if not sum(row)]
    if missing:
        shown = ", ".join(missing[:12]) + (f" and {len(missing) - 12} more" if len(missing) > 12 else "")
        notes.append(f"No picture is labelled {shown}: nothing is learned here about how well that is found.")
    return [{"kind": "alarm", "text": text} for text in alarms] + [{"kind": "note", "text": text} for text in notes]


def _few(count: int, kind: str) -> str:
    if count == 1:
        return f"There is only one {kind}, so nothing can be said about how far the scores may be off."
    return f"There are only {count} {kind}s; the intervals are rough."


def _leak_remarks(leaks: dict[str, Any], pictures: int) -> tuple[list[str], list[str]]:
    training, twins = leaks["training"], leaks["twins"]
    alarms, notes = [], []
    if training["in_shared_groups"]:
        alarms.append(
            f"LEAK: {training['in_shared_groups']} of {pictures} tested pictures are of a group (photo, site, box) "
            "that is in the training data too. The scores flatter."
        )
    if training["near_duplicates"]:
        alarms.append(
            f"LEAK: {training['near_duplicates']} of {pictures} tested pictures have a near-duplicate in the training "
            "data."
        )
    if not training["checked"]:
        notes.append(
            "Whether the package was trained on any of these pictures was not checked: no training data were given "
            "(--trained-on)."
        )
    elif not training["grouped"]:
        notes.append(
            f"Compared with the hashes of {training['trained_on']} training pictures that the package carries. "
            "Whether other pictures of the same photos, sites or boxes were among them cannot be told without the "
            "training data."
        )
    elif not alarms:
        notes.append(
            f"No tested picture shares a group with the {training['grouped']} training pictures that were given, and "
            f"none is a near-duplicate of the {training['trained_on']} that are known."
        )
    if twins["near_duplicates"]:
        notes.append(
            f"{twins['near_duplicates']} tested pictures have a near-duplicate in another group: these groups are not "
            "independent."
        )
    return alarms, notes


def _without_nan(value: Any) -> Any:
    """JSON has no NaN: null."""
    if isinstance(value, dict):
        return {key: _without_nan(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(entry) for entry in value]
    return None if isinstance(value, float) and math.isnan(value) else value
