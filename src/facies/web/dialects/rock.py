"""The Rock types segmentation API: photos of a drill core in, a coloured mask and the rock types found out.

Its words: the *mask* is the overlay and `mask_weight` its opacity. A job's id is its uuid, and every call needs a key.
"""

import math
from collections.abc import Mapping
from typing import Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.responses import Response

from facies.errors import MissingFieldError, OptionError, UnknownJobError
from facies.jobs.job import Job, Status
from facies.models.package import Package
from facies.web.auth import KeyCheck
from facies.web.dialects.dialect import Dialect, error_of
from facies.web.dialects.native.room import PREFIX as NATIVE_PREFIX
from facies.web.dialects.openapi import PHOTO_FIELD, multipart_body
from facies.web.intake import Intake, Order
from facies.web.lookups import look_up
from facies.web.problems import plain_answer
from facies.web.results import (
    OVERLAY,
    OVERLAY_WITH_LEGEND,
    SUMMARY,
    check_picture,
    has_picture,
    json_with_png,
    load_json,
    png_answer,
    why_no_picture,
)
from facies.web.waiting import Patience, until_over

NAME = "rock"

_STATUS_WORDS = {
    Status.QUEUED: "queued",
    Status.STARTED: "started",
    Status.FINISHED: "finished",
    Status.FAILED: "failed",
    Status.CANCELLED: "failed",
}


class RockFailure(BaseModel):
    """What went wrong, in a sentence."""

    detail: str


class RockAccepted(BaseModel):
    """The photo is in the queue."""

    job_id: str
    status: Literal["queued"] = "queued"


class Result(BaseModel):
    """The rock types with at least one pixel, each with its RGB colour, and the overlay as a PNG.

    Of a photo too large for one picture, where its deep zoom is instead, with the same key.
    """

    detected_classes: dict[str, tuple[int, int, int]]
    base64: str | None
    deep_zoom: str | None = None
    notice: str | None = None


class JobState(BaseModel):
    """A job; times are Unix seconds, null until they happen."""

    job_id: str
    status: Literal["queued", "started", "finished", "failed"]
    created_at: float
    started_at: float | None
    finished_at: float | None
    error: str | None
    result: Result | None


_FAILURES: dict[int | str, dict[str, Any]] = {"default": {"model": RockFailure, "description": "What went wrong"}}


def rock_dialect(intake: Intake, package: Package, check_key: KeyCheck, default_mask_weight: float) -> Dialect:
    """The Rock types segmentation API over the jobs of `intake`, analysed by `package`."""
    return Dialect(("/predict", "/job"), _Rock(intake, package, default_mask_weight).router(check_key), plain_answer)


class _Rock:
    def __init__(self, intake: Intake, package: Package, default_mask_weight: float) -> None:
        self._default_mask_weight = default_mask_weight
        self._intake = intake
        self._store = intake.store
        self._blobs = intake.blobs
        self._package = package

    def router(self, check_key: KeyCheck) -> APIRouter:
        router = APIRouter(tags=["Rock types segmentation API"], responses=_FAILURES, dependencies=[Depends(check_key)])
        weight = {"type": "number", "minimum": 0, "maximum": 1, "default": self._default_mask_weight}
        form = multipart_body({"file": PHOTO_FIELD, "mask_weight": weight}, required=["file"])
        router.post("/predict", openapi_extra=form)(self.predict)
        router.get(
            "/job/{job_id}",
            response_model=JobState,
            responses={200: {"content": {"image/png": {"schema": PHOTO_FIELD}}}},
        )(self.job)
        return router

    async def predict(self, request: Request) -> RockAccepted:
        """Queue a photo (JPEG, PNG, WebP or TIFF) in the multipart field `file`."""
        async with self._intake.receive(request, "file") as form:
            if form.photo is None:
                raise MissingFieldError("file: the form has no such file; send the photo in it.")
            order = Order(
                request.state.owner, self._package, decode_options(form.fields, self._default_mask_weight), NAME
            )
            job = await self._intake.submit(form.photo, order)
        return RockAccepted(job_id=job.id)

    async def job(
        self,
        request: Request,
        job_id: str,
        patience_s: Patience,
        form: Literal["json", "png"] = "json",
        legend: bool = False,
    ) -> Response:
        """How far a job is, and its result when it is finished: as JSON, or as the PNG itself."""
        job = await until_over(request, patience_s, lambda: self._job(job_id, request.state.owner))
        if job.status is not Status.FINISHED:
            return JSONResponse(encode(job, None))
        picture = OVERLAY_WITH_LEGEND if legend else OVERLAY
        deep_zoom_url = f"{NATIVE_PREFIX}/jobs/{job.id}/overlay.dzi"
        if form == "png":
            await check_picture(self._blobs, job, deep_zoom_url)
            return await png_answer(self._blobs, job.id, picture)
        return await run_in_threadpool(self._answer_finished, job, picture, deep_zoom_url)

    async def _job(self, job_id: str, owner: str | None) -> Job:
        job = await look_up(self._store, self._store.get, job_id.lower(), owner)
        if job.dialect != NAME:
            raise UnknownJobError("This job was not sent through the Rock types segmentation API.")
        return job

    def _answer_finished(self, job: Job, picture: str, deep_zoom_url: str) -> Response:
        summary = load_json(self._blobs, job.id, SUMMARY)
        if not has_picture(self._blobs, job):
            result = encode_result(summary, None) | {"deep_zoom": deep_zoom_url}
            return JSONResponse(encode(job, result | {"notice": why_no_picture(job, deep_zoom_url)}))
        return json_with_png(
            self._blobs, job.id, picture, lambda png_base64: encode(job, encode_result(summary, png_base64))
        )


def decode_options(fields: Mapping[str, str], default_mask_weight: float) -> dict[str, Any]:
    """The options of the analysis in a form; an empty `mask_weight` counts as none.

    Raises:
        OptionError: `mask_weight` is no number from 0 to 1.
    """
    try:
        opacity = float(fields.get("mask_weight") or default_mask_weight)
    except ValueError:
        opacity = math.nan
    if not 0 <= opacity <= 1:
        raise OptionError("mask_weight: it must be a number from 0 to 1.")
    return {"opacity": opacity}


def encode(job: Job, result: Mapping[str, Any] | None) -> dict[str, Any]:
    """A job as this dialect tells it."""
    return {
        "job_id": job.id,
        "status": _STATUS_WORDS[job.status],
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "error": error_of(job),
        "result": result,
    }


def encode_result(summary: Mapping[str, Any], png_base64: str | None) -> dict[str, Any]:
    """A finished job's result.

    Args:
        summary: the job's summary.json, its classes in class order and without background.
        png_base64: the overlay; None if it is too large.
    """
    return {
        "detected_classes": {entry["name"].lower(): entry["rgb"] for entry in summary["classes"]},
        "base64": png_base64,
    }
