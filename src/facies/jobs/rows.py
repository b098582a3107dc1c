"""Between a job and its row, and what each move of a job writes into the row."""

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from facies.jobs.job import CRASHED_CODE, CRASHED_MESSAGE, MAX_ATTEMPTS, Job, Lease, NewJob, Status
from facies.jobs.tables import jobs

Values = Mapping[str, Any]
"""Column name to value or SQL expression."""

_UNSET: Final[Values] = dict.fromkeys(jobs.c.keys())

NO_LEASE: Final[Values] = {"lease_worker": None, "lease_token": None, "lease_until": None}


def row_of(new: NewJob, number: int, created_at: float, expires_at: float) -> Values:
    """The row of a job that was just sent. Times are Unix seconds."""
    height, width = new.photo_hw
    return {
        "id": new.id,
        "number": number,
        "owner": new.owner,
        "dialect": new.dialect,
        "batch": new.batch,
        "metadata": dict(new.metadata),
        "model": new.model,
        "model_sha256": new.model_sha256,
        "options": dict(new.options),
        "photo_name": storable(new.photo_name),
        "photo_bytes": new.photo_bytes,
        "photo_height": height,
        "photo_width": width,
        "status": Status.QUEUED,
        "created_at": created_at,
        "expires_at": expires_at,
        "done": 0,
        "total": 0,
        "attempts": 0,
        "cancel_requested": False,
        "deleted": False,
        "has_files": True,
    }


def job_of(row: sa.RowMapping | Values) -> Job:
    """The job that a row of the jobs table holds."""
    return Job(
        id=row["id"],
        owner=row["owner"],
        model=row["model"],
        model_sha256=row["model_sha256"],
        options=row["options"],
        photo_name=row["photo_name"],
        photo_bytes=row["photo_bytes"],
        photo_hw=(row["photo_height"], row["photo_width"]),
        dialect=row["dialect"],
        batch=row["batch"],
        metadata=row["metadata"],
        number=row["number"],
        status=Status(row["status"]),
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        expires_at=row["expires_at"],
        done=row["done"],
        total=row["total"],
        attempts=row["attempts"],
        lease=_lease_of(row),
        cancel_requested=row["cancel_requested"],
        error_code=row["error_code"],
        error_message=row["error_message"],
    )


def job_of_new(row: Values) -> Job:
    """The same of a row of `row_of`, before the database has it."""
    return job_of({**_UNSET, **row})


def _lease_of(row: sa.RowMapping | Values) -> Lease | None:
    if row["lease_token"] is None:
        return None
    return Lease(row["lease_worker"], row["lease_token"], row["lease_until"])


def storable(text: str) -> str:
    """`text` without what a database refuses: NUL, and halves of surrogate pairs (a file's name can hold both)."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def ended(now: float, time_to_live_s: float) -> Values:
    """What every end of a running job writes, beside the status."""
    return {"finished_at": now, "expires_at": now + time_to_live_s, **NO_LEASE}


def cancelled_if_waiting(now: float, time_to_live_s: float) -> Values:
    """Asks a job to stop: a waiting one is cancelled with that, any other status stays as it is."""
    is_waiting = jobs.c.status == Status.QUEUED
    return {
        "cancel_requested": True,
        "status": sa.case((is_waiting, Status.CANCELLED), else_=jobs.c.status),
        "finished_at": sa.case((is_waiting, now), else_=jobs.c.finished_at),
        "expires_at": sa.case((is_waiting, now + time_to_live_s), else_=jobs.c.expires_at),
    }


def freed(now: float, time_to_live_s: float, *, crashed: bool) -> Values:
    """Takes a running job from its worker: back to the queue, or to its end.

    Args:
        now: Unix seconds.
        time_to_live_s: how long it is kept if this is its end.
        crashed: whether the worker died; then the attempt stays used, and the last one fails the job.
    """
    is_given_up = sa.and_(sa.literal(crashed), jobs.c.attempts >= MAX_ATTEMPTS, ~jobs.c.cancel_requested)
    is_over = sa.or_(jobs.c.cancel_requested, is_given_up)
    return {
        "status": sa.case(
            (jobs.c.cancel_requested, Status.CANCELLED), (is_given_up, Status.FAILED), else_=Status.QUEUED
        ),
        "attempts": jobs.c.attempts - (0 if crashed else 1),
        "done": 0,
        "total": 0,
        "started_at": sa.case((is_over, jobs.c.started_at), else_=sa.null()),
        "finished_at": sa.case((is_over, now), else_=sa.null()),
        "expires_at": sa.case((is_over, now + time_to_live_s), else_=jobs.c.expires_at),
        "error_code": sa.case((is_given_up, CRASHED_CODE), else_=sa.null()),
        "error_message": sa.case((is_given_up, CRASHED_MESSAGE), else_=sa.null()),
        **NO_LEASE,
    }
