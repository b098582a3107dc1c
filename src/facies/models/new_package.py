"""Makes a package out of anybody's weights: what can be read from the network is read, the rest has to be said."""

import colorsys
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openvino as ov
import tomli_w
from pydantic import ValidationError

from facies.errors import PackageError
from facies.models import self_test
from facies.models.openvino import OpenVinoRuntime, read_network, unrounded
from facies.models.package import (
    CARD_NAME,
    MANIFEST_NAME,
    Manifest,
    Package,
    load_package,
    weights_files,
    weights_sha256,
)
from facies.models.toml_file import first_problem

_FORMATS = {".onnx": "onnx", ".tflite": "tflite", ".xml": "openvino"}
_DTYPES = {ov.Type.u8: "uint8", ov.Type.f32: "float32"}
# What may stand between softmax and the output without changing the numbers.
_NEUTRAL = frozenset({"Reshape", "Transpose", "Squeeze", "Unsqueeze", "Convert", "FakeQuantize"})
_GOLDEN_RATIO = 0.618034


@dataclass(frozen=True)
class Wish:
    """What a network does not say of itself.

    Attributes:
        name, version: of the package.
        classes: their names, in the order of the network's output.
        title, author, licence: for people.
        colour: the order of the channels that the network takes.
        mean, std: of a float network: it takes `(pixel - mean) / std`, pixels 0 to 255.
        tile: side of the tiles a photo is cut into, pixels; the network's input size where it is None.
        positive: the class whose probability is reported and thresholded, with two classes.
        background: the class that is never painted or counted.
    """

    name: str
    version: str
    classes: Sequence[str]
    title: str = ""
    author: str = "unknown"
    licence: str = "unknown"
    colour: str = "RGB"
    mean: Sequence[float] = ()
    std: Sequence[float] = ()
    tile: int | None = None
    positive: str | None = None
    background: str | None = None


@dataclass(frozen=True)
class _Network:
    """What a network says of itself.

    Attributes:
        size_hw: of its input, pixels.
        layout, dtype: of its input.
        output: the manifest's table.
        class_count: how many numbers it gives a tile or a pixel.
        by_pixel: whether it answers for every pixel.
    """

    size_hw: tuple[int, int]
    layout: str
    dtype: str
    class_count: int
    by_pixel: bool
    output: dict[str, Any] = field(default_factory=dict)


def new_package(weights: Path, folder: Path, wish: Wish) -> Package:
    """Write a package: manifest, weights, a card to be filled in, and a self-test.

    Args:
        weights: .onnx, .tflite, or .xml with its .bin beside it.
        folder: the package's; must not exist.
        wish: what the network does not say.

    Returns:
        The package; its network has answered once.

    Raises:
        PackageError: the weights are no network for photos, or do not go with the wish.
    """
    if weights.suffix not in _FORMATS:
        raise PackageError(f"{weights}: weights are one of {', '.join(_FORMATS)}.")
    if folder.exists():
        raise PackageError(f"{folder} exists already; a package is never replaced.")
    manifest = _manifest(weights, _describe(weights), wish)
    try:
        Manifest.model_validate(manifest)
    except ValidationError as error:
        raise PackageError(f"{first_problem(error, 'the package')}.") from error
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".new-", dir=folder.parent) as scratch:
        made = Path(scratch) / "package"
        made.mkdir()
        for file in weights_files(weights):
            shutil.copyfile(file, made / f"model{file.suffix}")
        (made / MANIFEST_NAME).write_text(tomli_w.dumps(manifest), encoding="utf-8")
        (made / CARD_NAME).write_text(_card(weights, wish), encoding="utf-8")
        _add_self_test(load_package(made))
        made.rename(folder)
    return load_package(folder)


def read_class_names(text: str) -> list[str]:
    """Names separated by commas, or the path of a file with one a line, a leading number left out.

    A name that occurs again gets a number, as ImageNet's two cranes need it.
    """
    is_file = os.path.isfile(text)  # noqa: PTH113 - pathlib raises where a list is too long for a path
    lines = Path(text).read_text(encoding="utf-8").splitlines() if is_file else text.split(",")
    names: list[str] = []
    for line in filter(str.strip, lines):
        number, _, rest = line.strip().partition(" ")
        name = rest.strip() if rest and number.rstrip(":,").isdigit() else line.strip()
        times = sum(known == name or known.startswith(f"{name} (") for known in names)
        names.append(f"{name} ({times + 1})" if times else name)
    return names


def read_numbers(text: str) -> list[float]:
    """Numbers separated by commas; none for an empty text.

    Raises:
        PackageError: there is something else.
    """
    try:
        return [float(part) for part in text.split(",")] if text else []
    except ValueError:
        raise PackageError(f"{text!r} is no number, nor numbers separated by commas.") from None


def _add_self_test(package: Package) -> None:
    runtime = OpenVinoRuntime(package, streams=1)
    try:
        self_test.make(package, runtime)
    finally:
        runtime.close()


def _describe(weights: Path) -> _Network:
    model = read_network(weights)
    if len(model.inputs) != 1:
        raise PackageError(f"{weights} has {len(model.inputs)} inputs; a network for photos has one.")
    layout, size_hw = _input_layout(weights, model.input(0).get_partial_shape())
    dtype = _DTYPES.get(model.input(0).get_element_type())
    if dtype is None:
        found = model.input(0).get_element_type().get_type_name()
        raise PackageError(f"{weights} takes {found}; it must take {' or '.join(_DTYPES.values())}.")
    shape = _lengths(model.output(0).get_partial_shape())
    output: dict[str, Any] = {"kind": _output_kind(model)}
    if model.output(0).get_names():
        output["name"] = model.output(0).get_any_name()
    if len(shape) == 2:
        return _Network(size_hw, layout, dtype, shape[1], by_pixel=False, output=output)
    if len(shape) == 4 and tuple(shape[2:]) == size_hw:
        return _Network(size_hw, layout, dtype, shape[1], by_pixel=True, output=output)
    if len(shape) == 4 and tuple(shape[1:3]) == size_hw:
        return _Network(size_hw, layout, dtype, shape[3], by_pixel=True, output=output | {"layout": "NHWC"})
    raise PackageError(
        f"{weights} gives {shape}; it must give one number a class for the whole input, (N, C), "
        f"or for each of its {size_hw[0]} × {size_hw[1]} pixels, (N, C, h, w) or (N, h, w, C)."
    )


def _input_layout(weights: Path, shape: ov.PartialShape) -> tuple[str, tuple[int, int]]:
    lengths = _lengths(shape)
    if len(lengths) == 4 and lengths[3] == 3:
        layout, size_hw = "NHWC", (lengths[1], lengths[2])
    elif len(lengths) == 4 and lengths[1] == 3:
        layout, size_hw = "NCHW", (lengths[2], lengths[3])
    else:
        raise PackageError(f"{weights} takes {lengths}; a network for photos takes (N, h, w, 3) or (N, 3, h, w).")
    if min(size_hw) < 1:
        raise PackageError(f"{weights} takes pictures of any size; export it with a fixed one.")
    return layout, size_hw


def _lengths(shape: ov.PartialShape) -> list[int]:
    """The lengths of the dimensions; -1 where one is free, nothing at all where their number is."""
    if shape.rank.is_dynamic:
        return []
    return [dimension.get_length() if dimension.is_static else -1 for dimension in shape]


def _output_kind(model: ov.Model) -> str:
    node = unrounded(model.output(0).get_node().input_value(0)).get_node()
    while node.get_type_name() in _NEUTRAL:
        node = node.input_value(0).get_node()
    return "probs" if node.get_type_name() == "Softmax" else "logits"


def _manifest(weights: Path, network: _Network, wish: Wish) -> dict[str, Any]:
    if len(wish.classes) != network.class_count:
        raise PackageError(f"{weights} tells {network.class_count} classes apart; {len(wish.classes)} are named.")
    roles = {"positive": wish.positive, "background": wish.background}
    return {
        "format_version": 1,
        "name": wish.name,
        "version": wish.version,
        "task": "segmentation" if network.by_pixel else "tile-classification",
        "title": wish.title or wish.name,
        "description": f"Made from {weights.name}; nothing has been measured.",
        "authors": [wish.author],
        "licence": wish.licence,
        "weights": {
            "file": f"model{weights.suffix}",
            "format": _FORMATS[weights.suffix],
            "sha256": weights_sha256(weights),
        },
        "input": _input(weights, network, wish),
        "output": network.output,
        "tiling": _tiling(network, wish),
        "decision": {role: name for role, name in roles.items() if name is not None},
        "classes": [{"index": index, "name": name, "rgb": _colour(index)} for index, name in enumerate(wish.classes)],
    }


def _input(weights: Path, network: _Network, wish: Wish) -> dict[str, Any]:
    table = {
        "size_hw": network.size_hw,
        "layout": network.layout,
        "dtype": network.dtype,
        "colour": wish.colour,
    }
    if network.dtype == "uint8":
        return table
    if not wish.mean or not wish.std:
        raise PackageError(
            f"{weights} takes float numbers and does not say how pixels become them: give --mean and --std, on the "
            "scale 0 to 255. Usual are 127.5 and 127.5 (TensorFlow), 123.675,116.28,103.53 and 58.395,57.12,57.375 "
            "(PyTorch), 0 and 255."
        )
    return table | {"mean": _three(wish.mean, "--mean"), "std": _three(wish.std, "--std")}


def _three(numbers: Sequence[float], name: str) -> list[float]:
    if len(numbers) not in (1, 3):
        raise PackageError(f"{name} has {len(numbers)} numbers; give one, or one for each of the three channels.")
    return list(numbers) * 3 if len(numbers) == 1 else list(numbers)


def _tiling(network: _Network, wish: Wish) -> dict[str, Any]:
    if network.by_pixel:
        height, width = network.size_hw
        return {"tile_hw": [height, width], "overlap": max(1, min(height, width) // 4), "normalised_width": width}
    return {"tile_hw": [wish.tile, wish.tile] if wish.tile else list(network.size_hw)}


def _colour(index: int) -> list[int]:
    """Colours that lie far apart for neighbouring classes, however many there are: RGB."""
    hue, value = (index * _GOLDEN_RATIO) % 1, (0.92, 0.7, 0.82)[index % 3]
    return [round(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.65, value)]


def _card(weights: Path, wish: Wish) -> str:
    return f"""# {wish.title or wish.name}

Made from `{weights.name}` with `facies models new`. Nothing has been measured: run `facies evaluate` on labelled photos
that the network was not trained on, and write here what it was trained on, what it was tested on and where it fails.

- Author: {wish.author}
- Licence: {wish.licence}
- Classes: {len(wish.classes)}
"""
