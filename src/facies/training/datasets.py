"""Labelled pictures, read from the layouts people have them in. Nothing is decoded before it is needed.

A reader returns records; a record knows its picture's file, its label and its group. Every error names the file, and
the line where there is one.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from facies.errors import TrainingError
from facies.training import synth_cores
from facies.training.corrections import Correction, correct, read_corrections
from facies.training.mask_values import read_values
from facies.training.pictures import find_pictures, group_of, picture_at, read_picture, read_size
from facies.training.plan import CoralNetPoints, ImageFolders, Masks, NoaaPatches, Rule, SyntheticCores, TileTable
from facies.training.tables import Row, column_of, read_rows

NEITHER = -1
"""Label of a picture that shows none of the classes."""

NEITHER_NAME = "neither"
"""How a plan says `NEITHER`."""

IGNORE = 255
"""In a label map: leave this pixel out."""

UNKNOWN = 254
"""In a label map: some class, not the background."""

_NOAA_NAME = re.compile(r"(?P<site>[^_]+)_(?P<year>\d{4})_(?P<photo>[^_]+)_(?P<patch>[^_]+)")
_CORALNET_PLACE = ("Name", "Row", "Column")
_CORALNET_LABELS = ("Label code", "Label")
_FLAGS = ("0", "1")
_MOST_NAMES = 8


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
    def files(self) -> tuple[Path, ...]:
        """What it is read from."""
        return (self.path,)

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
        values: what each mask value means: 256 class indices, `IGNORE` or `UNKNOWN`; None where it means nothing.
        colours: from "#rrggbb" to the mask's value, for a mask that is painted.
        corrections: where the mask is known to be wrong.
        scored: whether the folds score it.
        draws: how often the plan's windows are drawn of it.
    """

    path: Path
    mask: Path
    group: str
    domain: str
    values: tuple[int | None, ...]
    corrections: tuple[Correction, ...] = ()
    scored: bool = True
    draws: int = 1
    colours: Mapping[str, int] = field(default_factory=dict, hash=False)

    @property
    def files(self) -> tuple[Path, ...]:
        """What it is read from."""
        return self.path, self.mask

    @property
    def name(self) -> str:
        """The photo's file name."""
        return self.path.name

    def read(self) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        """Decode photo and label map: uint8 (H, W, 3) and (H, W)."""
        photo, label_map = read_picture(self.path), read_label_map(self)
        if label_map.shape != photo.shape[:2]:
            raise TrainingError(
                f"The mask {self.mask} is {label_map.shape} where the photo is {photo.shape[:2]}, rows first."
            )
        return photo, label_map


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
    def files(self) -> tuple[Path, ...]:
        """A drawing comes from its seed alone."""
        return ()

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
    def files(self) -> tuple[Path, ...]:
        """What it is read from."""
        ...

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


def read_tile_table(data: TileTable, data_dir: Path, class_names: Sequence[str]) -> list[TileRecord]:
    """Read a table with a row a picture. Rows for which no rule holds are left out.

    Raises:
        TrainingError: the table, a column or a picture is missing; a picture is there twice or of no group; a label is
            no class, or a column of 0 and 1 has something else; no rule holds for any row.
    """
    table = data_dir / data.path
    labels = {rule.label: _index_or_neither(rule.label, class_names, f"A rule for {table}") for rule in data.rules}
    flags = _flag_columns(data.rules)
    lines: dict[Path, int] = {}
    records = []
    for line, row in read_rows(table, (data.picture_column, data.group_column, *_columns(data.rules))):
        where = f"{table}, line {line}"
        _check_flags(row, flags, where)
        picture = picture_at(data_dir / data.pictures, row[data.picture_column], where)
        if picture in lines:
            raise TrainingError(f"{where}: the picture {picture.name} has a row already, line {lines[picture]}.")
        lines[picture] = line
        if not row[data.group_column]:
            raise TrainingError(f"{where}: {data.group_column!r} is empty, so the picture's group is not known.")
        label = _label_by_rules(row, data.rules)
        if label is not None:
            group = row[data.group_column]
            records.append(TileRecord(picture, labels[label], group, data.domain, data.upright))
    if not records:
        raise TrainingError(f"{table}: none of the rules holds for any of its {len(lines)} rows.")
    return records


def _columns(rules: Sequence[Rule]) -> Iterator[str]:
    return (column for rule in rules for column in rule.where)


def _flag_columns(rules: Sequence[Rule]) -> list[str]:
    """Columns of which the rules ask for 0 or 1 only."""
    asked: dict[str, set[str]] = {}
    for rule in rules:
        for column, value in rule.where.items():
            asked.setdefault(column, set()).add(value)
    return [column for column, values in asked.items() if values <= set(_FLAGS)]


def _check_flags(row: Row, flags: Sequence[str], where: str) -> None:
    for column in flags:
        if row[column] not in _FLAGS:
            raise TrainingError(f"{where}: {column!r} must be 0 or 1, not {row[column]!r}.")


def _label_by_rules(row: Row, rules: Sequence[Rule]) -> str | None:
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
        for picture in find_pictures(folder):
            group = group_of(picture, data.group_pattern)
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
            for picture in find_pictures(folder):
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

    CoralNet draws points at random, so one may be there twice; it counts once.

    Raises:
        TrainingError: the table, a column or a photo is missing; a point is no place on its photo, or has two labels;
            no point has any of the labels.
    """
    table = data_dir / data.path
    label_column = column_of(table, _CORALNET_LABELS)
    sizes: dict[Path, tuple[int, int]] = {}
    labels: dict[tuple[str, tuple[int, int]], tuple[str, int]] = {}
    records = []
    for line, row in read_rows(table, (*_CORALNET_PLACE, label_column)):
        where, found = f"{table}, line {line}", row[label_column]
        point = _point(row, where)
        before, first = labels.setdefault((row["Name"], point), (found, line))
        if before != found:
            raise TrainingError(f"{where}: the point is {found!r}, and in line {first} {before!r}.")
        label = data.labels.get(found, data.others)
        if label is None or first != line:
            continue
        index = _index_or_neither(label, class_names, f"{where}: {found!r}")
        photo = picture_at(data_dir / data.pictures, row["Name"], where)
        if photo not in sizes:
            sizes[photo] = read_size(photo, where)
        box = _box_round(point, sizes[photo], data.crop, where)
        group = group_of(photo, data.group_pattern)
        records.append(TileRecord(photo, index, group, data.domain, data.upright, box))
    if not records:
        names = sorted({name for name, _ in labels.values()})
        raise TrainingError(f"{table}: no point has one of the plan's labels. It has: {_listed(names)}.")
    return records


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return (", ".join(names[:_MOST_NAMES]) or "none") + more


def _point(row: Row, where: str) -> tuple[int, int]:
    """Row and column; spreadsheets and scripts write whole numbers as 10.0 too."""
    try:
        numbers = float(row["Row"]), float(row["Column"])
    except ValueError:
        numbers = math.nan, math.nan
    if not all(number.is_integer() for number in numbers):
        raise TrainingError(f"{where}: Row and Column must be whole numbers.")
    return int(numbers[0]), int(numbers[1])


def _box_round(point: tuple[int, int], photo_hw: tuple[int, int], side: int, where: str) -> tuple[int, int, int, int]:
    """Top, left, bottom, right of the square round a point."""
    if not all(0 <= place < length for place, length in zip(point, photo_hw, strict=True)):
        raise TrainingError(f"{where}: the point {point} is not on the photo of {photo_hw}, rows first.")
    if min(photo_hw) < side:
        raise TrainingError(f"{where}: the photo of {photo_hw} is smaller than the crop of {side}.")
    top, left = (min(max(0, place - side // 2), length - side) for place, length in zip(point, photo_hw, strict=True))
    return top, left, top + side, left + side


def _index_or_neither(label: str, class_names: Sequence[str], what: str) -> int:
    return NEITHER if label == NEITHER_NAME else _class_index(label, class_names, what)


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
    for picture in find_pictures(data_dir / data.path, data.pictures_ending):
        mask = data_dir / data.masks / f"{picture.stem}{data.mask_suffix}.png"
        if not mask.is_file():
            raise TrainingError(f"The picture {picture} has no mask {mask}.")
        group = group_of(picture, data.group_pattern)
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


def _meaning(value: int, data: Masks, classes: int) -> int | None:
    if value in data.unknown:
        return UNKNOWN
    if value in data.ignore:
        return IGNORE
    return value if value < classes else None


def read_label_map(record: MaskRecord) -> npt.NDArray[np.uint8]:
    """Decode a record's mask, corrected and translated.

    Returns:
        uint8 (H, W): class index, `UNKNOWN` or `IGNORE`.

    Raises:
        TrainingError: the mask cannot be decoded, or has a value that means nothing.
    """
    mask = read_values(record.mask, record.colours)
    correct(mask, record.corrections)
    for value in np.flatnonzero(np.bincount(mask.ravel(), minlength=len(record.values))).tolist():
        if record.values[value] is None:
            row, column = np.argwhere(mask == value)[0].tolist()
            raise TrainingError(
                f"The mask {record.mask} has the value {value} at row {row}, column {column}: it is no class; say in "
                "`ignore` or `unknown` what it means."
            )
    meanings = np.array([IGNORE if meaning is None else meaning for meaning in record.values], np.uint8)
    translated: npt.NDArray[np.uint8] = meanings[mask]
    return translated
