"""Uploads that were begun, remembered until they are done: a new process goes on where an older one was cut off.

    <folder>/<fingerprint>    the upload's address, a small file each

Whose upload of which file it is, on which server, is in the fingerprint; nothing of it can be read from there. What
cannot be remembered is sent anew one day, which is no reason to fail.
"""

import hashlib
import json
import logging
import os
import time
from pathlib import Path
from typing import Final

_KEPT_S: Final = 7 * 86400.0  # a server keeps an upload for a day, unless it was told otherwise

_log = logging.getLogger(__name__)


def default_folder() -> Path:
    """Where a program leaves what it remembers, by the XDG convention: `$XDG_STATE_HOME/facies/uploads`."""
    home = os.environ.get("XDG_STATE_HOME")
    return (Path(home) if home else Path.home() / ".local" / "state") / "facies" / "uploads"


def fingerprint(server: str, key: str | None, photo: Path) -> str:
    """Names the upload of a file as it is now.

    Args:
        server: its address.
        key: the API key, whose upload it is.
        photo: the file; written to, it is another.

    Raises:
        OSError: the file cannot be looked at.
    """
    seen = photo.stat()
    which = [server, key or "", str(photo.resolve()), seen.st_size, seen.st_mtime_ns]
    return hashlib.sha256(json.dumps(which).encode()).hexdigest()


class Unfinished:
    """The uploads that are remembered in a folder, by any process of one user."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def address(self, which: str) -> str | None:
        """Where an upload was begun; None if it was not, or that is not known."""
        try:
            return (self._folder / which).read_text(encoding="utf-8") or None
        except OSError:
            return None

    def remember(self, which: str, address: str) -> None:
        """Keep an upload's address, and forget what is very old."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._forget_old()
            unfinished = self._folder / f".{which}.{os.getpid()}"
            unfinished.write_text(address, encoding="utf-8")
            unfinished.replace(self._folder / which)
        except OSError as error:
            _log.debug("The upload cannot be remembered, so it could not be taken up again: %s", error)

    def forget(self, which: str) -> None:
        """An upload is done, or gone."""
        try:
            (self._folder / which).unlink(missing_ok=True)
        except OSError as error:
            _log.debug("The upload cannot be forgotten: %s", error)

    def _forget_old(self) -> None:
        before = time.time() - _KEPT_S
        for path in self._folder.iterdir():
            if path.stat().st_mtime < before:
                path.unlink(missing_ok=True)
