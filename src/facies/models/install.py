"""Installs a package that came from somewhere else: checked in a folder of its own, then moved into place in one step.

A zip is a stranger's: nothing of it is unpacked by a path that it names. Only plain files of one folder are taken, with
names that a manifest could name, and their bytes are counted as they come, whatever the archive says of them.
"""

import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from facies.errors import PackageError
from facies.models.package import MANIFEST_NAME, Package, load_package

MOST_FILES = 64
MOST_BYTES = 2 * 1024**3

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/", re.IGNORECASE)
_LITTER = frozenset({".DS_Store", "Thumbs.db"})
_LITTER_FOLDER = "__MACOSX"
_PIECE_BYTES = 1 << 20
_ENCRYPTED = 0x1
# The zip's table of contents, read whole by `zipfile`: what 64 files with the longest names need is far less.
_MOST_CONTENTS_BYTES = 1 << 18
_END_RECORD = b"PK\x05\x06"
_LARGE_END_RECORD = b"PK\x06\x07"
_END_RECORD_REACH = 22 + 65_535


@dataclass(frozen=True)
class _Entry:
    """A file that wants to be installed."""

    name: str
    open: Callable[[], IO[bytes]]


def install(source: Path, models_dir: Path, check: Callable[[Package], None]) -> Package:
    """Check a package and put it into the folder of packages as `name-version`.

    Args:
        source: a package's folder, or a zip of one.
        models_dir: the folder of packages; made where it does not exist.
        check: called with the package before it is moved into place; raises to refuse it.

    Returns:
        The package in its new place.

    Raises:
        PackageError: it is no sound package, the zip is not one to be trusted, or that version is installed already.
    """
    if _ADDRESS.match(str(source)):
        address = str(source).replace(":/", "://", 1)  # a path takes two slashes for one
        raise PackageError(
            f"{address} is an address, and packages are never fetched from the network: download it, look where it "
            "comes from, and give the file."
        )
    if not source.exists():
        raise PackageError(f"{source} does not exist; give a package's folder or a zip of it, downloaded beforehand.")
    models_dir.mkdir(parents=True, exist_ok=True)
    # The registry looks for manifests one level down, so it cannot see what lies two levels down yet.
    with TemporaryDirectory(prefix=".incoming-", dir=models_dir) as scratch:
        folder = Path(scratch) / "package"
        folder.mkdir()
        with _entries(source) as entries:
            _receive(entries, folder)
        package = _checked(folder, source, check)
        return load_package(_move(package, models_dir))


def _checked(folder: Path, source: Path, check: Callable[[Package], None]) -> Package:
    """Load and check what was received; what is wrong with it is said of where it came from."""
    try:
        package = load_package(folder)
        check(package)
    except PackageError as error:
        raise type(error)(str(error).replace(str(folder), str(source))) from None
    return package


def _move(package: Package, models_dir: Path) -> Path:
    target = models_dir / f"{package.manifest.name}-{package.manifest.version}"
    try:
        return package.path.rename(target)
    except OSError:
        if not target.exists():
            raise
        raise PackageError(
            f"{package.reference} is installed already, in {target}; a version is never replaced."
        ) from None


def _receive(entries: Iterator[_Entry], folder: Path) -> None:
    """Write the files, counting them and their bytes."""
    left = MOST_BYTES
    for number, entry in enumerate(entries, start=1):
        if number > MOST_FILES:
            raise PackageError(f"A package has at most {MOST_FILES} files.")
        if not _PLAIN_NAME.fullmatch(entry.name):
            raise PackageError(f"{entry.name!r} is no name for a file of a package.")
        try:
            with entry.open() as source, (folder / entry.name).open("xb") as target:
                while piece := source.read(min(_PIECE_BYTES, left + 1)):
                    left -= len(piece)
                    if left < 0:
                        raise PackageError(f"The package is larger than {MOST_BYTES} bytes.")
                    target.write(piece)
        except FileExistsError:
            raise PackageError(f"The file {entry.name!r} is there twice.") from None


@contextmanager
def _entries(source: Path) -> Iterator[Iterator[_Entry]]:
    if source.is_dir():
        yield _folder_entries(source)
        return
    try:
        _check_contents_size(source)
        with zipfile.ZipFile(source) as archive:
            yield _zip_entries(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError) as error:
        raise PackageError(f"{source} is neither a package's folder nor a sound zip of one: {error}.") from error


def _folder_entries(folder: Path) -> Iterator[_Entry]:
    for path in sorted(folder.iterdir()):
        if path.name in _LITTER:
            continue
        if not stat.S_ISREG(path.lstat().st_mode):
            raise PackageError(f"{path} is no plain file; a package holds nothing else.")
        yield _Entry(path.name, lambda path=path: path.open("rb"))  # type: ignore[misc]


def _zip_entries(archive: zipfile.ZipFile) -> Iterator[_Entry]:
    """The files beside the one manifest."""
    members = [member for member in archive.infolist() if not member.is_dir() and not _is_litter(member.filename)]
    for member in members:
        _refuse_if_unsafe(member)
    tops = {member.filename.rpartition("/")[0] for member in members if member.filename.endswith(MANIFEST_NAME)}
    if len(tops) != 1:
        raise PackageError(f"The zip must hold one {MANIFEST_NAME}; it holds {len(tops)}.")
    (top,) = tops
    for member in members:
        folder, _, name = member.filename.rpartition("/")
        if folder != top:
            raise PackageError(f"{member.filename!r} does not lie beside the zip's {MANIFEST_NAME}.")
        yield _Entry(name, lambda member=member: archive.open(member))  # type: ignore[misc]


def _is_litter(path: str) -> bool:
    return path.startswith(f"{_LITTER_FOLDER}/") or path.rpartition("/")[2] in _LITTER


def _refuse_if_unsafe(member: zipfile.ZipInfo) -> None:
    path, kind = member.filename, stat.S_IFMT(member.external_attr >> 16)
    if path.startswith("/") or "\\" in path or ":" in path or ".." in path.split("/"):
        raise PackageError(f"The zip names {path!r}, a path out of the package.")
    if kind not in (0, stat.S_IFREG):
        raise PackageError(f"The zip's {path!r} is a link or no plain file.")
    if member.flag_bits & _ENCRYPTED:
        raise PackageError(f"The zip's {path!r} is encrypted.")


def _check_contents_size(path: Path) -> None:
    """Refuse a zip whose table of contents would fill the memory when it is read."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _END_RECORD_REACH - 20))
        tail = file.read()
    end = tail.rfind(_END_RECORD)
    if end < 0:
        raise zipfile.BadZipFile("it has no table of contents")
    contents_bytes = int.from_bytes(tail[end + 12 : end + 16], "little")
    if contents_bytes > _MOST_CONTENTS_BYTES or tail[max(0, end - 20) : end].startswith(_LARGE_END_RECORD):
        raise zipfile.BadZipFile("it has far more files than a package")
