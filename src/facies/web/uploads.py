"""A photo's way from the socket to the blobs: streamed, counted, and removed again if anything goes wrong."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Protocol
from uuid import uuid4

from anyio import CancelScope
from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from facies.errors import FormError
from facies.jobs.blobs import PHOTO, Blobs, BlobWriter
from facies.web.limits import Limits, bounded_body

_WRITE_BYTES = 1 << 18
_MOST_PENDING_BYTES = 1 << 21
_MAX_BOUNDARY_CHARS = 200
_MAX_NAME_CHARS = 255


def _there_already() -> None:
    pass


@dataclass
class Upload:
    """A photo that came in a form.

    Attributes:
        job_id: of the job to be; the photo lies under it in the blobs.
        photo_name: name the client gave the file, without folders; never empty.
        photo_bytes: size of the photo.
        digest: SHA-256 of the photo, once it is finished; None where nobody asked for it.
        belongs_to_job: whether a job may know the photo by now, so that it is no longer the request's to remove.
        finish: has the photo in the blobs and on the disk. For the thread that makes a job of it, before it does, once
            or more often: another one would have to be woken first.
    """

    job_id: str
    photo_name: str
    photo_bytes: int = 0
    digest: "hashlib._Hash | None" = field(default=None, repr=False)
    belongs_to_job: bool = False
    finish: Callable[[], None] = field(default=_there_already, repr=False)


@dataclass
class Form:
    """A form, filled in while it comes.

    Attributes:
        fields: the text fields, the last of each name.
        photos: in the order in which they came.
        has_nameless_file: whether there was a file without a name, as browsers send it where none was chosen.
        left_out: how many photos were let by because the form holds as many as it may already.
    """

    fields: dict[str, str] = field(default_factory=dict)
    photos: list[Upload] = field(default_factory=list)
    has_nameless_file: bool = False
    left_out: int = 0

    @property
    def photo(self) -> Upload | None:
        """The first photo."""
        return self.photos[0] if self.photos else None


@asynccontextmanager
async def receive_form(
    request: Request, photo_field: str, blobs: Blobs, limits: Limits, *, digested: bool = False
) -> AsyncIterator[Form]:
    """Read a multipart form, its photos straight to disk.

    The photos stay if the block ends well. After any error, in here or in the block, nothing of them is left, unless
    they belong to jobs already.

    Args:
        request: of any content type; one that is no multipart form is a form without fields.
        photo_field: name of the file field; only its first `limits.max_photos` files count.
        blobs: where the photos go.
        limits: of the request.
        digested: whether the photos' digests are wanted.

    Raises:
        FormError: the body is no readable form.
        UploadTooLargeError: a photo or the form is larger than allowed; raised as soon as it is.
        UploadStalledError: the client fell silent.
        ClientDisconnect: the client went away.
    """
    parts = _Parts(Form(), photo_field, blobs, limits, digested=digested)
    try:
        boundary = _boundary(request)
        if boundary is not None:
            await _read_form(request, boundary, parts)
        yield parts.form
    except BaseException as error:
        with CancelScope(shield=True):
            await parts.abandon(error)
        raise


def _boundary(request: Request) -> bytes | None:
    """The form's boundary; None if the request says it is something else than a multipart form.

    Raises:
        FormError: it is a multipart form without a usable boundary.
    """
    content_type, options = parse_options_header(request.headers.get("content-type", ""))
    if content_type != "multipart/form-data":
        return None
    boundary: str = options.get("boundary", "")
    if not 1 <= len(boundary) <= _MAX_BOUNDARY_CHARS:
        raise FormError("The multipart form has no usable boundary; let the HTTP library set the Content-Type.")
    return boundary.encode("latin-1")


async def _read_form(request: Request, boundary: bytes, parts: "_Parts") -> None:
    # Names may come in any charset: latin-1 takes every byte, and `_text` mends what was UTF-8.
    most_parts = parts.limits.max_fields + parts.limits.max_photos
    parser = PushMultipartParser(boundary, max_segment_count=most_parts, header_charset="latin-1")
    part: _Part = _IgnoredPart()
    try:
        with parser:
            async for piece in bounded_body(request, parts.limits):
                for event in parser.parse(piece):
                    if isinstance(event, MultipartSegment):
                        part = await parts.begin(event)
                    elif event is None:
                        await part.end()
                    else:
                        await part.take(event)
    except MultipartError as error:
        raise FormError(f"The multipart form cannot be read: {error}.") from error


class _Part(Protocol):
    """Where the bytes of one part of the form go."""

    async def take(self, data: bytes) -> None: ...

    async def end(self) -> None: ...


class _Parts:
    """Chooses what becomes of each part."""

    def __init__(self, form: Form, photo_field: str, blobs: Blobs, limits: Limits, *, digested: bool) -> None:
        self.form = form
        self.limits = limits
        self._photo_field = photo_field
        self._blobs = blobs
        self._digested = digested
        self._latest_photo: _PhotoPart | None = None

    async def begin(self, segment: MultipartSegment) -> _Part:
        name = _text(segment.name)
        if segment.filename is None:
            return _FieldPart(name, self.form, self.limits.max_field_bytes)
        if name != self._photo_field:
            return _IgnoredPart()
        photo_name = bare_name(_text(segment.filename))
        if not photo_name:
            self.form.has_nameless_file = True
            return _IgnoredPart()
        if len(self.form.photos) == self.limits.max_photos:
            self.form.left_out += 1
            return _IgnoredPart()
        return await self._begin_photo(photo_name)

    async def _begin_photo(self, photo_name: str) -> "_PhotoPart":
        if self.form.photos:
            await run_in_threadpool(self.form.photos[-1].finish)
        upload = Upload(str(uuid4()), photo_name, digest=hashlib.sha256() if self._digested else None)
        self.form.photos.append(upload)
        self._latest_photo = _PhotoPart(_Deposit(self._blobs, upload), upload, self.limits)
        return self._latest_photo

    async def abandon(self, error: BaseException) -> None:
        """Remove the photos that belong to no job."""
        if self._latest_photo is not None:
            await self._latest_photo.abandon(error)
        for upload in self.form.photos:
            if not upload.belongs_to_job:
                await run_in_threadpool(self._blobs.remove, upload.job_id)


class _IgnoredPart:
    async def take(self, data: bytes) -> None:
        pass

    async def end(self) -> None:
        pass


class _FieldPart:
    def __init__(self, name: str, form: Form, max_bytes: int) -> None:
        self._name = name
        self._form = form
        self._max_bytes = max_bytes
        self._data = bytearray()

    async def take(self, data: bytes) -> None:
        self._data += data
        if len(self._data) > self._max_bytes:
            raise FormError(f"A field of the form is longer than {self._max_bytes} bytes.")

    async def end(self) -> None:
        self._form.fields[self._name] = self._data.decode("utf-8", "replace")


class _PhotoPart:
    """Has a photo written behind its back: what comes meanwhile is gathered, and goes into the next write.

    Only a disk that falls behind by `_MOST_PENDING_BYTES` keeps the client waiting.
    """

    def __init__(self, deposit: "_Deposit", upload: Upload, limits: Limits) -> None:
        self._deposit = deposit
        self._upload = upload
        self._limits = limits
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._writing: asyncio.Task[None] | None = None

    async def take(self, data: bytes) -> None:
        self._upload.photo_bytes += len(data)
        if self._upload.photo_bytes > self._limits.max_upload_bytes:
            raise self._limits.too_large()
        self._pending.append(data)
        self._pending_bytes += len(data)
        if self._pending_bytes >= _MOST_PENDING_BYTES:
            await self._catch_up()
        if self._pending_bytes >= _WRITE_BYTES and (self._writing is None or self._writing.done()):
            await self._catch_up()
            self._writing = asyncio.create_task(self._write())

    async def end(self) -> None:
        await self._catch_up()
        self._upload.finish = partial(self._deposit.finish, self._gathered())

    async def abandon(self, error: BaseException) -> None:
        """Close what is not finished, unless a job is being made of it at this moment."""
        with suppress(Exception):  # most likely it is `error`
            await self._catch_up()
        if not self._upload.belongs_to_job:
            await run_in_threadpool(self._deposit.abandon, error)

    async def _write(self) -> None:
        while self._pending_bytes >= _WRITE_BYTES:
            await run_in_threadpool(self._deposit.write, self._gathered())

    async def _catch_up(self) -> None:
        """Wait until nothing is being written. If the one who waits is cancelled the writing goes on all the same.

        Raises:
            OSError: what came could not be written.
        """
        if self._writing is not None:
            await asyncio.wait((self._writing,))
            self._writing.result()

    def _gathered(self) -> list[bytes]:
        gathered, self._pending, self._pending_bytes = self._pending, [], 0
        return gathered


class _Deposit:
    """A photo on its way into the blobs, for threads. Its file is made with the first bytes."""

    def __init__(self, blobs: Blobs, upload: Upload) -> None:
        self._blobs = blobs
        self._upload = upload
        self._file = ExitStack()
        self._writer: BlobWriter | None = None
        self._is_over = False
        self._turn = Lock()

    def write(self, pieces: list[bytes]) -> None:
        if self._writer is None:
            self._writer = self._file.enter_context(self._blobs.create(self._upload.job_id, PHOTO))
        data = b"".join(pieces)
        if self._upload.digest is not None:
            self._upload.digest.update(data)
        self._writer.write(data)

    def finish(self, pieces: list[bytes]) -> None:
        with self._turn:
            if not self._is_over:
                self._is_over = True
                self.write(pieces)
                self._file.close()

    def abandon(self, error: BaseException) -> None:
        with self._turn:
            self._is_over = True
            self._file.__exit__(type(error), error, error.__traceback__)


def _text(header_value: str) -> str:
    """A name from a part's header, which was read as latin-1."""
    return header_value.encode("latin-1").decode("utf-8", "replace")


def bare_name(name: str) -> str:
    """A file's name as it may be shown and stored: without folders and control characters, of bounded length."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(character for character in last if character.isprintable()).strip()[:_MAX_NAME_CHARS]
