"""What arithmetic with fewer bits costs and gains: every back end against torch, in answers, score and time.

A package names the fastest precision that loses next to nothing of its main score. That score comes from the folds:
each fold's network is exported as the shipped one is, and says in every precision what it makes of pictures that it has
not seen.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import onnxruntime
import openvino as ov
import torch
from torch import nn

from facies.models.package import Precision
from facies.training.export import INPUT_NAME, OUTPUT_NAMES, Exported, Pictures

Logits = npt.NDArray[np.float32]
Look = Callable[[Pictures], Logits]

BACK_ENDS = ("onnxruntime_f32", "openvino_f32", "openvino_bf16", "openvino_int8")
MAIN_SCORE = {"tile-classification": "auc", "segmentation": "mean_iou"}
"""What must not suffer. For tiles no threshold is in it: a label that flips at 0.5 may as well flip for the better."""

EXAMPLES = 64
"""Training pictures that the ranges of 8-bit activations are taken from, and that back ends are compared on."""

_MOST_LOST = 0.003
_REFERENCE = "openvino_f32"
_CHOICES: dict[str, Precision] = {"openvino_bf16": "bf16", "openvino_int8": "int8"}
_ROUNDS = 5


@dataclass(frozen=True)
class Agreement:
    """How one back end answers.

    Attributes:
        largest_difference: of any logit from torch's.
        equal_labels: share of pictures (or pixels) with the same arg-max as torch's.
        speed: how many times as many pictures a core-second as OpenVINO in f32; measured side by side.
    """

    largest_difference: float
    equal_labels: float
    speed: float


def open_back_end(name: str, exported: Exported, threads: int = 0) -> Look:
    """A function from pictures to logits.

    Args:
        name: one of `BACK_ENDS`.
        exported: the files.
        threads: processor threads; 0 leaves it to the back end.
    """
    if name == "onnxruntime_f32":
        return _open_onnxruntime(exported, threads)
    path, hint = (exported.int8, "f32") if name.endswith("int8") else (exported.weights, name.rpartition("_")[2])
    properties: dict[str, object] = {"INFERENCE_PRECISION_HINT": hint}
    if threads:
        properties |= {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
    compiled = ov.Core().compile_model(path, "CPU", properties)
    return lambda pictures: np.array(compiled(pictures)[OUTPUT_NAMES[0]])


def _open_onnxruntime(exported: Exported, threads: int) -> Look:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(exported.weights, options, providers=["CPUExecutionProvider"])

    def look(pictures: Pictures) -> Logits:
        logits: Logits = session.run([OUTPUT_NAMES[0]], {INPUT_NAME: pictures})[0]
        return logits

    return look


def compare(network: nn.Module, exported: Exported, pictures: Pictures) -> dict[str, Agreement]:
    """Run exported files in every back end and compare with torch.

    Args:
        network: what was exported.
        exported: the files.
        pictures: uint8 (N, h, w, 3).
    """
    with torch.inference_mode():
        expected = network.eval()(torch.from_numpy(pictures))[0].numpy()
    looks = {name: open_back_end(name, exported, threads=1) for name in BACK_ENDS}
    seconds = _time(looks, pictures[: len(pictures) // 4 or 1])
    found = {}
    for name, look in looks.items():
        logits = look(pictures)
        found[name] = Agreement(
            largest_difference=round(float(np.abs(expected - logits).max()), 6),
            equal_labels=round(float((expected.argmax(1) == logits.argmax(1)).mean()), 6),
            speed=round(seconds[_REFERENCE] / seconds[name], 2),
        )
    return found


def _time(looks: Mapping[str, Look], pictures: Pictures) -> dict[str, float]:
    """Least processor time of each over some rounds in which they take turns; other programs do not count."""
    spent: dict[str, list[float]] = {name: [] for name in looks}
    for turn in range(_ROUNDS + 1):
        for name, look in looks.items():
            begun = time.process_time()
            look(pictures)
            if turn:  # the first round fills caches
                spent[name].append(time.process_time() - begun)
    return {name: max(min(times), 1e-9) for name, times in spent.items()}


def tabulate(
    agreements: Mapping[str, Agreement], scores: Mapping[str, float], main: str
) -> dict[str, dict[str, float]]:
    """The table for a manifest.

    Args:
        agreements: of every back end.
        scores: the main score on held-out pictures of every back end, and of torch.
        main: its name.
    """
    table = {"torch_f32": {main: round(scores["torch_f32"], 4)}}
    return table | {name: asdict(found) | {main: round(scores[name], 4)} for name, found in agreements.items()}


def choose(table: Mapping[str, Mapping[str, float]], main: str) -> Precision:
    """The fastest precision that loses no more than 0.3 points of the main score."""
    kept = table[_REFERENCE][main] - _MOST_LOST
    good = [name for name in _CHOICES if table[name][main] >= kept and table[name]["speed"] > 1]
    return _CHOICES[max(good, key=lambda name: table[name]["speed"])] if good else "f32"
