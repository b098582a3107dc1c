"""Photos that come in pieces, over a line that breaks.

    <folder>/<id>     the bytes so far; what lies behind the row's offset is not trusted and written over

A piece counts when it is on the disk and the row says so, in this order: after a crash the sender is told an offset up
to which everything is here. Who writes holds a lock on the file, which the operating system takes back from a dead
process. A complete upload never changes, so it may be linked into the blobs as often as jobs are made of it.
"""

import errno
import fcntl
import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import disk_usage
from typing import BinaryIO, Final

from facies.errors import UploadBusyError, UploadOffsetError, UploadTooLargeError, UploadUnfinishedError
from facies.jobs.disk import sync_file, sync_folder
from facies.jobs.job import is_job_id
from facies.jobs.upload_rows import ResumableUpload, UploadRows, unknown_upload

ORPHANED_AFTER_S: Final = 3600.0
"""A file without a row is left alone for so long: the row may be on its way."""

SPARE_BYTES: Final = 1 << 28
"""What an upload must leave of the disk to everything else."""

_log = logging.getLogger(__name__)


class Uploads:
    """Resumable uploads: rows in the store, bytes in a folder."""

    def __init__(
        self,
        rows: UploadRows,
        folder: Path,
        *,
        max_bytes: int,
        time_to_live_s: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Make it; the folder appears with the first upload.

        Args:
            rows: of the store.
            folder: on the same file system as the blobs, so that a photo is moved by linking it.
            max_bytes: largest upload.
            time_to_live_s: how long an upload is kept after its last piece.
            clock: gives Unix seconds.
        """
        self.max_bytes = max_bytes
        self._rows = rows
        self._folder = folder
        self._time_to_live_s = time_to_live_s
        self._clock = clock

    def begin(self, owner: str | None, name: str, length: int, metadata: str) -> ResumableUpload:
        """Begin an upload of `length` bytes.

        Raises:
            UploadTooLargeError: it would have more than `max_bytes`.
            TooManyUploadsError: its owner has as many open as may be.
            OSError: the disk has no room for it.
        """
        if length > self.max_bytes:
            raise UploadTooLargeError(f"The upload has more than the {self.max_bytes / 1e6:g} MB this server takes.")
        now = self._clock()
        upload = ResumableUpload(str(uuid.uuid4()), owner, name, length, 0, metadata, now, now + self._time_to_live_s)
        self._folder.mkdir(parents=True, exist_ok=True)
        if disk_usage(self._folder).free < length + SPARE_BYTES:  # told now, not after hours of sending
            raise OSError(errno.ENOSPC, "The disk has no room for the upload.")
        path = self._path(upload.id)
        path.touch(mode=0o600, exist_ok=False)
        try:
            sync_folder(self._folder)
            self._rows.add(upload)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return upload

    def get(self, upload_id: str, owner: str | None) -> ResumableUpload:
        """The upload of that id.

        Raises:
            UnknownUploadError: there is none, or it is another's.
            ExpiredUploadError: its time has run out.
        """
        return self._rows.get(upload_id, owner)

    @contextmanager
    def append(self, upload_id: str, owner: str | None, offset: int) -> Iterator["Piece"]:
        """Write on, from `offset`. What is not kept (`Piece.keep`) does not count.

        Raises:
            UnknownUploadError: there is none, or it is another's.
            ExpiredUploadError: its time has run out.
            UploadBusyError: somebody else writes at this moment.
            UploadOffsetError: it goes on somewhere else.
        """
        self._rows.get(upload_id, owner)  # before the file is looked for: a stranger learns nothing from its lock
        with _locked(self._path(upload_id)) as file:
            upload = self._rows.get(upload_id, owner)  # again: it may have grown until the lock was ours
            if offset != upload.offset:
                raise UploadOffsetError(f"The upload goes on at byte {upload.offset}, not at {offset}.")
            file.seek(offset)
            yield Piece(file, upload, self._keep)

    def path(self, upload: ResumableUpload) -> Path:
        """The file of a complete upload.

        Raises:
            UploadUnfinishedError: it is not complete.
        """
        if not upload.is_complete:
            raise UploadUnfinishedError(
                f"The upload {upload.id} has {upload.offset} of its {upload.length} bytes; send the rest first."
            )
        return self._path(upload.id)

    def remove(self, upload_id: str, owner: str | None) -> None:
        """Remove an upload. Jobs that were made of it keep their photo.

        Raises:
            UnknownUploadError: there is none, or it is another's.
            ExpiredUploadError: its time has run out.
        """
        self._rows.get(upload_id, owner)
        self._rows.remove(upload_id)
        self._path(upload_id).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what is past its time, and files that have no row. Several processes may sweep at once."""
        before = time.time() - ORPHANED_AFTER_S
        files = _files(self._folder)
        live, expired = self._rows.ids()
        for path in files:
            if path.name in expired or (path.name not in live and _modified_at(path) < before):
                _log.info("The upload %s is past its time and goes.", path.name)
                path.unlink(missing_ok=True)
        self._rows.forget_expired()

    def _keep(self, upload: ResumableUpload, offset: int) -> None:
        self._rows.advance(upload.id, offset, self._clock() + self._time_to_live_s)

    def _path(self, upload_id: str) -> Path:
        return self._folder / upload_id


class Piece:
    """The part of an upload that comes in one request."""

    def __init__(self, file: BinaryIO, upload: ResumableUpload, keep: Callable[[ResumableUpload, int], None]) -> None:
        self._file = file
        self._upload = upload
        self._keep = keep
        self.offset = upload.offset

    @property
    def room(self) -> int:
        """Bytes that are still to come."""
        return self._upload.length - self.offset

    def write(self, data: bytes) -> None:
        """Append bytes; they count once they are kept.

        Raises:
            UploadTooLargeError: the upload was to have fewer.
        """
        if len(data) > self.room:
            raise UploadTooLargeError(f"The upload was announced with {self._upload.length} bytes; more came.")
        self._file.write(data)
        self.offset += len(data)

    def keep(self) -> None:
        """Put what was written on the disk and have it count.

        Raises:
            UnknownUploadError: the upload was removed meanwhile.
        """
        sync_file(self._file)
        self._keep(self._upload, self.offset)


@contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    """The file, open for writing, by nobody else.

    Raises:
        UploadBusyError: somebody has it.
        UnknownUploadError: it was removed.
    """
    try:
        opened = path.open("r+b")
    except FileNotFoundError:  # removed just now
        raise unknown_upload() from None
    with opened as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UploadBusyError("Another request writes to this upload; ask for its offset in a moment.") from None
        yield file  # closing it gives the lock back


def _files(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if is_job_id(path.name)]
    except FileNotFoundError:
        return []


def _modified_at(path: Path) -> float:
    """Unix seconds; now for what is gone meanwhile."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()
