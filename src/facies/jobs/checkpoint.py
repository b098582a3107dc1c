"""The answers of a job's finished tiles, in files beside its photo, so that no attempt looks at them again.

    <job>/checkpoint-<16 hex digits>      one file an attempt: what it is bound to, then a record a batch

    what it is bound to   SHA-256 over the photo, the weights, the options and the version of Facies: 32 bytes
    record                tiles and CRC-32, then the tiles' numbers, int64, and their answers, float32

A file has one writer, so only its end can be torn, and the checksum tells. Every batch reaches the page cache, which
outlives the process; what a power cut takes is looked at again. Nothing is written in an attempt's first seconds, so a
small job pays nothing.
"""

import hashlib
import json
import logging
import secrets
import struct
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from threading import Lock
from typing import BinaryIO, Final

import numpy as np

from facies.errors import UnknownJobError
from facies.jobs.blobs import PHOTO, Blobs, BlobWriter
from facies.jobs.job import Job
from facies.models.recall import Numbers, Values
from facies.version import __version__

AFTER_S: Final = 2.0
"""For so long an attempt writes nothing: it costs less to look at so few tiles again."""

_PREFIX: Final = "checkpoint-"
_MAGIC: Final = b"facies checkpoint 1\n"
_RECORD: Final = struct.Struct("<II")
_NUMBER_BYTES: Final = 8
_VALUE_BYTES: Final = 4
_MOST_TILES_A_RECORD: Final = 4096

_log = logging.getLogger(__name__)


class JobCheckpoint:
    """The checkpoint of one attempt; a `facies.models.recall.Checkpoint`."""

    def __init__(self, blobs: Blobs, job: Job, after_s: float = AFTER_S) -> None:
        """Make it; nothing is read or written yet.

        Args:
            blobs: where the job's photo is.
            job: which one.
            after_s: how long the attempt writes nothing, seconds.
        """
        self._blobs = blobs
        self._job = job
        self._begins_at = time.monotonic() + after_s
        self._lock = Lock()
        self._waiting: list[bytes] = []
        self._open_file = ExitStack()
        self._writer: BlobWriter | None = None
        self._is_closed = False

    @property
    def is_begun(self) -> bool:
        """Whether this attempt has a file."""
        return self._writer is not None

    def kept(self, width: int) -> Iterator[tuple[Numbers, Values]]:
        """See `facies.models.recall.Checkpoint.kept`."""
        names, tiles = self._names(), 0
        wanted = self._bound_to() if names else b""
        for name in names:
            with self._blobs.open(self._job.id, name) as file:
                if file.read(len(wanted)) != wanted:
                    continue
                for numbers, values in _records(file, width):
                    tiles += len(numbers)
                    yield numbers, values
        if tiles:
            _log.info("Job %s goes on where an earlier attempt ended: %d tiles are answered.", self._job.id, tiles)

    def keep(self, numbers: Numbers, values: Values) -> None:
        """See `facies.models.recall.Checkpoint.keep`."""
        body = numbers.astype("<i8").tobytes() + values.astype("<f4").tobytes()
        with self._lock:
            if self._is_closed:
                return
            self._waiting.append(_RECORD.pack(len(numbers), zlib.crc32(body)) + body)
            if time.monotonic() >= self._begins_at:
                self._write()

    def close(self) -> None:
        """Write no more."""
        with self._lock:
            self._is_closed = True
            self._open_file.close()

    def discard(self) -> None:
        """Remove the checkpoints of every attempt: the job has its result."""
        self.close()
        for name in self._names():
            self._blobs.discard(self._job.id, name)

    def _names(self) -> list[str]:
        return [name for name in self._blobs.names(self._job.id) if name.startswith(_PREFIX)]

    def _write(self) -> None:
        try:
            if self._writer is None:
                name = f"{_PREFIX}{secrets.token_hex(8)}"
                self._writer = self._open_file.enter_context(self._blobs.grow(self._job.id, name))
                self._waiting.insert(0, self._bound_to())
            self._writer.write(b"".join(self._waiting))
            self._waiting.clear()
        except (OSError, UnknownJobError) as error:  # the job can do without
            _log.warning("Job %s goes on without a checkpoint: %s", self._job.id, error)
            self._is_closed = True
            self._open_file.close()

    def _bound_to(self) -> bytes:
        with self._blobs.path(self._job.id, PHOTO).open("rb") as photo:
            photo_sha256 = hashlib.file_digest(photo, "sha256").hexdigest()
        facts = [photo_sha256, self._job.model, self._job.model_sha256, dict(self._job.options), __version__]
        return _MAGIC + hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).digest()


def _records(file: BinaryIO, width: int) -> Iterator[tuple[Numbers, Values]]:
    """The records of a file up to its end, or to the first that is torn."""
    while len(head := file.read(_RECORD.size)) == _RECORD.size:
        count, checksum = _RECORD.unpack(head)
        if count > _MOST_TILES_A_RECORD:
            return
        body = file.read(count * (_NUMBER_BYTES + width * _VALUE_BYTES))
        if zlib.crc32(body) != checksum:
            return
        numbers = np.frombuffer(body, dtype="<i8", count=count)
        yield numbers, np.frombuffer(body, dtype="<f4", offset=numbers.nbytes).reshape(count, width)
