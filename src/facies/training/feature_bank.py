"""What the frozen part of the network says of every view, computed once and kept on disk.

Most of the network never changes while training, and the views are drawn once; so most of the arithmetic of every epoch
and every fold is the same, and is done here, by OpenVINO, which is several times as fast at it as torch.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import openvino as ov
import torch
from torch import nn

from facies.training.progress import Report

Bank = npt.NDArray[np.float16]
Run = Callable[[npt.NDArray[Any]], list[Bank]]

_KEPT_EVERY = 100  # records


def compile_frozen(module: nn.Module, example: npt.NDArray[Any]) -> Run:
    """Compile a part of a network that is not trained.

    Args:
        module: takes one array and gives one or more.
        example: an input; others may have another length on axis 0.

    Returns:
        A function from an input to the outputs, float16.
    """
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # tracing warns of what is constant, which is what is wanted
        model = _convert(module.eval(), example)
    model.reshape([-1, *example.shape[1:]])
    compiled = ov.Core().compile_model(model, "CPU", {"PERFORMANCE_HINT": "LATENCY"})

    def run(pictures: npt.NDArray[Any]) -> list[Bank]:
        found = compiled(pictures)
        return [np.array(found[number], np.float16) for number in range(len(compiled.outputs))]

    return run


def _convert(module: nn.Module, example: npt.NDArray[Any]) -> ov.Model:
    try:
        return ov.convert_model(module, example_input=torch.from_numpy(example))
    except RuntimeError as error:
        # Ctrl-C while it works comes back as an error of the converter's, with the name in its text.
        if KeyboardInterrupt.__name__ in str(error):
            raise KeyboardInterrupt from error
        raise


def build_banks(
    module: nn.Module,
    views_of: Callable[[int], npt.NDArray[Any]],
    records: int,
    paths: Sequence[Path],
    report: Report,
    name: str,
) -> list[Bank]:
    """Run the frozen part over every view of every record, or take up what an earlier run has left.

    Args:
        module: the frozen part: one or more feature maps (n, ...) of n views.
        views_of: the views of a record, (V, ...); the same number for every record.
        records: how many.
        paths: a file for each feature map, .npy.
        report: told of every record.
        name: what to call this in the report.

    Returns:
        For each feature map float16 (records, V, ...), mapped from disk, read only.
    """
    if not all(path.is_file() for path in paths):
        halves = [path.with_suffix(".part") for path in paths]
        _fill(module, views_of, records, halves, report, name)
        for half, path in zip(halves, paths, strict=True):
            half.replace(path)
    return [np.load(path, mmap_mode="r") for path in paths]


def _fill(
    module: nn.Module,
    views_of: Callable[[int], npt.NDArray[Any]],
    records: int,
    paths: Sequence[Path],
    report: Report,
    name: str,
) -> None:
    views = views_of(0)
    run = compile_frozen(module, views)
    shapes = [(records, *features.shape) for features in run(views)]
    progress = paths[0].with_suffix(".done")
    banks, done = _take_up(paths, shapes, progress)
    for record in range(done, records):
        for bank, features in zip(banks, run(views_of(record)), strict=True):
            bank[record] = features
        report(name, record + 1, records)
        if (record + 1) % _KEPT_EVERY == 0:
            _keep(banks, progress, record + 1)
    _keep(banks, progress, records)
    progress.unlink()


def _take_up(
    paths: Sequence[Path], shapes: Sequence[tuple[int, ...]], progress: Path
) -> tuple[list[npt.NDArray[np.float16]], int]:
    """The banks of an interrupted run and how many records are in them; new ones where there is none."""
    if progress.is_file():
        banks = [np.load(path, mmap_mode="r+") for path in paths]
        if [bank.shape for bank in banks] == list(shapes):
            return banks, int(progress.read_text(encoding="ascii"))
        progress.unlink()
    return [
        np.lib.format.open_memmap(path, "w+", np.float16, shape) for path, shape in zip(paths, shapes, strict=True)
    ], 0


def _keep(banks: Sequence[npt.NDArray[np.float16]], progress: Path, done: int) -> None:
    """Write what is there to disk, and only then how much that is."""
    for bank in banks:
        cast(np.memmap, bank).flush()
    half_written = progress.with_suffix(".done.part")
    half_written.write_text(str(done), encoding="ascii")
    half_written.replace(progress)


def save_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write arrays by name, .npz; an interrupted write leaves nothing."""
    half_written = path.with_suffix(".part.npz")
    named: dict[str, Any] = dict(arrays)
    np.savez_compressed(half_written, **named)
    half_written.replace(path)
