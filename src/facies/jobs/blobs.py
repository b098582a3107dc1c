"""Where photos and results lie.

    <root>/<first two characters of the job's id>/<job's id>/<name>

A file appears under its name when it is complete and on the disk, never before. Ids and names are checked before they
become part of a path.
"""

import errno
import re
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import BinaryIO, Final, Protocol

from facies.errors import UnknownJobError
from facies.jobs.disk import EagerWriter, sync_file, sync_folder
from facies.jobs.job import is_job_id

PHOTO: Final = "photo"
"""The blob that holds the upload, as it came."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_NO_LINKS: Final = (errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK)
_HALF_WRITTEN: Final = re.compile(r"\..+\.part")  # the dot in front sets it apart from every blob


class BlobWriter(Protocol):
    """Takes a blob's content, piece by piece."""

    def write(self, data: bytes, /) -> int:
        """Append `data`; returns its length in bytes."""
        ...


class SeveralBlobs(Protocol):
    """Blobs of a job that are to appear together."""

    def create(self, name: str) -> AbstractContextManager[BlobWriter]:
        """A writer for one more, in place of an older one.

        Raises:
            UnknownJobError: no blob can have this name.
        """
        ...


class Blobs(Protocol):
    """Files of jobs, each under the job's id and a name.

    Methods that are given an id or a name no blob can have raise UnknownJobError, as for one that is not there.
    """

    def create(self, job_id: str, name: str) -> AbstractContextManager[BlobWriter]:
        """A writer for a new blob.

        On a clean exit the blob appears, in place of an older one; after an exception there is nothing.
        """
        ...

    def create_several(self, job_id: str) -> AbstractContextManager[SeveralBlobs]:
        """Writers for new blobs that appear together, at a clean exit; after an exception there are none of them."""
        ...

    def grow(self, job_id: str, name: str) -> AbstractContextManager[BlobWriter]:
        """A writer for a blob that is there at once and grows with every write, complete or not.

        Raises:
            UnknownJobError: the job has no other blob.
        """
        ...

    def adopt(self, job_id: str, name: str, file: Path) -> None:
        """Make a blob of a local file that is complete, on the disk, and never changes again; the file stays."""
        ...

    def open(self, job_id: str, name: str) -> BinaryIO:
        """A blob for reading.

        Raises:
            UnknownJobError: it is not there.
        """
        ...

    def path(self, job_id: str, name: str) -> Path:
        """A local file with the blob's content.

        Raises:
            UnknownJobError: it is not there.
        """
        ...

    def size(self, job_id: str, name: str) -> int:
        """Size in bytes.

        Raises:
            UnknownJobError: it is not there.
        """
        ...

    def exists(self, job_id: str, name: str) -> bool:
        """Whether the blob is there."""
        ...

    def names(self, job_id: str) -> list[str]:
        """The blobs of a job."""
        ...

    def discard(self, job_id: str, name: str) -> None:
        """Remove one blob. One that is not there is fine."""
        ...

    def remove(self, job_id: str) -> None:
        """Remove everything of a job, half-written blobs too. A job without blobs is fine."""
        ...

    def remove_half_written(self, before: float) -> None:
        """Remove what dead writers left that was last touched before `before`, Unix seconds."""
        ...

    def jobs(self) -> Iterator[tuple[str, float]]:
        """Every job that has anything, and when that was last touched, Unix seconds."""
        ...

    def check(self) -> None:
        """See whether blobs can be written now; leaves nothing behind.

        Raises:
            OSError: they cannot.
        """
        ...


class LocalBlobs:
    """Blobs in a folder of this machine."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextmanager
    def create(self, job_id: str, name: str) -> Iterator[BlobWriter]:
        """See `Blobs.create`."""
        self._place(job_id, name)
        with self.create_several(job_id) as several, several.create(name) as blob:
            yield blob

    @contextmanager
    def create_several(self, job_id: str) -> Iterator["_Several"]:
        """See `Blobs.create_several`."""
        several = _Several(self._folder(job_id))
        try:
            yield several
            several.appear()
        except BaseException:
            several.vanish()
            raise

    @contextmanager
    def grow(self, job_id: str, name: str) -> Iterator[BlobWriter]:
        """See `Blobs.grow`. What was written is in the page cache, which outlives the process."""
        try:
            file = self._place(job_id, name).open("xb", buffering=0)
        except FileNotFoundError:
            raise _missing() from None
        with file:
            yield file

    def adopt(self, job_id: str, name: str, file: Path) -> None:
        """See `Blobs.adopt`. On one file system nothing is copied."""
        path = self._place(job_id, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.hardlink_to(file)
            sync_folder(path.parent)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            with file.open("rb") as source, self.create(job_id, name) as target:
                copyfileobj(source, target)

    def open(self, job_id: str, name: str) -> BinaryIO:
        """See `Blobs.open`."""
        try:
            return self._place(job_id, name).open("rb")
        except FileNotFoundError:
            raise _missing() from None

    def path(self, job_id: str, name: str) -> Path:
        """See `Blobs.path`."""
        path = self._place(job_id, name)
        if not path.is_file():
            raise _missing()
        return path

    def size(self, job_id: str, name: str) -> int:
        """See `Blobs.size`."""
        try:
            return self._place(job_id, name).stat().st_size
        except FileNotFoundError:
            raise _missing() from None

    def exists(self, job_id: str, name: str) -> bool:
        """See `Blobs.exists`."""
        return self._place(job_id, name).is_file()

    def names(self, job_id: str) -> list[str]:
        """See `Blobs.names`."""
        return [file.name for file in _listing(self._folder(job_id)) if _NAME.fullmatch(file.name)]

    def discard(self, job_id: str, name: str) -> None:
        """See `Blobs.discard`."""
        self._place(job_id, name).unlink(missing_ok=True)

    def remove(self, job_id: str) -> None:
        """See `Blobs.remove`."""
        folder = self._folder(job_id)
        for file in _listing(folder):
            file.unlink(missing_ok=True)  # another may be removing the same job
        with suppress(FileNotFoundError):
            folder.rmdir()

    def remove_half_written(self, before: float) -> None:
        """See `Blobs.remove_half_written`."""
        for folder in self._folders():
            for file in _listing(folder):
                if _HALF_WRITTEN.fullmatch(file.name) and _modified_at(file) < before:
                    file.unlink(missing_ok=True)

    def jobs(self) -> Iterator[tuple[str, float]]:
        """See `Blobs.jobs`."""
        for folder in self._folders():
            yield folder.name, max(map(_modified_at, [folder, *_listing(folder)]))

    def check(self) -> None:
        """See `Blobs.check`."""
        self._root.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=self._root) as file:
            file.write(b"\0")

    def _folders(self) -> Iterator[Path]:
        for group in _listing(self._root):
            yield from (folder for folder in _listing(group) if is_job_id(folder.name))

    def _folder(self, job_id: str) -> Path:
        if not is_job_id(job_id):
            raise _missing()
        return self._root / job_id[:2] / job_id

    def _place(self, job_id: str, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise _missing()
        return self._folder(job_id) / name


class _Several:
    """Files under other names, until all of them are on the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._begun: list[Path] = []
        self._complete: dict[str, tuple[Path, BinaryIO]] = {}
        self._open = ExitStack()

    @contextmanager
    def create(self, name: str) -> Iterator[BlobWriter]:
        if not _NAME.fullmatch(name):
            raise _missing()
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._folder / f".{name}.{secrets.token_hex(8)}.part"
        file = self._open.enter_context(unfinished.open("xb"))
        self._begun.append(unfinished)
        yield EagerWriter(file)
        self._complete[name] = unfinished, file

    def appear(self) -> None:
        for _, file in self._complete.values():
            sync_file(file)
        self._open.close()
        for name, (unfinished, _) in self._complete.items():
            unfinished.replace(self._folder / name)
        if self._complete:
            sync_folder(self._folder)

    def vanish(self) -> None:
        with suppress(OSError):  # what is still unwritten is not wanted any more
            self._open.close()
        for unfinished in self._begun:
            unfinished.unlink(missing_ok=True)
        with suppress(OSError):  # not empty, or gone: both are as they should be
            self._folder.rmdir()


def _missing() -> UnknownJobError:
    return UnknownJobError("There is no such file; its job may have been deleted, or its time has run out.")


def _listing(folder: Path) -> list[Path]:
    """What is in `folder`, nothing if it is gone or a file."""
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _modified_at(path: Path) -> float:
    """Unix seconds; the beginning of time for what is gone meanwhile."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
