"""The job store: the one truth about jobs, and the queue at the same time.

A job cannot be accepted here and lost on the way to a queue, because there is no way. Every change is one transaction,
and nearly every one a single statement whose WHERE says when it is allowed: the job's status must be a legal source
(`facies.jobs.job.MOVES`), and a worker must show the token of its lease. A statement that finds no such row changes
nothing, so two processes can never both win.
"""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import sqlalchemy as sa

from facies.errors import IllegalMoveError, LeaseLostError, UnknownJobError
from facies.jobs import figures, idempotency, queries, rows
from facies.jobs.arrivals import Arrival, Arrivals
from facies.jobs.database import Database
from facies.jobs.figures import Figures
from facies.jobs.idempotency import Idempotency, Submission
from facies.jobs.job import ALL_JOBS, ANY_OWNER, Job, JobFilter, NewJob, Owner, Status, is_job_id, sources
from facies.jobs.key import Key, Scope
from facies.jobs.keys import KeyRows
from facies.jobs.liveness import wake
from facies.jobs.queries import Condition
from facies.jobs.sealing import Seal
from facies.jobs.tables import data_folder, jobs, tombstones, workers
from facies.jobs.upload_rows import UploadRows
from facies.jobs.webhook_rows import CallRows, Webhook, forget_calls

__all__ = ["ANY_OWNER", "Idempotency", "JobFilter", "JobStore", "Key", "Owner", "Scope", "Submission", "Webhook"]


class JobStore:
    """Jobs and API keys in a database, shared by threads and processes. Build it with `open`.

    Everywhere: `owner` says whose jobs are meant (see `facies.jobs.job.Owner`), a job that is deleted, past its
    `expires_at` or somebody else's is unknown, and `StoreError` is raised when the database does not answer.

    Attributes:
        uploads: photos that come in pieces.
        calls: webhooks that are to be called.
        keys: who may send.
    """

    def __init__(
        self, database: Database, seal: Seal, *, queue_limit: int, time_to_live_s: float, clock: Callable[[], float]
    ) -> None:
        self._database = database
        self._seal = seal
        self._time_to_live_s = time_to_live_s
        self._clock = clock
        self._arrivals = Arrivals(database, seal, queue_limit=queue_limit, time_to_live_s=time_to_live_s, clock=clock)
        self.uploads = UploadRows(database, clock)
        self.calls = CallRows(database, seal, clock)
        self.keys = KeyRows(database, clock)

    @classmethod
    def open(
        cls,
        url: str,
        seal: Seal | None = None,
        *,
        queue_limit: int = 1000,
        time_to_live_s: float = 86400.0,
        clock: Callable[[], float] = time.time,
    ) -> Self:
        """Connect to `url` and bring its tables up to date; several processes may do so at the same moment.

        Args:
            url: an SQLAlchemy URL, SQLite or PostgreSQL.
            seal: closes the secrets of webhooks; one of this process alone by default.
            queue_limit: how many jobs may wait.
            time_to_live_s: how long a job is kept after it was sent, and again after it is over.
            clock: gives Unix seconds.

        Raises:
            StoreError: the database cannot be opened or was written by a newer Facies.
        """
        seal = seal or Seal.fresh()
        database = Database.open(url, seal)
        return cls(database, seal, queue_limit=queue_limit, time_to_live_s=time_to_live_s, clock=clock)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    # --- what senders do ---------------------------------------------------------------------------------------------

    def submit(self, new: NewJob) -> Job:
        """Queue a job whose photo is in the blobs already.

        Raises:
            QueueFullError: as many jobs wait as may.
        """
        return self._arrivals.queue(Arrival([new])).jobs[0]

    def submit_all(
        self, new: Sequence[NewJob], request: Idempotency | None = None, webhook: Webhook | None = None
    ) -> Submission:
        """Queue the jobs of one request, all of them or none. Their photos are in the blobs already.

        Args:
            new: at least one, all of the same owner and batch.
            request: the sender's name for the request. If it came before, nothing is queued.
            webhook: called when a job is over, once for each.

        Returns:
            the jobs of this request, or of the same one before: then their ids are others than in `new`.

        Raises:
            QueueFullError: more jobs would wait than may.
            IdempotencyError: the key of `request` was used for another one.
        """
        return self._arrivals.queue(Arrival(new, request, webhook)).submission

    def get(self, job_id: str, owner: Owner) -> Job:
        """The job of that id.

        Raises:
            UnknownJobError: there is none.
        """
        if not is_job_id(job_id):
            raise _unknown()
        return self._find(queries.JOB_OF_ID, queries.seen(job_id, owner, self._clock()))

    def get_number(self, number: int, owner: Owner) -> Job:
        """The job of that number.

        Raises:
            UnknownJobError: there is none.
        """
        if not queries.can_be_number(number):
            raise _unknown()
        return self._find(queries.JOB_OF_NUMBER, queries.seen(number, owner, self._clock()))

    def has_expired(self, job_id: str, owner: Owner) -> bool:
        """Whether there was such a job and its time has run out. That is remembered for a while."""
        is_past = sa.and_(queries.has_id(job_id), queries.is_of(owner), jobs.c.expires_at <= self._clock())
        if self._any(sa.and_(is_past, ~jobs.c.deleted)):
            return True
        with self._database.read() as connection:
            return queries.is_buried(connection, tombstones.c.id, job_id, owner)

    def has_batch_expired(self, batch: str, owner: Owner) -> bool:
        """Whether there was such a batch and the time of its jobs has run out. That is remembered as long."""
        is_past = sa.and_(jobs.c.batch == batch, queries.is_of(owner), jobs.c.expires_at <= self._clock())
        if is_job_id(batch) and self._any(sa.and_(is_past, ~jobs.c.deleted)):
            return True
        with self._database.read() as connection:
            return queries.is_buried(connection, tombstones.c.batch, batch, owner)

    def list_jobs(
        self, owner: Owner, *, chosen: JobFilter = ALL_JOBS, limit: int = 50, before: int | None = None
    ) -> list[Job]:
        """The newest jobs first, at most `limit` that `chosen` lets through; those numbered below `before` if given."""
        older = sa.true() if before is None else jobs.c.number < before
        which = self._is_visible(sa.and_(older, queries.is_chosen(chosen)), owner)
        query = sa.select(jobs).where(which).order_by(jobs.c.number.desc()).limit(limit)
        with self._database.read() as connection:
            return [rows.job_of(row) for row in connection.execute(query).mappings()]

    def queue_position(self, job: Job) -> int:
        """How many waiting jobs have their turn before this waiting one."""
        query = sa.select(sa.func.count()).where(queries.is_ahead_of(job), queries.is_known(self._clock()))
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()

    def now(self) -> float:
        """The time by which jobs are dated, Unix seconds."""
        return self._clock()

    def queue_depth(self) -> int:
        """How many jobs wait."""
        with self._database.read() as connection:
            return queries.count_queued(connection)

    def cancel(self, job_id: str, owner: Owner) -> Job:
        """Cancel a job: at once while it waits, soon while it runs. Cancelling twice is allowed.

        Raises:
            UnknownJobError: there is none.
            IllegalMoveError: it has finished or failed.
        """
        which = self._is_visible(queries.has_id(job_id), owner)
        row = self._change(sa.and_(which, jobs.c.status.in_(sources(Status.CANCELLED))), self._stop())
        if row is not None:
            return rows.job_of(row)
        job = self.get(job_id, owner)
        if job.status is not Status.CANCELLED:
            raise IllegalMoveError(f"The job has {job.status} already and cannot be cancelled.")
        return job

    def delete(self, job_id: str, owner: Owner) -> Job:
        """Make a job unknown at once; a running one is asked to stop.

        The row stays, unseen, until `forget`: first its files must go (see `facies.jobs.removal`).

        Returns:
            the job as it is now; `status` is STARTED when a worker has yet to let go of it.

        Raises:
            UnknownJobError: there is none.
        """
        row = self._change(self._is_visible(queries.has_id(job_id), owner), {"deleted": True, **self._stop()})
        if row is None:
            raise _unknown()
        return rows.job_of(row)

    @property
    def is_local(self) -> bool:
        """Whether a row is read, and a change told, within microseconds; see `Database.is_local`."""
        return self._database.is_local

    def has_changed(self) -> bool:
        """Whether anybody wrote since this was asked last, where that is told at once; see `Database.has_changed`."""
        return self._database.has_changed()

    # --- what workers do ---------------------------------------------------------------------------------------------

    def claim(self, worker: str, lease_s: float, *, alone: bool) -> Job | None:
        """Take the next job, and use up one of its attempts. Suspects first, then the oldest.

        Args:
            worker: who takes it.
            lease_s: for how long, seconds, if the lease is not renewed.
            alone: whether the worker runs nothing else. A worker that runs something gets no suspect, and nothing at
                all while a suspect waits: so its jobs come to an end, it is alone, and the suspect has its turn.

        Returns:
            the job with its lease, or None when there is nothing to take.
        """
        now = self._clock()
        with self._database.read() as connection:  # first: whoever asks often and in vain takes no write lock
            if not connection.scalar(queries.DOES_ANY_WAIT, {"now": now}):
                return None
        which = jobs.c.id == queries.next_in_turn(now).scalar_subquery()
        token = str(uuid.uuid4())
        lease = {"lease_worker": worker, "lease_token": token, "lease_until": now + lease_s}
        values = {"status": Status.STARTED, "started_at": now, "attempts": jobs.c.attempts + 1, **lease}
        take = sa.update(jobs).where(which if alone else sa.and_(which, ~queries.IS_SUSPECT)).values(values)
        with self._database.write_each() as connection:
            connection.execute(take)
            row = connection.execute(queries.JOB_OF_TOKEN, {"leased_token": token}).mappings().one_or_none()
        return None if row is None else rows.job_of(row)

    def renew(self, job_id: str, token: str, lease_s: float) -> bool:
        """Keep a job for another `lease_s` seconds.

        Returns:
            whether to go on; False when it was asked to stop.

        Raises:
            LeaseLostError: it is another's now, or gone.
        """
        return self._note_leased(job_id, token, {"lease_until": self._clock() + lease_s})

    def is_wanted(self, job_id: str, token: str) -> bool:
        """Whether to go on; False when the job was asked to stop. Only reads, so it may be asked often.

        Raises:
            LeaseLostError: it is another's now, or gone.
        """
        with self._database.read() as connection:
            return _is_wanted(connection, job_id, token)

    def report_progress(self, job_id: str, token: str, done: int, total: int) -> bool:
        """Write down how many tiles of how many are done.

        Returns:
            whether to go on; False when it was asked to stop.

        Raises:
            LeaseLostError: it is another's now, or gone.
        """
        return self._note_leased(job_id, token, {"done": done, "total": total})

    def finish(self, job_id: str, token: str) -> bool:
        """End a job whose results are in the blobs.

        Returns:
            True; or False when it was asked to stop before: then it is cancelled, and its files have to go.

        Raises:
            LeaseLostError: it is another's now, or gone.
        """
        row = self._end_leased(queries.FINISH_LEASED, job_id, token, {})
        return bool(row["status"] == Status.FINISHED)

    def fail(self, job_id: str, token: str, code: str, message: str) -> None:
        """End a job that cannot be done.

        Args:
            job_id: which.
            token: of its lease.
            code: stable name of what went wrong, as in `facies.errors`.
            message: a sentence for the person who sent it.

        Raises:
            LeaseLostError: it is another's now, or gone.
        """
        error = {"error_code": code, "error_message": rows.storable(message)}
        self._end_leased(queries.END_LEASED, job_id, token, {"status": Status.FAILED, **error})

    def confirm_cancelled(self, job_id: str, token: str) -> None:
        """End a job that was asked to stop, and did. Should a power cut take this, its lease runs out to the same end.

        Raises:
            LeaseLostError: it is another's now, or gone.
        """
        self._end_leased(queries.END_LEASED, job_id, token, {"status": Status.CANCELLED}, is_synced=False)

    def hand_back(self, job_id: str, token: str) -> None:
        """Give a job back to the queue, and its attempt with it: the worker was told to end.

        Raises:
            LeaseLostError: it is another's now, or gone.
        """
        self._change_leased(job_id, token, rows.freed(self._clock(), self._time_to_live_s, crashed=False))

    # --- what the supervisor and the sweeper do ----------------------------------------------------------------------

    def release_worker(self, worker: str) -> int:
        """Free the jobs of a worker that is known to be dead. Their attempts stay used.

        Returns:
            how many there were.
        """
        freed = self._release(jobs.c.lease_worker == worker)
        self.forget_worker(worker)
        return freed

    def release_dead_workers(self, is_dead: Callable[[str], bool]) -> int:
        """Free the jobs of the workers whose processes are gone. Their attempts stay used.

        Args:
            is_dead: asked of each worker's process; see `facies.jobs.liveness`.

        Returns:
            how many jobs there were.
        """
        with self._database.read() as connection:
            alive = connection.execute(sa.select(workers.c.name, workers.c.process)).all()
        return sum(self.release_worker(row.name) for row in alive if row.process and is_dead(row.process))

    def requeue_lost(self) -> int:
        """Free the jobs whose leases ran out. Their attempts stay used.

        Returns:
            how many there were.
        """
        return self._release(jobs.c.lease_until <= self._clock())

    def expire(self) -> int:
        """Delete the jobs that are past their time; a running one is asked to stop.

        Returns:
            how many there were.
        """
        now = self._clock()
        is_due = sa.and_(jobs.c.expires_at <= now, ~jobs.c.deleted)
        if not self._any(is_due):  # a read first, for this is asked often and mostly in vain
            return 0
        with self._database.write() as connection:
            statement = sa.update(jobs).where(is_due).values({"deleted": True, **self._stop()})
            expired = connection.execute(statement.returning(jobs.c.id, jobs.c.owner, jobs.c.batch)).mappings().all()
            queries.bury(connection, expired, now)
            idempotency.forget_submissions(connection, now)
        return len(expired)

    def spent(self) -> list[str]:
        """Ids of jobs whose files have to go and that nobody runs: deleted, failed or cancelled ones."""
        ended_in_vain = sa.and_(jobs.c.has_files, jobs.c.status.in_([Status.FAILED, Status.CANCELLED]))
        query = sa.select(jobs.c.id).where(jobs.c.status != Status.STARTED, sa.or_(jobs.c.deleted, ended_in_vain))
        with self._database.read() as connection:
            return list(connection.scalars(query))

    def forget(self, job_id: str) -> None:
        """Take note that a job's files are gone: a deleted job's row goes too, another stays without files."""
        is_idle = sa.and_(jobs.c.id == job_id, jobs.c.status != Status.STARTED)
        with self._database.write() as connection:
            connection.execute(sa.delete(jobs).where(is_idle, jobs.c.deleted))
            forget_calls(connection, job_id)
            connection.execute(sa.update(jobs).where(is_idle).values(has_files=False))

    def may_have_files(self, job_id: str) -> bool:
        """Whether anything in the blobs under that id can belong to a job."""
        return self._any(sa.and_(jobs.c.id == job_id, jobs.c.has_files))

    # --- what those ask who watch over it ----------------------------------------------------------------------------

    def figures(self) -> Figures:
        """How many jobs wait, how long they took, how they ended."""
        with self._database.read() as connection:
            return figures.read_figures(connection, self._clock())

    def count_workers(self) -> int:
        """How many workers are alive."""
        with self._database.read() as connection:
            return figures.count_workers(connection, self._clock())

    def note_worker(self, name: str, process: str | None = None) -> None:
        """Take note that a worker is alive; it should say so every few seconds.

        Args:
            name: of the worker.
            process: its own name, see `facies.jobs.liveness`; None where it has none.
        """
        with self._database.note() as connection:
            figures.note_worker(connection, name, process, self._clock())

    def forget_worker(self, name: str) -> None:
        """Take note that a worker has ended."""
        with self._database.write() as connection:
            connection.execute(sa.delete(workers).where(workers.c.name == name))

    def forget_lost_workers(self) -> None:
        """Forget the workers that ended without a word."""
        is_lost = workers.c.seen_at <= self._clock() - figures.ALIVE_S
        if self._any(is_lost):
            with self._database.write() as connection:
                connection.execute(sa.delete(workers).where(is_lost))

    def wake_worker(self, name: str) -> None:
        """Have a worker of this machine look at once whether its jobs are still wanted; others look often enough."""
        with self._database.read() as connection:
            process = connection.scalar(sa.select(workers.c.process).where(workers.c.name == name))
        if process:
            wake(process)

    def note_data_folder(self) -> bool:
        """Take note that the photos are in this process's data folder, as a server says when it starts.

        Returns:
            whether they were in another before.
        """
        with self._database.write() as connection:
            before = connection.scalar(sa.select(data_folder.c.fingerprint).with_for_update())
            connection.execute(sa.update(data_folder).values(fingerprint=self._seal.fingerprint))
        return before not in ("", self._seal.fingerprint)

    def shares_data_folder(self) -> bool:
        """Whether this process has the data folder of the server that started last; so it is where none ever did."""
        with self._database.read() as connection:
            return connection.scalar(sa.select(data_folder.c.fingerprint)) in ("", self._seal.fingerprint)

    def note_load_time(self, model: str, seconds: float) -> None:
        """Take note of how long `name@version` took to load."""
        with self._database.write() as connection:
            figures.note_load_time(connection, model, seconds)

    # --- pieces of the above -----------------------------------------------------------------------------------------

    def _is_visible(self, which: Condition, owner: Owner) -> Condition:
        return sa.and_(which, queries.is_known(self._clock()), queries.is_of(owner))

    def _end(self) -> rows.Values:
        return rows.ended(self._clock(), self._time_to_live_s)

    def _stop(self) -> rows.Values:
        return rows.cancelled_if_waiting(self._clock(), self._time_to_live_s)

    def _any(self, which: Condition) -> bool:
        with self._database.read() as connection:
            return bool(connection.scalar(sa.select(sa.exists().where(which))))

    def _find(self, statement: sa.Select[Any], asked: Mapping[str, Any]) -> Job:
        with self._database.read() as connection:
            row = connection.execute(statement, asked).mappings().one_or_none()
        if row is None:
            raise _unknown()
        return rows.job_of(row)

    def _change(self, which: Condition, values: rows.Values) -> sa.RowMapping | None:
        """Change at most one job, in one statement. Returns its row as it is then."""
        with self._database.write() as connection:
            statement = sa.update(jobs).where(which).values(values)
            return connection.execute(statement.returning(jobs)).mappings().one_or_none()

    def _change_leased(self, job_id: str, token: str, values: rows.Values) -> sa.RowMapping:
        row = self._change(queries.is_leased(job_id, token), values)
        if row is None:
            raise _lost()
        return row

    def _note_leased(self, job_id: str, token: str, values: rows.Values) -> bool:
        """Write into a leased job's row what a power cut may take. Returns whether to go on, as `is_wanted`."""
        with self._database.note() as connection:
            connection.execute(queries.NOTE_LEASED, {**queries.lease(job_id, token), **values})
            return _is_wanted(connection, job_id, token)

    def _end_leased(
        self, statement: sa.UpdateBase, job_id: str, token: str, values: rows.Values, *, is_synced: bool = True
    ) -> sa.RowMapping:
        """End a running job, and count it in the same transaction."""
        told = {**queries.lease(job_id, token), **values, **self._end()}
        with self._database.write(is_synced=is_synced) as connection:
            row = connection.execute(statement, told).mappings().one_or_none()
            if row is None:
                raise _lost()
            figures.count_ends(connection, [row])
        return row

    def _release(self, which: Condition) -> int:
        is_running = sa.and_(jobs.c.status == Status.STARTED, which)
        if not self._any(is_running):  # a read first, for this is asked often and mostly in vain
            return 0
        values = rows.freed(self._clock(), self._time_to_live_s, crashed=True)
        with self._database.write() as connection:
            statement = sa.update(jobs).where(is_running).values(values)
            freed = connection.execute(statement.returning(jobs)).mappings().all()
            figures.count_ends(connection, [row for row in freed if Status(row["status"]).is_over])
        return len(freed)


def _is_wanted(connection: sa.Connection, job_id: str, token: str) -> bool:
    row = connection.execute(queries.IS_CANCEL_REQUESTED, queries.lease(job_id, token)).one_or_none()
    if row is None:
        raise _lost()
    return not row.cancel_requested


def _unknown() -> UnknownJobError:
    return UnknownJobError("There is no such job; it may have been deleted, or its time has run out.")


def _lost() -> LeaseLostError:
    return LeaseLostError("The job is not this worker's any more.")
