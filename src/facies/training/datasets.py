"""Labelled pictures, read from the layouts people have them in. Nothing is decoded before it is needed.

A reader returns records; a record knows its picture's file, its label and its group. Every error names the file, and
the line where there is one.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from facies.errors import TrainingError
from facies.training import synth_cores
from facies.training.mask_values import read_values
from facies.training.plan import CoralNetPoints, ImageFolders, Masks, NoaaPatches, Rule, SyntheticCores, TileTable

NEITHER = -1
"""Label of a picture that shows none of the classes."""

NEITHER_NAME = "neither"
"""How a plan says `NEITHER`."""

IGNORE = 255
"""In a label map: leave this pixel out."""

UNKNOWN = 254
"""In a label map: some class, not the background."""

_CORRECTION_NUMBERS = ("top", "left", "bottom", "right", "value", "everywhere")

_NOAA_NAME = re.compile(r"(?P<site>[^_]+)_(?P<year>\d{4})_(?P<photo>[^_]+)_(?P<patch>[^_]+)")
_CORALNET_COLUMNS = ("Name", "Row", "Column", "Label")

PICTURE_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp"})


@dataclass(frozen=True)
class TileRecord:
    """A picture with one label.

    Attributes:
        path: the picture, or the photo that it is a part of.
        label: class index, or `NEITHER`.
        group: what it must not be split from.
        domain: where it comes from.
        upright: whether it has an up.
        box: top, left, bottom, right of the part of the photo; None for all of it.
    """

    path: Path
    label: int
    group: str
    domain: str
    upright: bool = False
    box: tuple[int, int, int, int] | None = None

    @property
    def name(self) -> str:
        """The file's name, and the place on it."""
        return self.path.name if self.box is None else f"{self.path.name} at {self.box[0]}, {self.box[1]}"

    def read(self) -> npt.NDArray[np.uint8]:
        """Decode: uint8 (H, W, 3)."""
        pixels = read_picture(self.path)
        if self.box is None:
            return pixels
        top, left, bottom, right = self.box
        return pixels[top:bottom, left:right]


@dataclass(frozen=True)
class MaskRecord:
    """A picture with a label for every pixel.

    Attributes:
        path: the picture.
        mask: its mask, PNG of the same size.
        values: what each mask value means: 256 class indices, `IGNORE` or `UNKNOWN`.
        colours: from "#rrggbb" to the mask's value, for a mask that is painted.
        corrections: where the mask is known to be wrong.
        scored: whether the folds score it.
        draws: how often the plan's windows are drawn of it.
    """

    path: Path
    mask: Path
    group: str
    domain: str
    values: tuple[int, ...]
    corrections: tuple["Correction", ...] = ()
    scored: bool = True
    draws: int = 1
    colours: Mapping[str, int] = field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        """The photo's file name."""
        return self.path.name

    def read(self) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        """Decode photo and label map: uint8 (H, W, 3) and (H, W)."""
        return read_picture(self.path), read_label_map(self)


@dataclass(frozen=True)
class DrawnRecord:
    """A photo of a core that is drawn when it is read; every pixel's label is right.

    Attributes:
        seed: of the drawing.
        height: of the photo, pixels.
    """

    seed: int
    height: int
    domain: str
    scored: bool = False
    draws: int = 1

    @property
    def group(self) -> str:
        """A drawing is like no other: a group of its own."""
        return f"{self.domain}/{self.seed}"

    @property
    def name(self) -> str:
        """What it was drawn from."""
        return f"seed {self.seed}"

    def read(self) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        """Draw photo and label map: uint8 (H, W, 3) and (H, W)."""
        core = synth_cores.draw(self.seed, height=self.height)
        return core.photo, core.label_map


class PhotoRecord(Protocol):
    """A photo with a label for every pixel, wherever the labels come from."""

    @property
    def name(self) -> str:
        """For people."""
        ...

    @property
    def group(self) -> str:
        """What it must not be split from."""
        ...

    @property
    def domain(self) -> str:
        """Where it comes from."""
        ...

    @property
    def scored(self) -> bool:
        """Whether the folds score it."""
        ...

    @property
    def draws(self) -> int:
        """How often the plan's windows are drawn of it."""
        ...

    def read(self) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        """Photo and label map: uint8 (H, W, 3) and (H, W), class indices, `IGNORE` or `UNKNOWN`."""
        ...


@dataclass(frozen=True)
class Correction:
    """A rectangle of a mask is to be set to a value where it is background, or everywhere.

    Attributes:
        top, left, bottom, right: the rectangle, pixels; bottom and right are outside.
        value: a mask value.
        everywhere: also over what the mask has there.
    """

    top: int
    left: int
    bottom: int
    right: int
    value: int
    everywhere: bool


def read_picture(path: Path) -> npt.NDArray[np.uint8]:
    """Decode a picture.

    Returns:
        uint8 (H, W, 3), RGB.

    Raises:
        TrainingError: it is missing or cannot be decoded.
    """
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))
    except OSError as error:
        raise TrainingError(f"The picture {path} cannot be read: {error}.") from error


def read_tile_table(data: TileTable, data_dir: Path, class_names: Sequence[str]) -> list[TileRecord]:
    """Read a table with a row a picture. Rows for which no rule holds are left out.

    Raises:
        TrainingError: the table or a picture is missing, or a column is.
    """
    table = data_dir / data.path
    records = []
    for line, row in _rows(table, (data.picture_column, data.group_column, *_columns(data.rules))):
        label = _label_by_rules(row, data.rules)
        if label is None:
            continue
        picture = data_dir / data.pictures / row[data.picture_column]
        if not picture.is_file():
            raise TrainingError(f"{table}, line {line}: the picture {picture} does not exist.")
        index = class_names.index(label) if label in class_names else NEITHER
        records.append(TileRecord(picture, index, row[data.group_column], data.domain, data.upright))
    return records


def _columns(rules: Sequence[Rule]) -> Iterator[str]:
    return (column for rule in rules for column in rule.where)


def _label_by_rules(row: Mapping[str, str], rules: Sequence[Rule]) -> str | None:
    for rule in rules:
        if all(row[column] == value for column, value in rule.where.items()):
            return rule.label
    return None


def read_image_folders(data: ImageFolders, data_dir: Path, class_names: Sequence[str]) -> list[TileRecord]:
    """Read a folder for each class.

    Raises:
        TrainingError: a folder is missing or empty, or stands for no class of the package.
    """
    records = []
    for folder_name, label in data.labels.items():
        folder = data_dir / data.path / folder_name
        index = _class_index(label, class_names, f"The folder {folder}")
        for picture in _pictures(folder):
            group = _group(picture, data.group_pattern)
            records.append(TileRecord(picture, index, f"{data.domain}/{group}", data.domain, data.upright))
    return records


def read_noaa_patches(data: NoaaPatches, data_dir: Path, class_names: Sequence[str]) -> list[TileRecord]:
    """Read NOAA's patches.

    Raises:
        TrainingError: a folder is missing, empty or of no class, or a name is not site, year, photo and patch.
    """
    records = []
    for part in data.parts:
        for folder_name, label in data.labels.items():
            folder = data_dir / data.path / part / folder_name
            index = _class_index(label, class_names, f"The folder {folder}")
            for picture in _pictures(folder):
                group = _noaa_group(picture, data.group_by)
                records.append(TileRecord(picture, index, group, data.domain, data.upright))
    return records


def _noaa_group(picture: Path, group_by: str) -> str:
    found = _NOAA_NAME.fullmatch(picture.stem)
    if found is None:
        raise TrainingError(f"The name of {picture} is not SITE_YEAR_PHOTO_PATCH, as in FFS-B013_2019_15_1024.PNG.")
    return found["site"] if group_by == "site" else f"{found['site']}_{found['year']}_{found['photo']}"


def read_coralnet_points(data: CoralNetPoints, data_dir: Path, class_names: Sequence[str]) -> list[TileRecord]:
    """Read points on photos; each becomes the square round it, moved into the photo where it would stick out.

    Raises:
        TrainingError: the table, a column or a photo is missing, or a point is no place on its photo.
    """
    table = data_dir / data.path
    sizes: dict[Path, tuple[int, int]] = {}
    records = []
    for line, row in _rows(table, _CORALNET_COLUMNS):
        label = data.labels.get(row["Label"].strip(), data.others)
        if label is None:
            continue
        where = f"{table}, line {line}"
        photo = data_dir / data.pictures / row["Name"]
        if photo not in sizes:
            sizes[photo] = _photo_hw(photo, where)
        box = _box_round(row, sizes[photo], data.crop, where)
        index = NEITHER if label == NEITHER_NAME else _class_index(label, class_names, f"{where}: {row['Label']!r}")
        group = _group(photo, data.group_pattern)
        records.append(TileRecord(photo, index, group, data.domain, data.upright, box))
    return records


def _photo_hw(photo: Path, where: str) -> tuple[int, int]:
    try:
        with Image.open(photo) as picture:
            return picture.height, picture.width
    except OSError as error:
        raise TrainingError(f"{where}: the photo {photo} cannot be read: {error}.") from error


def _box_round(row: Mapping[str, str], photo_hw: tuple[int, int], side: int, where: str) -> tuple[int, int, int, int]:
    """Top, left, bottom, right of the square round a point."""
    try:
        point = int(row["Row"]), int(row["Column"])
    except ValueError:
        raise TrainingError(f"{where}: Row and Column must be whole numbers.") from None
    if not all(0 <= place < length for place, length in zip(point, photo_hw, strict=True)):
        raise TrainingError(f"{where}: the point {point} is not on the photo of {photo_hw}, rows first.")
    if min(photo_hw) < side:
        raise TrainingError(f"{where}: the photo of {photo_hw} is smaller than the crop of {side}.")
    top, left = (min(max(0, place - side // 2), length - side) for place, length in zip(point, photo_hw, strict=True))
    return top, left, top + side, left + side


def _class_index(label: str, class_names: Sequence[str], what: str) -> int:
    if label not in class_names:
        raise TrainingError(f"{what} stands for {label!r}, which is no class of the package.")
    return class_names.index(label)


def read_masks(data: Masks, data_dir: Path, classes: int, plan_dir: Path) -> list[MaskRecord]:
    """Read pictures that have a mask of the same name.

    Args:
        data: what the plan says.
        data_dir: where the data are.
        classes: how many the package has.
        plan_dir: where the plan is, for its file of corrections.

    Raises:
        TrainingError: a folder or a mask is missing, or a correction is of no picture.
    """
    corrections = read_corrections(plan_dir / data.corrections) if data.corrections else {}
    values = tuple(_meaning(value, data, classes) for value in range(256))
    records = []
    for picture in _pictures(data_dir / data.path, data.pictures_ending):
        mask = data_dir / data.masks / f"{picture.stem}{data.mask_suffix}.png"
        if not mask.is_file():
            raise TrainingError(f"The picture {picture} has no mask {mask}.")
        group = _group(picture, data.group_pattern)
        fixes = tuple(corrections.pop(picture.name, ()))
        records.append(
            MaskRecord(picture, mask, group, data.domain, values, fixes, data.scored, data.draws, data.colours)
        )
    if corrections:
        raise TrainingError(f"{data.corrections} corrects {sorted(corrections)[0]}, which is not in {data.path}.")
    return records


def drawn_records(data: SyntheticCores) -> list[DrawnRecord]:
    """The photos to train on that are drawn."""
    seeds = range(data.first_seed, data.first_seed + data.count)
    return [DrawnRecord(seed, data.height, data.domain, draws=data.draws) for seed in seeds]


def drawn_test_records(data: SyntheticCores) -> list[DrawnRecord]:
    """The photos to test on that are drawn."""
    seeds = range(data.test_first_seed, data.test_first_seed + data.test_count)
    return [DrawnRecord(seed, data.height, data.domain) for seed in seeds]


def _meaning(value: int, data: Masks, classes: int) -> int:
    if value in data.unknown:
        return UNKNOWN
    return IGNORE if value in data.ignore or value >= classes else value


def read_corrections(path: Path) -> dict[str, list[Correction]]:
    """Read a CSV file of corrections to masks: `picture, top, left, bottom, right, value, everywhere, why`.

    Returns:
        From the picture's file name to its corrections, to be made in this order.

    Raises:
        TrainingError: the file or a column is missing, or a number is none.
    """
    corrections: dict[str, list[Correction]] = {}
    for line, row in _rows(path, ("picture", *_CORRECTION_NUMBERS, "why")):
        try:
            top, left, bottom, right, value, everywhere = (int(row[column]) for column in _CORRECTION_NUMBERS)
        except ValueError:
            raise TrainingError(
                f"{path}, line {line}: {', '.join(_CORRECTION_NUMBERS)} must be whole numbers."
            ) from None
        correction = Correction(top, left, bottom, right, value, bool(everywhere))
        corrections.setdefault(row["picture"], []).append(correction)
    return corrections


def read_label_map(record: MaskRecord) -> npt.NDArray[np.uint8]:
    """Decode a record's mask, corrected and translated.

    Returns:
        uint8 (H, W): class index, `UNKNOWN` or `IGNORE`.

    Raises:
        TrainingError: the mask cannot be decoded.
    """
    mask = read_values(record.mask, record.colours)
    for fix in record.corrections:
        part = mask[fix.top : fix.bottom, fix.left : fix.right]
        part[(part == 0) | fix.everywhere] = fix.value
    translated: npt.NDArray[np.uint8] = np.array(record.values, np.uint8)[mask]
    return translated


def _rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a CSV file, each with its line number."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                raise TrainingError(f"{path}, line 1: the column {missing[0]!r} is missing.")
            for row in reader:
                if any(row[column] is None for column in columns):
                    raise TrainingError(f"{path}, line {reader.line_num}: the row is too short.")
                yield reader.line_num, row
    except FileNotFoundError:
        raise TrainingError(f"The table {path} does not exist.") from None


def _pictures(folder: Path, ending: str = "") -> list[Path]:
    if not folder.is_dir():
        raise TrainingError(f"The folder {folder} does not exist.")
    pictures = sorted(
        path for path in folder.iterdir() if path.suffix.lower() in PICTURE_ENDINGS and path.name.endswith(ending)
    )
    if not pictures:
        raise TrainingError(f"The folder {folder} holds no pictures.")
    return pictures


def _group(picture: Path, pattern: str) -> str:
    found = re.match(pattern, picture.stem)
    if found is None:
        raise TrainingError(f"The name of {picture} does not match the group pattern {pattern!r}.")
    return found.group(1)
