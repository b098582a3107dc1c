"""Reads the weights of a checkpoint in Hugging Face's layout: from the hub, or from a folder of the same files.

    config.json and model.safetensors (or pytorch_model.bin) ──▶ transformers ──▶ convolutions, normalising folded in

Nothing in a checkpoint is executed: the architecture is transformers' own, by the name that its config gives.
"""

from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from torch import nn

from facies.errors import TrainingError
from facies.training.backbone import Layer, read_layers

HUB = "hub:"
"""What the start weights of a plan begin with, if they are a checkpoint: `hub:google/mobilenet_v2_1.0_224`."""

_ARCHITECTURES = ("mobilenet_v1", "mobilenet_v2")


def read_start(weights: str | None, data_dir: Path) -> list[Layer]:
    """Read the layers that a plan starts from.

    Args:
        weights: the plan's: a .tflite or .onnx file in the data folder, a checkpoint on the hub or in a folder in the
            data folder, or None.
        data_dir: the data folder.

    Returns:
        The layers, in order; none to start from scratch.

    Raises:
        TrainingError: there are no such weights, or they are not of a network that can be read.
    """
    if weights is None:
        return []
    return (
        read_checkpoint(weights.removeprefix(HUB), data_dir)
        if weights.startswith(HUB)
        else read_layers(data_dir / weights)
    )


def read_checkpoint(name: str, data_dir: Path) -> list[Layer]:
    """Read every convolution of a checkpoint, in order.

    Args:
        name: of the repository on the hub, or of a folder in the data folder, which goes first.
        data_dir: the data folder.

    Raises:
        TrainingError: it cannot be found or read, or is no MobileNet.
    """
    try:
        from safetensors import SafetensorError
        from transformers import AutoConfig, AutoModel
        from transformers.utils import logging
    except ImportError as error:
        raise TrainingError("Checkpoints of the hub need transformers: pip install 'facies[train]'.") from error
    # It would say that the classifier is left out, and show a bar of its own.
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    source = data_dir / name if (data_dir / name).is_dir() else name
    try:
        kind = AutoConfig.from_pretrained(source).model_type
        if kind not in _ARCHITECTURES:
            raise TrainingError(
                f"The checkpoint {name} is a {kind}; a start can be one of: {', '.join(_ARCHITECTURES)}."
            )
        model: nn.Module = AutoModel.from_pretrained(source)
    except (SafetensorError, UnpicklingError, EOFError) as error:
        raise TrainingError(
            f"The weights of the checkpoint {name} are damaged, or no weights: download them again."
        ) from error
    except (OSError, ValueError, RuntimeError) as error:
        first_line = str(error).strip().splitlines()[0]
        raise TrainingError(
            f"The checkpoint {name} cannot be had: {first_line} Where the hub cannot be reached, put the repository's "
            "files into a folder in the data folder and name that."
        ) from error
    return [_folded(module) for module in model.modules() if hasattr(module, "convolution")]


@torch.no_grad()
def _folded(module: Any) -> Layer:
    """A convolution with the normalisation that follows it, as one."""
    convolution, norm = module.convolution, module.normalization
    weight = convolution.weight
    bias = convolution.bias if convolution.bias is not None else torch.zeros(len(weight))
    if norm is not None:
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        weight, bias = weight * scale[:, None, None, None], (bias - norm.running_mean) * scale + norm.bias
    return Layer(weight.numpy().astype(np.float32), bias.numpy().astype(np.float32))
