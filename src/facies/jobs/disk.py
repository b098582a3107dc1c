"""What has to be on the disk before it is spoken of, and how to be kept waiting for the disk as little as can be."""

import ctypes
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

_BEGIN_EVERY_BYTES: Final = 1 << 20
_SYNC_FILE_RANGE_WRITE: Final = 2  # of Linux's fcntl.h


class EagerWriter:
    """Writes a file of which the disk gets the beginning while the rest is on its way: little is left for the end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._held_back = 0

    def write(self, data: bytes, /) -> int:
        """Append `data`; returns its length in bytes."""
        written = self._file.write(data)
        self._held_back += written
        if self._held_back >= _BEGIN_EVERY_BYTES:
            self._file.flush()
            _begin_writing(self._file.fileno(), 0, 0, _SYNC_FILE_RANGE_WRITE)  # a hint: fsync tells what goes wrong
            self._held_back = 0
        return written


def sync_file(file: BinaryIO) -> None:
    """Have everything that was written to `file` on the disk."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Have the new name on the disk too, not only the content."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _find_begin_writing() -> Callable[[int, int, int, int], int]:
    """`sync_file_range(2)`, which Linux has; elsewhere something that does nothing."""
    try:
        found = ctypes.CDLL(None).sync_file_range
    except (AttributeError, OSError):
        return lambda _descriptor, _offset, _length, _flags: 0
    found.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]
    return found


_begin_writing: Final = _find_begin_writing()
