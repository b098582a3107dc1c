"""A photo's way from the socket to the blobs: streamed, counted, and removed again if anything goes wrong."""

import hashlib
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
    """A photo that came in a form.

    Attributes:
        job_id: of the job to be; the photo lies under it in the blobs.
        photo_name: name the client gave the file, without folders; never empty.
        photo_bytes: size of the photo.
        digest: SHA-256 of the photo as far as it has come.
        belongs_to_job: whether a job may know the photo by now, so that it is no longer the request's to remove.
    """

    job_id: str
    photo_name: str
    photo_bytes: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256, repr=False)
    belongs_to_job: bool = False


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
async def receive_form(request: Request, photo_field: str, blobs: Blobs, limits: Limits) -> AsyncIterator[Form]:
    """Read a multipart form, its photos straight to disk.

    The photos stay if the block ends well. After any error, in here or in the block, nothing of them is left, unless
    they belong to jobs already.

    Args:
        request: of any content type; one that is no multipart form is a form without fields.
        photo_field: name of the file field; only its first `limits.max_photos` files count.
        blobs: where the photos go.
        limits: of the request.

    Raises:
        FormError: the body is no readable form.
        UploadTooLargeError: a photo or the form is larger than allowed; raised as soon as it is.
        UploadStalledError: the client fell silent.
        ClientDisconnect: the client went away.
    """
    form = Form()
    try:
        boundary = _boundary(request)
        if boundary is not None:
            await _read_form(request, boundary, _Parts(form, photo_field, blobs, limits))
        yield form
    except BaseException:
        with CancelScope(shield=True):
            for upload in form.photos:
                if not upload.belongs_to_job:
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
    most_parts = parts.limits.max_fields + parts.limits.max_photos
    parser = PushMultipartParser(boundary, max_segment_count=most_parts, header_charset="latin-1")
    try:
        # Leaving the stack closes the photo that is being written: only then is it safely on disk, or gone.
        async with AsyncExitStack() as stack:
            part: _Part = _IgnoredPart()
            with parser:
                async for piece in bounded_body(request, parts.limits):
                    for event in parser.parse(piece):
                        if isinstance(event, MultipartSegment):
                            part = await parts.begin(event, stack)
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

    form: Form
    photo_field: str
    blobs: Blobs
    limits: Limits

    async def begin(self, segment: MultipartSegment, stack: AsyncExitStack) -> _Part:
        name = _text(segment.name)
        if segment.filename is None:
            return _FieldPart(name, self.form, self.limits.max_field_bytes)
        if name != self.photo_field:
            return _IgnoredPart()
        photo_name = bare_name(_text(segment.filename))
        if not photo_name:
            self.form.has_nameless_file = True
            return _IgnoredPart()
        if len(self.form.photos) == self.limits.max_photos:
            self.form.left_out += 1
            return _IgnoredPart()
        upload = Upload(str(uuid4()), photo_name)
        self.form.photos.append(upload)
        blob = await stack.enter_async_context(AsyncExitStack())
        writer = await blob.enter_async_context(contextmanager_in_threadpool(self.blobs.create(upload.job_id, PHOTO)))
        return _PhotoPart(writer, upload, self.limits, blob)


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
    """Writes in larger pieces than the socket gives, so that a thread is asked less often."""

    def __init__(self, writer: BlobWriter, upload: Upload, limits: Limits, blob: AsyncExitStack) -> None:
        self._writer = writer
        self._upload = upload
        self._limits = limits
        self._blob = blob
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
        await self._blob.aclose()

    async def _write(self) -> None:
        data, self._pending = bytes(self._pending), bytearray()
        await run_in_threadpool(self._keep, data)

    def _keep(self, data: bytes) -> None:
        self._upload.digest.update(data)
        self._writer.write(data)


def _text(header_value: str) -> str:
    """A name from a part's header, which was read as latin-1."""
    return header_value.encode("latin-1").decode("utf-8", "replace")


def bare_name(name: str) -> str:
    """A file's name as it may be shown and stored: without folders and control characters, of bounded length."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(character for character in last if character.isprintable()).strip()[:_MAX_NAME_CHARS]
