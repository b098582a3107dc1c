"""Model packages with the classes of the two contracts and weights that nobody can run: for the fake runtime."""

import hashlib
import json
from pathlib import Path

from facies.models.package import Package, load_package

ROCK_CLASSES = {
    "background": (31, 119, 180),
    "sandstone": (174, 199, 232),
    "siltstone": (255, 187, 120),
    "mudstone": (152, 223, 138),
    "dolomite": (255, 152, 150),
    "limestone": (197, 176, 213),
    "anhydrite": (140, 86, 75),
    "interlayered sandstones and mudstones": (227, 119, 194),
    "interlayered siltstones and mudstones": (127, 127, 127),
    "conglomerate": (188, 189, 34),
    "crust": (23, 190, 207),
    "marl rock": (158, 218, 229),
}
"""Name to RGB, in class order, as the contract's table has them."""

CORAL_CLASSES = {"healthy": (34, 197, 94), "bleached": (239, 68, 68)}
CORAL_LABELS = {"healthy": "Healthy Coral", "bleached": "Bleached Coral"}
UNSURE_RGB = (251, 146, 60)


def coral_package(folder: Path, unsure_band: tuple[float, float] | None = None) -> Package:
    """A package for tile classification, written to `folder`."""
    band = f"unsure_band = {list(unsure_band)}" if unsure_band else ""
    return _write(
        folder,
        name=folder.name,
        task="tile-classification",
        input_hw=(64, 64),
        tiling="tile_hw = [244, 244]",
        decision=f'positive = "bleached"\n{band}',
        classes="".join(
            _class(index, name, rgb, f"label = {{ coral = {json.dumps(CORAL_LABELS[name])} }}")
            for index, (name, rgb) in enumerate(CORAL_CLASSES.items())
        ),
    )


def rock_package(folder: Path) -> Package:
    """A package for segmentation, written to `folder`."""
    return _write(
        folder,
        name=folder.name,
        task="segmentation",
        input_hw=(384, 384),
        tiling="tile_hw = [384, 384]\noverlap = 96\nnormalised_width = 384",
        decision='background = "background"',
        classes="".join(_class(index, name, rgb) for index, (name, rgb) in enumerate(ROCK_CLASSES.items())),
    )


def _class(index: int, name: str, rgb: tuple[int, int, int], more: str = "") -> str:
    return f"[[classes]]\nindex = {index}\nname = {json.dumps(name)}\nrgb = {list(rgb)}\n{more}\n"


def _write(
    folder: Path, *, name: str, task: str, input_hw: tuple[int, int], tiling: str, decision: str, classes: str
) -> Package:
    weights = b"no network"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(weights)
    (folder / "CARD.md").write_text("# Made for tests\n")
    (folder / "package.toml").write_text(f"""
format_version = 1
name = "{name}"
version = "1.0.0"
task = "{task}"
title = "Made for tests"
description = "Made for tests."
authors = ["Facies"]
licence = "Apache-2.0"

[weights]
file = "model.onnx"
format = "onnx"
sha256 = "{hashlib.sha256(weights).hexdigest()}"

[input]
size_hw = {list(input_hw)}

[tiling]
{tiling}

[decision]
{decision}

[[sources]]
name = "Nothing <b>at all</b>"
licence = "none"
url = "https://example.org/data"

{classes}
""")
    return load_package(folder)
