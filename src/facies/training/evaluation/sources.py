"""Which labelled pictures an evaluation looks at, and which the package may have been trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from facies.errors import TrainingError
from facies.models.package import Manifest
from facies.models.toml_file import read_toml
from facies.training.datasets import IGNORE, UNKNOWN, PhotoRecord, TileRecord, drawn_test_records
from facies.training.plan import Data, ImageFolders, Masks, NoaaPatches, SyntheticCores
from facies.training.readers import read_photos, read_tiles

_DOMAIN = "data"
_TESTED_PART = "test"
_MOST_NAMES = 12

Records = Sequence[TileRecord | PhotoRecord]


class _PackageTable(BaseModel):
    """The `[package]` table of a training plan."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str | None = None


class _Tables(BaseModel):
    """The `[[data]]` tables of a layout file or a training plan; the rest of a plan is of no concern here."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    data: tuple[Data, ...] = Field(min_length=1)
    package: _PackageTable = _PackageTable()


@dataclass(frozen=True)
class Layout:
    """How labelled pictures lie in a folder.

    Attributes:
        data: what there is; what a plan marks as not scored is left out.
        folder: of the file that says so, where corrections to masks lie.
        said: for people: by whom it was said, or what was guessed.
        plan_of: the package that the file is the training plan of, if it is one.
    """

    data: tuple[Data, ...]
    folder: Path
    said: str
    plan_of: str | None = None


def read_layout(path: Path) -> Layout:
    """Read a layout file, or a training plan, which holds one.

    Raises:
        TrainingError: it is missing, no TOML, or has no `[[data]]` table that can be used.
    """
    tables = read_toml(path, _Tables, TrainingError, f"The layout {path} does not exist.")
    scored = tuple(data for data in tables.data if getattr(data, "scored", True))
    return Layout(scored, path.parent, f"as {path.name} says", tables.package.name)


def guess_layout(data_dir: Path, manifest: Manifest) -> Layout:
    """Recognise a layout that needs no words.

    Raises:
        TrainingError: it is none of them.
    """
    if not data_dir.is_dir():
        raise TrainingError(f"The folder {data_dir} does not exist.")
    noaa = NoaaPatches(kind="noaa", path=".", domain=_DOMAIN, parts=(_TESTED_PART,))
    if all((data_dir / _TESTED_PART / folder).is_dir() for folder in noaa.labels):
        return Layout((noaa,), data_dir, "NOAA patches, the part test, by site")
    if manifest.task == "segmentation" and all((data_dir / part).is_dir() for part in ("images", "masks")):
        masks = Masks(kind="masks", path="images", masks="masks", domain=_DOMAIN, unknown=(UNKNOWN,), ignore=(IGNORE,))
        said = f"images/ beside masks/ of class indices, {UNKNOWN} for an unknown class, {IGNORE} to be ignored"
        return Layout((masks,), data_dir, said)
    names = {entry.name.lower(): entry.name for entry in manifest.classes}
    labels = {folder.name: names[folder.name.lower()] for folder in _folders(data_dir) if folder.name.lower() in names}
    if manifest.task == "tile-classification" and labels:
        folders = ImageFolders(kind="image-folders", path=".", domain=_DOMAIN, labels=labels)
        return Layout((folders,), data_dir, "a folder for each class")
    shown = ", ".join(list(names)[:_MOST_NAMES]) + (", …" if len(names) > _MOST_NAMES else "")
    raise TrainingError(
        f"How the pictures in {data_dir} are labelled cannot be guessed: there are no folders named for the classes "
        f"({shown}), no images/ beside masks/, no NOAA parts. Describe it in a layout file, "
        "with [[data]] tables like those of a training plan, and give it with --layout."
    )


def _folders(data_dir: Path) -> list[Path]:
    return sorted(path for path in data_dir.iterdir() if path.is_dir())


def read_records(layout: Layout, data_dir: Path, manifest: Manifest) -> Records:
    """The pictures to test on; of drawn ones, those that a plan keeps for testing.

    Raises:
        TrainingError: they cannot be read, or are labelled for another task.
    """
    names = [entry.name for entry in manifest.classes]
    if manifest.task == "tile-classification":
        return [record for data in layout.data for record in read_tiles(data, data_dir, names)]
    photos: list[PhotoRecord] = []
    for data in layout.data:
        if isinstance(data, SyntheticCores):
            photos += drawn_test_records(data)
        else:
            photos += read_photos(data, data_dir, names, layout.folder)
    return photos


def other_parts(layout: Layout, data_dir: Path) -> Layout | None:
    """The parts of a published split that are not tested, if there are any."""
    found = []
    for data in layout.data:
        if isinstance(data, NoaaPatches):
            root = data_dir / data.path
            others = tuple(
                part
                for part in NoaaPatches.model_fields["parts"].default
                if part not in data.parts and all((root / part / folder).is_dir() for folder in data.labels)
            )
            if others:
                found.append(data.model_copy(update={"parts": others}))
    return Layout(tuple(found), layout.folder, "the other parts of the published split") if found else None
