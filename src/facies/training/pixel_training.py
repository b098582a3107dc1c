"""Trains a pixel classifier and scores it: folds by group over whole photos, stitched as served, then all the data.

The encoder is frozen: on some dozen photos, letting it move loses more than it gains. So what it says of every window
is computed once, and only the decoder is trained, on what is kept.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from facies.analysis import plan_tiles
from facies.imaging.label_map import LabelMap
from facies.imaging.stitch import take_likeliest
from facies.imaging.tiles import cut
from facies.imaging.upright import lay_back, make_upright
from facies.training.backbone import Layer
from facies.training.calibration import softmax
from facies.training.datasets import UNKNOWN, DrawnRecord, PhotoRecord
from facies.training.encoders import PYRAMID_CHANNELS, Encoder, MobileNetV1, MobileNetV2, load_start
from facies.training.export import Pictures, export
from facies.training.feature_bank import Bank, build_banks, save_arrays
from facies.training.fit import Task, fit, seed_of
from facies.training.gate import fit_gate
from facies.training.pixel_network import PixelClassifier, Pyramid, shortened
from facies.training.plan import Plan
from facies.training.precision import BACK_ENDS, EXAMPLES, Look, open_back_end
from facies.training.probes import fit_across, set_linear, standardise
from facies.training.progress import Report
from facies.training.served_windows import ServedWindows, look_at_windows
from facies.training.splits import FoldOf, grouped_folds, random_folds
from facies.training.views import draw_window

Maps = dict[int, npt.NDArray[np.uint8]]
"""Label maps by the number of their record."""


@dataclass(frozen=True)
class Start:
    """The weights that are started from and stay as they are.

    Attributes:
        encoder: the layers of the encoder; none starts from scratch.
        texture: those of the texture encoder.
    """

    encoder: Sequence[Layer]
    texture: Sequence[Layer]


_STRIDE = 4
_WINDOWS_AT_ONCE = 8


@dataclass(frozen=True)
class WindowData:
    """What the encoder says of windows drawn from every record, and their labels.

    Attributes:
        records: the photos.
        record_of: int64 (D,): a draw is some windows of one photo; a photo may have several.
        banks: float16 (D, windows, channels, h, w), one a level of the pyramid.
        labels: uint8 (D, windows, h, w) at stride 4: class index, `UNKNOWN` or `IGNORE`.
        served: what the probes and the gate are fitted on.
    """

    records: tuple[PhotoRecord, ...]
    record_of: npt.NDArray[np.int64]
    banks: tuple[Bank, ...]
    labels: npt.NDArray[np.uint8]
    served: ServedWindows


@dataclass(frozen=True)
class PixelOutcome:
    """What training gives.

    Attributes:
        network: trained on all the data.
        records: what it was trained on.
        fold_of: int64 (R,); -1 where a record is not scored.
        held_out: for each scored record its label map, from a network that saw nothing of its group: uint8 (H, W).
        by_precision: the same from each back end that the network was exported to.
    """

    network: PixelClassifier
    records: tuple[PhotoRecord, ...]
    fold_of: FoldOf
    held_out: Maps
    by_precision: dict[str, Maps]


def train_pixels(
    plan: Plan, records: Sequence[PhotoRecord], start: Start, work_dir: Path, report: Report
) -> PixelOutcome:
    """Train and score a pixel classifier.

    Args:
        plan: what to do.
        records: the photos with their masks.
        start: the weights of the encoders.
        work_dir: where intermediate results lie; those of an interrupted run are taken up.
        report: told of every step.

    Raises:
        TrainingError: there are too few groups, or a picture cannot be read.
    """
    data = _prepare(plan, records, start, work_dir, report)
    fold_of = _folds(plan, data)
    found: dict[str, Maps] = {name: {} for name in ("torch_f32", *BACK_ENDS)}
    for fold in range(plan.split.folds):
        kept = work_dir / f"held-out-{fold}.npz"
        inside, outside = np.flatnonzero(fold_of == fold), np.flatnonzero(fold_of != fold)
        if not kept.is_file():
            network = _train(plan, data, outside, start, f"fold {fold + 1}", work_dir, report)
            _map_held_out(network, plan, records, (inside, outside), kept)
        with np.load(kept) as maps:
            for key in maps.files:
                name, _, number = key.partition("/")
                found[name][int(number)] = maps[key]
    everything = np.arange(len(records))
    network = _train(plan, data, everything, start, "all data", work_dir, report)
    return PixelOutcome(network, tuple(records), fold_of, found.pop("torch_f32"), found)


def _map_held_out(
    network: PixelClassifier,
    plan: Plan,
    records: Sequence[PhotoRecord],
    sides: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
    kept: Path,
) -> None:
    """Map the photos of a fold in torch and in every back end, exported as the shipped network is.

    Args:
        network: trained on the other folds.
        plan: for its tiling.
        records: the photos.
        sides: the numbers of the photos inside the fold and outside.
        kept: where the maps go, by back end and number.
    """
    inside, outside = sides
    exported = export(
        network, example_windows(plan, [records[number] for number in outside.tolist()], EXAMPLES), kept.parent
    )
    looks = {"torch_f32": torch_look(network)} | {name: open_back_end(name, exported) for name in BACK_ENDS}
    photos = {number: records[number].read()[0] for number in inside.tolist()}
    save_arrays(
        kept,
        {f"{name}/{n}": map_photo(look, plan, photo) for n, photo in photos.items() for name, look in looks.items()},
    )


def torch_look(network: PixelClassifier) -> Look:
    """What torch says of windows."""

    def look(windows: Pictures) -> npt.NDArray[np.float32]:
        with torch.inference_mode():
            logits: npt.NDArray[np.float32] = network(torch.from_numpy(windows))[0].numpy()
        return logits

    return look


def example_windows(plan: Plan, records: Sequence[PhotoRecord], most: int) -> Pictures:
    """One window of some photos, evenly over the records, as the network takes them: uint8 (N, h, w, 3)."""
    windows = []
    for number, record in enumerate(records[:: max(1, len(records) // most)][:most]):
        photo, _ = record.read()
        upright, grid = plan_tiles((photo.shape[0], photo.shape[1]), plan.package.tiling)
        found = list(cut(make_upright(photo, upright), grid))
        windows.append(found[number % len(found)])
    return np.stack(windows)


def map_photo(look: Look, plan: Plan, photo: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The label map of a photo, cut and stitched as the package will be served.

    Args:
        look: a network.
        plan: for its tiling.
        photo: uint8 (H, W, 3).

    Returns:
        uint8 (H, W), class indices.
    """
    upright, grid = plan_tiles((photo.shape[0], photo.shape[1]), plan.package.tiling)
    windows = np.stack(list(cut(make_upright(photo, upright), grid)))
    labels, confidence = (lay_back(found, upright) for found in take_likeliest(_probs(look, windows), grid))
    return LabelMap(upright.photo_hw, labels, confidence).labels_of(0, len(photo))


def _probs(look: Look, windows: Pictures) -> Iterator[npt.NDArray[np.float32]]:
    for first in range(0, len(windows), _WINDOWS_AT_ONCE):
        yield from softmax(look(windows[first : first + _WINDOWS_AT_ONCE])).astype(np.float32)


def _prepare(plan: Plan, records: Sequence[PhotoRecord], start: Start, work_dir: Path, report: Report) -> WindowData:
    encoder, texture_encoder = _start_encoders(start)
    record_of = np.repeat(np.arange(len(records)), [record.draws for record in records])
    views, size = plan.schedule.views, plan.package.input.size_hw[0] // _STRIDE
    labels_path = work_dir / "labels.npy"
    labels = np.lib.format.open_memmap(
        labels_path, "r+" if labels_path.is_file() else "w+", np.uint8, (len(record_of), views, size, size)
    )

    def windows_of(draw: int) -> npt.NDArray[np.uint8]:
        windows, maps = draw_windows(plan, records[record_of[draw]], seed_of(plan.seed, "windows", draw))
        labels[draw] = maps[:, _STRIDE // 2 :: _STRIDE, _STRIDE // 2 :: _STRIDE]
        return windows

    paths = [work_dir / f"level-{level}.npy" for level in range(len(PYRAMID_CHANNELS))]
    banks = build_banks(Pyramid(encoder), windows_of, len(record_of), paths, report, "looking at photos")
    served = look_at_windows(encoder, shortened(texture_encoder), plan, records, work_dir / "served.npz", report)
    return WindowData(tuple(records), record_of, tuple(banks), np.array(labels), served)


def draw_windows(plan: Plan, record: PhotoRecord, seed: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Draw the plan's windows of a photo; fillers are laid over real photos only, drawn ones have their own.

    Returns:
        uint8 (V, s, s, 3) and their labels, uint8 (V, s, s).
    """
    photo, labels = (Image.fromarray(part) for part in record.read())
    rng, size = np.random.default_rng(seed), plan.package.input.size_hw[0]
    augmentation = plan.schedule.augmentation
    if isinstance(record, DrawnRecord):
        augmentation = augmentation.model_copy(update={"filler_share": 0.0})
    drawn = [draw_window(photo, labels, size, augmentation, rng) for _ in range(plan.schedule.views)]
    return np.stack([window for window, _ in drawn]), np.stack([labelled for _, labelled in drawn])


def _leading(data: WindowData) -> npt.NDArray[np.int64]:
    """For each draw the value of most pixels that are not background."""
    counts = np.stack([np.bincount(labels.ravel(), minlength=256) for labels in data.labels])
    leading: npt.NDArray[np.int64] = np.argmax(counts[:, 1 : UNKNOWN + 1], axis=1) + 1
    return leading


def _folds(plan: Plan, data: WindowData) -> FoldOf:
    fold_of = np.full(len(data.records), -1, np.int64)
    scored = np.flatnonzero([record.scored for record in data.records])
    first_draw = np.searchsorted(data.record_of, scored)
    if plan.split.kind == "random":
        fold_of[scored] = random_folds(len(scored), plan.split.folds, plan.seed)
    else:
        groups = [data.records[number].group for number in scored]
        fold_of[scored] = grouped_folds(groups, _leading(data)[first_draw].tolist(), plan.split.folds, plan.seed)
    return fold_of


def _probed(plan: Plan, data: WindowData) -> tuple[int, ...]:
    """The types of which there are labelled photos that count: the only ones that can be told apart with some right."""
    scored = np.isin(data.record_of, np.flatnonzero([record.scored for record in data.records]))
    return tuple(index for index in np.unique(data.labels[scored]).tolist() if 0 < index < len(plan.package.classes))


def _start_encoders(start: Start) -> tuple[MobileNetV2, MobileNetV1]:
    encoder, texture_encoder = MobileNetV2(), MobileNetV1()
    pairs: list[tuple[Encoder, Sequence[Layer]]] = [(encoder, start.encoder), (texture_encoder, start.texture)]
    for each, layers in pairs:
        if layers:
            load_start(each, layers)
        each.requires_grad_(False)
    return encoder, texture_encoder


def _new_network(plan: Plan, start: Start, name: str, probed: Sequence[int]) -> PixelClassifier:
    torch.manual_seed(seed_of(plan.seed, name))
    network = PixelClassifier(
        *_start_encoders(start), len(plan.package.classes), probed=probed, dropout=plan.schedule.dropout
    )
    network.to(memory_format=torch.channels_last)
    return network


def _train(
    plan: Plan,
    data: WindowData,
    records: npt.NDArray[np.int64],
    start: Start,
    name: str,
    work_dir: Path,
    report: Report,
) -> PixelClassifier:
    schedule, network = plan.schedule, _new_network(plan, start, name, _probed(plan, data))
    decoder = [parameter for parameter in network.parameters() if parameter.requires_grad]
    draws = np.flatnonzero(np.isin(data.record_of, records))
    shares = _draw_shares(plan, data, draws)
    counts = np.array([record.scored for record in data.records])

    def batches(rng: np.random.Generator) -> Iterator[tuple[list[Tensor], Tensor]]:
        for _ in range(schedule.steps):
            chosen = rng.choice(draws, schedule.batch_size, p=shares)
            windows = rng.integers(0, schedule.views, schedule.batch_size)
            levels = [
                torch.from_numpy(np.stack([bank[d, w] for d, w in zip(chosen, windows, strict=True)])).float()
                for bank in data.banks
            ]
            levels = [level.contiguous(memory_format=torch.channels_last) for level in levels]
            labels = without_types(data.labels[chosen, windows], counts[data.record_of[chosen]])
            yield levels, torch.from_numpy(labels.astype(np.int64))

    def loss(batch: tuple[list[Tensor], Tensor]) -> Tensor:
        levels, labels = batch
        return pixel_loss(network.decode(levels), labels)

    task = Task(name, [(decoder, schedule.head_rate)], batches, loss, schedule.steps)
    network = fit(network, task, schedule, plan.seed, work_dir, report)
    _fit_probes(network, plan, data, records)
    _fit_gate(network, plan, data, records)
    return network


def _fit_probes(network: PixelClassifier, plan: Plan, data: WindowData, records: npt.NDArray[np.int64]) -> None:
    """Fit the probes to tell the types of the labelled photos apart."""
    served, schedule = data.served, plan.schedule
    shares = served.shares[:, list(network.probed)]
    scored = np.array([record.scored for record in data.records])[served.record_of]
    chosen = np.flatnonzero(np.isin(served.record_of, records) & scored & served.typed & (shares.sum(1) > 0).numpy())
    shares = shares[chosen]
    groups = np.array([data.records[number].group for number in served.record_of[chosen].tolist()])
    shares = shares / shares.sum(1, keepdim=True)
    for probe, features, penalty in (
        (network.texture_probe, served.textures, schedule.texture_penalty),
        (network.tone_probe, served.tones, schedule.tone_penalty),
    ):
        x, mean, deviation = standardise(features[chosen])
        set_linear(probe, fit_across(x, shares, groups, penalty), mean, deviation)


def _fit_gate(network: PixelClassifier, plan: Plan, data: WindowData, records: npt.NDArray[np.int64]) -> None:
    """Fit the gate to tell the labelled photos that count from all others."""
    served = data.served
    chosen = np.isin(served.record_of, records)
    features = torch.cat([served.tops, served.textures], 1)[torch.from_numpy(chosen)]
    looked_at = [data.records[number] for number in served.record_of[chosen].tolist()]
    counts = np.array([record.scored for record in looked_at])
    fit_gate(network.gate, features, counts, [record.group for record in looked_at], plan.seed)


def pixel_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy where the class is known; where only "not the background" is, the chance of just that.

    Args:
        logits: (N, C, h, w).
        labels: int64 (N, h, w): class index, `UNKNOWN` or `IGNORE`.
    """
    log_probs = logits.log_softmax(1)
    known, unknown = labels < logits.shape[1], labels == UNKNOWN
    right = log_probs.gather(1, labels.clamp(max=logits.shape[1] - 1)[:, None])[:, 0]
    not_background = torch.log1p(-log_probs[:, 0].exp().clamp(max=1 - 1e-5))
    counted = (known | unknown).sum().clamp(min=1)
    return -((right * known).sum() + (not_background * unknown).sum()) / counted


def without_types(labels: npt.NDArray[np.uint8], counts: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """Labels as the decoder learns them: of photos that count, no more than where the core is.

    Their types are for the probes to tell. The decoder learns them by heart, which is of no use on other photos, and
    pulls what it has learned from drawn ones after them.

    Args:
        labels: uint8 (N, h, w): class index, `UNKNOWN` or `IGNORE`.
        counts: bool (N,), whether each is of a labelled photo that counts.
    """
    is_type = (labels > 0) & (labels < UNKNOWN) & counts[:, None, None]
    return np.where(is_type, np.uint8(UNKNOWN), labels)


def _draw_shares(plan: Plan, data: WindowData, draws: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """How likely each draw is taken: by the plan between domains, within one evenly over leading classes."""
    domains = np.array([data.records[number].domain for number in data.record_of[draws]])
    all_leading, shares = _leading(data)[draws], np.zeros(len(draws))
    for domain in np.unique(domains).tolist():
        inside = domains == domain
        _, place, counts = np.unique(all_leading[inside], return_inverse=True, return_counts=True)
        share = plan.schedule.domain_shares.get(domain, 0.0) if plan.schedule.domain_shares else 1.0
        shares[inside] = share / len(counts) / counts[place]
    normalised: npt.NDArray[np.float64] = shares / shares.sum()
    return normalised
