"""What the probes are fitted on: the labelled photos cut as they are when the package is served.

The decoder learns from windows that are drawn, zoomed and recoloured, so that it expects anything. The probes have
strong penalties instead; windows that look otherwise than those that are served only blurred what tells types apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from facies.analysis import plan_tiles
from facies.imaging.tiles import cut
from facies.imaging.upright import Upright, make_upright
from facies.training.datasets import IGNORE, PhotoRecord
from facies.training.encoders import MobileNetV1
from facies.training.pixel_network import mean_over, texture_map, tone_features, tone_map
from facies.training.plan import Plan

_STRIDE = 4
_LEAST_SHARE = 0.05


@dataclass(frozen=True)
class ProbeWindows:
    """Windows with enough of a known type.

    Attributes:
        record_of: int64 (W,), the number of the photo that each is of.
        textures: (W, 512), over what is core.
        tones: (W, 9), over what is core.
        shares: (W, C), of the window's pixels by class.
    """

    record_of: npt.NDArray[np.int64]
    textures: Tensor
    tones: Tensor
    shares: Tensor


@torch.inference_mode()
def look_at_windows(encoder: MobileNetV1, plan: Plan, records: Sequence[PhotoRecord]) -> ProbeWindows:
    """Cut the photos that count, and average over their core what the probes look at.

    Args:
        encoder: of the texture.
        plan: for its tiling and its classes.
        records: the photos with their masks; those that are not scored are left out.

    Raises:
        TrainingError: a picture cannot be read.
    """
    classes = len(plan.package.classes)
    found: list[tuple[Tensor, Tensor, Tensor]] = []
    record_of: list[int] = []
    for number, record in enumerate(records):
        if not record.scored:
            continue
        windows, labels = (torch.from_numpy(part) for part in _cut(plan, *record.read()))
        labels = labels[:, _STRIDE // 2 :: _STRIDE, _STRIDE // 2 :: _STRIDE]
        core = ((labels > 0) & (labels != IGNORE))[:, None].float()
        shares = torch.stack([(labels == index).float().mean((1, 2)) for index in range(classes)], 1)
        is_typed = shares[:, 1:].sum(1) > _LEAST_SHARE
        textures = mean_over(texture_map(encoder, windows), core)
        tones = tone_features(tone_map(windows), core)
        found.append((textures[is_typed], tones[is_typed], shares[is_typed]))
        record_of += [number] * int(is_typed.sum())
    textures, tones, shares = (torch.cat(parts) for parts in zip(*found, strict=True))
    return ProbeWindows(np.array(record_of, np.int64), textures, tones, shares)


def _cut(
    plan: Plan, photo: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """A photo's windows, uint8 (N, s, s, 3), and their labels, uint8 (N, s, s)."""
    upright, grid = plan_tiles((photo.shape[0], photo.shape[1]), plan.package.tiling)
    windows, maps = cut(make_upright(photo, upright), grid), cut(_make_map_upright(labels, upright), grid)
    return np.stack(list(windows)), np.stack(list(maps))


def _make_map_upright(labels: npt.NDArray[np.uint8], upright: Upright) -> npt.NDArray[np.uint8]:
    """As `make_upright`, for a label map (H, W): by nearest neighbour, and what is padded counts nowhere."""
    height, width = upright.scaled_hw
    scaled = np.asarray(Image.fromarray(labels).resize((width, height), Image.Resampling.NEAREST))
    standing = np.rot90(scaled, -1) if upright.turned else scaled
    padded = np.full(upright.padded_hw, IGNORE, np.uint8)
    padded[: standing.shape[0], : standing.shape[1]] = standing
    return padded
