"""`/jobs/{id}/…`: what came of a job, file by file.

Everything is a blob that the worker wrote. While a job has not finished the answer is 409.
"""

import math
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from facies.errors import NoResultError, UnknownResultError
from facies.imaging.header import read_header
from facies.jobs.blobs import PHOTO
from facies.jobs.job import Job, Status
from facies.reports.geojson import tiles_geojson
from facies.web.auth import KeyCheck
from facies.web.dialects.native.parameters import JobId
from facies.web.dialects.native.problems import answers
from facies.web.dialects.native.room import PREFIX, Room
from facies.web.dialects.native.schemas import SummaryDocument, progress_of
from facies.web.ranges import blob_answer, content_answer
from facies.web.results import SUMMARY, TILES, read_json

_BLOBS: Final = {
    "summary.json": ("application/json", "The numbers: areas or counts, model, size, timings."),
    "labels.png": (
        "image/png",
        "The label map (segmentation): a palette picture whose values are the classes' indices.",
    ),
    "confidence.png": ("image/png", "How sure the label map is (segmentation): grey, 255 is certain."),
    "intervals.csv": (
        "text/csv",
        "The core as a log (segmentation of cores): every interval with its depths, rock type, share and confidence.",
    ),
    "labels.tif": ("image/tiff", "The label map of a photo too large for one PNG: a tiled BigTIFF of indices."),
    "confidence.tif": ("image/tiff", "How sure it is: a tiled BigTIFF, 255 is certain."),
    "overlay.dzi.zip": ("application/zip", "The overlay of a photo too large for one PNG: a deep zoom as files."),
    "tiles.csv": ("text/csv", "Every tile with its place, probability and label (tile classification)."),
}

_RETRY_AFTER_S: Final = (1, 60)
_GEOJSON: Final = "application/geo+json"
_MEDIA_TYPES: Final = {"JPEG": "image/jpeg", "PNG": "image/png", "WebP": "image/webp", "TIFF": "image/tiff"}
NEEDED: Final = answers(404, 409, 410, 416)
"""Problems of every route that answers with a file."""


def results_router(room: Room, check_key: KeyCheck) -> APIRouter:
    """Photo and results of one job."""
    router = APIRouter(prefix=f"{PREFIX}/jobs/{{job_id}}", tags=["Results"], dependencies=[Depends(check_key)])
    routes = _Results(room)
    for name, (media_type, description) in _BLOBS.items():
        router.get(
            f"/{name}",
            name=name,
            response_class=Response,
            summary=name,
            description=f"{description} Ranges and ETags are understood.",
            responses={**files_of(media_type), **NEEDED, **_typed(name)},
        )(route := routes.blob(name, media_type))
        router.head(f"/{name}", include_in_schema=False)(route)
    router.get("/tiles.geojson", response_class=Response, responses={**files_of(_GEOJSON), **NEEDED})(routes.geojson)
    router.head("/tiles.geojson", include_in_schema=False)(routes.geojson)
    router.get("/photo", response_class=Response, responses={**files_of(*_MEDIA_TYPES.values()), **NEEDED})(
        routes.photo
    )
    router.head("/photo", include_in_schema=False)(routes.photo)
    return router


def _typed(name: str) -> dict[int | str, dict[str, Any]]:
    """What the whole file holds, where that has a type."""
    return {200: {"model": SummaryDocument, "description": "The whole file"}} if name == SUMMARY else {}


def files_of(*media_types: str) -> dict[int | str, dict[str, Any]]:
    """`responses` of a route that answers with a file of one of these types."""
    content: dict[str, Any] = {media_type: {} for media_type in media_types}
    return {
        200: {"description": "The whole file", "content": content},
        206: {"description": "The part that was asked for", "content": content},
        304: {"description": "It is as it was when you fetched it"},
    }


class _Results:
    def __init__(self, room: Room) -> None:
        self._room = room

    def blob(self, name: str, media_type: str) -> Callable[..., Awaitable[Response]]:
        """The route of one blob."""

        async def answer(request: Request, job_id: JobId) -> Response:
            job = await self._job_with(name, request, job_id)
            return await blob_answer(request, self._room.blobs, job.id, name, media_type)

        return answer

    async def _job_with(self, name: str, request: Request, job_id: str) -> Job:
        """A job that has a result of that name.

        Raises:
            UnknownResultError: its task does not give one.
        """
        job = await finished_job(self._room, request, job_id)
        if not await run_in_threadpool(self._room.blobs.exists, job.id, name):
            raise UnknownResultError(f"A job of {job.model} has no {name}; its links name what it has.")
        return job

    async def geojson(self, request: Request, job_id: JobId) -> Response:
        """Every tile as a polygon in pixels of the photo (tile classification); y runs down, so it is negative."""
        job = await self._job_with(TILES, request, job_id)
        tiles = await read_json(self._room.blobs, job.id, TILES)
        content = await run_in_threadpool(tiles_geojson, tiles)
        return content_answer(request, content, _GEOJSON)

    async def photo(self, request: Request, job_id: JobId) -> Response:
        """The photo as it was sent, byte by byte."""
        job = await job_with_photo(self._room, request, job_id)
        header = await run_in_threadpool(lambda: read_header(self._room.blobs.path(job.id, PHOTO)))
        disposition = {"Content-Disposition": f"inline; filename*=UTF-8''{quote(job.photo_name)}"}
        media_type = _MEDIA_TYPES[header.format]
        return await blob_answer(request, self._room.blobs, job.id, PHOTO, media_type, disposition)


async def finished_job(room: Room, request: Request, job_id: str) -> Job:
    """A job that has results.

    Raises:
        NoResultError: it has none: not yet, or it never will.
        UnknownJobError: there is none.
        JobExpiredError: there was one.
    """
    job = await room.job(request, job_id)
    if job.status is Status.FINISHED:
        return job
    raise NoResultError(_why_not(job), _retry_after_s(job, room.store.now()))


async def job_with_photo(room: Room, request: Request, job_id: str) -> Job:
    """A job whose photo is still there: it goes when a job fails or is cancelled.

    Raises:
        NoResultError: it is gone.
        UnknownJobError: there is no such job.
        JobExpiredError: there was one.
    """
    job = await room.job(request, job_id)
    if job.status in (Status.FAILED, Status.CANCELLED):
        raise NoResultError(_why_not(job))
    return job


def _retry_after_s(job: Job, now: float) -> int | None:
    """When it may have one: how much longer it will take at its pace, within bounds."""
    if job.status.is_over:
        return None
    rest_s = progress_of(job, None, now).eta_s or 0.0
    shortest, longest = _RETRY_AFTER_S
    return min(max(math.ceil(rest_s), shortest), longest)


def _why_not(job: Job) -> str:
    if not job.status.is_over:
        return f"The job is {job.status}; wait for its end, best on its events, and ask again."
    if job.status is Status.CANCELLED:
        return "The job was cancelled and has no result; send the photo again."
    return f"The job failed and has no result: {job.error_message}"
