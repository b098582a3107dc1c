"""The Coral classifier API: reef photos in, chunks that are bleached or healthy out.

Its words: a *chunk* is a tile, `processing` is a started job, `completed` a finished one. A job's id is its number.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.responses import Response

from facies.errors import FormError, UnknownJobError
from facies.jobs.job import Job, Status
from facies.jobs.removal import delete_job
from facies.models.package import Package
from facies.web.archives import Archives
from facies.web.auth import KeyCheck
from facies.web.dialects.dialect import Dialect, error_of
from facies.web.dialects.openapi import PHOTO_FIELD, multipart_body
from facies.web.intake import Intake, Order
from facies.web.lookups import look_up
from facies.web.problems import Problem
from facies.web.results import (
    OVERLAY,
    OVERLAY_DEEP_ZOOM,
    SUMMARY,
    TILES,
    has_picture,
    json_with_png,
    load_json,
    why_no_picture,
)
from facies.web.waiting import Patience, until_over

NAME = "coral"
PREFIX = "/V1/api"

_STATUS_WORDS = {
    Status.QUEUED: "queued",
    Status.STARTED: "processing",
    Status.FINISHED: "completed",
    Status.FAILED: "error",
    Status.CANCELLED: "error",
}
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_UNSURE_LABEL = {"unsure": "Unsure"}


class Success(BaseModel):
    """It worked."""

    status: Literal["success"] = "success"


class CoralFailure(BaseModel):
    """What went wrong, in a sentence."""

    error: str


class CoralAccepted(BaseModel):
    """The photo is in the queue."""

    job_id: int


class Chunk(BaseModel):
    """One chunk of the photo, in pixels from its top-left corner."""

    x: int
    y: int
    width: int
    height: int
    probability: float
    predicted_label: Literal["Bleached Coral", "Healthy Coral", "Unsure"]


class Summary(BaseModel):
    """Chunks counted by label."""

    bleached_chunks: int
    healthy_chunks: int
    unsure_chunks: int | None = None
    total_chunks: int


class JobStatus(BaseModel):
    """How far a job is; the result only when it is completed, the last two only if it is too large for one picture."""

    status: Literal["queued", "processing", "completed", "error"]
    completed_chunks: int
    total_chunks: int
    remaining_chunks: int
    progress: str
    error: str | None = None
    result_image: str | None = None
    summary: Summary | None = None
    chunks: list[Chunk] | None = None
    result_deep_zoom: str | None = None
    notice: str | None = None


_FAILURES: dict[int | str, dict[str, Any]] = {"default": {"model": CoralFailure, "description": "What went wrong"}}


def coral_dialect(intake: Intake, package: Package, check_key: KeyCheck) -> Dialect:
    """The Coral classifier API over the jobs of `intake`, analysed by `package`."""
    return Dialect(("/V1",), _Coral(intake, package).router(check_key), answer_problem)


def answer_problem(problem: Problem) -> Response:
    """`{"error": sentence}`."""
    sentence = "Job not found" if problem.code == UnknownJobError.code else problem.sentence
    return JSONResponse({"error": sentence}, problem.status, problem.headers)


class _Coral:
    def __init__(self, intake: Intake, package: Package) -> None:
        self._intake = intake
        self._store = intake.store
        self._blobs = intake.blobs
        self._archives = Archives(intake.blobs)
        self._package = package
        self._labels = {entry.name: entry.label_for(NAME) for entry in package.manifest.classes} | _UNSURE_LABEL

    def router(self, check_key: KeyCheck) -> APIRouter:
        router = APIRouter(prefix=PREFIX, tags=["Coral classifier API"], responses=_FAILURES)
        known = [Depends(check_key)]
        form = multipart_body({"image": PHOTO_FIELD}, required=["image"])
        router.get("/health")(self.health)
        router.post("/classify", dependencies=known, openapi_extra=form)(self.classify)
        router.get("/status/{job_id}", dependencies=known, response_model=JobStatus)(self.status)
        for path in ("/result/{job_id}.dzi", "/result/{job_id}_files/{level}/{tile}"):
            router.get(path, dependencies=known, response_class=Response)(self.deep_zoom)
        router.delete("/classify/{job_id}", dependencies=known)(self.delete)
        return router

    async def health(self) -> Success:
        """Whether the server answers."""
        return Success()

    async def classify(self, request: Request) -> CoralAccepted:
        """Queue a photo (JPEG, PNG, WebP or TIFF) in the multipart field `image`."""
        async with self._intake.receive(request, "image") as form:
            if form.photo is None:
                raise FormError("No filename" if form.has_nameless_file else "No image provided")
            order = Order(request.state.owner, self._package, {}, NAME)
            job = await self._intake.submit(form.photo, order)
        return CoralAccepted(job_id=job.number)

    async def status(self, request: Request, job_id: str, patience_s: Patience) -> Response:
        """How far a job is, and its result when it is completed."""
        job = await until_over(request, patience_s, lambda: self._job(job_id, request.state.owner))
        if job.status is not Status.FINISHED:
            return JSONResponse(encode_unfinished(job))
        return await run_in_threadpool(self._answer_finished, job)

    async def deep_zoom(self, request: Request, job_id: str, level: str = "", tile: str = "") -> Response:
        """The result of a photo too large for one picture, tile by tile, as DZI viewers ask for it."""
        job = await self._job(job_id, request.state.owner)
        entry = f"overlay_files/{level}/{tile}" if tile else "overlay.dzi"
        content = await run_in_threadpool(self._archives.read, job.id, OVERLAY_DEEP_ZOOM, entry)
        return Response(content, media_type="image/jpeg" if tile else "application/xml")

    async def delete(self, request: Request, job_id: str) -> Success:
        """Stop a job and forget it, with its photo and results."""
        job = await self._job(job_id, request.state.owner)
        await run_in_threadpool(delete_job, self._store, self._blobs, job.id, request.state.owner)
        return Success()

    def _answer_finished(self, job: Job) -> Response:
        summary, tiles = (load_json(self._blobs, job.id, name) for name in (SUMMARY, TILES))
        if not has_picture(self._blobs, job):
            return JSONResponse(encode_finished(summary, tiles, None, self._labels) | _without_picture(job))
        return json_with_png(
            self._blobs,
            job.id,
            OVERLAY,
            lambda png_base64: encode_finished(summary, tiles, png_base64, self._labels),
        )

    async def _job(self, job_id: str, owner: str | None) -> Job:
        job = await look_up(self._store, self._store.get_number, decode_number(job_id), owner)
        if job.dialect != NAME:
            raise UnknownJobError("This job was not sent through the Coral classifier API.")
        return job


def decode_number(job_id: str) -> int:
    """The number in a path.

    Raises:
        UnknownJobError: it is none, or one that no job can have.
    """
    if not _NUMBER.fullmatch(job_id):
        raise UnknownJobError("A job's id is a whole number.")
    return int(job_id)


def encode_unfinished(job: Job) -> dict[str, Any]:
    """The status of a job without a result."""
    document: dict[str, Any] = {"status": _STATUS_WORDS[job.status]}
    if job.status is Status.QUEUED:
        return document | _progress(0, 0)
    document |= _progress(job.done, job.total)
    if job.status is not Status.STARTED:
        document["error"] = error_of(job)
    return document


def encode_finished(
    summary: Mapping[str, Any], tiles: list[dict[str, Any]], png_base64: str | None, labels: Mapping[str, str]
) -> dict[str, Any]:
    """The status of a job with its result.

    Args:
        summary: the job's summary.json.
        tiles: the job's tiles.json, row by row.
        png_base64: the overlay; None if it is too large.
        labels: class name to label in this dialect.
    """
    return {
        "status": _STATUS_WORDS[Status.FINISHED],
        **_progress(len(tiles), len(tiles)),
        "result_image": None if png_base64 is None else f"data:image/png;base64,{png_base64}",
        "summary": _summary(summary["tiles"]),
        "chunks": [
            {
                **{key: tile[key] for key in ("x", "y", "width", "height", "probability")},
                "predicted_label": labels.get(tile["label"], tile["label"]),
            }
            for tile in tiles
        ],
    }


def _without_picture(job: Job) -> dict[str, Any]:
    """Where the overlay is, if it is too large for one picture."""
    url = f"{PREFIX}/result/{job.number}.dzi"
    return {"result_deep_zoom": url, "notice": why_no_picture(job, url)}


def _progress(done: int, total: int) -> dict[str, Any]:
    return {
        "completed_chunks": done,
        "total_chunks": total,
        "remaining_chunks": total - done,
        "progress": f"{done}/{total}",
    }


def _summary(tiles: Mapping[str, Any]) -> dict[str, int]:
    """In the order of the contract's example, whatever the package's order is."""
    counts = {f"{name}_chunks": count for name, count in tiles["by_class"].items()}
    ordered = {name: counts[name] for name in Summary.model_fields if name in counts}
    return {**ordered, **counts, "total_chunks": tiles["total"]}
