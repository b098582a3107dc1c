"""Labels in COCO's format: one JSON file with polygons or runs of pixels for many photos."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from facies.errors import TrainingError
from facies.training.datasets import IGNORE, UNKNOWN
from facies.training.pictures import group_of, picture_at, read_picture
from facies.training.plan import Coco

LabelMap = npt.NDArray[np.uint8]

_LEAST_NUMBERS = 6  # three corners

_Id = int | str
_Length = Annotated[int, Field(ge=1)]


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
        size_hw: of it, as the file says, pixels.
        shapes: in the file's order.
        unlabelled: class index of pixels in no shape.
        scored: whether the folds score it.
        draws: how often the plan's windows are drawn of it.
    """

    path: Path
    size_hw: tuple[int, int]
    shapes: tuple[Shape, ...]
    unlabelled: int
    group: str
    domain: str
    scored: bool = True
    draws: int = 1

    @property
    def files(self) -> tuple[Path, ...]:
        """What it is read from, beside the labels."""
        return (self.path,)

    @property
    def name(self) -> str:
        """The photo's file name."""
        return self.path.name

    def read(self) -> tuple[npt.NDArray[np.uint8], LabelMap]:
        """Decode photo and draw the label map: uint8 (H, W, 3) and (H, W)."""
        photo = read_picture(self.path)
        if photo.shape[:2] != self.size_hw:
            raise TrainingError(
                f"The photo {self.path} is {photo.shape[:2]} where its labels are for {self.size_hw}, rows first."
            )
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


class _Entry(BaseModel):
    """Of a list in a COCO file; what else it says is of no concern here."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Image(_Entry):
    id: _Id
    file_name: str
    height: _Length
    width: _Length


class _Category(_Entry):
    id: _Id
    name: str


class _Annotation(_Entry):
    id: _Id | None = None
    image_id: _Id
    category_id: _Id
    iscrowd: bool = False
    segmentation: Any = None


class _File(_Entry):
    images: tuple[_Image, ...]
    categories: tuple[_Category, ...]
    annotations: tuple[_Annotation, ...]


def read_coco(data: Coco, data_dir: Path, class_names: Sequence[str]) -> list[CocoRecord]:
    """Read the photos of a COCO file.

    Raises:
        TrainingError: the file is missing, no JSON or no COCO; a photo is missing; a category stands for no class; a
            shape cannot be drawn. The message names the file, and the line, the entry or the annotation.
    """
    path = data_dir / data.path
    table = _load(path)
    labels = _labels(table, data, class_names, path)
    sizes = {image.id: (image.height, image.width) for image in table.images}
    shapes: dict[_Id, list[Shape]] = {number: [] for number in sizes}
    for annotation in table.annotations:
        where = f"{path}, annotation {annotation.id}"
        if annotation.image_id not in sizes:
            raise TrainingError(f"{where}: it is on image {annotation.image_id}, which is not listed.")
        shapes[annotation.image_id].append(_shape(annotation, labels, sizes[annotation.image_id], where))
    return [_record(image, shapes[image.id], data, data_dir, class_names, path) for image in table.images]


def _load(path: Path) -> _File:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise TrainingError(f"The file {path} does not exist.") from None
    except json.JSONDecodeError as error:
        raise TrainingError(f"{path}, line {error.lineno}: no JSON: {error.msg}.") from error
    except UnicodeDecodeError as error:
        raise TrainingError(f"{path} is not in UTF-8, as JSON must be.") from error
    except (OSError, RecursionError) as error:
        raise TrainingError(f"{path} is no COCO file: {error}.") from error
    try:
        table = _File.model_validate(content)
    except ValidationError as error:
        raise TrainingError(_explained(error, path)) from error
    _refuse_twice([image.id for image in table.images], f"{path}: of the images")
    _refuse_twice([category.id for category in table.categories], f"{path}: of the categories")
    if not table.images:
        raise TrainingError(f"{path} lists no images.")
    return table


def _explained(error: ValidationError, path: Path) -> str:
    """The first thing that is wrong, in words."""
    first = error.errors()[0]
    key, *rest = first["loc"] or ("images",)
    if not rest:
        return f"{path} is no COCO file: it has no list of {key}."
    place, *field = rest
    number = int(place) + 1
    problem = "is missing" if first["type"] == "missing" else f"is not right: {first['msg']}"
    named = repr(field[0]) if field else "it"
    return f"{path}, entry {number} of {key}: {named} {problem}."


def _refuse_twice(ids: Sequence[_Id], what: str) -> None:
    (most, times), *_ = Counter(ids).most_common(1) or [(0, 0)]
    if times > 1:
        raise TrainingError(f"{what}, {times} have the id {most}.")


def _labels(table: _File, data: Coco, class_names: Sequence[str], path: Path) -> dict[_Id, int]:
    """From a category's id to class index, or to `UNKNOWN` for a category that the plan does not name."""
    if data.unlabelled is not None and data.unlabelled not in class_names:
        raise TrainingError(f"{path}: unlabelled pixels are {data.unlabelled!r}, no class of the package.")
    labels = {}
    for category in table.categories:
        label = data.labels.get(category.name)
        if label is not None and label not in class_names:
            raise TrainingError(f"{path}: {category.name!r} stands for {label!r}, which is no class of the package.")
        labels[category.id] = UNKNOWN if label is None else class_names.index(label)
    return labels


def _shape(annotation: _Annotation, labels: Mapping[_Id, int], photo_hw: tuple[int, int], where: str) -> Shape:
    if annotation.category_id not in labels:
        raise TrainingError(f"{where}: its category {annotation.category_id} is not listed.")
    label = IGNORE if annotation.iscrowd else labels[annotation.category_id]
    drawn = annotation.segmentation
    if isinstance(drawn, list) and drawn:
        return Shape(label, tuple(_polygon(polygon, photo_hw, where) for polygon in drawn))
    if isinstance(drawn, dict) and "counts" in drawn:
        return Shape(label, (), _runs(drawn, photo_hw, where))
    raise TrainingError(f"{where}: it has neither polygons nor runs of pixels; a box alone is no label of pixels.")


def _polygon(polygon: Any, photo_hw: tuple[int, int], where: str) -> tuple[float, ...]:
    numbers = isinstance(polygon, list) and all(isinstance(value, int | float) and isfinite(value) for value in polygon)
    if not numbers or len(polygon) < _LEAST_NUMBERS or len(polygon) % 2:
        raise TrainingError(f"{where}: a polygon needs an x and a y, by turns, for each of at least three corners.")
    height, width = photo_hw
    if max(polygon[::2]) < 0 or min(polygon[::2]) > width or max(polygon[1::2]) < 0 or min(polygon[1::2]) > height:
        raise TrainingError(f"{where}: a polygon lies beside its photo of {photo_hw}, rows first.")
    return tuple(polygon)


def _runs(drawn: Mapping[str, Any], photo_hw: tuple[int, int], where: str) -> tuple[int, ...]:
    counts = drawn["counts"]
    runs = list(_unpacked(counts)) if isinstance(counts, str) else counts
    whole = isinstance(runs, list) and all(type(run) is int and run >= 0 for run in runs)
    if not whole or sum(runs) != photo_hw[0] * photo_hw[1] or drawn.get("size", list(photo_hw)) != list(photo_hw):
        raise TrainingError(f"{where}: its runs of pixels do not make up a photo of {photo_hw}, rows first.")
    return tuple(runs)


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
    image: _Image,
    shapes: Sequence[Shape],
    data: Coco,
    data_dir: Path,
    class_names: Sequence[str],
    path: Path,
) -> CocoRecord:
    photo = picture_at(data_dir / data.pictures, image.file_name, f"{path}, image {image.id}")
    group = group_of(photo, data.group_pattern)
    unlabelled = IGNORE if data.unlabelled is None else class_names.index(data.unlabelled)
    size_hw = image.height, image.width
    return CocoRecord(photo, size_hw, tuple(shapes), unlabelled, group, data.domain, data.scored, data.draws)
