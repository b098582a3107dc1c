"""Picture files in the folders of a data set: which there are, which group each is of, and their pixels."""

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facies.errors import PhotoError, TrainingError
from facies.imaging.photo import open_photo

PICTURE_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp"})


def read_picture(path: Path) -> npt.NDArray[np.uint8]:
    """Decode a picture as the server does: upright as EXIF says, 8 bits.

    Returns:
        uint8 (H, W, 3), RGB.

    Raises:
        TrainingError: it is missing or cannot be decoded.
    """
    try:
        return open_photo(path).pixels
    except (OSError, PhotoError) as error:
        raise TrainingError(f"The picture {path} cannot be read: {error}") from error


def read_size(path: Path, where: str) -> tuple[int, int]:
    """Height and width of a picture, upright; its pixels are not decoded.

    Args:
        path: the picture.
        where: file and line that name it, for the message.

    Raises:
        TrainingError: it is missing or no picture.
    """
    try:
        return open_photo(path).image_hw
    except (OSError, PhotoError) as error:
        raise TrainingError(f"{where}: the picture {path} cannot be read: {error}") from error


def find_pictures(folder: Path, ending: str = "") -> list[Path]:
    """The pictures in a folder by name, hidden files left out.

    Args:
        folder: that is looked into, not into its folders.
        ending: take only names that end so.

    Raises:
        TrainingError: there is no such folder, or no picture in it.
    """
    if not folder.is_dir():
        raise TrainingError(f"The folder {folder} does not exist.")
    pictures = sorted(path for path in folder.iterdir() if is_picture(path) and path.name.endswith(ending))
    if not pictures:
        raise TrainingError(f"The folder {folder} holds no pictures.")
    return pictures


def is_picture(path: Path) -> bool:
    """Whether a path is a picture's by its ending; hidden files are litter of file managers."""
    return path.suffix.lower() in PICTURE_ENDINGS and not path.name.startswith(".") and path.is_file()


def picture_at(folder: Path, name: str, where: str) -> Path:
    """The picture that a table or a file of labels names.

    Args:
        folder: that the name starts from.
        name: a path in that folder.
        where: file and line that name it, for the message.

    Raises:
        TrainingError: the name leads out of the folder, or there is no such file.
    """
    path = Path(name)
    if path.is_absolute() or ".." in path.parts:
        raise TrainingError(f"{where}: {name!r} leads out of {folder}; name pictures from there.")
    if "\0" in name or not (folder / path).is_file():
        raise TrainingError(f"{where}: the picture {folder / path} does not exist.")
    return folder / path


def group_of(picture: Path, pattern: str) -> str:
    """What a picture must not be split from.

    Args:
        picture: whose name without ending is looked at.
        pattern: a regular expression that the name begins with; its first group is the picture's.

    Raises:
        TrainingError: the name is not so.
    """
    found = re.match(pattern, picture.stem)
    if found is None or not found.group(1):
        raise TrainingError(f"The name of {picture} does not match the group pattern {pattern!r}.")
    return found.group(1)
