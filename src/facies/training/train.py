"""`facies train`: from a plan and a folder of data to a model package.

    plan ──▶ records ──▶ folds, calibration, scores ──▶ all the data ──▶ ONNX ──▶ package.toml, CARD.md

Everything written while training lies in `<out>/work/<name>`; a run that was interrupted and is started again with the
same plan goes on from there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from facies.errors import TrainingError
from facies.models.package import HeldOut, Package
from facies.training import metrics
from facies.training.backbone import Layer
from facies.training.calibration import Calibration
from facies.training.card import check_template, write_card
from facies.training.colour_forest import map_held_out
from facies.training.datasets import (
    NEITHER,
    DrawnRecord,
    PhotoRecord,
    TileRecord,
    drawn_test_records,
)
from facies.training.domain import add_domain
from facies.training.error_rates import keep_held_out, measure_error_rates
from facies.training.evaluation.leaks import Picture, perceptual_hash, write_fingerprints
from facies.training.export import Pictures, export
from facies.training.hub import read_start
from facies.training.packaging import Result, check_plan, write_package
from facies.training.pixel_network import PixelClassifier
from facies.training.pixel_scores import held_out_mean_iou
from facies.training.pixel_scores import score as pixel_score
from facies.training.pixel_training import Start, example_windows, map_photo, torch_look, train_pixels
from facies.training.plan import Plan, SyntheticCores, read_plan
from facies.training.precision import EXAMPLES, MAIN_SCORE, choose, compare, tabulate
from facies.training.progress import Report, silent
from facies.training.readers import read_photos, read_tiles
from facies.training.strangers import find_strangers
from facies.training.tile_scores import calibrate, held_out_probability, score
from facies.training.tile_training import TileOutcome, example_tiles, train_tiles
from facies.training.used import describe_used, take_up

_WORK = "work"


def train(plan_path: Path, data_dir: Path, out_dir: Path, *, threads: int = 0, report: Report = silent) -> Package:
    """Train, score, export and package.

    Args:
        plan_path: the plan, TOML.
        data_dir: the folder that the plan's paths start from.
        out_dir: where the package is written, in a folder of its name; made where it does not exist.
        threads: processor threads to use; 0 leaves it to torch.
        report: told of every step.

    Returns:
        The package.

    Raises:
        TrainingError: the plan, the data or the start weights cannot be used.
        PackageError: the plan does not make a valid package.
    """
    if threads:
        torch.set_num_threads(threads)
    plan = read_plan(plan_path)
    folder, work_dir = out_dir / plan.package.name, out_dir / _WORK / plan.package.name
    _check(plan, plan_path.parent, data_dir)
    take_up(work_dir, describe_used(plan_path, plan, data_dir, _read_records(plan, plan_path.parent, data_dir)))
    layers = read_start(plan.start.weights, data_dir)
    run = _TASKS[plan.package.task]
    trained = run(_Run(plan, plan_path.parent, data_dir, layers, work_dir, report))
    exported, main = export(trained.network, trained.examples, folder), MAIN_SCORE[plan.package.task]
    table = tabulate(compare(trained.network, exported, trained.examples), trained.by_precision, main)
    precision = choose(table, main)
    if precision != "int8":
        exported.int8.unlink()
    measured = trained.measured | {"precision": table}
    package = write_package(plan, folder, Result(trained.calibration, measured, precision, trained.held_out))
    if plan.domain is not None:
        package = add_domain(package, plan, plan_path.parent, data_dir, report)
    write_card(package, plan, plan_path.parent)
    _write_fingerprints(package, plan, plan_path.parent, data_dir)
    return package


def _check(plan: Plan, plan_dir: Path, data_dir: Path) -> None:
    """Find what is missing at the end of a run at its beginning."""
    check_plan(plan)
    check_template(plan_dir / plan.package.card)
    for folder in plan.domain.strangers.values() if plan.domain else ():
        find_strangers(data_dir / folder)


def _write_fingerprints(package: Package, plan: Plan, plan_dir: Path, data_dir: Path) -> None:
    """Tell what the package was trained on; drawn photos are no secret and can be drawn again."""
    if plan.package.task == "tile-classification":
        pixels = (record.read() for record in _tile_records(plan, data_dir))
    else:
        photos = _photo_records(plan, plan_dir, data_dir)
        pixels = (record.read()[0] for record in photos if not isinstance(record, DrawnRecord))
    write_fingerprints(package.path, [Picture("", None, perceptual_hash(picture)) for picture in pixels])


@dataclass(frozen=True)
class _Run:
    """What a run works with."""

    plan: Plan
    plan_dir: Path
    data_dir: Path
    layers: Sequence[Layer]
    work_dir: Path
    report: Report


@dataclass(frozen=True)
class _Trained:
    """What a run gives.

    Attributes:
        network: trained on all the data.
        calibration: for the manifest's decision.
        measured: for the manifest's metrics.
        examples: training pictures as the network takes them.
        by_precision: from each back end, and torch, to the main score of networks exported to it, held out.
        held_out: probabilities of held-out pictures, where a class is positive.
    """

    network: nn.Module
    calibration: Calibration
    measured: dict[str, Any]
    examples: Pictures
    by_precision: dict[str, float]
    held_out: HeldOut | None = None


def _train_tiles(run: _Run) -> _Trained:
    plan, records = run.plan, _tile_records(run.plan, run.data_dir)
    outcome = train_tiles(plan, records, run.layers, run.work_dir, run.report)
    data, whole = outcome.data, outcome.held_out[:, 0]
    main = data.domains == 0
    decision_at = plan.schedule.decision_at
    calibration = calibrate(whole[main], data.labels[main], decision_at)
    probability = held_out_probability(whole[main], data.labels[main], outcome.fold_of[main], decision_at)
    measured = _describe_split(plan, records) | ({} if decision_at is None else {"decision_at": decision_at})
    measured |= {
        data.domain_names[0]: score(probability, data.labels[main], _chosen(data.groups, main)),
    }
    measured[f"{data.domain_names[0]}_chunks"] = _score_corners(outcome, calibration, main)
    for number, name in list(enumerate(data.domain_names))[1:]:
        other = data.domains == number
        served = calibration.probs(whole[other])[:, 1]
        measured[name] = score(served, data.labels[other], _chosen(data.groups, other))
    truth, counts = data.labels == 1, main & (data.labels != NEITHER)
    by_precision = {
        name: metrics.auc(truth[counts], logits[counts, 1] - logits[counts, 0])
        for name, logits in outcome.by_precision.items()
    }
    labelled = data.labels[main] != NEITHER
    kept, positive, fold_of = probability[labelled], truth[main][labelled], outcome.fold_of[main][labelled]
    measured["error_rates"] = measure_error_rates(kept, positive, fold_of)
    held_out = keep_held_out(kept, positive, plan.package.class_names)
    examples = example_tiles(plan, records, EXAMPLES)
    return _Trained(outcome.network, calibration, measured, examples, by_precision, held_out)


def _score_corners(outcome: TileOutcome, calibration: Calibration, inside: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Scores of single corners at the scale of serving, judged by the label of their whole picture."""
    corners = outcome.held_out[inside, 1:]
    probability = calibration.probs(corners.reshape(-1, corners.shape[2]))[:, 1]
    groups = np.repeat(_chosen(outcome.data.groups, inside), corners.shape[1]).tolist()
    return score(probability, np.repeat(outcome.data.labels[inside], corners.shape[1]), groups)


def _train_pixels(run: _Run) -> _Trained:
    plan, records = run.plan, _photo_records(run.plan, run.plan_dir, run.data_dir)
    names = plan.package.class_names
    _check_masks(records, names)
    start = Start(run.layers, read_start(plan.start.texture_weights, run.data_dir))
    outcome = train_pixels(plan, records, start, run.work_dir, run.report)
    scored = _classes_seen(outcome.records, outcome.held_out, len(names))
    main = next(record.domain for record in records if record.scored)
    measured = _describe_split(plan, records) | {main: pixel_score(outcome.records, outcome.held_out, names, scored)}
    forest = map_held_out(outcome.records, outcome.fold_of, len(names), plan.seed)
    measured["colour_forest"] = pixel_score(outcome.records, forest, names, scored)
    by_precision = {
        name: held_out_mean_iou(outcome.records, maps, len(names), scored)
        for name, maps in ({"torch_f32": outcome.held_out} | outcome.by_precision).items()
    }
    for data in plan.data:
        if isinstance(data, SyntheticCores) and data.test_count:
            measured[f"{data.domain}_unseen"] = _score_drawn(plan, outcome.network, drawn_test_records(data))
    calibration = Calibration(1.0, (0.0,) * len(names))
    return _Trained(outcome.network, calibration, measured, example_windows(plan, records, EXAMPLES), by_precision)


def _score_drawn(plan: Plan, network: PixelClassifier, records: Sequence[DrawnRecord]) -> dict[str, Any]:
    """Scores of the final network on drawings it has not seen, the background being one of the classes."""
    look = torch_look(network)
    found = {number: map_photo(look, plan, record.read()[0]) for number, record in enumerate(records)}
    return pixel_score(records, found, plan.package.class_names, range(len(plan.package.classes)))


def _describe_split(plan: Plan, records: Sequence[TileRecord | PhotoRecord]) -> dict[str, Any]:
    if plan.split.kind == "random":
        return {"split": f"RANDOM, {plan.split.folds} folds: pictures of one group on both sides; the scores flatter"}
    alone = ", ".join(_without_groups(records))
    told = f" (of {alone} no groups are known: every picture is its own)" if alone else ""
    return {"split": f"{plan.split.folds} folds by group{told}, pooled; the shipped network is trained on all folds"}


def _without_groups(records: Sequence[TileRecord | PhotoRecord]) -> list[str]:
    """The domains in which no two pictures are of one group; what is drawn, or never scored, is left out."""
    groups: dict[str, list[str]] = {}
    for record in records:
        if record.files and getattr(record, "scored", True):
            groups.setdefault(record.domain, []).append(record.group)
    return [domain for domain, found in groups.items() if len(set(found)) == len(found)]


def _check_masks(records: Sequence[PhotoRecord], names: Sequence[str]) -> None:
    """There must be something to learn and to score: photos whose masks have a class beside background."""
    scored = {number: None for number, record in enumerate(records) if record.scored}
    if not _classes_seen(records, scored, len(names)):
        raise TrainingError(
            f"No photo that is scored has a mask with anything but {names[0]}, unknown or ignored pixels."
        )


def _classes_seen(records: Sequence[PhotoRecord], found: dict[int, Any], classes: int) -> list[int]:
    """The classes beside background that occur in the masks of scored photos."""
    seen: set[int] = set()
    for number in found:
        seen |= set(np.unique(records[number].read()[1]).tolist())
    return sorted(index for index in seen if 0 < index < classes)


def _read_records(plan: Plan, plan_dir: Path, data_dir: Path) -> Sequence[TileRecord | PhotoRecord]:
    if plan.package.task == "tile-classification":
        return _tile_records(plan, data_dir)
    return _photo_records(plan, plan_dir, data_dir)


def _tile_records(plan: Plan, data_dir: Path) -> list[TileRecord]:
    records: list[TileRecord] = []
    for data in plan.data:
        records += read_tiles(data, data_dir, plan.package.class_names)
    return records


def _photo_records(plan: Plan, plan_dir: Path, data_dir: Path) -> list[PhotoRecord]:
    records: list[PhotoRecord] = []
    for data in plan.data:
        records += read_photos(data, data_dir, plan.package.class_names, plan_dir)
    return records


def _chosen(groups: Sequence[str], mask: npt.NDArray[np.bool_]) -> list[str]:
    return [groups[number] for number in np.flatnonzero(mask).tolist()]


_TASKS: dict[str, Callable[[_Run], _Trained]] = {"tile-classification": _train_tiles, "segmentation": _train_pixels}
