"""Trains a tile classifier and scores it: folds by group, one calibration for what is served, then all the data.

    pictures ──views──▶ frozen blocks ──▶ bank ─┬─▶ once a fold ──▶ held-out logits ──▶ calibration, scores
                                                └─▶ all the data ──▶ the network that is shipped

A linear probe comes first. Where the plan has epochs for it, fine-tuning starts from there: the upper blocks then move
little, and what was learned on millions of pictures is not lost on some hundred.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from facies.errors import TrainingError
from facies.imaging.fitting import fit as fit_size
from facies.training.backbone import Layer
from facies.training.calibration import fit_two_classes
from facies.training.datasets import NEITHER, TileRecord
from facies.training.encoders import ENCODERS, Encoder, load_start
from facies.training.export import Pictures, export
from facies.training.feature_bank import Bank, build_banks, save_arrays
from facies.training.fit import Task, fit, seed_of
from facies.training.plan import Plan, Schedule
from facies.training.precision import BACK_ENDS, EXAMPLES, open_back_end
from facies.training.probes import fit_binary, set_linear, standardise
from facies.training.progress import Report
from facies.training.splits import FoldOf, grouped_folds, random_folds
from facies.training.tile_network import Features, Lower, TileClassifier, Upper
from facies.training.views import draw_tile_views, plain_tile_views

PLAIN_VIEWS = 5
"""Views without augmentation, first in the bank: the whole picture and four corners at the scale of serving."""

_GATE_PENALTY = 1e-4
# The gate's first domain is the one that is served: another head is asked only about what is clearly of its kind.
_DOUBT = 5.0
_GATE_LOSS_WEIGHT = 0.2
_RECORDS_AT_ONCE = 8


@dataclass(frozen=True)
class TileLabels:
    """Records as arrays.

    Attributes:
        labels: int64 (R,), class index or `NEITHER`.
        domains: int64 (R,), index of the domain in `domain_names`.
        groups: of each record.
    """

    labels: npt.NDArray[np.int64]
    domains: npt.NDArray[np.int64]
    domain_names: tuple[str, ...]
    groups: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class TileData(TileLabels):
    """Records, and what the frozen part of the network says of their views.

    Attributes:
        features: float16 (R, views, F), what the start weights give, the plain views first.
        maps: float16 (R, views, ...), after the last frozen block; only where the others are fine-tuned.
    """

    features: Bank
    maps: Bank | None


@dataclass(frozen=True)
class TileOutcome:
    """What training gives.

    Attributes:
        network: trained on all the data.
        data: what it was trained on.
        fold_of: int64 (R,).
        held_out: float32 (R, plain views, C), the logits of networks that saw nothing of the record's group.
        by_precision: from each back end, and torch, to what it says of whole pictures, (R, C), from the same networks;
            zeros where a record is not of the first domain.
    """

    network: TileClassifier
    data: TileData
    fold_of: FoldOf
    held_out: npt.NDArray[np.float32]
    by_precision: dict[str, npt.NDArray[np.float32]]


def train_tiles(
    plan: Plan, records: Sequence[TileRecord], layers: Sequence[Layer], work_dir: Path, report: Report
) -> TileOutcome:
    """Train and score a tile classifier.

    Args:
        plan: what to do.
        records: the labelled pictures.
        layers: the start weights; none starts from scratch.
        work_dir: where intermediate results lie; those of an interrupted run are taken up.
        report: told of every step.

    Raises:
        TrainingError: there are too few groups, a class is missing somewhere, or a picture cannot be read.
    """
    _check_classes(plan)
    told = _tell(records)
    fold_of = _folds(plan, told)
    _check_folds(plan, told, fold_of)
    data = _prepare(plan, records, told, layers, work_dir, report)
    classes = len(plan.package.classes)
    held_out = np.zeros((len(data), PLAIN_VIEWS, classes), np.float32)
    by_precision = {name: np.zeros((len(data), classes), np.float32) for name in ("torch_f32", *BACK_ENDS)}
    for fold in range(plan.split.folds):
        inside, outside = np.flatnonzero(fold_of == fold), np.flatnonzero(fold_of != fold)
        served = inside[data.domains[inside] == 0]
        kept = work_dir / f"held-out-{fold}.npz"
        if not kept.is_file():
            network = _train(plan, data, outside, layers, f"fold {fold + 1}", work_dir, report)
            views = predict(network, data, inside, plan.schedule.frozen_blocks)
            examples = example_tiles(plan, [records[number] for number in outside.tolist()], EXAMPLES)
            pictures = example_tiles(plan, [records[number] for number in served.tolist()], len(served))
            answers = _answer(network, examples, pictures, work_dir / "exported")
            save_arrays(kept, {"views": views} | answers)
        with np.load(kept) as found:
            held_out[inside] = found["views"]
            for name, logits in by_precision.items():
                logits[served] = found[name]
    network = _train(plan, data, np.arange(len(data)), layers, "all data", work_dir, report)
    return TileOutcome(network, data, fold_of, held_out, by_precision)


def _answer(
    network: TileClassifier, examples: Pictures, pictures: Pictures, folder: Path
) -> dict[str, npt.NDArray[np.float32]]:
    """What a network says of pictures in torch and in every back end, exported as the shipped one is."""
    exported = export(network, examples, folder)
    looks = {name: open_back_end(name, exported) for name in BACK_ENDS}
    with torch.inference_mode():
        parts = [network(torch.from_numpy(part))[0].numpy() for part in _in_parts(pictures)]
    found = {name: np.concatenate([look(part) for part in _in_parts(pictures)]) for name, look in looks.items()}
    return {"torch_f32": np.concatenate(parts)} | found


def _in_parts(pictures: Pictures) -> list[Pictures]:
    return [pictures[first : first + _RECORDS_AT_ONCE] for first in range(0, len(pictures), _RECORDS_AT_ONCE)]


def example_tiles(plan: Plan, records: Sequence[TileRecord], most: int) -> Pictures:
    """Whole pictures as the network takes them, evenly over the records: uint8 (at most `most`, h, w, 3)."""
    chosen = records[:: max(1, len(records) // most)][:most]
    return np.stack([fit_size(record.read(), plan.package.input.size_hw) for record in chosen])


def _check_classes(plan: Plan) -> None:
    names = plan.package.class_names
    if len(names) != 2:
        raise TrainingError("Training tiles works for two classes so far; the plan has another number.")
    if plan.package.positive != names[1]:
        raise TrainingError(f"The class that is looked for must be the second one; let positive be {names[1]!r}.")


def _tell(records: Sequence[TileRecord]) -> TileLabels:
    names = tuple(dict.fromkeys(record.domain for record in records))
    return TileLabels(
        labels=np.array([record.label for record in records], np.int64),
        domains=np.array([names.index(record.domain) for record in records], np.int64),
        domain_names=names,
        groups=tuple(record.group for record in records),
    )


def _check_folds(plan: Plan, told: TileLabels, fold_of: FoldOf) -> None:
    """Each domain has a head of its own, which in every fold must learn of every class from the other folds."""
    for domain, name in enumerate(told.domain_names):
        for label, class_name in enumerate(plan.package.class_names):
            folds = np.unique(fold_of[(told.domains == domain) & (told.labels == label)])
            if len(folds) < 2:
                raise TrainingError(
                    f"Of {name!r}, pictures of the class {class_name!r} are in {len(folds)} of "
                    f"{plan.split.folds} folds; without those of other groups they cannot be tested. Label more groups."
                )


def _prepare(
    plan: Plan,
    records: Sequence[TileRecord],
    told: TileLabels,
    layers: Sequence[Layer],
    work_dir: Path,
    report: Report,
) -> TileData:
    network = _new_network(plan, len(told.domain_names), layers)
    features, maps = _look(plan, records, network.encoder, work_dir, report)
    return TileData(told.labels, told.domains, told.domain_names, told.groups, features, maps)


def _look(
    plan: Plan, records: Sequence[TileRecord], encoder: Encoder, work_dir: Path, report: Report
) -> tuple[Bank, Bank | None]:
    """Features of all views, and the maps that fine-tuning starts from where there is any."""
    frozen = plan.schedule.frozen_blocks
    name, path = "looking at pictures", work_dir / "features.npy"

    def views_of(number: int) -> npt.NDArray[np.uint8]:
        return _draw(plan, records[number], seed_of(plan.seed, "views", number))

    if not plan.schedule.epochs:
        return build_banks(Features(encoder), views_of, len(records), [path], report, name)[0], None
    if encoder.pooled_after and frozen > min(encoder.pooled_after):
        raise TrainingError(
            f"frozen_blocks is {frozen}; {plan.start.architecture} allows {min(encoder.pooled_after)} at most."
        )
    (maps,) = build_banks(Lower(encoder, frozen), views_of, len(records), [work_dir / "maps.npy"], report, name)

    def maps_of(number: int) -> npt.NDArray[np.float32]:
        return np.array(maps[number], np.float32)

    upper = Upper(encoder, frozen)
    return build_banks(upper, maps_of, len(records), [path], report, "features of the start weights")[0], maps


def _draw(plan: Plan, record: TileRecord, seed: int) -> npt.NDArray[np.uint8]:
    """The plain views of a picture, then its augmented ones."""
    picture = Image.fromarray(record.read())
    served, size = plan.package.tiling.tile_hw[0], plan.package.input.size_hw[0]
    rng = np.random.default_rng(seed)
    drawn = draw_tile_views(
        picture, plan.schedule.views, served, size, plan.schedule.augmentation, rng, upright=record.upright
    )
    return np.concatenate([plain_tile_views(picture, served, size), drawn])


def _folds(plan: Plan, data: TileLabels) -> FoldOf:
    """Folds within each domain, so that every fold has its share of each."""
    fold_of = np.zeros(len(data), np.int64)
    for domain in range(len(data.domain_names)):
        inside = np.flatnonzero(data.domains == domain)
        if plan.split.kind == "random":
            fold_of[inside] = random_folds(len(inside), plan.split.folds, plan.seed)
        else:
            groups = [data.groups[number] for number in inside]
            fold_of[inside] = grouped_folds(groups, data.labels[inside].tolist(), plan.split.folds, plan.seed)
    return fold_of


def _new_network(plan: Plan, domains: int, layers: Sequence[Layer]) -> TileClassifier:
    torch.manual_seed(plan.seed)
    encoder = ENCODERS[plan.start.architecture]()
    network = TileClassifier(encoder, len(plan.package.classes), domains=domains, dropout=plan.schedule.dropout)
    if layers:
        load_start(network.encoder, layers)
    network.to(memory_format=torch.channels_last)
    return network


def _train(
    plan: Plan,
    data: TileData,
    records: npt.NDArray[np.int64],
    layers: Sequence[Layer],
    name: str,
    work_dir: Path,
    report: Report,
) -> TileClassifier:
    """Fit the probes, then fine-tune the blocks that are not frozen, where the plan has epochs for it."""
    schedule = plan.schedule
    network = _new_network(plan, len(data.domain_names), layers)
    _fit_probes(network, data, records, schedule)
    network.eval()
    if data.maps is None:
        return network
    maps_of_views = data.maps
    upper = [p for step in list(network.encoder.steps)[schedule.frozen_blocks + 1 :] for p in step.parameters()]
    for parameter in network.encoder.parameters():
        parameter.requires_grad_(False)
    for parameter in upper:
        parameter.requires_grad_(True)
    heads = [*network.heads.parameters(), *network.gate.parameters()]
    shares = _draw_shares(plan, data, records)

    def batches(rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        for _ in range(schedule.steps):
            chosen = rng.choice(records, schedule.batch_size, p=shares)
            views = rng.integers(PLAIN_VIEWS, maps_of_views.shape[1], schedule.batch_size)
            maps = torch.from_numpy(np.stack([maps_of_views[r, v] for r, v in zip(chosen, views, strict=True)])).float()
            labels = torch.from_numpy(np.maximum(data.labels[chosen], 0))
            yield maps.contiguous(memory_format=torch.channels_last), labels, torch.from_numpy(data.domains[chosen])

    def loss(batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        maps, labels, domains = batch
        logits, gate = network.judge(network.pool(maps, schedule.frozen_blocks))
        own = logits[torch.arange(len(labels)), domains]
        return functional.cross_entropy(own, labels) + _GATE_LOSS_WEIGHT * functional.cross_entropy(gate, domains)

    task = Task(name, [(upper, schedule.encoder_rate), (heads, schedule.head_rate)], batches, loss, schedule.steps)
    return fit(network, task, schedule, plan.seed, work_dir, report)


def _draw_shares(plan: Plan, data: TileData, records: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """How likely each record is drawn: by the plan between domains, within one evenly over classes and pictures.

    Half of a domain's part is drawn evenly over pictures and half evenly over classes, so that the rare class is seen
    often enough and the common one in its variety. What shows neither class has its own share.
    """
    schedule, shares = plan.schedule, np.zeros(len(records))
    labels, domains = data.labels[records], data.domains[records]
    for number, name in enumerate(data.domain_names):
        domain_share = schedule.domain_shares.get(name, 0.0) if schedule.domain_shares else 1.0
        neither = (domains == number) & (labels == NEITHER)
        neither_share = schedule.neither_share if neither.any() else 0.0
        if neither.any():
            shares[neither] = domain_share * neither_share / neither.sum()
        for label in range(len(plan.package.classes)):
            inside = (domains == number) & (labels == label)
            if inside.any():
                evenly = 0.5 / len(plan.package.classes) / inside.sum()
                shares[inside] = (
                    domain_share
                    * (1 - neither_share)
                    * (evenly + 0.5 / ((domains == number) & (labels != NEITHER)).sum())
                )
    normalised: npt.NDArray[np.float64] = shares / shares.sum()
    return normalised


def _fit_probes(
    network: TileClassifier,
    data: TileData,
    records: npt.NDArray[np.int64],
    schedule: Schedule,
) -> None:
    """Set each domain's head, and the gate between them, to a logistic regression on the start weights' features."""
    views = [0, *range(PLAIN_VIEWS, data.features.shape[1])]
    x = torch.from_numpy(data.features[records][:, views].astype(np.float32))  # (R, V, F)
    x, mean, deviation = standardise(x)
    labels, domains = data.labels[records], data.domains[records]
    count = len(data.domain_names)
    heads, gate = torch.zeros(count, 2, x.shape[2] + 1), torch.zeros(count, x.shape[2] + 1)
    for domain in range(count):
        inside = domains == domain
        weights = np.where(labels[inside] == NEITHER, _neither_weight(labels[inside], schedule.neither_share), 1.0)
        positive = labels[inside] == 1
        probe = fit_binary(x[inside], positive, weights, schedule.probe_penalty)
        probe = _to_scale(probe, x[inside][labels[inside] != NEITHER], positive[labels[inside] != NEITHER])
        heads[domain] = torch.stack([-probe / 2, probe / 2])
        if count > 1:
            balance = np.where(inside, 1 / inside.sum(), 1 / (~inside).sum())
            gate[domain] = fit_binary(x, inside, balance, _GATE_PENALTY) / 2
    gate[0, -1] += _DOUBT if count > 1 else 0.0
    for layer, fitted in ((network.heads, heads.reshape(count * 2, -1)), (network.gate, gate)):
        set_linear(layer, fitted, mean, deviation)


def _to_scale(probe: Tensor, x: Tensor, positive: npt.NDArray[np.bool_]) -> Tensor:
    """Stretch a probe that a strong penalty made small, so that the heads of all domains speak equally loud."""
    margin = (x @ probe[:-1] + probe[-1]).flatten().numpy()
    logits = np.stack([np.zeros_like(margin), margin], axis=1)
    fitted = fit_two_classes(logits, np.repeat(positive, x.shape[1]))
    stretched = probe.clone()
    stretched[-1] += fitted.offset[1]
    return stretched / fitted.temperature


def _neither_weight(labels: npt.NDArray[np.int64], share: float) -> float:
    neither = int((labels == NEITHER).sum())
    return share / (1 - share) * (len(labels) - neither) / neither if neither and share < 1 else 0.0


def predict(
    network: TileClassifier, data: TileData, records: npt.NDArray[np.int64], frozen_blocks: int
) -> npt.NDArray[np.float32]:
    """Logits of the plain views of records.

    Returns:
        float32 (records, plain views, C).
    """
    network.eval()
    parts = []
    with torch.inference_mode():
        for first in range(0, len(records), _RECORDS_AT_ONCE):
            chosen = records[first : first + _RECORDS_AT_ONCE]
            known = torch.from_numpy((data.features if data.maps is None else data.maps)[chosen, :PLAIN_VIEWS]).float()
            features = known.flatten(0, 1)
            if data.maps is not None:
                features = network.pool(features.contiguous(memory_format=torch.channels_last), frozen_blocks)
            logits = network.weigh(*network.judge(features))
            parts.append(logits.reshape(-1, PLAIN_VIEWS, logits.shape[1]).numpy())
    return np.concatenate(parts)
