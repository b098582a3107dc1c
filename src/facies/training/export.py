"""From a trained network to files that any runtime reads: ONNX with half-precision weights, and ONNX in 8 bits.

    network ──▶ ONNX, float32 ──┬─▶ weights kept as float16, half the size ──▶ model.onnx
                                └─▶ 8-bit weights and activations ───────────▶ model-int8.onnx

The weights are rounded to half precision in the network itself first, so that what is stored is what was trained, to
the bit. Arithmetic stays in float32 wherever a runtime does not choose otherwise.
"""

import logging
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from torch import nn

WEIGHTS_NAME = "model.onnx"
INT8_NAME = "model-int8.onnx"
INPUT_NAME = "pixels"
OUTPUT_NAMES = ("logits", "features")
OPSET = 18

_MOST_STEPS = 127  # of an 8-bit weight, either way
_ON_GRID = 0.1  # steps; rounding to half precision moves a weight by half of this at most
_LEAST_PACKED = 256  # values; below, a cast costs more than it saves
# The clip is where a ReLU6 ends up: quantised together with the convolution before it, the two are one step.
_QUANTISED = ("Conv", "Clip")
# Rounding in the first layers of the texture encoder shifted the texture of every window the same way, and with it the
# type where two are close: 0.8 points of the mean IoU.
_DELICATE = ("texture_encoder.steps.0.", "texture_encoder.steps.1.", "texture_encoder.steps.2.")

Pictures = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Exported:
    """One network as files.

    Attributes:
        weights: ONNX whose arithmetic is float32.
        int8: the same network in 8 bits.
    """

    weights: Path
    int8: Path


def export(network: nn.Module, examples: Pictures, folder: Path) -> Exported:
    """Write a network in both forms: `pixels` uint8 (N, h, w, 3) in, `logits` and `features` out, any N.

    Args:
        network: takes pixels and returns (logits, features); its weights are rounded to half precision.
        examples: uint8 (N, h, w, 3), training pictures; the ranges of the 8-bit activations are what they span.
        folder: where the files go.
    """
    folder.mkdir(parents=True, exist_ok=True)
    exported = Exported(folder / WEIGHTS_NAME, folder / INT8_NAME)
    full = folder / "full.onnx"
    _round_to_half(network)
    _write_onnx(network, (examples.shape[1], examples.shape[2]), full)
    _quantise(full, examples, exported.int8)
    _pack(full, exported.weights)
    full.unlink()
    return exported


@torch.no_grad()
def _round_to_half(network: nn.Module) -> None:
    for parameter in network.parameters():
        parameter.copy_(parameter.half().float())


def _write_onnx(network: nn.Module, size_hw: tuple[int, int], path: Path) -> None:
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
    forget_origin(path)


def forget_origin(path: Path) -> None:
    """Take out of an ONNX file where each node was written: paths of a machine, which are nobody's concern.

    The same weights then make the same file wherever they are trained.
    """
    model = onnx.load(path)
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.initializer, *graph.input, *graph.output, *graph.value_info):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    onnx.save(model, path)


def _pack(source: Path, target: Path) -> None:
    """Store large float32 weights as float16 and a cast back, which runtimes carry out once, when they load."""
    model = onnx.load(source)
    graph, casts, packed = model.graph, [], []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < _LEAST_PACKED:
            packed.append(tensor)
            continue
        stored = f"{tensor.name}.half"
        packed.append(numpy_helper.from_array(values.astype(np.float16), stored))
        casts.append(helper.make_node("Cast", [stored], [tensor.name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    for field, entries in ((graph.initializer, packed), (graph.node, nodes)):
        del field[:]
        field.extend(entries)
    onnx.save(model, target)


class _Examples(CalibrationDataReader):
    """Hands pictures to the quantiser, one by one."""

    def __init__(self, pictures: Pictures) -> None:
        self._left = iter(pictures)

    def get_next(self) -> dict[str, Any] | None:
        """The next picture, None after the last."""
        picture = next(self._left, None)
        return None if picture is None else {INPUT_NAME: picture[None]}


def _quantise(source: Path, examples: Pictures, target: Path) -> None:
    """Write the network with 8-bit convolutions, a scale a channel; what comes after them stays in float32.

    Weights that were 8-bit once, as those read from a TFLite file, get the steps back that they had: they are then
    exact, which cut the error of the features of the shipped network to a third.
    """
    model = onnx.load(source)
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)  # the quantiser recommends, by the root logger, a step that changes nothing here
    try:
        quantize_static(
            source,
            target,
            _Examples(examples),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=list(_QUANTISED),
            nodes_to_exclude=delicate_nodes(model),
            extra_options={"TensorQuantOverrides": _weight_ranges(model)},
        )
    finally:
        logger.setLevel(level)


def delicate_nodes(model: onnx.ModelProto) -> list[str]:
    """The names of the convolutions that stay in float32, and of the clips after them."""
    convolutions = [node for node in model.graph.node if node.op_type == "Conv" and node.input[1].startswith(_DELICATE)]
    outputs = {node.output[0] for node in convolutions}
    clips = [node for node in model.graph.node if node.op_type == "Clip" and node.input[0] in outputs]
    return [node.name for node in (*convolutions, *clips)]


def _weight_ranges(model: onnx.ModelProto) -> dict[str, list[dict[str, Any]]]:
    """For the weights of every convolution that lie on a grid, the range of each channel that has its step."""
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    ranges = {}
    for node in model.graph.node:
        if node.op_type != "Conv" or node.input[1] not in weights:
            continue
        channels = numpy_helper.to_array(weights[node.input[1]])
        channels = channels.reshape(len(channels), -1).astype(np.float64)
        step = grid_step(channels)
        if step is not None:
            spans = [_channel_range(channel, step) for channel in channels]
            ranges[node.input[1]] = [_describe_range(span, first=number == 0) for number, span in enumerate(spans)]
    return ranges


def grid_step(weights: npt.NDArray[np.float64]) -> float | None:
    """The step of the grid that all weights lie on, None where there is none."""
    gaps = np.diff(np.unique(weights))
    gaps = gaps[gaps > 1e-3 * np.abs(weights).max()]
    if not len(gaps):
        return None
    step = float(np.median(gaps[gaps < 1.5 * gaps.min()]))
    for _ in range(3):
        steps = np.round(weights / step)
        if not steps.any():
            return None
        step = float((weights * steps).sum() / (steps**2).sum())
    return step if np.abs(weights / step - np.round(weights / step)).max() < _ON_GRID else None


def _channel_range(channel: npt.NDArray[np.float64], step: float) -> float:
    """The largest weight that 8 bits reach: on the grid if that is far enough, else the channel's own largest."""
    largest = float(np.abs(channel).max())
    return _MOST_STEPS * step if largest < (_MOST_STEPS + 0.5) * step else largest


def _describe_range(span: float, *, first: bool) -> dict[str, Any]:
    """A channel's range as the quantiser takes it, which reads the axis from the first."""
    described = {"quant_type": QuantType.QInt8, "symmetric": True, "rmin": np.float32(-span), "rmax": np.float32(span)}
    return described | ({"axis": 0} if first else {})
