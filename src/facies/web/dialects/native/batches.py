"""`/batches`: the jobs of one request, and one table of all of them."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from facies.errors import JobExpiredError, UnknownJobError
from facies.jobs.job import Job, JobFilter, Owner, Status
from facies.reports.exports import to_csv
from facies.reports.photos import summary_row, summary_table
from facies.web.auth import KeyCheck
from facies.web.dialects.native.documents import accepted, batch_url
from facies.web.dialects.native.parameters import BatchId
from facies.web.dialects.native.problems import answers
from facies.web.dialects.native.results import files_of
from facies.web.dialects.native.room import PREFIX, Room
from facies.web.dialects.native.schemas import BatchDocument
from facies.web.ranges import content_answer
from facies.web.results import SUMMARY, load_json

_A_PAGE = 500


def batches_router(room: Room, check_key: KeyCheck) -> APIRouter:
    """The routes below `/batches`."""
    router = APIRouter(prefix=f"{PREFIX}/batches", tags=["Batches"], dependencies=[Depends(check_key)])

    @router.get("/{batch}", responses=answers(404, 410))
    async def show_batch(request: Request, batch: BatchId) -> BatchDocument:
        """How many jobs of a batch there are, by status."""
        jobs = await run_in_threadpool(_jobs_of, room, batch.lower(), request.state.sees)
        return _document(jobs[0].batch or "", jobs)

    @router.head("/{batch}/summary.csv", include_in_schema=False)
    @router.get(
        "/{batch}/summary.csv", response_class=Response, responses={**files_of("text/csv"), **answers(404, 410, 416)}
    )
    async def batch_summary(request: Request, batch: BatchId) -> Response:
        """One row a photo, in the order in which they were sent; those without a result yet have empty cells."""
        jobs = await run_in_threadpool(_jobs_of, room, batch.lower(), request.state.sees)
        table = await run_in_threadpool(lambda: to_csv(summary_table([_row(room, job) for job in jobs])))
        headers = {"Content-Disposition": f'attachment; filename="{jobs[0].batch}.csv"'}
        return content_answer(request, table, "text/csv", headers)

    return router


def _jobs_of(room: Room, batch: str, owner: Owner) -> list[Job]:
    """The jobs of a batch as they were sent.

    Raises:
        JobExpiredError: their time has run out.
        UnknownJobError: there are none, or none any more.
    """
    jobs = list(_newest_first(room, JobFilter(batch=batch), owner))
    if not jobs and room.store.has_batch_expired(batch, owner):
        raise JobExpiredError("The time of this batch has run out, and its results are gone; send the photos again.")
    if not jobs:
        raise UnknownJobError("There is no such batch; its jobs may have been deleted, or their time has run out.")
    return jobs[::-1]


def _newest_first(room: Room, chosen: JobFilter, owner: Owner) -> Iterator[Job]:
    before: int | None = None
    while page := room.store.list_jobs(owner, chosen=chosen, limit=_A_PAGE, before=before):
        yield from page
        before = page[-1].number


def _document(batch: str, jobs: list[Job]) -> BatchDocument:
    counts = Counter(job.status for job in jobs)
    own = batch_url(batch)
    return BatchDocument(
        id=batch,
        total=len(jobs),
        counts={status.value: counts[status] for status in Status},
        jobs=[accepted(job.id) for job in jobs],
        links={"self": own, "summary": f"{own}/summary.csv", "jobs": f"{PREFIX}/jobs?batch={batch}"},
    )


def _row(room: Room, job: Job) -> dict[str, Any]:
    found: dict[str, Any] | None = None
    if job.status is Status.FINISHED:
        try:
            found = load_json(room.blobs, job.id, SUMMARY)
        except UnknownJobError:  # deleted this moment
            found = None
    row = summary_row(job.photo_name, job.error_message, found)
    return {"photo": row.pop("photo"), "job": job.id, "status": job.status.value, **row}
