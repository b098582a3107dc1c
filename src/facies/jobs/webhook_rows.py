"""Calls that senders asked for: when a job is over, its sender's own server is told.

A call is a row from the moment the job is one, so none is forgotten. It is due once its job is over; whoever makes it
takes it for a while, and if that one dies another takes it. So a receiver is told at least once, and knows a repetition
by the id.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

import sqlalchemy as sa

from facies.jobs import rows
from facies.jobs.database import Database
from facies.jobs.job import Job, Status
from facies.jobs.queries import is_known
from facies.jobs.sealing import Seal
from facies.jobs.tables import jobs, webhooks

RETRIES_AFTER_S: Final = (5, 300, 1800, 7200, 18000, 36000)
"""Pauses between attempts, as Standard Webhooks advises; together less than the day for which jobs are kept."""

TAKEN_S: Final = 60.0
"""How long an attempt may take before another may begin."""

_log = logging.getLogger(__name__)

_OVER: Final = [status for status in Status if status.is_over]


@dataclass(frozen=True)
class Webhook:
    """Where to call when a job is over.

    Attributes:
        url: of the sender's own server.
        secret: both sides know it, nobody else; signs the call. It is sealed in the store.
    """

    url: str
    secret: bytes


@dataclass(frozen=True)
class DueCall:
    """A call that is to be made now.

    Attributes:
        id: the same at every attempt.
        webhook: where to.
        job: which is over.
        attempt: counts from 1.
    """

    id: str
    webhook: Webhook
    job: Job
    attempt: int


def insert_calls(connection: sa.Connection, job_ids: Sequence[str], webhook: Webhook, seal: Seal, now: float) -> None:
    """Plan a call for each job, in the transaction that makes the jobs."""
    planned = {"url": webhook.url, "sealed_secret": seal.close(webhook.secret), "attempts": 0, "next_at": now}
    values = [{"id": f"msg_{uuid4().hex}", "job_id": job_id, **planned} for job_id in job_ids]
    connection.execute(sa.insert(webhooks), values)


def forget_calls(connection: sa.Connection, job_id: str) -> None:
    """Forget the call of a job that is gone."""
    is_gone = ~sa.exists().where(jobs.c.id == job_id)
    connection.execute(sa.delete(webhooks).where(webhooks.c.job_id == job_id, is_gone))


class CallRows:
    """The calls that are due, and what came of them."""

    def __init__(self, database: Database, seal: Seal, clock: Callable[[], float]) -> None:
        self._database = database
        self._seal = seal
        self._clock = clock

    def take(self) -> DueCall | None:
        """The call that has been due for longest, for `TAKEN_S` seconds; None if none is."""
        now = self._clock()
        is_due = sa.and_(webhooks.c.next_at <= now, jobs.c.status.in_(_OVER), is_known(now))
        due = sa.select(webhooks.c.id).join(jobs, jobs.c.id == webhooks.c.job_id).where(is_due)
        first = due.order_by(webhooks.c.next_at).limit(1)
        with self._database.read() as connection:  # a read first, for this is asked often and mostly in vain
            if connection.execute(first).one_or_none() is None:
                return None
        locked = first.with_for_update(skip_locked=True, of=webhooks).scalar_subquery()
        taking = {"next_at": now + TAKEN_S, "attempts": webhooks.c.attempts + 1}
        with self._database.write() as connection:
            statement = sa.update(webhooks).where(webhooks.c.id == locked).values(taking).returning(webhooks)
            taken = connection.execute(statement).mappings().one_or_none()
            if taken is None:
                return None
            job = connection.execute(sa.select(jobs).where(jobs.c.id == taken["job_id"])).mappings().one()
        secret = self._seal.open(taken["sealed_secret"])
        if secret is None:
            _log.error("The webhook of job %s is given up: its secret was sealed with another key.", taken["job_id"])
            self._forget(taken["id"])
            return None
        return DueCall(taken["id"], Webhook(taken["url"], secret), rows.job_of(job), taken["attempts"])

    def done(self, call: DueCall) -> None:
        """The receiver was told, or does not want to be: there is nothing more to do."""
        self._forget(call.id)

    def put_off(self, call: DueCall) -> float | None:
        """The receiver could not be told. Returns after how many seconds it is tried again, None if never."""
        if call.attempt > len(RETRIES_AFTER_S):
            self.done(call)
            return None
        pause_s = float(RETRIES_AFTER_S[call.attempt - 1])
        statement = sa.update(webhooks).where(webhooks.c.id == call.id).values(next_at=self._clock() + pause_s)
        with self._database.write() as connection:
            connection.execute(statement)
        return pause_s

    def _forget(self, call_id: str) -> None:
        with self._database.write() as connection:
            connection.execute(sa.delete(webhooks).where(webhooks.c.id == call_id))
