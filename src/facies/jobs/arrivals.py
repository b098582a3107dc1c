"""How jobs come into the store: requests that arrive at about the same time are queued in one transaction.

A commit waits for the disk, and for whoever writes before it. One for each of eight senders, who come at once, has the
last of them wait eight times as long.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from facies.errors import IdempotencyError, QueueFullError, StoreError
from facies.jobs import queries, rows
from facies.jobs.database import Database
from facies.jobs.idempotency import Idempotency, Submission, find_submission, note_submission
from facies.jobs.job import Job, NewJob
from facies.jobs.sealing import Seal
from facies.jobs.together import Together
from facies.jobs.webhook_rows import Webhook, insert_calls

_REFUSALS: Final = (QueueFullError, IdempotencyError)


@dataclass(frozen=True)
class Arrival:
    """The jobs of one request, which are queued together or not at all.

    Attributes:
        new: at least one, all of the same owner and batch. Their photos are in the blobs already.
        request: the sender's name for the request. If it came before, nothing is queued.
        webhook: called when a job is over, once for each.
    """

    new: Sequence[NewJob]
    request: Idempotency | None = None
    webhook: Webhook | None = None


@dataclass(frozen=True)
class Queued:
    """What came of an arrival.

    Attributes:
        submission: the jobs of this request, or of the same one before: then their ids are others.
        jobs: as they wait now; none if the request came before.
    """

    submission: Submission
    jobs: Sequence[Job]


class Arrivals:
    """Queues jobs, for threads."""

    def __init__(
        self, database: Database, seal: Seal, *, queue_limit: int, time_to_live_s: float, clock: Callable[[], float]
    ) -> None:
        self._database = database
        self._seal = seal
        self._queue_limit = queue_limit
        self._time_to_live_s = time_to_live_s
        self._clock = clock
        self._together: Together[Arrival, Queued] = Together(self._queue_all)

    def queue(self, arrival: Arrival) -> Queued:
        """Queue the jobs of one request.

        Raises:
            QueueFullError: more jobs would wait than may.
            IdempotencyError: the key of the request was used for another one.
            StoreError: the database does not answer.
        """
        return self._together.do(arrival)

    def _queue_all(self, arrivals: Sequence[Arrival]) -> Sequence[Queued | Exception]:
        try:
            with self._database.write() as connection:
                return self._round(connection).queue(arrivals)
        except StoreError:
            raise
        except Exception:  # what the database makes of one must not befall its neighbours
            if len(arrivals) == 1:
                raise
            return [self._queue_alone(arrival) for arrival in arrivals]

    def _round(self, connection: sa.Connection) -> "_Round":
        return _Round(connection, self._seal, self._queue_limit, self._clock(), self._time_to_live_s)

    def _queue_alone(self, arrival: Arrival) -> Queued | Exception:
        try:
            return self._queue_all([arrival])[0]
        except Exception as error:
            return error


class _Round:
    """One transaction."""

    def __init__(
        self, connection: sa.Connection, seal: Seal, queue_limit: int, now: float, time_to_live_s: float
    ) -> None:
        self._connection = connection
        self._seal = seal
        self._now = now
        self._expires_at = now + time_to_live_s
        self._number: int = connection.execute(queries.LOCK_NUMBERS).scalar_one()  # from here on others wait
        self._room = queue_limit - queries.count_queued(connection)
        self._rows: list[rows.Values] = []

    def queue(self, arrivals: Sequence[Arrival]) -> Sequence[Queued | Exception]:
        outcomes = [self._admit(arrival) for arrival in arrivals]
        if self._rows:
            self._connection.execute(queries.SET_NUMBER, {"reached": self._number})
            self._connection.execute(queries.INSERT, self._rows)
        return outcomes

    def _admit(self, arrival: Arrival) -> Queued | Exception:
        """All that may refuse an arrival comes before all that is written of it."""
        new, owner, request = arrival.new, arrival.new[0].owner, arrival.request
        try:
            earlier = None if request is None else find_submission(self._connection, owner, request, self._now)
            if earlier is not None:
                return Queued(earlier, ())
            self._take_room(len(new))
        except _REFUSALS as refusal:
            return refusal
        submission = Submission(tuple(job.id for job in new), new[0].batch)
        if request is not None:
            note_submission(self._connection, owner, request, submission, self._now)
        if arrival.webhook is not None:
            insert_calls(self._connection, submission.job_ids, arrival.webhook, self._seal, self._now)
        return Queued(submission, [self._number_one(job) for job in new])

    def _take_room(self, jobs: int) -> None:
        if jobs > self._room:
            retry_after_s = queries.retry_after_s(self._connection)
            raise QueueFullError(f"The queue is full; try again in {retry_after_s} s.", retry_after_s)
        self._room -= jobs

    def _number_one(self, new: NewJob) -> Job:
        self._number += 1
        row = rows.row_of(new, self._number, self._now, self._expires_at)
        self._rows.append(row)
        return rows.job_of_new(row)
