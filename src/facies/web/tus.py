"""Resumable uploads by tus 1.0 (https://tus.io): creation, checksum, termination, expiration.

    POST   /api/v1/uploads        begin one of so many bytes; the answer's Location is its address
    PATCH  /api/v1/uploads/{id}   the next piece, from Upload-Offset on
    HEAD   /api/v1/uploads/{id}   how far it is
    DELETE /api/v1/uploads/{id}   remove it

What came before a line broke is kept, unless the piece announced a checksum: then all of it counts or nothing. A
complete upload is named in `POST /api/v1/jobs`, as often as wanted; it goes when its time has run out, or when it is
removed.
"""

import base64
import binascii
import hashlib
from asyncio import CancelledError
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Annotated, Any, Final
from uuid import uuid4

from anyio import CancelScope
from fastapi import APIRouter, Depends, Header, Path, Request
from fastapi.concurrency import contextmanager_in_threadpool, run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from facies.errors import DamagedPieceError, TusError, UploadStalledError
from facies.jobs.blobs import PHOTO, Blobs
from facies.jobs.upload_rows import ResumableUpload
from facies.jobs.uploads import Piece, Uploads
from facies.web.auth import KeyCheck
from facies.web.limits import Limits, bounded_body
from facies.web.uploads import Upload, bare_name

PREFIX: Final = "/api/v1/uploads"
VERSION: Final = "1.0.0"
EXPOSED_HEADERS: Final = (
    "Location",
    "Tus-Checksum-Algorithm",
    "Tus-Extension",
    "Tus-Max-Size",
    "Tus-Resumable",
    "Tus-Version",
    "Upload-Expires",
    "Upload-Length",
    "Upload-Metadata",
    "Upload-Offset",
)
"""What a page of another origin has to see to speak tus."""

REQUEST_HEADERS: Final = (
    "Tus-Resumable",
    "Upload-Checksum",
    "Upload-Length",
    "Upload-Metadata",
    "Upload-Offset",
    "X-HTTP-Method-Override",
)
"""What such a page has to send."""

UploadId = Annotated[str, Path(description="The end of the upload's Location.")]
UploadLength = Annotated[str, Header(description="Bytes in all.", examples=["104857600"])]
UploadMetadata = Annotated[
    str, Header(description="Keys, each with a base64 value, commas between.", examples=["filename cmVlZi50aWY="])
]
ContentType = Annotated[str, Header(description="application/offset+octet-stream")]
UploadOffset = Annotated[str, Header(description="Where the piece begins: as many bytes as are there.", examples=["0"])]
UploadChecksum = Annotated[
    str, Header(description="Algorithm and base64 of the piece's hash.", examples=["sha1 Lve95gjOVATpfV8EL5X4nxwjKHE="])
]
TusResumable = Annotated[str, Header(description="1.0.0: the version of tus.", examples=["1.0.0"])]

_EXTENSIONS: Final = "creation,checksum,termination,expiration"
_CONTENT_TYPE: Final = "application/offset+octet-stream"
_ALGORITHMS: Final = ("sha1", "sha256", "md5")
_OVERRIDABLE: Final = ("PATCH", "HEAD", "DELETE")
_MAX_METADATA_CHARS: Final = 4096
_MAX_DIGITS: Final = 18
_WRITE_BYTES: Final = 1 << 18
_KEEP_BYTES: Final = 1 << 25  # what a server that is killed may lose of a piece


def tus_router(uploads: Uploads, check_key: KeyCheck, idle_timeout_s: float) -> APIRouter:
    """The routes.

    Args:
        uploads: rows and files.
        check_key: leaves the owner in `request.state.owner`.
        idle_timeout_s: the longest silence of a client in the middle of a piece.
    """
    router = APIRouter(prefix=PREFIX, tags=["Resumable uploads"])
    known = [Depends(check_key), Depends(_speaks_tus)]
    tus = _Tus(uploads, idle_timeout_s)
    router.options("", status_code=204, responses=_NO_BODY)(tus.describe)
    router.post("", status_code=201, dependencies=known, responses=_CREATED, response_class=Response)(tus.create)
    router.head("/{upload_id}", dependencies=known, responses=_OFFSET, response_class=Response)(tus.head)
    router.patch("/{upload_id}", status_code=204, dependencies=known, openapi_extra=_PIECE, responses=_NO_BODY)(
        tus.patch
    )
    router.delete("/{upload_id}", status_code=204, dependencies=known, responses=_NO_BODY)(tus.delete)
    return router


@asynccontextmanager
async def take_upload(uploads: Uploads, blobs: Blobs, upload_id: str, owner: str | None) -> AsyncIterator[Upload]:
    """Make the photo of a job to be out of a complete upload, as `facies.web.uploads.receive_form` does of a form.

    The photo stays if the block ends well. After any error in the block nothing of it is left, unless it belongs to a
    job already. The upload itself stays in any case.

    Raises:
        UnknownUploadError: there is none, or it is another's.
        ExpiredUploadError: its time has run out.
        UploadUnfinishedError: it is not complete.
    """
    taken = await run_in_threadpool(uploads.get, upload_id, owner)
    photo = Upload(str(uuid4()), photo_name=taken.name or "photo", photo_bytes=taken.length)
    try:
        await run_in_threadpool(blobs.adopt, photo.job_id, PHOTO, uploads.path(taken))
        yield photo
    except BaseException:
        if not photo.belongs_to_job:
            with CancelScope(shield=True):
                await run_in_threadpool(blobs.remove, photo.job_id)
        raise


class TusHeaders:
    """ASGI middleware: what every answer about uploads carries, and methods that a proxy does not let by.

    Problems carry it too, which is why it is no part of the routes.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; requests to other paths untouched."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        meant = Headers(scope=scope).get("X-HTTP-Method-Override", "").upper()
        if scope["method"] == "POST" and meant in _OVERRIDABLE:
            scope = {**scope, "method": meant}

        async def send_with_version(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Tus-Resumable"] = VERSION
            await send(message)

        await self._app(scope, receive, send_with_version)


def _speaks_tus(tus_resumable: TusResumable = "") -> None:
    if tus_resumable != VERSION:
        raise HTTPException(
            412, f"Uploads are spoken to by tus {VERSION}; send the header Tus-Resumable.", {"Tus-Version": VERSION}
        )


class _Tus:
    def __init__(self, uploads: Uploads, idle_timeout_s: float) -> None:
        self._uploads = uploads
        self._idle_timeout_s = idle_timeout_s

    async def describe(self) -> Response:
        """What this server understands of tus."""
        return Response(
            status_code=204,
            headers={
                "Tus-Version": VERSION,
                "Tus-Extension": _EXTENSIONS,
                "Tus-Max-Size": str(self._uploads.max_bytes),
                "Tus-Checksum-Algorithm": ",".join(_ALGORITHMS),
            },
        )

    async def create(
        self,
        request: Request,
        upload_length: UploadLength = "",
        upload_metadata: UploadMetadata = "",
    ) -> Response:
        """Begin an upload of `Upload-Length` bytes; the key `filename` of `Upload-Metadata` names the photo."""
        length = _whole_number("Upload-Length", upload_length)
        name = bare_name(_decode_metadata(upload_metadata).get("filename", ""))
        upload = await run_in_threadpool(self._uploads.begin, request.state.owner, name, length, upload_metadata)
        headers = {"Location": f"{PREFIX}/{upload.id}", "Upload-Expires": _http_date(upload.expires_at)}
        return Response(status_code=201, headers=headers)

    async def head(self, request: Request, upload_id: UploadId) -> Response:
        """How many bytes are here."""
        upload = await run_in_threadpool(self._uploads.get, upload_id, request.state.owner)
        headers = {**_progress(upload), "Upload-Length": str(upload.length), "Cache-Control": "no-store"}
        if upload.metadata:
            headers["Upload-Metadata"] = upload.metadata
        return Response(headers=headers)

    async def patch(
        self,
        request: Request,
        upload_id: UploadId,
        content_type: ContentType = "",
        upload_offset: UploadOffset = "",
        upload_checksum: UploadChecksum = "",
    ) -> Response:
        """The next piece, as the body."""
        if content_type != _CONTENT_TYPE:
            raise HTTPException(415, f"A piece has the Content-Type {_CONTENT_TYPE}.")
        checksum = _Checksum.announced(upload_checksum) if upload_checksum else None
        owner, offset = request.state.owner, _whole_number("Upload-Offset", upload_offset)
        append = contextmanager_in_threadpool(self._uploads.append(upload_id, owner, offset))
        async with append as piece:
            await self._receive(request, piece, checksum)
        return Response(
            status_code=204, headers=_progress(await run_in_threadpool(self._uploads.get, upload_id, owner))
        )

    async def delete(self, request: Request, upload_id: UploadId) -> Response:
        """Remove it; jobs that were made of it keep their photo."""
        await run_in_threadpool(self._uploads.remove, upload_id, request.state.owner)
        return Response(status_code=204)

    async def _receive(self, request: Request, piece: Piece, checksum: "_Checksum | None") -> None:
        """Write the body. Without a checksum what comes is kept, however it ends; with one, all of it or nothing."""
        try:
            await self._write(request, piece, checksum)
        except (ClientDisconnect, UploadStalledError, CancelledError):  # the last: this server ends
            if checksum is None:
                with CancelScope(shield=True):
                    await run_in_threadpool(piece.keep)
            raise
        if checksum is not None:
            checksum.verify()
        await run_in_threadpool(piece.keep)

    async def _write(self, request: Request, piece: Piece, checksum: "_Checksum | None") -> None:
        limits = Limits(self._uploads.max_bytes, max_pixels=0, max_fields=0, idle_timeout_s=self._idle_timeout_s)
        pending, kept_at = bytearray(), piece.offset
        try:
            async for data in bounded_body(request, limits):
                pending += data
                if len(pending) >= _WRITE_BYTES:
                    await _put(piece, pending, checksum)
                if checksum is None and piece.offset - kept_at >= _KEEP_BYTES:
                    await run_in_threadpool(piece.keep)
                    kept_at = piece.offset
        finally:
            with CancelScope(shield=True):
                await _put(piece, pending, checksum)


async def _put(piece: Piece, pending: bytearray, checksum: "_Checksum | None") -> None:
    data = bytes(pending)
    pending.clear()
    if checksum is not None:
        checksum.update(data)
    await run_in_threadpool(piece.write, data)


class _Checksum:
    """What a piece must add up to."""

    def __init__(self, algorithm: str, expected: bytes) -> None:
        self._hash = hashlib.new(algorithm, usedforsecurity=False)
        self._expected = expected

    @classmethod
    def announced(cls, header: str) -> "_Checksum":
        """By `Upload-Checksum: sha1 <base64>`.

        Raises:
            TusError: the header cannot be read, or the algorithm is another.
        """
        algorithm, _, encoded = header.partition(" ")
        if algorithm not in _ALGORITHMS:
            raise TusError(f"Upload-Checksum: the algorithm must be one of {', '.join(_ALGORITHMS)}.")
        return cls(algorithm, _base64("Upload-Checksum", encoded))

    def update(self, data: bytes) -> None:
        self._hash.update(data)

    def verify(self) -> None:
        """See whether it does.

        Raises:
            DamagedPieceError: it does not.
        """
        if self._hash.digest() != self._expected:
            raise DamagedPieceError("The piece was damaged on its way; nothing of it was kept, send it again.")


def _progress(upload: ResumableUpload) -> dict[str, str]:
    return {"Upload-Offset": str(upload.offset), "Upload-Expires": _http_date(upload.expires_at)}


def _http_date(unix_s: float) -> str:
    return format_datetime(datetime.fromtimestamp(unix_s, UTC), usegmt=True)


def _whole_number(header: str, value: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) <= _MAX_DIGITS):
        raise TusError(f"{header}: it must be a whole number of bytes.")
    return int(value)


def _decode_metadata(header: str) -> Mapping[str, str]:
    """`Upload-Metadata`: keys with a base64 value each, commas between.

    Raises:
        TusError: it is something else.
    """
    if len(header) > _MAX_METADATA_CHARS:
        raise TusError(f"Upload-Metadata: it has more than {_MAX_METADATA_CHARS} characters.")
    pairs = (entry.strip().partition(" ") for entry in header.split(",") if entry.strip())
    return {key: _base64("Upload-Metadata", value).decode("utf-8", "replace") for key, _, value in pairs}


def _base64(header: str, value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise TusError(f"{header}: this is no base64: {value[:40]!r}.") from None


_Answers = dict[int | str, dict[str, Any]]
_PROBLEM: Final[_Answers] = {"default": {"description": "What went wrong"}}
_NO_BODY: Final[_Answers] = {**_PROBLEM, 204: {"description": "Done"}}
_CREATED: Final[_Answers] = {
    **_PROBLEM,
    201: {"description": "Begun", "headers": {"Location": {"schema": {"type": "string"}}}, "content": {}},
}
_OFFSET: Final[_Answers] = {
    **_PROBLEM,
    200: {"description": "How far it is", "headers": {"Upload-Offset": {"schema": {"type": "integer"}}}, "content": {}},
}
_PIECE: Final = {
    "requestBody": {"required": True, "content": {_CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}}}
}
