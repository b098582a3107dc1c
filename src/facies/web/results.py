"""Answers made of a job's blobs. A picture is never whole in memory: it goes from file to socket in pieces."""

import json
from collections.abc import Callable, Iterator, Mapping
from os import SEEK_END
from typing import Any, BinaryIO
from uuid import uuid4

import pybase64
from fastapi.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from facies.errors import PictureTooLargeError
from facies.jobs.blobs import Blobs
from facies.jobs.job import Job

OVERLAY = "overlay.png"
OVERLAY_WITH_LEGEND = "overlay-legend.png"
SUMMARY = "summary.json"
OVERLAY_DEEP_ZOOM = "overlay.dzi.zip"
TILES = "tiles.json"

# A multiple of 3, so that the base64 of the pieces joins to the base64 of the whole. A thread is asked for each.
_PIECE_BYTES = 3 << 18


async def read_json(blobs: Blobs, job_id: str, name: str) -> Any:
    """Read a small JSON blob.

    Raises:
        UnknownJobError: it is not there (any more).
    """
    return await run_in_threadpool(load_json, blobs, job_id, name)


def load_json(blobs: Blobs, job_id: str, name: str) -> Any:
    """The same for whoever is in a thread already.

    Raises:
        UnknownJobError: it is not there (any more).
    """
    with blobs.open(job_id, name) as file:
        return json.load(file)


def has_picture(blobs: Blobs, job: Job) -> bool:
    """Whether the overlay of a finished job is a PNG too, and not a deep zoom alone."""
    return blobs.exists(job.id, OVERLAY)


def why_no_picture(job: Job, deep_zoom_url: str) -> str:
    """What to tell who wants the PNG of an overlay that is too large for one."""
    height, width = job.photo_hw
    return (
        f"The overlay is as large as the photo, {width} x {height} pixels, too many for one PNG. "
        f"It is there as a deep zoom, which viewers such as OpenSeadragon show: {deep_zoom_url}"
    )


async def check_picture(blobs: Blobs, job: Job, deep_zoom_url: str) -> None:
    """Refuse the PNG of an overlay that is too large for one.

    Raises:
        PictureTooLargeError: it is.
    """
    if not await run_in_threadpool(has_picture, blobs, job):
        raise PictureTooLargeError(why_no_picture(job, deep_zoom_url), deep_zoom_url)


async def png_answer(blobs: Blobs, job_id: str, name: str) -> StreamingResponse:
    """The PNG itself.

    Raises:
        UnknownJobError: it is not there (any more).
    """
    file, size = await run_in_threadpool(open_blob, blobs, job_id, name)
    return FileAnswer(file, _pieces(file), "image/png", size)


def json_with_png(
    blobs: Blobs, job_id: str, name: str, document: Callable[[str], Mapping[str, Any]]
) -> StreamingResponse:
    """A JSON document with the base64 of a PNG somewhere in it; to be called in a thread, as `load_json`.

    Args:
        blobs: where the PNG is.
        job_id: of the job it belongs to.
        name: of the blob.
        document: makes the document from the base64; it must use it once, inside a string.

    Raises:
        UnknownJobError: it is not there (any more).
    """
    stand_in = uuid4().hex
    before, _, after = json.dumps(document(stand_in), separators=(",", ":")).encode().partition(stand_in.encode())
    file, size = open_blob(blobs, job_id, name)

    def body() -> Iterator[bytes]:
        yield before
        yield from map(pybase64.b64encode, _pieces(file))
        yield after

    base64_bytes = (size + 2) // 3 * 4
    return FileAnswer(file, body(), "application/json", len(before) + base64_bytes + len(after))


def open_blob(blobs: Blobs, job_id: str, name: str) -> tuple[BinaryIO, int]:
    """A blob and its size. The size is that of the open file: the blob itself may be deleted at any moment.

    Raises:
        UnknownJobError: it is not there (any more).
    """
    file = blobs.open(job_id, name)
    size = file.seek(0, SEEK_END)
    file.seek(0)
    return file, size


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PIECE_BYTES):
        yield piece


class FileAnswer(StreamingResponse):
    """Streams what is made of an open file, and closes the file even if the client leaves in the middle."""

    def __init__(
        self,
        file: BinaryIO,
        body: Iterator[bytes],
        media_type: str,
        size: int,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(body, status, {**(headers or {}), "Content-Length": str(size)}, media_type)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()
