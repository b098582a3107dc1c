"""`/jobs/{id}/events`: how far a job is, as it happens (server-sent events, WHATWG HTML section 9.2).

Every event holds the whole state, and its id is made of that state. So a client that lost its connection misses
nothing: it gets the present state, unless that is the one it saw last. A job that is over ends the stream; a client
that has seen the end and comes again is told with 204 to stay away, as the standard has it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from facies.errors import StoreError, UnknownJobError
from facies.jobs.job import Job, Owner
from facies.web.auth import KeyCheck
from facies.web.dialects.native.documents import current_progress
from facies.web.dialects.native.parameters import JobId
from facies.web.dialects.native.problems import answers
from facies.web.dialects.native.room import PREFIX, Room
from facies.web.dialects.native.schemas import Progress
from facies.web.operations import Drain

POLL_S = 0.2
COMMENT_INTERVAL_S = 15.0

_COMMENT = b": still here\n\n"
_STREAM = {
    "example": "retry: 2000\n\nevent: progress\nid: 1.started.412.1204\n"
    'data: {"status":"started","done":412,"total":1204,"tiles_per_s":188.4,"eta_s":4.2,"queue_position":null}\n\n'
}
_GONE = b"event: gone\ndata: {}\n\n"
_RETRY = b"retry: 2000\n\n"

LastEventId = Annotated[str | None, Header(description="The id of the last event that was seen.")]


def events_router(room: Room, check_key: KeyCheck) -> APIRouter:
    """The stream of one job."""
    router = APIRouter(prefix=f"{PREFIX}/jobs", tags=["Jobs"], dependencies=[Depends(check_key)])

    @router.get(
        "/{job_id}/events",
        response_class=Response,
        responses={
            200: {"description": "Events `progress` and at the end `end`", "content": {"text/event-stream": _STREAM}},
            204: {"description": "The job is over, and its end was seen already"},
            **answers(404, 410),
        },
    )
    async def events(request: Request, job_id: JobId, last_event_id: LastEventId = None) -> Response:
        """How far a job is, as it happens: the whole state in every event, ending with the job."""
        job = await room.job(request, job_id)
        if job.status.is_over and last_event_id == _id_of(job, None):
            return Response(status_code=204)
        drain: Drain = request.app.state.drain
        stream = _stream(room, job.id, request.state.sees, last_event_id, lambda: drain.has_begun)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    return router


async def _stream(
    room: Room, job_id: str, owner: Owner, seen: str | None, is_to_end: Callable[[], bool]
) -> AsyncIterator[bytes]:
    yield _RETRY
    said_at = time.monotonic()
    while not is_to_end():  # a client that is cut off by the server's end comes again
        try:
            job, progress = await run_in_threadpool(_look, room, job_id, owner)
        except UnknownJobError:
            yield _GONE
            return
        except StoreError:  # it may answer again in a moment; a client that waits longer than it likes can leave
            await asyncio.sleep(POLL_S)
            continue
        current = _id_of(job, progress.queue_position)
        if current != seen or job.status.is_over:
            yield _event("end" if job.status.is_over else "progress", current, progress)
            seen, said_at = current, time.monotonic()
        if job.status.is_over:
            return
        if time.monotonic() - said_at > COMMENT_INTERVAL_S:
            yield _COMMENT
            said_at = time.monotonic()
        await asyncio.sleep(POLL_S)


def _look(room: Room, job_id: str, owner: Owner) -> tuple[Job, Progress]:
    job = room.store.get(job_id, owner)
    return job, current_progress(room, job)


def _id_of(job: Job, queue_position: int | None) -> str:
    """The state in short: the same state has the same id, also after the server started anew."""
    place = "" if queue_position is None else f".{queue_position}"
    return f"{job.attempts}.{job.status}.{job.done}.{job.total}{place}"


def _event(kind: str, event_id: str, progress: Progress) -> bytes:
    return f"event: {kind}\nid: {event_id}\ndata: {progress.model_dump_json()}\n\n".encode()
