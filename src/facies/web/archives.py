"""Files out of a zip in the blobs, without reading its table of contents every time.

A viewer asks for dozens of tiles at once, and the table of a large picture's deep zoom has thousands of lines.
"""

import struct
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import BinaryIO, Final

from facies.errors import UnknownResultError
from facies.jobs.blobs import Blobs

_MOST_TABLES: Final = 16
_LOCAL_HEADER_BYTES: Final = 30
_LENGTHS_AT: Final = 26

Table = Mapping[str, tuple[int, int]]
"""Name to where its local header begins and how many bytes it holds."""


class Archives:
    """Zips whose entries are stored as they are; any thread may read. A zip never changes under its name."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._tables: OrderedDict[tuple[str, str], Table] = OrderedDict()
        self._lock = Lock()

    def read(self, job_id: str, name: str, entry: str) -> bytes:
        """One file of a zip.

        Raises:
            UnknownJobError: there is no such zip (any more).
            UnknownResultError: there is no such file in it.
        """
        with self._blobs.open(job_id, name) as file:
            place = self._table(job_id, name, file).get(entry)
            if place is None:
                raise UnknownResultError("The deep zoom has no such tile; its .dzi says how large it is.")
            return _content(file, *place)

    def _table(self, job_id: str, name: str, file: BinaryIO) -> Table:
        key = (job_id, name)
        with self._lock:
            if key in self._tables:
                self._tables.move_to_end(key)
                return self._tables[key]
        with zipfile.ZipFile(file) as archive:
            table = {entry.filename: (entry.header_offset, entry.file_size) for entry in archive.infolist()}
        with self._lock:
            self._tables[key] = table
            while len(self._tables) > _MOST_TABLES:
                self._tables.popitem(last=False)
        return table


def _content(file: BinaryIO, header_at: int, size: int) -> bytes:
    """An entry's bytes; they begin behind a header whose length only it knows (APPNOTE, 4.3.7)."""
    file.seek(header_at)
    name_bytes, extra_bytes = struct.unpack_from("<HH", file.read(_LOCAL_HEADER_BYTES), _LENGTHS_AT)
    file.seek(name_bytes + extra_bytes, 1)
    return file.read(size)
