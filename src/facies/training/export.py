"""From a trained network to a model package: ONNX, and a check that every back end gives what torch gives."""

import logging
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
import openvino as ov
import torch
from torch import nn

WEIGHTS_NAME = "model.onnx"
INPUT_NAME = "pixels"
OUTPUT_NAMES = ("logits", "features")
OPSET = 18


@dataclass(frozen=True)
class Agreement:
    """How far a back end's logits are from torch's on the same pictures.

    Attributes:
        largest_difference: of any logit.
        equal_labels: share of pictures (or pixels) with the same arg-max.
    """

    largest_difference: float
    equal_labels: float


def export_onnx(network: nn.Module, size_hw: tuple[int, int], path: Path) -> None:
    """Write a network as ONNX: `pixels` uint8 (N, h, w, 3) in, `logits` and `features` out, any N.

    Args:
        network: takes pixels and returns (logits, features).
        size_hw: the input's size, pixels.
        path: the file to write.
    """
    example = torch.zeros((2, *size_hw, 3), dtype=torch.uint8)
    network = network.eval().to(memory_format=torch.contiguous_format)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns about its own internals
        torch.onnx.export(
            network,
            (example,),
            path,
            input_names=[INPUT_NAME],
            output_names=list(OUTPUT_NAMES),
            dynamic_shapes={INPUT_NAME: {0: "batch"}},
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def measure_agreement(network: nn.Module, path: Path, pictures: npt.NDArray[np.uint8]) -> dict[str, dict[str, float]]:
    """Run the exported file in every back end and compare with torch.

    Args:
        network: what was exported.
        path: the ONNX file.
        pictures: uint8 (N, h, w, 3).

    Returns:
        From the back end's name to its `Agreement`, ready for a manifest.
    """
    with torch.inference_mode():
        expected = network.eval()(torch.from_numpy(pictures))[0].numpy()
    found = {"onnxruntime_f32": _run_onnxruntime(path, pictures)}
    for precision in ("f32", "bf16"):
        found[f"openvino_{precision}"] = _run_openvino(path, pictures, precision)
    return {name: asdict(_compare(expected, logits)) for name, logits in found.items()}


def _compare(expected: npt.NDArray[np.float32], logits: npt.NDArray[np.float32]) -> Agreement:
    difference = float(np.abs(expected - logits).max())
    return Agreement(difference, float((expected.argmax(1) == logits.argmax(1)).mean()))


def _run_onnxruntime(path: Path, pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    logits: npt.NDArray[np.float32] = session.run(["logits"], {INPUT_NAME: pictures})[0]
    return logits


def _run_openvino(path: Path, pictures: npt.NDArray[np.uint8], precision: str) -> npt.NDArray[np.float32]:
    compiled = ov.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": precision})
    return np.array(compiled(pictures)["logits"])
