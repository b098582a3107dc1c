"""A file as HTTP likes it: with a validator, so that it is not sent twice, and in parts (RFC 9110)."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import BinaryIO, Final

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from facies.jobs.blobs import Blobs
from facies.web.results import FileAnswer, open_blob

_PIECE_BYTES: Final = 1 << 18
_RANGE: Final = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))", re.ASCII)


async def blob_answer(
    request: Request, blobs: Blobs, job_id: str, name: str, media_type: str, headers: Mapping[str, str] | None = None
) -> Response:
    """A blob of a job, or the part of it that was asked for. Several parts at once are answered with the whole.

    Raises:
        UnknownJobError: it is not there (any more).
        HTTPException: 416, the part lies outside of it.
    """
    file, size = await run_in_threadpool(open_blob, blobs, job_id, name)
    # A job's blobs never change once it has ended, so where one lies says what is in it.
    return _answer(request, file, size, _etag(f"{job_id}/{name}/{size}".encode()), media_type, headers)


def content_answer(
    request: Request, content: bytes, media_type: str, headers: Mapping[str, str] | None = None
) -> Response:
    """The same of what was just made and lies nowhere.

    Raises:
        HTTPException: 416, the part lies outside of it.
    """
    return _answer(request, BytesIO(content), len(content), _etag(content), media_type, headers)


def _etag(what: bytes) -> str:
    return f'"{hashlib.sha256(what).hexdigest()[:32]}"'


def _answer(
    request: Request, file: BinaryIO, size: int, etag: str, media_type: str, headers: Mapping[str, str] | None
) -> Response:
    """Closes the file, now or when it is sent."""
    try:
        common = {"ETag": etag, "Accept-Ranges": "bytes", "Cache-Control": "private, no-cache", **(headers or {})}
        if _is_known(request, etag):
            file.close()
            return Response(status_code=304, headers=common)
        if request.method == "HEAD":
            file.close()
            return Response(None, 200, {**common, "Content-Length": str(size)}, media_type)
        part = _part(request, etag, size)
        if part is None:
            return FileAnswer(file, _read(file, 0, size), media_type, size, 200, common)
        start, stop = part
        common["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
        return FileAnswer(file, _read(file, start, stop), media_type, stop - start, 206, common)
    except BaseException:
        file.close()
        raise


def _is_known(request: Request, etag: str) -> bool:
    held = [entry.strip().removeprefix("W/") for entry in request.headers.get("if-none-match", "").split(",")]
    return etag in held or "*" in held


def _part(request: Request, etag: str, size: int) -> tuple[int, int] | None:
    """First and one past the last byte that are wanted; None for all of them.

    Raises:
        HTTPException: 416, there are no such bytes.
    """
    wanted = _RANGE.fullmatch(request.headers.get("range", ""))
    if wanted is None or request.headers.get("if-range", etag) != etag:
        return None
    first, last, suffix = wanted.groups()
    if suffix is not None:
        start, stop = max(0, size - int(suffix)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
    if last and int(last) < int(first):
        return None  # no valid range: as if there were none
    if start >= size or start >= stop:
        raise HTTPException(416, "There is no such part of this file.", {"Content-Range": f"bytes */{size}"})
    return start, stop


def _read(file: BinaryIO, start: int, stop: int) -> Iterator[bytes]:
    file.seek(start)
    left = stop - start
    while left and (piece := file.read(min(left, _PIECE_BYTES))):
        left -= len(piece)
        yield piece
