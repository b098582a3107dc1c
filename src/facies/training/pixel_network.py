"""The network that says which class every pixel shows.

    pixels uint8 (N, H, W, 3) ──▶ encoder ──────────────────▶ pyramid decoder ──▶ where the core is, each pixel's type
                            ├──▶ texture encoder, at half ──▶ texture probe ────▶ the type in the window
                            └──▶ tone ──────────────────────▶ tone probe ───────▶ the type in the window

Source: Lin et al. 2017, Feature Pyramid Networks. Departs from it in adding the picture's mean at the
top, and in the probes.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from facies.training.encoders import PYRAMID_CHANNELS, MobileNetV1, MobileNetV2

TONES = 9
"""Length of what `tone_features` gives."""

TEXTURE_CHANNELS = 512
"""Channels of what `texture_map` gives."""

_TEXTURE_BLOCK = 11
_LEAST_LIGHT = 0.02
_LEAST_PROBABILITY = 1e-6


class PixelClassifier(nn.Module):
    """Which class every pixel shows: class 0, the background, and the types of what is not.

    A pyramid decoder looks at every pixel. Where the core is, is its word alone. Its type is the decoder's word too,
    unless the window looks like the labelled photos, as a gate tells: there two probes decide between the types of
    which there are such photos, one on texture, one on the tone (colour and its spread), both averaged over what
    surely is core. They are fitted apart, with strong penalties: the decoder learns some dozen photos by heart and says
    little of others. Texture has an encoder of its own, which looks at half the size, where a grain is no more than
    noise and a bed still is one: it told types on boxes that it had not seen where the decoder's did not.

    Args:
        encoder: what the feature maps come from.
        texture_encoder: what texture is read from; its last blocks are left out.
        classes: how many, with the background.
        probed: the classes that the probes tell apart.
        width: channels of the decoder; half of it at stride 4, where the maps are large.
        dropout: share of the decoder's channels dropped while training.
    """

    def __init__(
        self,
        encoder: MobileNetV2,
        texture_encoder: MobileNetV1,
        classes: int,
        *,
        probed: Sequence[int],
        width: int = 64,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.probed = tuple(probed)
        widths = (width // 2, width, width, width)
        self.encoder = encoder
        self.texture_encoder = shortened(texture_encoder)
        self.lateral = nn.ModuleList(
            nn.Conv2d(channels, out, 1) for channels, out in zip(PYRAMID_CHANNELS, widths, strict=True)
        )
        self.whole = nn.Linear(PYRAMID_CHANNELS[-1], width)
        self.down = nn.ModuleList(nn.Conv2d(width, out, 1) for out in widths[:-1])
        self.smooth = nn.ModuleList(_Smooth(out) for out in widths)
        self.dropout = nn.Dropout2d(dropout)
        self.head = nn.Conv2d(widths[0], classes, 1)
        self.texture_probe = nn.Linear(TEXTURE_CHANNELS, len(self.probed))
        self.tone_probe = nn.Linear(TONES, len(self.probed))
        self.gate = nn.Linear(PYRAMID_CHANNELS[-1] + TEXTURE_CHANNELS, 1)
        for probe in (self.texture_probe, self.tone_probe, self.gate):
            nn.init.zeros_(probe.weight)
            nn.init.zeros_(probe.bias)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Pixels uint8 (N, H, W, 3) to logits (N, C, H, W) and features (N, 320)."""
        levels = self.encoder.pyramid(pixels)
        texture = texture_map(self.texture_encoder, pixels)
        logits = self.combine(self.decode(levels), levels[-1], texture, tone_map(pixels))
        return functional.interpolate(logits, scale_factor=4, mode="bilinear"), levels[-1].mean((2, 3))

    def decode(self, levels: Sequence[Tensor]) -> Tensor:
        """Feature maps at strides 4, 8, 16, 32 to the decoder's logits at stride 4: (N, C, H / 4, W / 4)."""
        x = self.lateral[-1](levels[-1]) + self.whole(levels[-1].mean((2, 3)))[:, :, None, None]
        x = self.smooth[-1](x)
        for level in range(len(levels) - 2, -1, -1):
            x = functional.interpolate(self.down[level](x), scale_factor=2, mode="bilinear")
            x = self.smooth[level](x + self.lateral[level](levels[level]))
        logits: Tensor = self.head(self.dropout(x))
        return logits

    def combine(self, decoded: Tensor, top: Tensor, texture: Tensor, tone: Tensor) -> Tensor:
        """Let the probes decide on the type where the window looks like the labelled photos.

        Args:
            decoded: the decoder's logits at stride 4, (N, C, h, w).
            top: the feature map at stride 32.
            texture: from `texture_map`.
            tone: from `tone_map`, (N, 4, h, w).

        Returns:
            Logarithms of probabilities, (N, C, h, w).
        """
        probs = decoded.softmax(1)
        core = 1 - probs[:, :1]
        sure = surely(core)
        grain = mean_over(texture, sure)
        said = self.texture_probe(grain) + self.tone_probe(tone_features(tone, sure))
        probed = said.softmax(1)[:, :, None, None]
        asked = self.gate(torch.cat([mean_over(top, sure), grain], 1)).sigmoid()[:, :, None, None]
        parts = [probs[:, :1], *((1 - asked) * probs[:, 1:]).split(1, 1)]
        for place, index in enumerate(self.probed):
            parts[index] = parts[index] + asked * core * probed[:, place : place + 1]
        return torch.cat(parts, 1).clamp(min=_LEAST_PROBABILITY).log()


class Pyramid(nn.Module):
    """The frozen part of a pixel classifier that the decoder looks at."""

    def __init__(self, encoder: MobileNetV2) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Pixels uint8 (N, H, W, 3) to the feature maps at strides 4, 8, 16 and 32."""
        return tuple(self.encoder.pyramid(pixels))


def shortened(encoder: MobileNetV1) -> MobileNetV1:
    """The encoder without the blocks that `texture_map` does not run; the same object, changed."""
    encoder.steps = encoder.steps[: _TEXTURE_BLOCK + 1]
    return encoder


def texture_map(encoder: MobileNetV1, pixels: Tensor) -> Tensor:
    """What an encoder sees at half the size.

    Args:
        encoder: run up to block 11.
        pixels: uint8 (N, H, W, 3).

    Returns:
        (N, 512, H / 32, W / 32).
    """
    half = functional.avg_pool2d(pixels.permute(0, 3, 1, 2).float(), 2).permute(0, 2, 3, 1)
    return encoder.lower(half, _TEXTURE_BLOCK)


def tone_map(pixels: Tensor) -> Tensor:
    """Colour and fine contrast at stride 4.

    Args:
        pixels: uint8 (N, H, W, 3).

    Returns:
        (N, 4, H / 4, W / 4): red, green, blue in 0 … 1, and the deviation of the light within 4×4 pixels.
    """
    x = pixels.permute(0, 3, 1, 2).float() / 255
    light = x.mean(1, keepdim=True)
    away = light - functional.interpolate(functional.avg_pool2d(light, 4), scale_factor=4, mode="nearest")
    return torch.cat([functional.avg_pool2d(x, 4), functional.avg_pool2d(away**2, 4).sqrt()], 1)


def surely(core: Tensor) -> Tensor:
    """How much a pixel tells of the core: 0 up to even odds, 1 where it is certain; any shape.

    The probes are fitted on what is core. Foam and card that may be some are what pulled them elsewhere most.
    """
    return (2 * core - 1).clamp(min=0)


def mean_over(x: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean of a map.

    Args:
        x: (N, K, h, w).
        weight: (N, 1, H, W), not negative, H and W multiples of h and w.

    Returns:
        (N, K).
    """
    if weight.shape[-1] != x.shape[-1]:
        weight = functional.avg_pool2d(weight, weight.shape[-1] // x.shape[-1])
    return (x * weight).sum((2, 3)) / (weight.sum((2, 3)) + 1e-3)


def tone_features(tone: Tensor, weight: Tensor) -> Tensor:
    """The tone of what is weighted: colour, colour ratios, lightness, and how much these vary.

    Args:
        tone: from `tone_map`.
        weight: (N, 1, h, w).

    Returns:
        (N, 9).
    """
    colour, fine = tone[:, :3], tone[:, 3:]
    light = colour.mean(1, keepdim=True)
    mean = mean_over(colour, weight)
    lightness = mean.mean(1, keepdim=True)
    logs = torch.log(mean.clamp(min=0) + _LEAST_LIGHT)
    ratios = torch.stack([logs[:, 0] - logs[:, 1], logs[:, 2] - logs[:, 1]], 1)
    # The mean of squares less the square of the mean would be shorter, and mostly rounding in bf16.
    spread = mean_over((light - lightness[:, :, None, None]) ** 2, weight).sqrt()
    contrast = mean_over(fine, weight)
    relative = contrast / (lightness + _LEAST_LIGHT)
    return torch.cat([mean, ratios, torch.log(lightness + _LEAST_LIGHT), spread, contrast, relative], 1)


class _Smooth(nn.Module):
    """A 3×3 convolution, normalised over groups of channels, added to the input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.norm = nn.GroupNorm(8, width)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = functional.relu(x) + functional.relu(self.norm(self.conv(x)))
        return y
