"""Reads the weights of a pre-trained MobileNetV2 out of a TFLite or ONNX file, in plain NumPy.

A quantised file holds 8-bit weights and a scale a layer or a channel; here they come back as float32, with batch
normalisation already folded into weight and bias. What is read is a list of layers in the order of the network, which
`facies.training.encoders` lays over its own.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino as ov

from facies.errors import TrainingError

_LAYER_TYPES = ("Convolution", "GroupConvolution", "MatMul")


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
        raise TrainingError(f"{path} is no network that can be read (.tflite or .onnx): {error}") from error
    return [_layer(runtime, node) for node in model.get_ordered_ops() if node.get_type_name() in _LAYER_TYPES]


def _layer(runtime: ov.Core, node: Any) -> Layer:
    weight = _constant(runtime, node.input_value(1))
    if weight.ndim == 5:  # (groups, out / groups, in / groups, kh, kw)
        weight = weight.reshape(-1, *weight.shape[2:])
    elif weight.ndim == 2:
        weight = weight[:, :, None, None]
    followers = [target.get_node() for target in node.output(0).get_target_inputs()]
    additions = [follower for follower in followers if follower.get_type_name() == "Add"]
    if additions:
        bias = _constant(runtime, additions[0].input_value(1)).reshape(-1)
    else:
        bias = np.zeros(weight.shape[0], np.float32)
    return Layer(weight, bias)


def _constant(runtime: ov.Core, output: Any) -> npt.NDArray[np.float32]:
    """Compute a part of the graph that depends on no input: dequantising is such a part."""
    part = ov.Model([output], [])
    return np.array(runtime.compile_model(part, "CPU")([])[0], np.float32)
