"""Every layout of labelled pictures and its reader."""

from collections.abc import Sequence
from pathlib import Path

from facies.errors import TrainingError
from facies.training.coco import read_coco
from facies.training.datasets import (
    PhotoRecord,
    TileRecord,
    drawn_records,
    read_coralnet_points,
    read_image_folders,
    read_masks,
    read_noaa_patches,
    read_tile_table,
)
from facies.training.plan import (
    Coco,
    CoralNetPoints,
    Data,
    ImageFolders,
    Masks,
    NoaaPatches,
    SyntheticCores,
    TileTable,
)


def read_tiles(data: Data, data_dir: Path, class_names: Sequence[str]) -> list[TileRecord]:
    """Read data with a label a picture, in whatever layout they are.

    Raises:
        TrainingError: they cannot be read, or have no label a picture.
    """
    match data:
        case TileTable():
            return read_tile_table(data, data_dir, class_names)
        case ImageFolders():
            return read_image_folders(data, data_dir, class_names)
        case NoaaPatches():
            return read_noaa_patches(data, data_dir, class_names)
        case CoralNetPoints():
            return read_coralnet_points(data, data_dir, class_names)
    raise TrainingError(f"Data of the kind {data.kind!r} have no label a picture; the package's task needs one.")


def read_photos(data: Data, data_dir: Path, class_names: Sequence[str], plan_dir: Path) -> list[PhotoRecord]:
    """Read data with a label a pixel, in whatever layout they are; of drawn photos, those to train on.

    Raises:
        TrainingError: they cannot be read, or have no label a pixel.
    """
    match data:
        case Masks():
            return list(read_masks(data, data_dir, len(class_names), plan_dir))
        case Coco():
            return list(read_coco(data, data_dir, class_names))
        case SyntheticCores():
            return list(drawn_records(data))
    raise TrainingError(f"Data of the kind {data.kind!r} have no label a pixel; the package's task needs one.")
