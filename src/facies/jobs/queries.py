"""What the store asks of the jobs table: conditions, and the few queries that are more than a condition."""

import math
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from facies.jobs.job import AnyOwner, Job, JobFilter, Owner, Status, is_job_id, sources
from facies.jobs.tables import JOB_NUMBER, counters, jobs, tombstones

Condition = sa.ColumnElement[bool]
Asked = sa.BindParameter[Any]
"""Stands for a value in a statement that is made once."""


def is_known(now: float | Asked) -> Condition:
    """The jobs that are neither deleted nor past their time."""
    return sa.and_(~jobs.c.deleted, jobs.c.expires_at > now)


def is_waiting(now: float | Asked) -> Condition:
    """The jobs that a worker may claim."""
    return sa.and_(jobs.c.status.in_(sources(Status.STARTED)), is_known(now))


def is_leased(job_id: str | Asked, token: str | Asked) -> Condition:
    """The job, as long as `token` is that of its lease."""
    return sa.and_(jobs.c.id == job_id, jobs.c.lease_token == token, jobs.c.status == Status.STARTED)


LOCK_NUMBERS: Final = sa.select(counters.c.value).where(counters.c.name == JOB_NUMBER).with_for_update()
"""The number of the latest job. It locks the counter until the transaction ends, so submitting is serial.

SQLite leaves the locking out: whoever writes there is alone anyway.
"""

SET_NUMBER: Final = sa.update(counters).where(counters.c.name == JOB_NUMBER).values(value=sa.bindparam("reached"))
"""Notes the number of the latest job (`reached`)."""

INSERT: Final = sa.insert(jobs)
"""Adds jobs; made once, for making it takes longer than the database does."""

_IS_VISIBLE: Final = sa.and_(
    is_known(sa.bindparam("now")),
    sa.or_(sa.bindparam("of_anyone", type_=sa.Boolean), jobs.c.owner.is_not_distinct_from(sa.bindparam("of"))),
)

JOB_OF_ID: Final = sa.select(jobs).where(jobs.c.id == sa.bindparam("sought"), _IS_VISIBLE)
"""One job by its id, for who may see it (`seen`). Clients ask for nothing as often, so made once."""

JOB_OF_NUMBER: Final = sa.select(jobs).where(jobs.c.number == sa.bindparam("sought"), _IS_VISIBLE)
"""The same by its number."""

_IS_LEASED: Final = is_leased(sa.bindparam("leased_job"), sa.bindparam("leased_token"))

IS_CANCEL_REQUESTED: Final = sa.select(jobs.c.cancel_requested).where(_IS_LEASED)
"""Of a job and its lease (`lease`), whether it was asked to stop. Asked many times a second, so made once."""

NOTE_LEASED: Final = sa.update(jobs).where(_IS_LEASED)
"""Writes plain values into the row of a job and its lease (`lease`). Made once as well."""

END_LEASED: Final = NOTE_LEASED.returning(jobs)
"""The same for a job's end, and gives the row. Others wait for the transaction, so made once."""

FINISH_LEASED: Final = END_LEASED.values(
    status=sa.case((jobs.c.cancel_requested, Status.CANCELLED), else_=Status.FINISHED), done=jobs.c.total
)
"""The same for a job that has all its results, unless it was asked to stop before."""

JOB_OF_TOKEN: Final = sa.select(jobs).where(
    jobs.c.status == Status.STARTED, jobs.c.lease_token == sa.bindparam("leased_token")
)
"""The job that was taken with a token."""

DOES_ANY_WAIT: Final = sa.select(sa.exists().where(is_waiting(sa.bindparam("now"))))
"""Whether there is a job to claim (`now`). Workers ask many times a second, so made once."""

IS_SUSPECT: Final = jobs.c.attempts > 0
"""Of waiting jobs: a crash keeps its attempt, a hand-back returns it."""

TOMBSTONES_KEPT_S: Final = 30 * 86400.0
"""For so long a job whose time has run out is remembered by its id."""

_COUNT_QUEUED: Final = sa.select(sa.func.count()).select_from(jobs).where(jobs.c.status == Status.QUEUED)
_RECENT_JOBS: Final = 20
_RETRY_AFTER_S: Final = (1, 60)
_LARGEST_NUMBER: Final = 2**63 - 1


def has_id(job_id: str) -> Condition:
    """The job of that id; none if no job can have it, whatever a stranger sent."""
    return jobs.c.id == job_id if is_job_id(job_id) else sa.false()


def can_be_number(number: int) -> bool:
    """Whether a job can have this number."""
    return 0 < number <= _LARGEST_NUMBER


def seen(sought: str | int, owner: Owner, now: float) -> dict[str, Any]:
    """What `JOB_OF_ID` and `JOB_OF_NUMBER` ask for."""
    of_anyone = isinstance(owner, AnyOwner)
    return {"sought": sought, "now": now, "of_anyone": of_anyone, "of": None if of_anyone else owner}


def is_of(owner: Owner) -> Condition:
    """The jobs that are meant by `owner`."""
    if isinstance(owner, AnyOwner):
        return sa.true()
    return jobs.c.owner.is_(None) if owner is None else jobs.c.owner == owner


def is_chosen(chosen: JobFilter) -> Condition:
    """The jobs that a filter lets through."""
    conditions: list[Condition] = []
    if chosen.statuses is not None:
        conditions.append(jobs.c.status.in_(chosen.statuses))
    if chosen.model is not None:
        conditions.append(_is_of_model(chosen.model))
    if chosen.batch is not None:
        conditions.append(jobs.c.batch == chosen.batch if is_job_id(chosen.batch) else sa.false())
    if chosen.photo_name is not None:
        conditions.append(_has_in_its_name(chosen.photo_name))
    if chosen.created_from is not None:
        conditions.append(jobs.c.created_at >= chosen.created_from)
    if chosen.created_before is not None:
        conditions.append(jobs.c.created_at < chosen.created_before)
    return sa.and_(sa.true(), *conditions)


def _has_in_its_name(text: str) -> Condition:
    """The jobs whose photo's name contains `text`, in small or capital letters."""
    return sa.false() if "\0" in text else jobs.c.photo_name.icontains(text, autoescape=True)


def _is_of_model(model: str) -> Condition:
    """The jobs of `name` or `name@version`; none if a database refuses what a stranger sent."""
    if "\0" in model:
        return sa.false()
    return sa.or_(jobs.c.model == model, jobs.c.model.startswith(f"{model}@", autoescape=True))


def is_ahead_of(job: Job) -> Condition:
    """The jobs that wait and have their turn before a waiting `job`."""
    is_older = jobs.c.number < job.number
    is_earlier = sa.and_(IS_SUSPECT, is_older) if job.attempts else sa.or_(IS_SUSPECT, is_older)
    return sa.and_(jobs.c.status == Status.QUEUED, is_earlier)


def lease(job_id: str, token: str) -> dict[str, str]:
    """What statements about a leased job ask for."""
    return {"leased_job": job_id, "leased_token": token}


def next_in_turn(now: float) -> sa.Select[tuple[str]]:
    """Id of the job to claim: suspects first, then the oldest.

    SKIP LOCKED is PostgreSQL's, and SQLite leaves it out: whoever writes there is alone anyway.
    """
    following = sa.select(jobs.c.id).where(is_waiting(now)).order_by(IS_SUSPECT.desc(), jobs.c.number)
    return following.limit(1).with_for_update(skip_locked=True)


def count_queued(connection: sa.Connection) -> int:
    """How many jobs wait."""
    return connection.execute(_COUNT_QUEUED).scalar_one()


def retry_after_s(connection: sa.Connection) -> int:
    """After how long a place should be free: what the latest jobs took on average, within bounds."""
    took_s = (jobs.c.finished_at - jobs.c.started_at).label("took_s")
    is_finished = jobs.c.status == Status.FINISHED
    latest = sa.select(took_s).where(is_finished).order_by(jobs.c.number.desc()).limit(_RECENT_JOBS).subquery()
    average_s = connection.scalar(sa.select(sa.func.avg(latest.c.took_s)))
    shortest, longest = _RETRY_AFTER_S
    return min(max(math.ceil(average_s or 0), shortest), longest)


def bury(connection: sa.Connection, expired: Sequence[sa.RowMapping], now: float) -> None:
    """Leave a tombstone for jobs whose time has run out (id, owner and batch), and take away the oldest ones."""
    entries = [{**row, "expired_at": now} for row in expired]
    if entries:
        connection.execute(sa.insert(tombstones), entries)
    connection.execute(sa.delete(tombstones).where(tombstones.c.expired_at <= now - TOMBSTONES_KEPT_S))


def is_buried(connection: sa.Connection, column: sa.Column[Any], wanted: str, owner: Owner) -> bool:
    """Whether there is a tombstone with that id in its column `id` or `batch`."""
    if not is_job_id(wanted):
        return False
    if isinstance(owner, AnyOwner):
        is_theirs: Condition = sa.true()
    else:
        is_theirs = tombstones.c.owner.is_(None) if owner is None else tombstones.c.owner == owner
    return bool(connection.scalar(sa.select(sa.exists().where(column == wanted, is_theirs))))
