"""Labels in COCO's format: one JSON file with polygons or runs of pixels for many photos."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from facies.errors import TrainingError
from facies.training.datasets import IGNORE, UNKNOWN, read_picture
from facies.training.plan import Coco

LabelMap = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Shape:
    """Where on a photo a label is.

    Attributes:
        label: class index, `IGNORE` or `UNKNOWN`.
        polygons: x and y of the corners by turns, pixels.
        runs: lengths of runs of pixels outside and inside by turns, down the columns; empty where there are polygons.
    """

    label: int
    polygons: tuple[tuple[float, ...], ...]
    runs: tuple[int, ...] = ()


@dataclass(frozen=True)
class CocoRecord:
    """A photo and the shapes on it; later ones lie on top.

    Attributes:
        path: the photo.
        shapes: in the file's order.
        unlabelled: class index of pixels in no shape.
        scored: whether the folds score it.
        draws: how often the plan's windows are drawn of it.
    """

    path: Path
    shapes: tuple[Shape, ...]
    unlabelled: int
    group: str
    domain: str
    scored: bool = True
    draws: int = 1

    @property
    def name(self) -> str:
        """The photo's file name."""
        return self.path.name

    def read(self) -> tuple[npt.NDArray[np.uint8], LabelMap]:
        """Decode photo and draw the label map: uint8 (H, W, 3) and (H, W)."""
        photo = read_picture(self.path)
        canvas = Image.new("L", (photo.shape[1], photo.shape[0]), self.unlabelled)
        for shape in self.shapes:
            _paint(canvas, shape)
        return photo, np.array(canvas)


def _paint(canvas: Image.Image, shape: Shape) -> None:
    if shape.runs:
        height, width = canvas.height, canvas.width
        inside = np.repeat(np.arange(len(shape.runs)) % 2, shape.runs).astype(np.uint8)
        canvas.paste(shape.label, mask=Image.fromarray(inside.reshape(width, height).T * np.uint8(255)))
    pen = ImageDraw.Draw(canvas)
    for polygon in shape.polygons:
        pen.polygon(polygon, fill=shape.label)


def read_coco(data: Coco, data_dir: Path, class_names: Sequence[str]) -> list[CocoRecord]:
    """Read the photos of a COCO file.

    Raises:
        TrainingError: the file is missing, no JSON or no COCO; a photo is missing; a category stands for no class; a
            shape cannot be drawn. The message names the file, and the line or the annotation.
    """
    path = data_dir / data.path
    table = _load(path)
    labels = _labels(table, data, class_names, path)
    sizes = {image["id"]: (image["height"], image["width"]) for image in table["images"]}
    shapes: dict[Any, list[Shape]] = {number: [] for number in sizes}
    for annotation in table["annotations"]:
        where = f"{path}, annotation {annotation.get('id')}"
        if annotation.get("image_id") not in sizes:
            raise TrainingError(f"{where}: it is on image {annotation.get('image_id')}, which is not listed.")
        shapes[annotation["image_id"]].append(_shape(annotation, labels, sizes[annotation["image_id"]], where))
    return [_record(image, shapes[image["id"]], data, data_dir, class_names, path) for image in table["images"]]


def _load(path: Path) -> dict[str, Any]:
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TrainingError(f"The file {path} does not exist.") from None
    except json.JSONDecodeError as error:
        raise TrainingError(f"{path}, line {error.lineno}: no JSON: {error.msg}.") from error
    for key, needed in {
        "images": ("id", "file_name", "height", "width"),
        "annotations": (),
        "categories": ("id", "name"),
    }.items():
        entries = table.get(key) if isinstance(table, dict) else None
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise TrainingError(f"{path} is no COCO file: it has no list of {key}.")
        for number, entry in enumerate(entries, start=1):
            for field in needed:
                if field not in entry:
                    raise TrainingError(f"{path}, entry {number} of {key}: {field!r} is missing.")
    return table  # type: ignore[no-any-return]


def _labels(table: Mapping[str, Any], data: Coco, class_names: Sequence[str], path: Path) -> dict[Any, int]:
    """From a category's id to class index, or to `UNKNOWN` for a category that the plan does not name."""
    if data.unlabelled is not None and data.unlabelled not in class_names:
        raise TrainingError(f"{path}: unlabelled pixels are {data.unlabelled!r}, no class of the package.")
    labels = {}
    for category in table["categories"]:
        label = data.labels.get(category["name"])
        if label is not None and label not in class_names:
            raise TrainingError(f"{path}: {category['name']!r} stands for {label!r}, which is no class of the package.")
        labels[category["id"]] = UNKNOWN if label is None else class_names.index(label)
    return labels


def _shape(annotation: Mapping[str, Any], labels: Mapping[Any, int], photo_hw: tuple[int, int], where: str) -> Shape:
    if annotation.get("category_id") not in labels:
        raise TrainingError(f"{where}: its category {annotation.get('category_id')} is not listed.")
    label = IGNORE if annotation.get("iscrowd") else labels[annotation["category_id"]]
    drawn = annotation.get("segmentation")
    if isinstance(drawn, list):
        polygons = tuple(tuple(polygon) for polygon in drawn)
        if any(len(polygon) < 6 or len(polygon) % 2 for polygon in polygons):
            raise TrainingError(f"{where}: a polygon needs an x and a y for each of at least three corners.")
        return Shape(label, polygons)
    if isinstance(drawn, dict) and "counts" in drawn:
        counts = drawn["counts"]
        runs = tuple(_unpacked(counts) if isinstance(counts, str) else counts)
        if min(runs, default=-1) < 0 or sum(runs) != photo_hw[0] * photo_hw[1]:
            raise TrainingError(f"{where}: its runs of pixels do not make up a photo of {photo_hw}, rows first.")
        return Shape(label, (), runs)
    raise TrainingError(f"{where}: it has neither polygons nor runs of pixels.")


def _unpacked(text: str) -> Iterator[int]:
    """The lengths in a compressed string: six bits a character, five of them the number's, later ones as differences.

    Source: COCO API, maskApi.c, rleFrString.
    """
    known: list[int] = []
    value = shift = 0
    for letter in text:
        bits = ord(letter) - 48
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits & 0x20:
            continue
        if bits & 0x10:
            value -= 1 << shift
        known.append(value + (known[-2] if len(known) > 2 else 0))
        value = shift = 0
        yield known[-1]


def _record(
    image: Mapping[str, Any],
    shapes: Sequence[Shape],
    data: Coco,
    data_dir: Path,
    class_names: Sequence[str],
    path: Path,
) -> CocoRecord:
    photo = data_dir / data.pictures / image["file_name"]
    if not photo.is_file():
        raise TrainingError(f"{path}, image {image['id']}: the photo {photo} does not exist.")
    found = re.match(data.group_pattern, photo.stem)
    if found is None:
        raise TrainingError(f"The name of {photo} does not match the group pattern {data.group_pattern!r}.")
    unlabelled = IGNORE if data.unlabelled is None else class_names.index(data.unlabelled)
    return CocoRecord(photo, tuple(shapes), unlabelled, found.group(1), data.domain, data.scored, data.draws)
