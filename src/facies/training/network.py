"""The two networks: a MobileNet with a classifier on tiles, and with a light pyramid decoder on pixels.

    pixels uint8 (N, H, W, 3) ──normalise──▶ Encoder ──▶ feature maps
                                                │
                       TileClassifier: mean over the picture, dropout, dense ──▶ logits (N, C)
                       PixelClassifier: top-down pyramid, upsampled       ──▶ logits (N, C, H, W)

The encoders have no batch normalisation: the start weights come with it folded in. So one picture never changes what is
said of another, in training as in serving, and small batches are no trouble.

Source: Howard et al. 2017, MobileNets (table 1); Sandler et al. 2018, MobileNetV2 (table 2); Lin et al. 2017, Feature
Pyramid Networks. Departs from the latter in adding the picture's mean at the top, so that every pixel knows the tone of
the whole photo.
"""

from collections.abc import Sequence

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
        features: length of the feature vector of a picture.
    """

    features: int

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
        """Run what comes after block `from_block`: (N, features, H / 32, W / 32)."""
        for step in list(self.steps)[from_block + 1 :]:
            x = step(x)
        return x


class MobileNetV1(Encoder):
    """13 separable blocks, 3.2 million weights: 1024 features."""

    features = 1024

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


ENCODERS: dict[str, type[Encoder]] = {"mobilenet-v1": MobileNetV1, "mobilenet-v2": MobileNetV2}
"""Encoders of tile classifiers, by their name in a plan."""


class Lower(nn.Module):
    """The frozen part of a tile classifier: normalising, the stem and the first blocks."""

    def __init__(self, encoder: Encoder, until_block: int) -> None:
        super().__init__()
        self.encoder, self.until_block = encoder, until_block

    def forward(self, pixels: Tensor) -> Tensor:
        """Pixels uint8 (N, H, W, 3) to the feature map after the last frozen block."""
        return self.encoder.lower(pixels, self.until_block)


class Upper(nn.Module):
    """The other part: from that feature map to features (N, F)."""

    def __init__(self, encoder: Encoder, from_block: int) -> None:
        super().__init__()
        self.encoder, self.from_block = encoder, from_block

    def forward(self, x: Tensor) -> Tensor:
        """The feature map after the last frozen block to features (N, F)."""
        return self.encoder.upper(x, self.from_block).mean((2, 3))


class Pyramid(nn.Module):
    """The frozen part of a pixel classifier."""

    def __init__(self, encoder: MobileNetV2) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Pixels uint8 (N, H, W, 3) to the feature maps at strides 4, 8, 16 and 32."""
        return tuple(self.encoder.pyramid(pixels))


class TileClassifier(nn.Module):
    """Which class a tile shows. Each domain has a head of its own, and a gate that tells how much each one counts.

    What is pale in a diver's close-up is not what is pale in a scene from the web: one linear head for both does
    worse on each. The gate is a classifier of the domain, so a tile is judged by the head that was trained on its like.

    Args:
        encoder: what the features come from.
        classes: how many.
        domains: how many heads.
        dropout: share of the features dropped while training.
    """

    def __init__(self, encoder: Encoder, classes: int, *, domains: int = 1, dropout: float = 0.2) -> None:
        super().__init__()
        self.classes = classes
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.Linear(encoder.features, domains * classes)
        self.gate = nn.Linear(encoder.features, domains)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Pixels uint8 (N, H, W, 3) to logits (N, C) and features (N, F)."""
        features = self.pool(self.encoder.lower(pixels, 0), 0)
        heads, gate = self.judge(features)
        return (heads * gate.softmax(1)[:, :, None]).sum(1), features

    def pool(self, x: Tensor, from_block: int) -> Tensor:
        """What `encoder.lower(pixels, from_block)` gave, to features (N, F)."""
        return self.encoder.upper(x, from_block).mean((2, 3))

    def judge(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Features (N, F) to the heads' logits (N, domains, C) and the gate's (N, domains)."""
        features = self.dropout(features)
        return self.heads(features).reshape(len(features), -1, self.classes), self.gate(features)


class PixelClassifier(nn.Module):
    """Which class every pixel shows.

    Args:
        classes: how many.
        width: channels of the decoder; half of it at stride 4, where the maps are large.
        dropout: share of the decoder's channels dropped while training.
    """

    def __init__(self, classes: int, *, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__()
        widths = (width // 2, width, width, width)
        self.encoder = MobileNetV2()
        self.lateral = nn.ModuleList(
            nn.Conv2d(channels, out, 1) for channels, out in zip(PYRAMID_CHANNELS, widths, strict=True)
        )
        self.whole = nn.Linear(PYRAMID_CHANNELS[-1], width)
        self.down = nn.ModuleList(nn.Conv2d(width, out, 1) for out in widths[:-1])
        self.smooth = nn.ModuleList(_Smooth(out) for out in widths)
        self.dropout = nn.Dropout2d(dropout)
        self.head = nn.Conv2d(widths[0], classes, 1)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Pixels uint8 (N, H, W, 3) to logits (N, C, H, W) and features (N, 320)."""
        logits, features = self.decode(self.encoder.pyramid(pixels))
        return functional.interpolate(logits, scale_factor=4, mode="bilinear", align_corners=False), features

    def decode(self, levels: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Feature maps at strides 4, 8, 16, 32 to logits at stride 4 (N, C, H / 4, W / 4) and features (N, 320)."""
        features = levels[-1].mean((2, 3))
        x = self.lateral[-1](levels[-1]) + self.whole(features)[:, :, None, None]
        x = self.smooth[-1](x)
        for level in range(len(levels) - 2, -1, -1):
            x = functional.interpolate(self.down[level](x), scale_factor=2, mode="bilinear", align_corners=False)
            x = self.smooth[level](x + self.lateral[level](levels[level]))
        return self.head(self.dropout(x)), features


class _Smooth(nn.Module):
    """A 3×3 convolution, normalised over groups of channels, added to the input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.norm = nn.GroupNorm(8, width)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = functional.relu(x) + functional.relu(self.norm(self.conv(x)))
        return y


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
