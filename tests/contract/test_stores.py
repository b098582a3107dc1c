"""What every job store does. SQLite runs always, PostgreSQL where FACIES_TEST_POSTGRES_URL names a database."""

import os
import subprocess
import sys
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import alembic.command
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from facies.errors import (
    IdempotencyError,
    IllegalMoveError,
    LeaseLostError,
    QueueFullError,
    RateLimitError,
    StoreError,
    UnknownJobError,
    UnknownKeyError,
    UnknownUploadError,
)
from facies.jobs import migrations
from facies.jobs.figures import ALIVE_S
from facies.jobs.job import CRASHED_CODE, MAX_ATTEMPTS, Job, NewJob, Status
from facies.jobs.queries import TOMBSTONES_KEPT_S
from facies.jobs.sealing import Seal
from facies.jobs.store import ANY_OWNER, Idempotency, JobFilter, JobStore, Key, Scope, Submission
from facies.jobs.tables import metadata
from facies.jobs.upload_rows import ResumableUpload
from facies.jobs.webhook_rows import RETRIES_AFTER_S, Webhook
from tests.data.jobs import NOON, Clock, new_job

POSTGRES_URL = os.environ.get("FACIES_TEST_POSTGRES_URL")
TIME_TO_LIVE_S = 1000.0
LEASE_S = 15.0
BATCH = "0b2c7a52-6a1f-4f7e-9a55-1d6a3f0f9d11"


def fields_of(new: NewJob) -> dict:
    return {name: getattr(new, name) for name in NewJob.__dataclass_fields__}


class StoreContract:
    """The tests; a back end adds the fixture `url`, a fresh database."""

    @pytest.fixture
    def clock(self):
        return Clock()

    @pytest.fixture
    def store(self, url, clock):
        store = JobStore.open(url, queue_limit=100, time_to_live_s=TIME_TO_LIVE_S, clock=clock)
        yield store
        store.close()

    @pytest.fixture
    def reopen(self, url, clock):
        opened = []

        def reopen(**changes):
            settings = {"queue_limit": 100, "time_to_live_s": TIME_TO_LIVE_S, "clock": clock}
            opened.append(JobStore.open(url, **{**settings, **changes}))
            return opened[-1]

        yield reopen
        for store in opened:
            store.close()

    # --- what is counted

    def test_ends_are_counted_once_each(self, store, clock):
        jobs = [store.submit(new_job()) for _ in range(3)]
        clock.now += 4
        for _ in jobs:
            job = store.claim("w", LEASE_S, alone=True)
            store.report_progress(job.id, job.lease.token, 5, 6)
            clock.now += 1
            store.finish(job.id, job.lease.token)
            with pytest.raises(LeaseLostError):
                store.finish(job.id, job.lease.token)
        seen = store.figures()
        assert (seen.submitted, seen.waiting, seen.running, seen.tiles) == (3, 0, 0, 18)
        assert seen.ended == {(Status.FINISHED, ""): 3}
        assert (sum(seen.wait.counts), seen.wait.sum_s) == (3, pytest.approx(4 + 5 + 6))
        assert (sum(seen.run.counts), seen.run.sum_s) == (3, pytest.approx(3))

    def test_a_job_that_kills_its_workers_is_counted_as_failed_in_the_end(self, store):
        store.submit(new_job())
        for _ in range(MAX_ATTEMPTS):
            store.claim("w", LEASE_S, alone=True)
            store.release_worker("w")
        assert store.figures().ended == {(Status.FAILED, CRASHED_CODE): 1}

    def test_counts_outlive_the_jobs(self, store, clock):
        store.submit(new_job())
        job = store.claim("w", LEASE_S, alone=True)
        store.fail(job.id, job.lease.token, "damaged_photo", "Broken.")
        clock.now += 2 * TIME_TO_LIVE_S
        store.expire()
        store.forget(job.id)
        assert store.figures().ended == {(Status.FAILED, "damaged_photo"): 1}

    def test_workers_are_alive_while_they_say_so(self, store, clock):
        store.note_worker("a")
        store.note_worker("b")
        clock.now += 0.9 * ALIVE_S
        store.note_worker("b")
        assert store.count_workers() == 2
        clock.now += 0.2 * ALIVE_S
        store.forget_lost_workers()
        assert store.count_workers() == 1
        store.release_worker("b")
        assert store.count_workers() == 0

    # --- calls and uploads

    def test_a_call_is_taken_by_one_at_a_time_once_its_job_is_over(self, store, clock):
        new = new_job()
        store.submit_all([new], webhook=Webhook("https://a.example", b"secret"))
        job = store.claim("w", LEASE_S, alone=True)
        assert store.calls.take() is None
        store.finish(job.id, job.lease.token)
        with ThreadPoolExecutor(8) as pool:
            taken = [call for call in pool.map(lambda _: store.calls.take(), range(8)) if call is not None]
        assert [(call.job.id, call.webhook.secret, call.attempt) for call in taken] == [(new.id, b"secret", 1)]
        store.calls.put_off(taken[0])
        clock.now += RETRIES_AFTER_S[0]
        again = store.calls.take()
        assert (again.id, again.attempt) == (taken[0].id, 2)
        store.calls.done(again)
        clock.now += 1e6
        assert store.calls.take() is None

    def test_a_webhook_s_secret_is_sealed(self, store, url):
        store.submit_all([new_job()], webhook=Webhook("https://a.example", b"a secret of the sender"))
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            (row,) = connection.execute(sa.text("SELECT * FROM webhooks")).all()
        engine.dispose()
        assert not any(
            text in str(row) for text in ("a secret of the sender", b"a secret of the sender".hex(), "whsec_")
        )

    def test_a_webhook_whose_key_is_gone_is_given_up(self, store, reopen, caplog):
        store.submit_all([new_job()], webhook=Webhook("https://a.example", b"secret"))
        job = store.claim("w", LEASE_S, alone=True)
        store.finish(job.id, job.lease.token)
        other = reopen(seal=Seal.fresh())
        assert other.calls.take() is None
        assert "another key" in caplog.text
        assert store.calls.take() is None

    def test_secrets_of_an_older_version_are_sealed(self, url, clock):
        seal = Seal.fresh()
        engine = sa.create_engine(url)
        if engine.dialect.name == "sqlite":
            Path(engine.url.database).parent.mkdir()
        with engine.begin() as connection:
            upgrade(connection, seal, "0005")
            values = "('msg_1', 'j', 'https://a.example', :secret, 0, 0)"
            statement = f"INSERT INTO webhooks (id, job_id, url, secret, attempts, next_at) VALUES {values}"
            connection.execute(sa.text(statement), {"secret": b"an old secret".hex()})
            upgrade(connection, seal, "head")
            (row,) = connection.execute(sa.text("SELECT * FROM webhooks")).mappings().all()
        engine.dispose()
        assert seal.open(row["sealed_secret"]) == b"an old secret"
        assert b"an old secret".hex() not in str(row)

    def test_an_upload_advances_while_it_is_open(self, store, clock):
        upload = ResumableUpload(str(uuid.uuid4()), "me", "a.tif", 3 * 2**30, 0, "", NOON, NOON + 10)
        store.uploads.add(upload)
        store.uploads.advance(upload.id, 2**31, NOON + 20)
        assert store.uploads.get(upload.id, "me").offset == 2**31
        clock.now += 20
        with pytest.raises(UnknownUploadError):
            store.uploads.advance(upload.id, 2**31 + 1, NOON + 30)

    # --- submitting and finding

    def test_a_submitted_job_waits_as_it_was_sent(self, store):
        new = new_job(owner="me")
        job = store.submit(new)
        assert fields_of(job) == fields_of(new)
        assert (job.number, job.status, job.attempts, job.lease) == (1, Status.QUEUED, 0, None)
        assert (job.created_at, job.started_at, job.finished_at) == (NOON, None, None)
        assert job.expires_at == NOON + TIME_TO_LIVE_S
        assert (job.done, job.total, job.cancel_requested) == (0, 0, False)
        assert (job.error_code, job.error_message) == (None, None)
        assert store.get(new.id, "me") == store.get_number(1, "me") == job

    def test_what_a_database_refuses_in_a_photos_name_is_left_out(self, store):
        job = store.submit(new_job(photo_name="c\0o\udcffre é 🪨.jpg"))
        assert store.get(job.id, None).photo_name == "co?re é 🪨.jpg"

    def test_numbers_are_never_given_twice(self, store, reopen):
        first, second = store.submit(new_job()), store.submit(new_job())
        for job in (first, second):
            store.delete(job.id, None)
            store.forget(job.id)
        assert store.submit(new_job()).number == 3
        assert reopen().submit(new_job()).number == 4

    def test_a_full_queue_refuses_and_says_when_to_come_back(self, reopen):
        store = reopen(queue_limit=2)
        store.submit(new_job()), store.submit(new_job())
        with pytest.raises(QueueFullError) as refusal:
            store.submit(new_job())
        assert 1 <= refusal.value.retry_after_s <= 60
        store.claim("w", LEASE_S, alone=True)
        assert store.submit(new_job()).number == 3

    def test_a_full_queue_tells_how_long_jobs_take(self, reopen, clock):
        store = reopen(queue_limit=1)
        store.submit(new_job())
        job = store.claim("w", LEASE_S, alone=True)
        clock.now += 12.3
        store.finish(job.id, job.lease.token)
        store.submit(new_job())
        with pytest.raises(QueueFullError) as refusal:
            store.submit(new_job())
        assert refusal.value.retry_after_s == 13

    def test_the_bound_holds_when_many_submit_at_once(self, reopen):
        store = reopen(queue_limit=10)

        def submit(_):
            try:
                return store.submit(new_job()).number
            except QueueFullError:
                return None

        with ThreadPoolExecutor(8) as pool:
            numbers = [number for number in pool.map(submit, range(40)) if number]
        assert sorted(numbers) == list(range(1, 11))
        assert store.queue_depth() == 10

    def test_each_of_many_who_submit_at_once_has_an_outcome_of_their_own(self, reopen):
        store = reopen(queue_limit=8)
        store.submit_all([new_job()], Idempotency("monday", "a" * 64))
        start = threading.Barrier(8)

        def submit(arrival):
            start.wait()
            try:
                return type(store.submit_all(*arrival))
            except Exception as error:
                return type(error)

        too_large_for_a_database = new_job(photo_bytes=2**70)
        arrivals = [
            *([[new_job()]] for _ in range(4)),
            [[new_job(batch=BATCH), new_job(batch=BATCH)], Idempotency("tuesday", "a" * 64)],
            [[new_job()], Idempotency("monday", "b" * 64)],
            [[too_large_for_a_database]],
            [[new_job(batch=BATCH) for _ in range(9)]],
        ]
        with ThreadPoolExecutor(8) as threads:
            outcomes = list(threads.map(submit, arrivals))
        assert outcomes[:6] == [Submission] * 5 + [IdempotencyError]
        assert outcomes[6] in (OverflowError, sa.exc.DataError)
        assert outcomes[7] is QueueFullError
        assert sorted(job.number for job in store.list_jobs(None)) == list(range(1, 8))
        with pytest.raises(UnknownJobError):
            store.get(too_large_for_a_database.id, None)

    @pytest.mark.parametrize(
        ("owner", "asks", "sees"),
        [
            ("me", "me", True),
            ("me", "you", False),
            ("me", None, False),
            (None, "me", False),
            (None, None, True),
            ("me", ANY_OWNER, True),
            (None, ANY_OWNER, True),
        ],
    )
    def test_a_job_is_seen_by_its_owner_only(self, store, owner, asks, sees):
        job = store.submit(new_job(owner=owner))
        asked = (
            lambda: store.get(job.id, asks),
            lambda: store.get_number(job.number, asks),
            lambda: store.cancel(job.id, asks),
            lambda: store.delete(job.id, asks),
        )
        assert bool(store.list_jobs(asks)) is sees
        for ask in asked:
            if sees:
                assert ask().id == job.id
            else:
                with pytest.raises(UnknownJobError):
                    ask()

    @pytest.mark.parametrize("hostile", ["", "x", "../../etc/passwd", "\0", "\udcff", "' OR 1=1 --", "1" * 10_000])
    def test_what_is_no_id_is_an_unknown_job(self, store, hostile):
        store.submit(new_job())
        for ask in (store.get, store.cancel, store.delete):
            with pytest.raises(UnknownJobError):
                ask(hostile, ANY_OWNER)

    @pytest.mark.parametrize("number", [0, -1, 2, 2**31, 2**63 - 1, 2**63, 10**100])
    def test_what_is_no_number_is_an_unknown_job(self, store, number):
        store.submit(new_job())
        with pytest.raises(UnknownJobError):
            store.get_number(number, ANY_OWNER)

    def test_jobs_are_listed_newest_first_and_page_by_page(self, store):
        for _ in range(5):
            store.submit(new_job())
        assert [job.number for job in store.list_jobs(None, limit=2)] == [5, 4]
        assert [job.number for job in store.list_jobs(None, limit=3, before=4)] == [3, 2, 1]

    # --- claiming

    def test_the_oldest_job_is_claimed_first(self, store, clock):
        jobs = [store.submit(new_job()) for _ in range(3)]
        clock.now += 5
        claimed = [store.claim("w", LEASE_S, alone=False) for _ in range(3)]
        assert [job.id for job in claimed] == [job.id for job in jobs]
        assert store.claim("w", LEASE_S, alone=True) is None
        first = claimed[0]
        assert (first.status, first.started_at, first.attempts) == (Status.STARTED, NOON + 5, 1)
        assert (first.lease.worker, first.lease.until) == ("w", NOON + 5 + LEASE_S)
        assert len({job.lease.token for job in claimed}) == 3
        assert store.get(first.id, None) == first

    def test_no_job_is_claimed_twice(self, store, reopen):
        submitted = {store.submit(new_job()).id for _ in range(60)}
        stores = [store, reopen(), reopen()]

        def claim_all(worker):
            claimed = []
            while job := stores[worker % 3].claim(f"w{worker}", LEASE_S, alone=False):
                claimed.append(job.id)
            return claimed

        with ThreadPoolExecutor(6) as pool:
            claimed = [job_id for found in pool.map(claim_all, range(6)) for job_id in found]
        assert sorted(claimed) == sorted(submitted)

    def test_a_suspect_comes_next_and_runs_alone(self, store):
        suspect, innocent = store.submit(new_job()), store.submit(new_job())
        store.claim("w", LEASE_S, alone=True)
        store.release_worker("w")
        assert store.get(suspect.id, None).is_suspect
        assert store.claim("v", LEASE_S, alone=False) is None
        again = store.claim("v", LEASE_S, alone=True)
        assert (again.id, again.attempts, again.is_suspect) == (suspect.id, 2, True)
        assert store.claim("v", LEASE_S, alone=False).id == innocent.id

    def test_a_suspect_comes_before_older_jobs(self, store):
        older, suspect = store.submit(new_job()), store.submit(new_job())
        handed_back = store.claim("v", LEASE_S, alone=False)
        store.claim("w", LEASE_S, alone=False)
        store.release_worker("w")
        store.hand_back(older.id, handed_back.lease.token)
        assert store.claim("v", LEASE_S, alone=True).id == suspect.id
        assert store.claim("v", LEASE_S, alone=False).id == older.id

    # --- leases

    @pytest.mark.parametrize(
        "use",
        [
            lambda store, *job: store.renew(*job, LEASE_S),
            lambda store, *job: store.is_wanted(*job),
            lambda store, *job: store.report_progress(*job, 1, 2),
            lambda store, *job: store.finish(*job),
            lambda store, *job: store.fail(*job, "damaged_photo", "No."),
            lambda store, *job: store.confirm_cancelled(*job),
            lambda store, *job: store.hand_back(*job),
        ],
        ids=["renew", "is_wanted", "report_progress", "finish", "fail", "confirm_cancelled", "hand_back"],
    )
    def test_a_stale_worker_can_do_nothing(self, store, clock, use):
        store.submit(new_job())
        stale = store.claim("stale", LEASE_S, alone=True)
        clock.now += LEASE_S
        assert store.requeue_lost() == 1
        with pytest.raises(LeaseLostError):
            use(store, stale.id, stale.lease.token)
        taken = store.claim("fresh", LEASE_S, alone=True)
        with pytest.raises(LeaseLostError):
            use(store, stale.id, stale.lease.token)
        assert store.get(stale.id, None) == taken
        store.finish(taken.id, taken.lease.token)
        finished = store.get(stale.id, None)
        for token in (stale.lease.token, taken.lease.token):
            with pytest.raises(LeaseLostError):
                use(store, stale.id, token)
        assert store.get(stale.id, None) == finished

    def test_a_renewed_lease_is_not_lost(self, store, clock):
        store.submit(new_job())
        job = store.claim("w", LEASE_S, alone=True)
        for _ in range(5):
            clock.now += LEASE_S - 1
            assert store.renew(job.id, job.lease.token, LEASE_S)
            assert store.requeue_lost() == 0
        clock.now += LEASE_S
        assert store.requeue_lost() == 1

    def test_a_lost_job_starts_again(self, store, clock):
        store.submit(new_job())
        job = store.claim("w", LEASE_S, alone=True)
        store.report_progress(job.id, job.lease.token, 3, 10)
        seen = store.get(job.id, None)
        assert (seen.done, seen.total) == (3, 10)
        clock.now += LEASE_S
        store.requeue_lost()
        lost = store.get(job.id, None)
        assert (lost.status, lost.attempts, lost.lease, lost.started_at) == (Status.QUEUED, 1, None, None)
        assert (lost.done, lost.total, lost.finished_at) == (0, 0, None)

    def test_only_the_dead_workers_jobs_are_freed(self, store):
        store.submit(new_job()), store.submit(new_job())
        dead = store.claim("dead", LEASE_S, alone=False)
        alive = store.claim("alive", LEASE_S, alone=False)
        assert store.release_worker("dead") == 1
        assert store.get(dead.id, None).status is Status.QUEUED
        assert store.get(alive.id, None) == alive
        assert store.release_worker("dead") == 0

    def test_the_last_crash_fails_the_job_with_a_sentence(self, store, clock):
        job = store.submit(new_job())
        for attempt in range(1, MAX_ATTEMPTS + 1):
            assert store.claim("w", LEASE_S, alone=True).attempts == attempt
            clock.now += 1
            store.release_worker("w")
        assert store.claim("w", LEASE_S, alone=True) is None
        failed = store.get(job.id, None)
        assert (failed.status, failed.error_code, failed.lease) == (Status.FAILED, CRASHED_CODE, None)
        assert "3 times" in failed.error_message
        assert (failed.finished_at, failed.expires_at) == (clock.now, clock.now + TIME_TO_LIVE_S)

    def test_handing_back_returns_the_attempt(self, store):
        job = store.submit(new_job())
        for _ in range(MAX_ATTEMPTS + 2):
            claimed = store.claim("w", LEASE_S, alone=False)
            assert (claimed.id, claimed.attempts) == (job.id, 1)
            store.hand_back(claimed.id, claimed.lease.token)
        assert store.get(job.id, None) == job

    # --- ends

    def test_a_finished_job_has_all_its_tiles(self, store, clock):
        store.submit(new_job())
        job = store.claim("w", LEASE_S, alone=True)
        store.report_progress(job.id, job.lease.token, 3, 10)
        clock.now += 7
        assert store.finish(job.id, job.lease.token)
        finished = store.get(job.id, None)
        assert (finished.status, finished.done, finished.total) == (Status.FINISHED, 10, 10)
        assert (finished.started_at, finished.finished_at, finished.lease) == (NOON, NOON + 7, None)
        assert finished.expires_at == NOON + 7 + TIME_TO_LIVE_S

    def test_a_failed_job_says_why(self, store):
        store.submit(new_job())
        job = store.claim("w", LEASE_S, alone=True)
        store.fail(job.id, job.lease.token, "damaged_photo", "The photo ends too early\0.")
        failed = store.get(job.id, None)
        assert (failed.status, failed.error_code) == (Status.FAILED, "damaged_photo")
        assert failed.error_message == "The photo ends too early."

    def test_a_waiting_job_is_cancelled_at_once(self, store):
        job = store.submit(new_job())
        cancelled = store.cancel(job.id, None)
        assert (cancelled.status, cancelled.finished_at) == (Status.CANCELLED, NOON)
        assert store.claim("w", LEASE_S, alone=True) is None
        assert store.cancel(job.id, None) == cancelled

    def test_a_running_job_is_asked_to_stop(self, store):
        store.submit(new_job())
        job = store.claim("w", LEASE_S, alone=True)
        lease = (job.id, job.lease.token)
        assert store.is_wanted(*lease)
        assert store.cancel(job.id, None).status is Status.STARTED
        assert not store.is_wanted(*lease)
        assert not store.renew(*lease, LEASE_S)
        store.confirm_cancelled(*lease)
        assert store.get(job.id, None).status is Status.CANCELLED

    def test_a_job_that_was_asked_to_stop_cannot_finish(self, store):
        store.submit(new_job())
        job = store.claim("w", LEASE_S, alone=True)
        store.cancel(job.id, None)
        assert not store.finish(job.id, job.lease.token)
        assert store.get(job.id, None).status is Status.CANCELLED

    @pytest.mark.parametrize("way", ["crash", "hand_back", "lease"])
    def test_a_job_that_was_asked_to_stop_does_not_start_again(self, store, clock, way):
        store.submit(new_job())
        job = store.claim("w", LEASE_S, alone=True)
        store.cancel(job.id, None)
        clock.now += LEASE_S
        if way == "crash":
            store.release_worker("w")
        elif way == "lease":
            store.requeue_lost()
        else:
            store.hand_back(job.id, job.lease.token)
        assert store.get(job.id, None).status is Status.CANCELLED

    @pytest.mark.parametrize("status", [Status.FINISHED, Status.FAILED])
    def test_what_is_over_cannot_be_cancelled(self, store, status):
        store.submit(new_job())
        job = store.claim("w", LEASE_S, alone=True)
        if status is Status.FINISHED:
            store.finish(job.id, job.lease.token)
        else:
            store.fail(job.id, job.lease.token, "damaged_photo", "No.")
        with pytest.raises(IllegalMoveError, match=status):
            store.cancel(job.id, None)
        assert store.get(job.id, None).status is status

    # --- going

    def test_a_deleted_job_is_unknown_at_once_and_its_row_goes_after_its_files(self, store):
        job = store.submit(new_job())
        assert store.delete(job.id, None).status is Status.CANCELLED
        assert_unknown(store, job)
        assert store.claim("w", LEASE_S, alone=True) is None
        assert store.queue_depth() == 0
        assert store.may_have_files(job.id)
        assert store.spent() == [job.id]
        store.forget(job.id)
        assert store.spent() == []
        assert not store.may_have_files(job.id)

    @pytest.mark.parametrize("way", ["confirm", "finish", "fail", "crash", "hand_back"])
    def test_a_running_job_is_deleted_when_its_worker_lets_go(self, store, way):
        store.submit(new_job())
        job = store.claim("w", LEASE_S, alone=True)
        assert store.delete(job.id, None).status is Status.STARTED
        assert_unknown(store, job)
        assert not store.is_wanted(job.id, job.lease.token)
        assert store.spent() == []
        store.forget(job.id)
        assert store.may_have_files(job.id)
        {
            "confirm": lambda: store.confirm_cancelled(job.id, job.lease.token),
            "finish": lambda: store.finish(job.id, job.lease.token),
            "fail": lambda: store.fail(job.id, job.lease.token, "damaged_photo", "No."),
            "crash": lambda: store.release_worker("w"),
            "hand_back": lambda: store.hand_back(job.id, job.lease.token),
        }[way]()
        assert_unknown(store, job)
        assert store.claim("w", LEASE_S, alone=True) is None
        assert store.spent() == [job.id]

    def test_a_finished_job_keeps_its_files_until_it_is_deleted(self, store):
        store.submit(new_job())
        job = store.claim("w", LEASE_S, alone=True)
        store.finish(job.id, job.lease.token)
        assert store.spent() == []
        assert store.may_have_files(job.id)
        store.delete(job.id, None)
        assert store.spent() == [job.id]

    @pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELLED])
    def test_the_files_of_a_job_without_result_go_and_its_status_stays(self, store, status):
        store.submit(new_job())
        job = store.claim("w", LEASE_S, alone=True)
        if status is Status.FAILED:
            store.fail(job.id, job.lease.token, "damaged_photo", "No.")
        else:
            store.confirm_cancelled(job.id, job.lease.token)
        assert store.spent() == [job.id]
        store.forget(job.id)
        assert store.spent() == []
        assert not store.may_have_files(job.id)
        assert store.get(job.id, None).status is status

    def test_a_job_is_gone_when_its_time_is_up(self, store, clock):
        waiting = store.submit(new_job())
        clock.now = waiting.expires_at - 0.001
        assert store.get(waiting.id, None) == waiting
        clock.now = waiting.expires_at
        assert_unknown(store, waiting)
        assert store.claim("w", LEASE_S, alone=True) is None
        assert store.expire() == 1
        assert store.expire() == 0
        assert store.spent() == [waiting.id]

    def test_a_running_job_whose_time_is_up_is_asked_to_stop(self, store, clock):
        store.submit(new_job())
        job = store.claim("w", 10 * TIME_TO_LIVE_S, alone=True)
        clock.now += TIME_TO_LIVE_S
        assert store.expire() == 1
        assert store.spent() == []
        assert not store.finish(job.id, job.lease.token)
        assert store.spent() == [job.id]
        assert_unknown(store, job)

    # --- keys

    def test_a_key_opens_until_it_is_revoked(self, store, clock):
        assert not store.keys.has_any()
        key, plain = store.keys.create("lab")
        assert plain.startswith(key.prefix)
        assert len(plain) == len("facies_") + 43
        assert (key.name, key.created_at, key.revoked_at) == ("lab", NOON, None)
        assert store.keys.find(plain) == key
        assert store.keys.has_any()
        clock.now += 1
        (revoked,) = store.keys.revoke("lab")
        assert (revoked.id, revoked.revoked_at) == (key.id, NOON + 1)
        assert store.keys.list_all() == [revoked]
        assert not store.keys.has_any()
        with pytest.raises(UnknownKeyError):
            store.keys.find(plain)
        with pytest.raises(UnknownKeyError):
            store.keys.revoke("lab")

    def test_a_key_can_be_revoked_by_its_id(self, store):
        (first, _), (second, plain) = store.keys.create("lab"), store.keys.create("lab")
        assert [key.id for key in store.keys.revoke(first.id)] == [first.id]
        assert store.keys.find(plain) == second

    @pytest.mark.parametrize("wrong", ["", "facies_", "facies_" + "A" * 43, "é", "\0", "\udcff", "%", "A" * 100_000])
    def test_a_wrong_key_opens_nothing(self, store, wrong):
        store.keys.create("lab")
        with pytest.raises(UnknownKeyError):
            store.keys.find(wrong)

    def test_the_plain_key_is_stored_nowhere(self, store, url):
        _, plain = store.keys.create("lab")
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            stored = connection.execute(sa.text("SELECT * FROM api_keys")).one()
        engine.dispose()
        assert plain not in map(str, stored)
        assert plain[12:] not in str(stored)

    def test_a_key_opens_jobs_and_models_unless_told_otherwise(self, store):
        _, plain = store.keys.create("lab")
        _, admin = store.keys.create("operator", scopes=[Scope.ADMIN], requests_per_minute=7)
        assert store.keys.find(plain).scopes == {Scope.JOBS, Scope.MODELS}
        assert not store.keys.find(plain).opens(Scope.ADMIN)
        assert store.keys.find(plain).requests_per_minute is None
        assert all(store.keys.find(admin).opens(scope) for scope in Scope)
        assert store.keys.find(admin).requests_per_minute == 7

    def test_a_key_opens_nothing_once_its_time_is_up(self, store, clock):
        key, plain = store.keys.create("guest", lifetime_s=60)
        assert store.keys.find(plain) == key
        clock.now += 60
        with pytest.raises(UnknownKeyError):
            store.keys.find(plain)
        assert not store.keys.has_any()

    # --- what the native API asks

    def test_the_jobs_of_one_request_are_queued_together_or_not_at_all(self, reopen):
        store = reopen(queue_limit=3)
        store.submit_all([new_job(batch=BATCH), new_job(batch=BATCH)])
        with pytest.raises(QueueFullError):
            store.submit_all([new_job(), new_job()])
        assert [job.number for job in store.list_jobs(None)] == [2, 1]

    def test_the_same_request_again_makes_nothing_new(self, store, clock):
        request, first, again = Idempotency("monday", "a" * 64), new_job(batch=BATCH), new_job(batch=BATCH)
        assert store.submit_all([first], request) == Submission((first.id,), BATCH)
        assert store.submit_all([again], request) == Submission((first.id,), BATCH)
        with pytest.raises(IdempotencyError):
            store.submit_all([again], Idempotency("monday", "b" * 64))
        assert [job.id for job in store.list_jobs(None)] == [first.id]
        theirs = new_job(owner="somebody else")
        assert store.submit_all([theirs], request).job_ids == (theirs.id,)
        clock.now += 86400
        assert store.submit_all([again], request).job_ids == (again.id,)

    def test_the_same_request_many_times_at_once_makes_its_jobs_once(self, store):
        request, start = Idempotency("monday", "a" * 64), threading.Barrier(8)

        def submit(_):
            start.wait()
            return store.submit_all([new_job()], request)

        with ThreadPoolExecutor(8) as threads:
            submissions = set(threads.map(submit, range(8)))
        assert len(submissions) == 1
        assert len(store.list_jobs(None)) == 1

    def test_a_request_that_was_refused_may_come_again(self, reopen):
        store = reopen(queue_limit=1)
        request = Idempotency("monday", "a" * 64)
        waiting, new = store.submit(new_job()), new_job()
        with pytest.raises(QueueFullError):
            store.submit_all([new], request)
        store.cancel(waiting.id, None)
        assert store.submit_all([new], request).job_ids == (new.id,)

    def test_jobs_can_be_chosen_from(self, store, clock):
        first = store.submit(
            new_job(model="rock-types@1.0.0", batch=BATCH, metadata={"hole": "KV-7"}, photo_name="KV-7 100%.jpg")
        )
        clock.now += 10
        second = store.submit(new_job(model="rock-types@2.0.0"))
        store.cancel(first.id, None)

        def chosen(**wanted):
            return [job.number for job in store.list_jobs(None, chosen=JobFilter(**wanted))]

        assert chosen() == [2, 1]
        assert chosen(statuses=frozenset({Status.CANCELLED, Status.FAILED})) == [1]
        assert chosen(model="rock-types") == [2, 1]
        assert chosen(model="rock-types@2.0.0") == [2]
        assert chosen(model="rock") == chosen(model="%") == []
        assert chosen(batch=BATCH) == [1]
        assert chosen(photo_name="kv-7") == chosen(photo_name="0%.JPG") == [1]
        assert chosen(photo_name="0_.jpg") == []
        assert chosen(created_from=second.created_at) == [2]
        assert chosen(created_before=second.created_at) == [1]
        assert store.get(first.id, None).metadata == {"hole": "KV-7"}

    def test_a_place_in_the_queue_counts_who_is_ahead(self, store):
        first, second, third = (store.submit(new_job()) for _ in range(3))
        assert [store.queue_position(job) for job in (first, second, third)] == [0, 1, 2]
        store.cancel(first.id, None)
        assert store.queue_position(third) == 1
        assert store.claim("w", 60, alone=True) is not None
        assert store.release_worker("w") == 1  # a suspect has its turn before everybody else
        assert [store.queue_position(store.get(job.id, None)) for job in (second, third)] == [0, 1]

    def test_a_job_whose_time_ran_out_is_remembered_for_a_while(self, store, clock):
        expiring, deleted = store.submit(new_job(owner="us")), store.submit(new_job(owner="us"))
        store.delete(deleted.id, "us")
        assert not store.has_expired(expiring.id, "us")
        clock.now = expiring.expires_at
        assert store.has_expired(expiring.id, "us")
        assert store.expire() == 1
        store.forget(expiring.id)
        assert store.has_expired(expiring.id, "us")
        assert store.has_expired(expiring.id, ANY_OWNER)
        for job_id, owner in ((expiring.id, "them"), (expiring.id, None), (deleted.id, "us"), ("x", "us")):
            assert not store.has_expired(job_id, owner)
        clock.now += TOMBSTONES_KEPT_S
        store.submit(new_job())
        clock.now += 10 * 86400
        store.expire()
        assert not store.has_expired(expiring.id, "us")

    def test_a_batch_whose_time_ran_out_is_remembered_as_long(self, store, clock):
        job = store.submit(new_job(owner="us", batch=BATCH))
        assert not store.has_batch_expired(BATCH, "us")
        clock.now = job.expires_at
        for _ in range(2):
            assert store.has_batch_expired(BATCH, "us")
            assert store.has_batch_expired(BATCH, ANY_OWNER)
            assert not store.has_batch_expired(BATCH, "them")
            assert not store.has_batch_expired("\0", "us")
            store.expire()
            store.forget(job.id)

    # --- rates

    def test_a_rate_holds_for_all_servers_together(self, store, reopen, clock):
        servers = [store, reopen(), reopen()]
        key, _ = store.keys.create("ours", requests_per_minute=60)
        other, _ = store.keys.create("theirs", requests_per_minute=60)
        with ThreadPoolExecutor(6) as pool:
            let_in = list(pool.map(lambda index: may_ask(servers[index % 3], key), range(90)))
        assert sum(let_in) == 60
        assert may_ask(store, other)
        clock.now += 2
        assert [may_ask(servers[index], key) for index in range(3)] == [True, True, False]

    def test_who_asked_too_often_is_told_when_to_come_again(self, store, clock):
        key, _ = store.keys.create("slow", requests_per_minute=2)
        store.keys.spend(key)
        store.keys.spend(key)
        with pytest.raises(RateLimitError, match="2 requests a minute") as refused:
            store.keys.spend(key)
        clock.now += refused.value.retry_after_s
        store.keys.spend(key)

    # --- workers that died

    def test_jobs_of_a_dead_worker_are_free_at_once(self, store):
        dead, alive = (store.submit(new_job()) for _ in range(2))
        store.note_worker("a", "here 1 2")
        store.note_worker("b", "here 3 4")
        store.note_worker("c")
        assert store.claim("a", LEASE_S, alone=True).id == dead.id
        assert store.claim("b", LEASE_S, alone=True).id == alive.id
        assert store.release_dead_workers(lambda process: process == "here 1 2") == 1
        assert store.get(dead.id, None).is_suspect
        assert store.get(alive.id, None).status is Status.STARTED
        assert store.count_workers() == 2
        assert store.release_dead_workers(lambda process: process == "here 1 2") == 0

    # --- the database

    def test_a_worker_learns_whether_it_has_the_folder_of_the_photos(self, url):
        ours, theirs = Seal.fresh(), Seal.fresh()
        with closing(JobStore.open(url, ours)) as server, closing(JobStore.open(url, theirs)) as worker:
            assert worker.shares_data_folder()
            assert not server.note_data_folder()
            assert server.shares_data_folder()
            assert not worker.shares_data_folder()
            assert not server.note_data_folder()
            assert worker.note_data_folder()
            assert worker.shares_data_folder()

    def test_the_migrations_leave_the_tables_that_the_code_uses(self, store, url):
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            differences = compare_metadata(MigrationContext.configure(connection), metadata)
        engine.dispose()
        assert differences == []

    def test_processes_may_open_a_new_store_at_the_same_moment(self, url):
        program = (
            "import sys; from facies.jobs.store import JobStore\n"
            "print(flush=True); sys.stdin.readline(); JobStore.open(sys.argv[1]).close()"
        )
        command = [sys.executable, "-W", "error", "-c", program, url]
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        openers = [subprocess.Popen(command, **pipes) for _ in range(4)]
        for opener in openers:
            opener.stdout.readline()
        for opener in openers:
            opener.stdin.write(b"\n")
            opener.stdin.flush()
        outcomes = [(opener.communicate()[1], opener.returncode) for opener in openers]
        assert outcomes == [(b"", 0)] * 4

    def test_a_store_that_a_newer_version_wrote_is_refused(self, store, url):
        engine = sa.create_engine(url)
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        engine.dispose()
        with pytest.raises(StoreError, match="newer"):
            JobStore.open(url)

    def test_readers_are_not_held_up_by_a_writer(self, store, url):
        job = store.submit(new_job())
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            connection.execute(sa.text("UPDATE jobs SET done = 1"))
            reader = threading.Thread(target=store.get, args=(job.id, None), daemon=True)
            reader.start()
            reader.join(5)
            assert not reader.is_alive()
            connection.rollback()
        engine.dispose()


def may_ask(store: JobStore, key: Key) -> bool:
    try:
        store.keys.spend(key)
    except RateLimitError:
        return False
    return True


def upgrade(connection: sa.Connection, seal: Seal, revision: str) -> None:
    config = Config(attributes={"connection": connection, "seal": seal})
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    alembic.command.upgrade(config, revision)


def assert_unknown(store: JobStore, job: Job) -> None:
    for ask in (
        lambda: store.get(job.id, ANY_OWNER),
        lambda: store.get_number(job.number, ANY_OWNER),
        lambda: store.cancel(job.id, ANY_OWNER),
        lambda: store.delete(job.id, ANY_OWNER),
    ):
        with pytest.raises(UnknownJobError):
            ask()
    assert job.id not in [listed.id for listed in store.list_jobs(ANY_OWNER)]


class TestSqlite(StoreContract):
    @pytest.fixture
    def url(self, tmp_path):
        return f"sqlite:///{tmp_path}/new folder 100%/facies.db"


if POSTGRES_URL is not None:

    class TestPostgresql(StoreContract):
        @pytest.fixture
        def url(self):
            base = sa.make_url(POSTGRES_URL)
            schema = f"facies_test_{uuid.uuid4().hex}"
            engine = sa.create_engine(base)
            with engine.begin() as connection:
                connection.execute(sa.schema.CreateSchema(schema))
            url = base.update_query_dict({"options": f"-csearch_path={schema}"})
            yield url.render_as_string(hide_password=False)
            with engine.begin() as connection:
                connection.execute(sa.schema.DropSchema(schema, cascade=True))
            engine.dispose()
