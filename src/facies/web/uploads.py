"""A photo's way from the socket to the blobs: streamed, counted, and removed again if anything goes wrong."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol
from uuid import uuid4

from anyio import CancelScope
from fastapi import Request
from fastapi.concurrency import contextmanager_in_threadpool, run_in_threadpool
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from facies.errors import FormError
from facies.jobs.blobs import PHOTO, Blobs, BlobWriter
from facies.web.limits import Limits, bounded_body

_WRITE_BYTES = 1 << 18
_MAX_BOUNDARY_CHARS = 200
_MAX_NAME_CHARS = 255


@dataclass
class Upload:
    """A form, filled in while it comes.

    Attributes:
        job_id: of the job to be; the photo lies under it in the blobs.
        fields: the text fields, the last of each name.
        photo_name: name the client gave the file; "" if it gave an empty one, None if there was no file.
        photo_bytes: size of the photo.
        belongs_to_job: whether a job may know the photo by now, so that it is no longer the request's to remove.
    """

    job_id: str
    fields: dict[str, str] = field(default_factory=dict)
    photo_name: str | None = None
    photo_bytes: int = 0
    belongs_to_job: bool = False


@asynccontextmanager
async def receive_upload(request: Request, photo_field: str, blobs: Blobs, limits: Limits) -> AsyncIterator[Upload]:
    """Read a multipart form, its photo straight to disk.

    The photo stays if the block ends well. After any error, in here or in the block, nothing of it is left, unless it
    belongs to a job already.

    Args:
        request: of any content type; one that is no multipart form is an upload without fields.
        photo_field: name of the file field; only its first file counts.
        blobs: where the photo goes.
        limits: of the request.

    Raises:
        FormError: the body is no readable form.
        UploadTooLargeError: the photo or the form is larger than allowed; raised as soon as it is.
        UploadStalledError: the client fell silent.
        ClientDisconnect: the client went away.
    """
    upload = Upload(str(uuid4()))
    try:
        boundary = _boundary(request)
        if boundary is not None:
            # Leaving the stack closes the photo's file: only then is it safely on disk.
            async with AsyncExitStack() as stack:
                await _read_form(request, boundary, _Parts(upload, photo_field, blobs, limits, stack))
        yield upload
    except BaseException:
        if not upload.belongs_to_job:
            with CancelScope(shield=True):
                await run_in_threadpool(blobs.remove, upload.job_id)
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
    parser = PushMultipartParser(boundary, max_segment_count=parts.limits.max_fields, header_charset="latin-1")
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


@dataclass
class _Parts:
    """Chooses what becomes of each part."""

    upload: Upload
    photo_field: str
    blobs: Blobs
    limits: Limits
    stack: AsyncExitStack

    async def begin(self, segment: MultipartSegment) -> _Part:
        name = _text(segment.name)
        if segment.filename is None:
            return _FieldPart(name, self.upload, self.limits.max_field_bytes)
        if name != self.photo_field or self.upload.photo_name:
            return _IgnoredPart()
        self.upload.photo_name = bare_name(_text(segment.filename))
        if not self.upload.photo_name:
            return _IgnoredPart()
        blob = self.blobs.create(self.upload.job_id, PHOTO)
        writer = await self.stack.enter_async_context(contextmanager_in_threadpool(blob))
        return _PhotoPart(writer, self.upload, self.limits)


class _IgnoredPart:
    async def take(self, data: bytes) -> None:
        pass

    async def end(self) -> None:
        pass


class _FieldPart:
    def __init__(self, name: str, upload: Upload, max_bytes: int) -> None:
        self._name = name
        self._upload = upload
        self._max_bytes = max_bytes
        self._data = bytearray()

    async def take(self, data: bytes) -> None:
        self._data += data
        if len(self._data) > self._max_bytes:
            raise FormError(f"A field of the form is longer than {self._max_bytes} bytes.")

    async def end(self) -> None:
        self._upload.fields[self._name] = self._data.decode("utf-8", "replace")


class _PhotoPart:
    """Writes in larger pieces than the socket gives, so that a thread is asked less often."""

    def __init__(self, writer: BlobWriter, upload: Upload, limits: Limits) -> None:
        self._writer = writer
        self._upload = upload
        self._limits = limits
        self._pending = bytearray()

    async def take(self, data: bytes) -> None:
        self._upload.photo_bytes += len(data)
        if self._upload.photo_bytes > self._limits.max_upload_bytes:
            raise self._limits.too_large()
        self._pending += data
        if len(self._pending) >= _WRITE_BYTES:
            await self._write()

    async def end(self) -> None:
        await self._write()

    async def _write(self) -> None:
        data, self._pending = self._pending, bytearray()
        await run_in_threadpool(self._writer.write, bytes(data))


def _text(header_value: str) -> str:
    """A name from a part's header, which was read as latin-1."""
    return header_value.encode("latin-1").decode("utf-8", "replace")


def bare_name(name: str) -> str:
    """A file's name as it may be shown and stored: without folders and control characters, of bounded length."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(character for character in last if character.isprintable()).strip()[:_MAX_NAME_CHARS]
