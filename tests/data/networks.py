"""Tiny model packages whose network is a formula that OpenVINO really runs, so that a test knows the answer."""

from pathlib import Path

import numpy as np
import openvino as ov
from openvino import opset13 as ops

from facies.models.domain import Space
from facies.models.package import Package, load_package, weights_sha256

TILE_CLASSES = (("healthy", (34, 197, 94)), ("bleached", (239, 68, 68)))
MAP_CLASSES = (("background", (31, 119, 180)), ("sandstone", (174, 199, 232)), ("siltstone", (255, 187, 120)))
STEEPNESS = 8.0
# Training photos of mid-grey, whose channels go up and down together.
SPACE: Space = np.array([[0.7, 0.7, 0.7], [4.0, 4.0, 4.0], [0.55, 0.55, 0.55]], np.float32)


def tile_package(
    folder: Path,
    *,
    layout: str = "NHWC",
    dtype: str = "uint8",
    colour: str = "RGB",
    decision: str = "",
    tile: int = 16,
    domain_limit: float | None = None,
) -> Package:
    """A tile classifier that finds light tiles bleached: logits are ∓8 · (brightness of the red channel − 0.5)."""
    tiling = f"tile_hw = [{tile}, {tile}]"
    roles = f'positive = "bleached"\n{decision}'
    return _write(folder, "tile-classification", TILE_CLASSES, tiling, roles, layout, dtype, colour, domain_limit)


def map_package(folder: Path, *, decision: str = "", domain_limit: float | None = None) -> Package:
    """A segmenter that finds rock light and background dark: logits are −8, 0, 8 · (red − 0.5) a pixel."""
    tiling = "tile_hw = [16, 16]\noverlap = 4\nnormalised_width = 32"
    roles = f'background = "background"\n{decision}'
    return _write(folder, "segmentation", MAP_CLASSES, tiling, roles, "NHWC", "uint8", "RGB", domain_limit)


def expected_logits(tiles: np.ndarray, class_count: int, *, by_pixel: bool) -> np.ndarray:
    """What the network says of uint8 (N, h, w, 3) RGB tiles: (N, C) or (N, C, h, w)."""
    red = tiles[..., 0] / 255
    level = red if by_pixel else red.mean(axis=(1, 2))
    steepness = np.linspace(-STEEPNESS, STEEPNESS, class_count).reshape(1, -1, *[1] * (level.ndim - 1))
    return steepness * (level[:, None] - 0.5)


def _write(folder, task, classes, tiling, decision, layout, dtype, colour, domain_limit) -> Package:
    folder.mkdir(parents=True, exist_ok=True)
    network = _network(task == "segmentation", len(classes), layout, dtype, colour)
    ov.save_model(network, folder / "model.xml", compress_to_fp16=False)
    (folder / "CARD.md").write_text("# A test\n")
    text = f"""
format_version = 1
name = "{folder.name}"
version = "1.0.0"
task = "{task}"
title = "A test"
description = "Brightness of red."
authors = ["test"]
licence = "Apache-2.0"
[weights]
file = "model.xml"
format = "openvino"
sha256 = "{weights_sha256(folder / "model.xml")}"
[input]
size_hw = [16, 16]
layout = "{layout}"
dtype = "{dtype}"
colour = "{colour}"
std = [255.0, 255.0, 255.0]
[tiling]
{tiling}
[decision]
{decision}
"""
    for index, (name, rgb) in enumerate(classes):
        text += f'[[classes]]\nindex = {index}\nname = "{name}"\nrgb = {list(rgb)}\n'
    if domain_limit is not None:
        np.save(folder / "domain.npy", SPACE)
        checksum = weights_sha256(folder / "domain.npy")
        text += f'[domain]\nof = "grey photos"\nlimit = {domain_limit}\nsha256 = "{checksum}"\n'
    (folder / "package.toml").write_text(text)
    return load_package(folder)


def _network(by_pixel: bool, class_count: int, layout: str, dtype: str, colour: str) -> ov.Model:
    nhwc, size = layout == "NHWC", 16
    kind = ov.Type.u8 if dtype == "uint8" else ov.Type.f32
    photo = ops.parameter([-1, size, size, 3] if nhwc else [-1, 3, size, size], kind, name="photo")
    scaled = ops.divide(ops.convert(photo, "f32"), np.float32(255 if dtype == "uint8" else 1))
    if nhwc:
        scaled = ops.transpose(scaled, np.array([0, 3, 1, 2]))
    red = ops.gather(scaled, np.array([0 if colour == "RGB" else 2]), np.int64(1))
    level = red if by_pixel else ops.reduce_mean(red, np.array([2, 3]), keep_dims=True)
    steepness = np.linspace(-STEEPNESS, STEEPNESS, class_count).astype(np.float32).reshape(1, -1, 1, 1)
    logits = ops.multiply(ops.subtract(level, np.float32(0.5)), steepness)
    if not by_pixel:
        logits = ops.squeeze(logits, np.array([2, 3]))
    features = ops.reduce_mean(scaled, np.array([2, 3]))
    results = [ops.result(logits, name="logits"), ops.result(features, name="features")]
    for result in results:
        result.output(0).get_tensor().set_names({result.get_friendly_name()})
    return ov.Model(results, [photo], "brightness")
