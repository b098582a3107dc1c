"""What the store knows of resumable uploads: whose they are, how long they will be, how far they are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from facies.errors import ExpiredUploadError, TooManyUploadsError, UnknownUploadError
from facies.jobs.database import Database
from facies.jobs.job import is_job_id
from facies.jobs.tables import uploads

MAX_OPEN: Final = 64
"""Uploads that one owner may have open at a time."""

REMEMBERED_S: Final = 86400.0
"""For so long after its time a sender is told that an upload has expired rather than that there was none."""


@dataclass(frozen=True)
class ResumableUpload:
    """A photo that comes in pieces. Times are Unix seconds.

    Attributes:
        id: a uuid.
        owner: id of the API key it came with, None without one.
        name: the file's name at the sender's; only ever shown, never a path.
        length: bytes in all.
        offset: bytes that are safely here.
        metadata: as the sender gave it, given back word for word.
        created_at: when it was begun.
        expires_at: when it will be gone; each piece sets it anew.
    """

    id: str
    owner: str | None
    name: str
    length: int
    offset: int
    metadata: str
    created_at: float
    expires_at: float

    @property
    def is_complete(self) -> bool:
        """Whether every byte is here."""
        return self.offset == self.length


class UploadRows:
    """Rows of uploads; the bytes are elsewhere (`facies.jobs.uploads`)."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def add(self, upload: ResumableUpload) -> None:
        """Write down an upload that begins.

        Raises:
            TooManyUploadsError: its owner has as many open as may be.
        """
        with self._database.write() as connection:
            is_open = sa.and_(_is_of(upload.owner), uploads.c.expires_at > self._clock())
            count = connection.execute(sa.select(sa.func.count()).select_from(uploads).where(is_open)).scalar_one()
            if count >= MAX_OPEN:
                raise TooManyUploadsError(f"{MAX_OPEN} uploads are open already; finish or remove one first.")
            row = {name: getattr(upload, name) for name in ResumableUpload.__dataclass_fields__}
            connection.execute(sa.insert(uploads).values(row))

    def get(self, upload_id: str, owner: str | None) -> ResumableUpload:
        """The upload of that id.

        Raises:
            UnknownUploadError: there is none, or it is another's.
            ExpiredUploadError: its time has run out.
        """
        if not is_job_id(upload_id):
            raise unknown_upload()
        query = sa.select(uploads).where(uploads.c.id == upload_id, _is_of(owner))
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise unknown_upload()
        upload = ResumableUpload(**row)
        if upload.expires_at <= self._clock():
            raise ExpiredUploadError("The time of this upload has run out; begin a new one.")
        return upload

    def advance(self, upload_id: str, offset: int, expires_at: float) -> None:
        """Write down that the bytes up to `offset` are safely here.

        Raises:
            UnknownUploadError: it was removed meanwhile, or its time ran out.
        """
        is_open = sa.and_(uploads.c.id == upload_id, uploads.c.expires_at > self._clock())
        statement = sa.update(uploads).where(is_open).values(offset=offset, expires_at=expires_at)
        with self._database.write() as connection:
            if connection.execute(statement).rowcount == 0:
                raise unknown_upload()

    def remove(self, upload_id: str) -> None:
        """Forget an upload."""
        with self._database.write() as connection:
            connection.execute(sa.delete(uploads).where(uploads.c.id == upload_id))

    def ids(self) -> tuple[frozenset[str], frozenset[str]]:
        """Ids of the uploads that are open, and of those whose time has run out."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(uploads.c.id, uploads.c.expires_at)).all()
        live = frozenset(row.id for row in rows if row.expires_at > self._clock())
        return live, frozenset(row.id for row in rows) - live

    def forget_expired(self) -> None:
        """Forget the uploads that expired long ago."""
        is_old = uploads.c.expires_at <= self._clock() - REMEMBERED_S
        with self._database.write() as connection:
            connection.execute(sa.delete(uploads).where(is_old))


def _is_of(owner: str | None) -> sa.ColumnElement[bool]:
    return uploads.c.owner.is_(None) if owner is None else uploads.c.owner == owner


def unknown_upload() -> UnknownUploadError:
    """What to tell whoever names an upload that is not there, or not theirs."""
    return UnknownUploadError("There is no such upload; it may have been removed. Begin a new one.")
