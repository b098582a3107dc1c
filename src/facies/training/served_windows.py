"""What the probes and the gate are fitted on: the photos cut as they are when the package is served.

The decoder learns from windows that are drawn, zoomed and recoloured, so that it expects anything. The probes and the
gate have strong penalties instead; windows that look otherwise than those that are served only blurred what tells types
apart, and real photos from drawn ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from facies.analysis import plan_tiles
from facies.imaging.tiles import cut
from facies.imaging.upright import Upright, make_upright
from facies.training.datasets import IGNORE, DrawnRecord, PhotoRecord
from facies.training.encoders import MobileNetV1, MobileNetV2
from facies.training.feature_bank import save_arrays
from facies.training.pixel_network import mean_over, texture_map, tone_features, tone_map
from facies.training.plan import Plan
from facies.training.progress import Report

_STRIDE = 4
_LEAST_SHARE = 0.05
_OF_A_DRAWING = 4
_AT_ONCE = 8


@dataclass(frozen=True)
class ServedWindows:
    """Windows with enough core on them.

    Attributes:
        record_of: int64 (W,), the number of the photo that each is of.
        tops: (W, 320), the means of the feature map at stride 32 over what is core.
        textures: (W, 512), those of the texture map.
        tones: (W, 9), the tone of what is core.
        shares: (W, C), of the window's pixels by class.
    """

    record_of: npt.NDArray[np.int64]
    tops: Tensor
    textures: Tensor
    tones: Tensor
    shares: Tensor

    @property
    def typed(self) -> npt.NDArray[np.bool_]:
        """Whether enough of each window is of a known type."""
        enough: npt.NDArray[np.bool_] = (self.shares[:, 1:].sum(1) > _LEAST_SHARE).numpy()
        return enough


def look_at_windows(
    encoder: MobileNetV2,
    texture_encoder: MobileNetV1,
    plan: Plan,
    records: Sequence[PhotoRecord],
    kept: Path,
    report: Report,
) -> ServedWindows:
    """Cut the photos, and average over the core of every window what the gate and the probes look at.

    Args:
        encoder: of the decoder.
        texture_encoder: of the texture.
        plan: for its tiling and its classes.
        records: the photos with their masks; of drawn ones only some windows are looked at.
        kept: where the result lies, .npz; that of an interrupted run is taken up.
        report: told of every photo.

    Raises:
        TrainingError: a picture cannot be read.
    """
    if not kept.is_file():
        found: list[tuple[Tensor, ...]] = []
        for number, record in enumerate(records):
            parts = _look_at(encoder, texture_encoder, plan, record)
            found.append((torch.full((len(parts[0]),), number), *parts))
            report("looking at windows as served", number + 1, len(records))
        names = ("record_of", "tops", "textures", "tones", "shares")
        columns = (torch.cat(parts).numpy() for parts in zip(*found, strict=True))
        save_arrays(kept, dict(zip(names, columns, strict=True)))
    with np.load(kept) as arrays:
        features = {name: torch.from_numpy(arrays[name]) for name in arrays.files if name != "record_of"}
        return ServedWindows(record_of=arrays["record_of"], **features)


@torch.inference_mode()
def _look_at(encoder: MobileNetV2, texture_encoder: MobileNetV1, plan: Plan, record: PhotoRecord) -> tuple[Tensor, ...]:
    """Tops, textures, tones and shares of a photo's windows with enough core, as `ServedWindows` has them."""
    windows, labels = (torch.from_numpy(part) for part in _cut(plan, *record.read()))
    labels = labels[:, _STRIDE // 2 :: _STRIDE, _STRIDE // 2 :: _STRIDE]
    core = ((labels > 0) & (labels != IGNORE))[:, None].float()
    chosen = torch.nonzero(core.mean((1, 2, 3)) > _LEAST_SHARE)[:, 0]
    if isinstance(record, DrawnRecord):
        chosen = chosen[torch.linspace(0, len(chosen) - 1, min(len(chosen), _OF_A_DRAWING)).round().long()]
    windows, labels, core = windows[chosen], labels[chosen], core[chosen]
    classes = len(plan.package.classes)
    shares = torch.stack([(labels == index).float().mean((1, 2)) for index in range(classes)], 1)
    batches = zip(windows.split(_AT_ONCE), core.split(_AT_ONCE), strict=True)
    looked = [
        (
            mean_over(encoder.pyramid(pixels)[-1], weight),
            mean_over(texture_map(texture_encoder, pixels), weight),
            tone_features(tone_map(pixels), weight),
        )
        for pixels, weight in batches
    ]
    return (*(torch.cat(parts) for parts in zip(*looked, strict=True)), shares)


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
