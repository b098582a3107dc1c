"""Trains a tile classifier and scores it: folds by group, one calibration for what is served, then all the data.

    pictures ──views──▶ frozen blocks ──▶ bank ─┬─▶ once a fold ──▶ held-out logits ──▶ calibration, scores
                                                └─▶ all the data ──▶ the network that is shipped

A linear probe comes first and fine-tuning starts from it: the upper blocks then move little, and what was learned on
millions of pictures is not lost on some hundred.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from facies.errors import TrainingError
from facies.training.backbone import Layer
from facies.training.datasets import NEITHER, TileRecord, read_picture
from facies.training.feature_bank import Bank, build_banks
from facies.training.fit import Task, fit, seed_of
from facies.training.network import ENCODERS, Lower, TileClassifier, Upper, load_start
from facies.training.plan import Plan, Schedule
from facies.training.progress import Report
from facies.training.splits import FoldOf, grouped_folds, random_folds
from facies.training.views import draw_tile_views, plain_tile_views

PLAIN_VIEWS = 5
"""Views without augmentation, first in the bank: the whole picture and four corners at the scale of serving."""

_GATE_PENALTY = 1e-3
_GATE_LOSS_WEIGHT = 0.2
_RECORDS_AT_ONCE = 8
_PROBE_STEPS = 60


@dataclass(frozen=True)
class TileData:
    """Records as arrays, and what the frozen blocks say of their views.

    Attributes:
        labels: int64 (R,), class index or `NEITHER`.
        domains: int64 (R,), index of the domain in `domain_names`.
        groups: of each record.
        bank: float16 (R, views, ...), the plain views first.
    """

    labels: npt.NDArray[np.int64]
    domains: npt.NDArray[np.int64]
    domain_names: tuple[str, ...]
    groups: tuple[str, ...]
    bank: Bank

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class TileOutcome:
    """What training gives.

    Attributes:
        network: trained on all the data.
        data: what it was trained on.
        fold_of: int64 (R,).
        held_out: float32 (R, plain views, C), the logits of networks that saw nothing of the record's group.
    """

    network: TileClassifier
    data: TileData
    fold_of: FoldOf
    held_out: npt.NDArray[np.float32]


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
        TrainingError: there are too few groups, or a picture cannot be read.
    """
    data = _prepare(plan, records, layers, work_dir, report)
    fold_of = _folds(plan, data)
    classes = len(plan.package.classes)
    held_out = np.zeros((len(data), PLAIN_VIEWS, classes), np.float32)
    features = _start_features(plan, data, layers, work_dir, report)
    for fold in range(plan.split.folds):
        inside = np.flatnonzero(fold_of == fold)
        kept = work_dir / f"held-out-{fold}.npy"
        if not kept.is_file():
            outside = np.flatnonzero(fold_of != fold)
            network = _train(plan, data, features, outside, layers, f"fold {fold + 1}", work_dir, report)
            np.save(kept, predict(network, data.bank, inside, plan.schedule.frozen_blocks))
        held_out[inside] = np.load(kept)
    everything = np.arange(len(data))
    network = _train(plan, data, features, everything, layers, "all data", work_dir, report)
    return TileOutcome(network, data, fold_of, held_out)


def _prepare(
    plan: Plan, records: Sequence[TileRecord], layers: Sequence[Layer], work_dir: Path, report: Report
) -> TileData:
    if len(plan.package.classes) != 2:
        raise TrainingError("Training tiles works for two classes so far; the plan has another number.")
    names = tuple(dict.fromkeys(record.domain for record in records))
    frozen = Lower(_new_network(plan, len(names), layers).encoder, plan.schedule.frozen_blocks)

    def views_of(number: int) -> npt.NDArray[np.uint8]:
        return _draw(plan, records[number], seed_of(plan.seed, "views", number))

    (bank,) = build_banks(frozen, views_of, len(records), [work_dir / "views.npy"], report, "looking at pictures")
    return TileData(
        labels=np.array([record.label for record in records], np.int64),
        domains=np.array([names.index(record.domain) for record in records], np.int64),
        domain_names=names,
        groups=tuple(record.group for record in records),
        bank=bank,
    )


def _draw(plan: Plan, record: TileRecord, seed: int) -> npt.NDArray[np.uint8]:
    """The plain views of a picture, then its augmented ones."""
    picture = Image.fromarray(read_picture(record.path))
    served, size = plan.package.tiling.tile_hw[0], plan.package.input.size_hw[0]
    rng = np.random.default_rng(seed)
    drawn = draw_tile_views(
        picture, plan.schedule.views, served, size, plan.schedule.augmentation, rng, upright=record.upright
    )
    return np.concatenate([plain_tile_views(picture, served, size), drawn])


def _folds(plan: Plan, data: TileData) -> FoldOf:
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


def _start_features(
    plan: Plan, data: TileData, layers: Sequence[Layer], work_dir: Path, report: Report
) -> npt.NDArray[np.float16]:
    """The features (R, views, F) that the start weights give: what the probes are fitted on."""
    start = Upper(_new_network(plan, len(data.domain_names), layers).encoder, plan.schedule.frozen_blocks)

    def maps_of(number: int) -> npt.NDArray[np.float32]:
        return np.array(data.bank[number], np.float32)

    name = "features of the start weights"
    return build_banks(start, maps_of, len(data), [work_dir / "features.npy"], report, name)[0]


def _train(
    plan: Plan,
    data: TileData,
    features: npt.NDArray[np.float16],
    records: npt.NDArray[np.int64],
    layers: Sequence[Layer],
    name: str,
    work_dir: Path,
    report: Report,
) -> TileClassifier:
    """Fit the probes, then fine-tune the blocks that are not frozen."""
    schedule = plan.schedule
    network = _new_network(plan, len(data.domain_names), layers)
    _fit_probes(network, data, features, records, schedule)
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
            views = rng.integers(PLAIN_VIEWS, data.bank.shape[1], schedule.batch_size)
            maps = torch.from_numpy(np.stack([data.bank[r, v] for r, v in zip(chosen, views, strict=True)])).float()
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
        domain_share = schedule.domain_shares.get(name, 1 / len(data.domain_names))
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
    features: npt.NDArray[np.float16],
    records: npt.NDArray[np.int64],
    schedule: Schedule,
) -> None:
    """Set each domain's head, and the gate between them, to a logistic regression on the start weights' features."""
    views = [0, *range(PLAIN_VIEWS, features.shape[1])]
    x = torch.from_numpy(features[records][:, views].astype(np.float32))  # (R, V, F)
    deviation, mean = torch.std_mean(x, (0, 1))
    x = (x - mean) / (deviation + 0.01)
    labels, domains = data.labels[records], data.domains[records]
    count = len(data.domain_names)
    heads, gate = torch.zeros(count, 2, x.shape[2] + 1), torch.zeros(count, x.shape[2] + 1)
    for domain in range(count):
        inside = domains == domain
        weights = np.where(labels[inside] == NEITHER, _neither_weight(labels[inside], schedule.neither_share), 1.0)
        probe = _logistic(x[inside], labels[inside] == 1, weights, schedule.probe_penalty)
        heads[domain] = torch.stack([-probe / 2, probe / 2])
        if count > 1:
            balance = np.where(inside, 1 / inside.sum(), 1 / (~inside).sum())
            gate[domain] = _logistic(x, inside, balance, _GATE_PENALTY) / 2
    for layer, fitted in ((network.heads, heads.reshape(count * 2, -1)), (network.gate, gate)):
        _set_linear(layer, fitted, mean, deviation + 0.01)


def _neither_weight(labels: npt.NDArray[np.int64], share: float) -> float:
    neither = int((labels == NEITHER).sum())
    return share / (1 - share) * (len(labels) - neither) / neither if neither and share < 1 else 0.0


def _logistic(x: Tensor, positive: npt.NDArray[np.bool_], weights: npt.NDArray[np.float64], penalty: float) -> Tensor:
    """Weighted logistic regression with an L2 penalty.

    Args:
        x: (R, V, F), standardised; every view counts alike.
        positive: bool (R,).
        weights: (R,), of the records.
        penalty: of the squared weights, not of the bias.

    Returns:
        (F + 1,), the bias last.
    """
    target = torch.from_numpy(positive).float()[:, None].expand(x.shape[:2])
    weight = torch.from_numpy(weights / weights.sum() / x.shape[1]).float()[:, None]
    fitted = torch.zeros(x.shape[2] + 1, requires_grad=True)
    optimizer = torch.optim.LBFGS([fitted], max_iter=_PROBE_STEPS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        logits = x @ fitted[:-1] + fitted[-1]
        loss = (functional.binary_cross_entropy_with_logits(logits, target, reduction="none") * weight).sum()
        loss = loss + penalty * (fitted[:-1] ** 2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return fitted.detach()


@torch.no_grad()
def _set_linear(layer: nn.Linear, fitted: Tensor, mean: Tensor, deviation: Tensor) -> None:
    """Lay weights that were fitted on standardised features over a layer that takes them as they are."""
    weight = fitted[:, :-1] / deviation
    layer.weight.copy_(weight)
    layer.bias.copy_(fitted[:, -1] - weight @ mean)


def predict(
    network: TileClassifier, bank: Bank, records: npt.NDArray[np.int64], frozen_blocks: int
) -> npt.NDArray[np.float32]:
    """Logits of the plain views of records.

    Returns:
        float32 (records, plain views, C).
    """
    network.eval()
    parts = []
    with torch.inference_mode():
        for first in range(0, len(records), _RECORDS_AT_ONCE):
            maps = torch.from_numpy(bank[records[first : first + _RECORDS_AT_ONCE], :PLAIN_VIEWS]).float()
            features = network.pool(maps.flatten(0, 1).contiguous(memory_format=torch.channels_last), frozen_blocks)
            heads, gate = network.judge(features)
            logits = (heads * gate.softmax(1)[:, :, None]).sum(1)
            parts.append(logits.reshape(-1, PLAIN_VIEWS, logits.shape[1]).numpy())
    return np.concatenate(parts)
