"""Secrets that are kept for senders, sealed: whoever gets hold of the database alone cannot read them.

The key is in a file beside the photos, which every server on one store shares.
"""

import errno
import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from cryptography.fernet import Fernet, InvalidToken

from facies.errors import SettingsError

_NO_LINKS: Final = (errno.EPERM, errno.EOPNOTSUPP, errno.EXDEV)


class Seal:
    """Closes and opens secrets with one key: Fernet, which is AES-128 in CBC mode and HMAC-SHA256."""

    def __init__(self, key: bytes) -> None:
        """Make it.

        Args:
            key: as `of_file` writes one.

        Raises:
            ValueError: it is no key.
        """
        self._fernet = Fernet(key)
        self._key = key

    @classmethod
    def of_file(cls, path: Path) -> Self:
        """The seal whose key is in a file; the first to ask makes it, readable by its owner alone.

        Raises:
            SettingsError: there is something else in it.
        """
        if not path.exists():
            _write_once(path, Fernet.generate_key())
        try:
            return cls(path.read_bytes().strip())
        except ValueError as error:
            raise SettingsError(
                f"{path} holds no key. Restore it from a copy, or remove it: the calls that wait are then given up."
            ) from error

    @classmethod
    def fresh(cls) -> Self:
        """A seal with a new key, which is gone with the process."""
        return cls(Fernet.generate_key())

    @property
    def fingerprint(self) -> str:
        """Tells this key from others and gives nothing of it away: SHA-256, 64 hex digits."""
        return hashlib.sha256(b"facies data folder\0" + self._key).hexdigest()

    def close(self, secret: bytes) -> str:
        """A secret as it may be kept."""
        return self._fernet.encrypt(secret).decode("ascii")

    def open(self, closed: str) -> bytes | None:
        """What `close` was given; None if that was done with another key."""
        try:
            return self._fernet.decrypt(closed.encode("ascii"))
        except InvalidToken:
            return None


def _write_once(path: Path, content: bytes) -> None:
    """Have a file that is there whole or not at all; one that another process wrote meanwhile stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=".secret-")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            _put(Path(unfinished), path)
    finally:
        Path(unfinished).unlink(missing_ok=True)


def _put(unfinished: Path, path: Path) -> None:
    try:
        path.hardlink_to(unfinished)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        unfinished.rename(path)
