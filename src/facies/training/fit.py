"""The training loop: AdamW with a cosine schedule, a running average of the weights, a checkpoint after every epoch.

Everything drawn in an epoch comes from the seed, the run's name and the epoch's number, so a run that was interrupted
and resumed gives the same weights as one that was not.
"""

import copy
import hashlib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from facies.training.plan import Schedule
from facies.training.progress import Report

_RISE_SHARE = 0.03
_LAST_RATE_SHARE = 0.02
_LOSS_MEMORY = 0.95

Batch = TypeVar("Batch")
Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Task(Generic[Batch]):
    """What is fitted.

    Attributes:
        name: of the run, as shown and as its checkpoint is called.
        rates: parameters with their learning rates.
        batches: draws the batches of one epoch; always the same number.
        loss: of one batch, a scalar.
        steps: batches in an epoch.
    """

    name: str
    rates: Sequence[tuple[Sequence[nn.Parameter], float]]
    batches: Callable[[np.random.Generator], Iterable[Batch]]
    loss: Callable[[Batch], Tensor]
    steps: int


def seed_of(*parts: object) -> int:
    """A seed from names and numbers, the same on every machine."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:6], "big")


def fit(network: Network, task: Task[Any], schedule: Schedule, seed: int, work_dir: Path, report: Report) -> Network:
    """Train a network and return the running average of its weights.

    Args:
        network: trained in place; `task` refers to its parameters.
        task: what is fitted.
        schedule: how long, how much weight decay, how slow an average.
        seed: of everything that is drawn.
        work_dir: where the checkpoint lies; that of an interrupted run is taken up, a finished run is not repeated.
        report: told of every step.

    Returns:
        A copy of the network with averaged weights, in evaluation mode.
    """
    total = schedule.epochs * task.steps
    optimizer = torch.optim.AdamW(
        [{"params": list(parameters), "lr": rate} for parameters, rate in task.rates],
        weight_decay=schedule.weight_decay,
    )
    curve = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate_share(step, total))
    average = copy.deepcopy(network)
    checkpoint = work_dir / f"{task.name}.checkpoint"
    parts = {"network": network, "average": average, "optimizer": optimizer, "curve": curve}
    done = _resume(checkpoint, parts)
    for epoch in range(done, schedule.epochs):
        torch.manual_seed(seed_of(seed, task.name, epoch))
        network.train()
        loss_seen: float | None = None
        for step, batch in enumerate(task.batches(np.random.default_rng(seed_of(seed, task.name, epoch, "batches")))):
            loss = task.loss(batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            curve.step()
            number = epoch * task.steps + step + 1
            _move_average(average, network, min(schedule.average_decay, number / (number + 10)))
            loss_seen = _smooth(loss_seen, loss.item())
            report(task.name, number, total, loss_seen)
        _save(checkpoint, parts, epoch + 1)
    average.eval()
    return average


def _rate_share(step: int, total: int) -> float:
    rise = min(1.0, (step + 1) / max(1.0, _RISE_SHARE * total))
    fall = 0.5 * (1 + math.cos(math.pi * min(1.0, step / max(1, total))))
    return rise * (fall * (1 - _LAST_RATE_SHARE) + _LAST_RATE_SHARE)


@torch.no_grad()
def _move_average(average: nn.Module, network: nn.Module, decay: float) -> None:
    for slow, fast in zip(average.parameters(), network.parameters(), strict=True):
        if fast.requires_grad:
            slow.lerp_(fast, 1 - decay)


def _smooth(before: float | None, now: float) -> float:
    return now if before is None else _LOSS_MEMORY * before + (1 - _LOSS_MEMORY) * now


def _resume(checkpoint: Path, parts: dict[str, Any]) -> int:
    """Take up an interrupted run; the number of epochs that are done."""
    if not checkpoint.is_file():
        return 0
    state = torch.load(checkpoint, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return int(state["epochs"])


def _save(checkpoint: Path, parts: dict[str, Any], epochs: int) -> None:
    """Write the checkpoint whole or not at all."""
    half_written = checkpoint.with_suffix(".part")
    torch.save({"epochs": epochs, **{name: part.state_dict() for name, part in parts.items()}}, half_written)
    half_written.replace(checkpoint)
