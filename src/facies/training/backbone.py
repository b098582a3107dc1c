"""Reads the weights of a pre-trained MobileNet out of a TFLite or ONNX file, in plain NumPy.

A quantised file holds 8-bit weights and a scale a layer or a channel; here they come back as float32, with the batch
normalisation that follows folded into weight and bias. What is read is a list of layers in the order of the network,
which `facies.training.encoders` lays over its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino as ov
from openvino.passes import ConstantFolding, Manager

from facies.errors import TrainingError

_LAYER_TYPES = ("Convolution", "GroupConvolution", "MatMul")
_Channels = npt.NDArray[np.float32]
# What they do with a value a channel: the scale and the shift.
_CHANNEL_STEPS: dict[str, Callable[[_Channels], tuple[_Channels, _Channels]]] = {
    "Add": lambda value: (np.ones_like(value), value),
    "Subtract": lambda value: (np.ones_like(value), -value),
    "Multiply": lambda value: (value, np.zeros_like(value)),
    "Divide": lambda value: (np.reciprocal(value), np.zeros_like(value)),
}


@dataclass(frozen=True)
class Layer:
    """One convolution (or dense layer) with whatever was folded into it.

    Attributes:
        weight: float32 (out, in, kh, kw); a depthwise layer has in = 1.
        bias: float32 (out,).
    """

    weight: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]


def read_layers(path: Path) -> list[Layer]:
    """Read every convolution of a network, in order.

    Args:
        path: a .tflite or .onnx file.

    Returns:
        The layers; for MobileNetV2 with its classifier there are 53.

    Raises:
        TrainingError: the file is missing or cannot be read as a network.
    """
    if not path.is_file():
        raise TrainingError(f"The start weights {path} do not exist; give the plan's [start] a file that does.")
    runtime = ov.Core()
    try:
        model = runtime.read_model(path)
    except RuntimeError as error:
        raise TrainingError(f"{path} is no network that can be read (.tflite or .onnx).") from error
    folding = Manager()
    folding.register_pass(ConstantFolding())  # an ONNX bias gets its shape from the tensor that it is added to
    folding.run_passes(model)
    return [_layer(runtime, node) for node in model.get_ordered_ops() if node.get_type_name() in _LAYER_TYPES]


def _layer(runtime: ov.Core, node: Any) -> Layer:
    weight = _constant(runtime, node.input_value(1))
    if weight.ndim == 5:  # (groups, out / groups, in / groups, kh, kw)
        weight = weight.reshape(-1, *weight.shape[2:])
    elif weight.ndim == 2:
        weight = weight[:, :, None, None]
    bias = np.zeros(weight.shape[0], np.float32)
    while (step := _channel_step(runtime, node, len(bias))) is not None:
        scale, shift, node = step
        weight, bias = weight * scale[:, None, None, None], bias * scale + shift
    return Layer(weight, bias)


def _channel_step(runtime: ov.Core, node: Any, channels: int) -> tuple[_Channels, _Channels, Any] | None:
    """What comes next, if it only scales and shifts channels: scale, shift, and its node.

    Networks keep a bias and a normalisation as one node or as several; what has another input, as a shortcut has, or
    another follower, ends the layer.
    """
    followers = node.output(0).get_target_inputs()
    if len(followers) != 1:
        return None
    (follower,) = followers
    next_node, place = follower.get_node(), follower.get_index()
    kind = next_node.get_type_name()
    if kind == "BatchNormInference":
        gamma, beta, mean, variance = (
            _constant(runtime, next_node.input_value(number)).ravel() for number in range(1, 5)
        )
        scale = gamma / np.sqrt(variance + next_node.get_attributes()["epsilon"])
        return scale, beta - mean * scale, next_node
    if kind not in _CHANNEL_STEPS or not _is_constant(next_node.input_value(1 - place)):
        return None
    value = _constant(runtime, next_node.input_value(1 - place)).ravel()
    if value.size not in (1, channels) or (place and kind in ("Subtract", "Divide")):
        return None
    scale, shift = _CHANNEL_STEPS[kind](np.broadcast_to(value, channels))
    return scale, shift, next_node


def _is_constant(output: ov.Output) -> bool:
    """Whether it depends on no input."""
    left = [output.get_node()]
    while left:
        node = left.pop()
        if node.get_type_name() == "Parameter":
            return False
        left += [entry.get_node() for entry in node.input_values()]
    return True


def _constant(runtime: ov.Core, output: Any) -> npt.NDArray[np.float32]:
    """Compute a part of the graph that depends on no input: dequantising is such a part."""
    part = ov.Model([output], [])
    return np.array(runtime.compile_model(part, "CPU")([])[0], np.float32)
