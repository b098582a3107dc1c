"""MobileNets without their classifiers: what both networks look at pictures with.

There is no batch normalisation in them: the start weights come with it folded in. So one picture never changes what is
said of another, in training as in serving, and small batches are no trouble.

Source: Howard et al. 2017, MobileNets (table 1); Sandler et al. 2018, MobileNetV2 (table 2).
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from facies.errors import TrainingError
from facies.training.backbone import Layer

# (channels, stride): MobileNets, table 1.
_V1_BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))
# (expansion, channels, blocks, stride of the first block): MobileNetV2, table 2.
_V2_STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
_PYRAMID_AFTER_BLOCK = (3, 6, 13, 17)
PYRAMID_CHANNELS = (24, 32, 96, 320)
"""Channels of the feature maps of `MobileNetV2.pyramid`."""


class SameConv(nn.Module):
    """A convolution padded as TensorFlow does ("SAME"): at stride 2 the extra row and column are at the end.

    The start weights were trained so; symmetric padding would shift every feature map by half a pixel.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, depthwise: bool = False, act: bool = True
    ) -> None:
        super().__init__()
        self.padding = (0, 1, 0, 1) if stride == 2 else (kernel // 2,) * 4
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, groups=inputs if depthwise else 1)
        self.act = act

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) to (N, out, H / stride, W / stride)."""
        if any(self.padding):
            x = functional.pad(x, self.padding)
        x = self.conv(x)
        return functional.relu6(x) if self.act else x


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; added to the input where the shapes allow."""

    def __init__(self, inputs: int, outputs: int, *, expansion: int, stride: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        layers = [SameConv(hidden, hidden, 3, stride=stride, depthwise=True), SameConv(hidden, outputs, 1, act=False)]
        if expansion != 1:
            layers.insert(0, SameConv(inputs, hidden, 1))
        self.layers = nn.Sequential(*layers)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) to (N, out, H / stride, W / stride)."""
        y: Tensor = self.layers(x)
        return x + y if self.adds else y


class Encoder(nn.Module):
    """A MobileNet without its classifier.

    Attributes:
        steps: the stem, the blocks and whatever follows them, in order: `steps[k]` is block k for k ≥ 1.
        pooled_after: blocks whose mean is part of the feature vector, beside the last.
        features: length of the feature vector of a picture.
    """

    features: int
    pooled_after: tuple[int, ...] = ()

    def __init__(self, steps: Sequence[nn.Module]) -> None:
        super().__init__()
        self.steps = nn.ModuleList(steps)

    def lower(self, pixels: Tensor, until_block: int) -> Tensor:
        """Normalise and run the stem and blocks 1 … `until_block`.

        Args:
            pixels: uint8 or float (N, H, W, 3), 0–255, RGB.
            until_block: the last block to run.
        """
        x = pixels.permute(0, 3, 1, 2).float() / 127.5 - 1.0
        for step in list(self.steps)[: until_block + 1]:
            x = step(x)
        return x

    def upper(self, x: Tensor, from_block: int) -> Tensor:
        """Run what comes after block `from_block`.

        Args:
            x: the feature map after that block, which is none after the first of `pooled_after`.
            from_block: its number.

        Returns:
            (N, features): the means of the feature maps after the blocks `pooled_after` and after the last.
        """
        last = len(self.steps) - 1
        means = [x.mean((2, 3))] if from_block in self.pooled_after else []
        for number, step in list(enumerate(self.steps))[from_block + 1 :]:
            x = step(x)
            if number in self.pooled_after or number == last:
                means.append(x.mean((2, 3)))
        return torch.cat(means, 1)


class MobileNetV1(Encoder):
    """13 separable blocks, 3.2 million weights: 512 + 1024 features."""

    features = 512 + 1024
    pooled_after = (11,)

    def __init__(self) -> None:
        steps: list[nn.Module] = [SameConv(3, 32, 3, stride=2)]
        channels = 32
        for outputs, stride in _V1_BLOCKS:
            depthwise = SameConv(channels, channels, 3, stride=stride, depthwise=True)
            steps.append(nn.Sequential(depthwise, SameConv(channels, outputs, 1)))
            channels = outputs
        super().__init__(steps)


class MobileNetV2(Encoder):
    """17 inverted residual blocks and a last 1×1 convolution, 2.2 million weights: 1280 features."""

    features = 1280

    def __init__(self) -> None:
        steps: list[nn.Module] = [SameConv(3, 32, 3, stride=2)]
        channels = 32
        for expansion, outputs, repeats, first_stride in _V2_STAGES:
            for repeat in range(repeats):
                stride = first_stride if repeat == 0 else 1
                steps.append(InvertedResidual(channels, outputs, expansion=expansion, stride=stride))
                channels = outputs
        steps.append(SameConv(channels, self.features, 1))
        super().__init__(steps)

    def pyramid(self, pixels: Tensor) -> list[Tensor]:
        """The feature maps at strides 4, 8, 16 and 32, for pixels (N, H, W, 3). The last convolution is not run."""
        x = self.lower(pixels, 0)
        levels = []
        for number, step in list(enumerate(self.steps))[1:-1]:
            x = step(x)
            if number in _PYRAMID_AFTER_BLOCK:
                levels.append(x)
        return levels


ENCODERS: dict[str, Callable[[], Encoder]] = {"mobilenet-v1": MobileNetV1, "mobilenet-v2": MobileNetV2}
"""Encoders of tile classifiers, by their name in a plan."""


def load_start(encoder: Encoder, layers: Sequence[Layer]) -> None:
    """Lay pre-trained layers over the encoder's, in order. A classifier after them is left out.

    Raises:
        TrainingError: the layers are not those of the encoder.
    """
    convolutions = [module for module in encoder.modules() if isinstance(module, nn.Conv2d)]
    if len(layers) < len(convolutions):
        raise TrainingError(f"The start weights have {len(layers)} layers, the encoder has {len(convolutions)}.")
    with torch.no_grad():
        for number, (convolution, layer) in enumerate(zip(convolutions, layers, strict=False), start=1):
            if tuple(convolution.weight.shape) != layer.weight.shape or convolution.bias is None:
                raise TrainingError(
                    f"Layer {number} of the start weights has the shape {layer.weight.shape}, "
                    f"the encoder has {tuple(convolution.weight.shape)} there."
                )
            convolution.weight.copy_(torch.from_numpy(np.ascontiguousarray(layer.weight)))
            convolution.bias.copy_(torch.from_numpy(layer.bias))
