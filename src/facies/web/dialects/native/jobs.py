"""`/jobs`: send photos, ask how far they are, stop and delete them."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from starlette.responses import Response

from facies.errors import FormError, MissingFieldError
from facies.jobs.job import Job, JobFilter, Owner, Status
from facies.jobs.removal import cancel_job, delete_job
from facies.jobs.store import Idempotency, Submission
from facies.web.auth import KeyCheck
from facies.web.dialects.native.documents import accepted, batch_url, job_document, job_url
from facies.web.dialects.native.named_uploads import JSON_BODY, names_uploads, receive_named
from facies.web.dialects.native.orders import IDEMPOTENCY_HEADER, read_idempotency, read_order
from facies.web.dialects.native.paging import cursor_of, number_of
from facies.web.dialects.native.parameters import JobId
from facies.web.dialects.native.problems import answers
from facies.web.dialects.native.room import PREFIX, Room
from facies.web.dialects.native.schemas import Accepted, JobDocument, JobPage
from facies.web.dialects.native.shipped import ROCK
from facies.web.dialects.openapi import PHOTO_FIELD, multipart_body
from facies.web.intake import Order
from facies.web.uploads import Form
from facies.web.waiting import Patience, until_over

MOST_A_PAGE = 200

_FORM_FIELDS: Mapping[str, Mapping[str, Any]] = {
    "image": {"type": "array", "items": PHOTO_FIELD, "minItems": 1, "description": "One photo, or several: a batch."},
    "model": {"type": "string", "examples": ["coral-bleaching", ROCK.reference]},
    "options": {
        "type": "string",
        "contentMediaType": "application/json",
        "description": "JSON: opacity; threshold, unsure_band or error_rate (tiles); "
        "overlap, min_confidence, depth_top_m, depth_base_m (maps).",
        "examples": ['{"threshold": 0.4, "unsure_band": [0.35, 0.45]}'],
    },
    "metadata": {
        "type": "string",
        "contentMediaType": "application/json",
        "description": "A JSON object of your own; it comes back with the job.",
        "examples": ['{"site": "North Bay", "dive": 12}'],
    },
    "webhook": {
        "type": "string",
        "contentMediaType": "application/json",
        "description": "JSON: the url to call when a job is over, and a secret to sign with (Standard Webhooks).",
        "examples": ['{"url": "https://example.org/done", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}'],
    },
}

PageSize = Annotated[int, Query(ge=1, le=MOST_A_PAGE, description="Most jobs a page.")]
Statuses = Annotated[list[Status] | None, Query(description="Any of these.")]
Model = Annotated[str | None, Query(max_length=200, description="`name` or `name@version`.")]
Batch = Annotated[str | None, Query(max_length=64, description="Id of a batch: its jobs alone.")]
PhotoName = Annotated[str | None, Query(max_length=200, description="Part of the photo's name.")]
From = Annotated[datetime | None, Query(description="Sent at this time or later.")]
Before = Annotated[datetime | None, Query(description="Sent before this time.")]
Cursor = Annotated[str | None, Query(max_length=64, description="From `next` of the page before.")]
IdempotencyKey = Annotated[
    str | None,
    Header(max_length=255, description="Your own name for this request: sent again, it makes nothing new."),
]


def jobs_router(room: Room, check_key: KeyCheck) -> APIRouter:
    """The routes below `/jobs` but for results and events."""
    router = APIRouter(prefix=f"{PREFIX}/jobs", tags=["Jobs"], dependencies=[Depends(check_key)])
    routes = _Jobs(room)
    location = {"Location": {"description": "The job, or the batch.", "schema": {"type": "string"}}}
    router.post(
        "",
        status_code=202,
        responses={202: {"headers": location}, **answers(400, 404, 408, 409, 410, 413, 507)},
        openapi_extra=multipart_body(_FORM_FIELDS, required=["image", "model"], json=JSON_BODY),
        response_model=Accepted,
    )(routes.submit)
    router.get("", responses=answers())(routes.list)
    router.get("/{job_id}", responses=answers(404, 410))(routes.show)
    router.post("/{job_id}/cancel", responses=answers(404, 409, 410))(routes.cancel)
    router.delete("/{job_id}", status_code=204, responses=answers(404, 410))(routes.delete)
    return router


class _Jobs:
    def __init__(self, room: Room) -> None:
        self._room = room

    async def submit(self, request: Request, idempotency_key: IdempotencyKey = None) -> Response:  # noqa: ARG002
        """Queue one photo or several (JPEG, PNG, WebP, TIFF). Several are a batch: all are taken, or none.

        They come in a form, or came in pieces before and are named in JSON.
        """
        async with self._receive(request) as form:
            _check_photos(form, self._room.intake.limits.max_photos)
            order, named = await run_in_threadpool(self._read, request, form)
            submission = await self._room.intake.submit_all(form.photos, order, named)
        return _accepted(submission)

    def _read(self, request: Request, form: Form) -> tuple[Order, Idempotency | None]:
        return read_order(form.fields, request.state.owner, self._room), read_idempotency(request, form)

    def _receive(self, request: Request) -> AbstractAsyncContextManager[Form]:
        if names_uploads(request):
            return receive_named(request, self._room)
        return self._room.intake.receive(request, "image", digested=IDEMPOTENCY_HEADER in request.headers)

    async def list(
        self,
        request: Request,
        status: Statuses = None,
        model: Model = None,
        batch: Batch = None,
        photo_name: PhotoName = None,
        created_from: From = None,
        created_before: Before = None,
        limit: PageSize = 50,
        cursor: Cursor = None,
    ) -> JobPage:
        """Your jobs, the newest first, through whichever API they came."""
        chosen = JobFilter(
            statuses=None if status is None else frozenset(status),
            model=model,
            batch=batch,
            photo_name=photo_name,
            created_from=_unix_s(created_from),
            created_before=_unix_s(created_before),
        )
        before = None if cursor is None else number_of(cursor)
        return await run_in_threadpool(self._page, request, chosen, limit, before)

    def _page(self, request: Request, chosen: JobFilter, limit: int, before: int | None) -> JobPage:
        sees: Owner = request.state.sees
        found = self._room.store.list_jobs(sees, chosen=chosen, limit=limit + 1, before=before)
        shown = found[:limit]
        following = _next_url(request, shown[-1]) if len(found) > limit else None
        return JobPage(jobs=[job_document(self._room, job) for job in shown], next=following)

    async def show(self, request: Request, job_id: JobId, patience_s: Patience) -> JobDocument:
        """One job: how far it is, what it was asked, and where its results are."""
        job = await until_over(request, patience_s, lambda: self._room.job(request, job_id))
        return await run_in_threadpool(job_document, self._room, job)

    async def cancel(self, request: Request, job_id: JobId) -> JobDocument:
        """Stop a job and keep its record. One that waits stops at once, one that runs within moments."""
        job = await self._room.job(request, job_id)
        room = self._room
        job = await run_in_threadpool(cancel_job, room.store, room.blobs, job.id, request.state.sees)
        return await run_in_threadpool(job_document, room, job)

    async def delete(self, request: Request, job_id: JobId) -> None:
        """Stop a job and forget it, with its photo and results.

        It is unknown from then on, 404; 410 is for a job whose time ran out, of which its sender may not know.
        """
        job = await self._room.job(request, job_id)
        await run_in_threadpool(delete_job, self._room.store, self._room.blobs, job.id, request.state.sees)


def _unix_s(moment: datetime | None) -> float | None:
    """Unix seconds; a time without a zone is UTC."""
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _check_photos(form: Form, most: int) -> None:
    if not form.photos:
        raise MissingFieldError("image: the form has no such file; send the photo in it.")
    if form.left_out:
        raise FormError(f"image: one request takes {most} photos; send the others in another one.")


def _accepted(submission: Submission) -> Response:
    batch = submission.batch
    url = None if batch is None else batch_url(batch)
    document = Accepted(jobs=[accepted(job_id) for job_id in submission.job_ids], batch=batch, url=url)
    return JSONResponse(document.model_dump(), 202, {"Location": url or job_url(submission.job_ids[0])})


def _next_url(request: Request, last: Job) -> str:
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return f"{request.url.path}?{urlencode([*query, ('cursor', cursor_of(last.number))])}"
