"""The worker in this process; `test_faults.py` kills real ones."""

import sqlite3
import threading
import time
from contextlib import closing, contextmanager

import pytest

from facies.analysis import analyse
from facies.errors import AnalysisCancelledError
from facies.jobs import database
from facies.jobs import worker as worker_module
from facies.jobs.job import Status
from facies.jobs.removal import delete_job
from facies.jobs.worker import Worker
from facies.models.fake import FakeRuntime
from tests.data.jobs import Room, wait_until
from tests.data.photos import encode, patchwork

PHOTO = encode(patchwork(500, 300))
MANY_BATCHES = encode(patchwork(1952, 1464), "JPEG")


class Gatekeeper:
    """An analysis that begins, and then waits until it is let through; it does not listen to cancelling."""

    def __init__(self):
        self.running = []
        self.most_at_once = 0
        self._lock = threading.Lock()
        self._gate = threading.Event()

    def __call__(self, photo, *args, **kwargs):
        with self._lock:
            self.running.append(photo.parent.name)
            self.most_at_once = max(self.most_at_once, len(self.running))
        self._gate.wait(30)
        with self._lock:
            self.running.remove(photo.parent.name)
        return analyse(photo, *args, **kwargs)

    def open(self):
        self._gate.set()


@pytest.fixture
def gatekeeper():
    gatekeeper = Gatekeeper()
    yield gatekeeper
    gatekeeper.open()


@pytest.fixture
def runtime(room):
    with closing(FakeRuntime(room.coral)) as runtime:
        yield runtime


@pytest.fixture
def slow(room):
    with closing(FakeRuntime(room.coral, delay_s=0.25)) as runtime:
        yield runtime


@pytest.fixture
def working(room, runtime):
    """Runs a worker while the block runs."""

    @contextmanager
    def working(runtime=runtime, **settings):
        worker = Worker(room.store, room.blobs, lambda _: runtime, **settings)
        thread = threading.Thread(target=worker.run, daemon=True)
        thread.start()
        try:
            yield worker
        finally:
            worker.stop()
            thread.join(10)
            assert not thread.is_alive()

    return working


def test_jobs_are_done(room, working):
    jobs = [room.send(PHOTO) for _ in range(5)]
    with working():
        for job in jobs:
            assert room.wait_for(job.id).status is Status.FINISHED


def test_a_job_that_comes_later_wakes_a_worker_that_waits(room, working, monkeypatch):
    monkeypatch.setattr(worker_module, "POLL_S", 3600.0)
    with working():
        time.sleep(0.2)
        job = room.send(PHOTO)
        assert room.wait_for(job.id).status is Status.FINISHED


def test_as_many_jobs_run_at_once_as_there_are_threads(room, working, gatekeeper):
    jobs = [room.send(PHOTO) for _ in range(4)]
    with working(threads=2, analyse=gatekeeper):
        wait_until(lambda: len(gatekeeper.running) == 2)
        time.sleep(0.2)
        assert set(gatekeeper.running) == {jobs[0].id, jobs[1].id}
        gatekeeper.open()
        for job in jobs:
            room.wait_for(job.id)
    assert gatekeeper.most_at_once == 2


def test_a_broken_photo_fails_alone(room, working):
    broken, whole = room.send(PHOTO[:-100]), room.send(PHOTO)
    with working():
        assert room.wait_for(broken.id).status is Status.FAILED
        assert room.wait_for(whole.id).status is Status.FINISHED


def test_while_a_suspect_runs_nothing_else_does(room, working, gatekeeper):
    suspect = room.send(PHOTO)
    room.store.claim("dead", 15.0, alone=True)
    room.store.release_worker("dead")
    others = [room.send(PHOTO) for _ in range(3)]
    with working(threads=2, analyse=gatekeeper):
        wait_until(lambda: gatekeeper.running)
        time.sleep(0.2)
        assert gatekeeper.running == [suspect.id]
        gatekeeper.open()
        for job in (suspect, *others):
            assert room.wait_for(job.id).status is Status.FINISHED


def test_a_suspect_waits_until_the_worker_is_idle_and_comes_before_the_rest(room, working, gatekeeper):
    crashed, running = room.send(PHOTO), room.send(PHOTO)
    room.store.claim("dead", 15.0, alone=True)
    with working(threads=2, analyse=gatekeeper):
        wait_until(lambda: gatekeeper.running == [running.id])
        room.store.release_worker("dead")
        late = room.send(PHOTO)
        time.sleep(0.2)
        assert gatekeeper.running == [running.id]
        gatekeeper.open()
        room.wait_for(late.id)
    assert room.job(crashed.id).finished_at < room.job(late.id).started_at
    assert room.job(running.id).finished_at < room.job(crashed.id).started_at


def test_a_long_job_keeps_its_lease(room, working, gatekeeper):
    job = room.send(PHOTO)
    with working(lease_s=0.3, analyse=gatekeeper):
        wait_until(lambda: gatekeeper.running)
        time.sleep(1.5)
        gatekeeper.open()
        finished = room.wait_for(job.id)
    assert (finished.status, finished.attempts) == (Status.FINISHED, 1)


def test_a_job_that_another_worker_lost_is_done(room, working):
    job = room.send(PHOTO)
    room.store.claim("silent", 0.2, alone=True)
    with working():
        finished = room.wait_for(job.id)
    assert (finished.status, finished.attempts) == (Status.FINISHED, 2)


def test_ending_hands_running_jobs_back_though_their_threads_are_stuck(room, working, gatekeeper):
    jobs = [room.send(PHOTO) for _ in range(2)]
    with working(analyse=gatekeeper):
        wait_until(lambda: len(gatekeeper.running) == 2)
    assert [room.job(job.id) for job in jobs] == jobs
    gatekeeper.open()
    wait_until(lambda: not gatekeeper.running)
    time.sleep(0.2)
    assert [room.job(job.id) for job in jobs] == jobs
    assert [path.rsplit("/", 1)[-1] for path in room.files()] == ["photo", "photo"]
    with working():
        for job in jobs:
            finished = room.wait_for(job.id)
            assert (finished.status, finished.attempts) == (Status.FINISHED, 1)


def test_run_tells_whether_a_thread_is_stuck(room, runtime, gatekeeper, monkeypatch):
    monkeypatch.setattr(worker_module, "GRACE_S", 0.2)
    worker = Worker(room.store, room.blobs, lambda _: runtime, analyse=gatekeeper)
    assert worker.run(is_told_to_end=lambda: True)
    room.send(PHOTO)
    assert not worker.run(is_told_to_end=lambda: bool(gatekeeper.running))


def test_a_job_that_hangs_ends_the_worker_and_counts_as_crashed(room, runtime, gatekeeper):
    hanging = room.send(PHOTO)
    neighbour = []

    def analyse_or_hang(photo, *args, **kwargs):
        if photo.parent.name == hanging.id:
            return gatekeeper(photo, *args, **kwargs)
        neighbour[:] = [photo.parent.name]
        while not kwargs["is_cancelled"]():
            kwargs["on_progress"](0, 1)  # a sign of life
            time.sleep(0.01)
        raise AnalysisCancelledError("Stopped.")

    worker = Worker(room.store, room.blobs, lambda _: runtime, "w", analyse=analyse_or_hang, hangs_after_s=2.0)
    other = room.send(PHOTO)
    assert not worker.run()
    assert neighbour == [other.id]
    assert room.job(other.id) == other
    assert room.job(hanging.id).status is Status.STARTED
    room.store.release_worker("w")
    assert room.job(hanging.id).is_suspect


def test_an_analysis_ends_between_two_batches(room, working, slow, monkeypatch):
    looked_at = []
    answer = slow._answer
    monkeypatch.setattr(slow, "_answer", lambda batch: (looked_at.append(len(batch)), answer(batch))[1])
    job = room.send(MANY_BATCHES)
    with working(slow):
        wait_until(lambda: room.job(job.id).done > 0)
    assert room.job(job.id) == job
    slow.close()
    assert len(looked_at) < 12


def test_a_cancelled_job_stops_within_a_batch(room, working, slow):
    job = room.send(MANY_BATCHES)
    with working(slow):
        wait_until(lambda: room.job(job.id).done > 0)
        room.store.cancel(job.id, None)
        wait_until(lambda: not room.files())
    assert room.job(job.id).status is Status.CANCELLED


def test_a_deleted_job_stops_within_a_batch_and_leaves_nothing(room, working, slow):
    job = room.send(MANY_BATCHES)
    with working(slow):
        wait_until(lambda: room.job(job.id).done > 0)
        delete_job(room.store, room.blobs, job.id, None)
        wait_until(lambda: not room.files())
        wait_until(lambda: not room.store.may_have_files(job.id))


def test_the_worker_sweeps(room, working):
    job = room.send(PHOTO)
    room.store.delete(job.id, None)
    with working(sweep_interval_s=0.1):
        wait_until(lambda: not room.files())
        later = room.send(b"x")
        room.store.delete(later.id, None)
        wait_until(lambda: not room.files())


def test_a_worker_outlives_a_store_that_does_not_answer(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.05)
    with closing(Room(tmp_path)) as room, closing(FakeRuntime(room.coral)) as runtime:
        job = room.send(PHOTO)
        worker = Worker(room.store, room.blobs, lambda _: runtime)
        thread = threading.Thread(target=worker.run, daemon=True)
        with closing(sqlite3.connect(tmp_path / "facies.db")) as other:
            other.execute("BEGIN IMMEDIATE")
            thread.start()
            wait_until(lambda: "tries again" in caplog.text)
        assert room.wait_for(job.id).status is Status.FINISHED
        worker.stop()
        thread.join(10)
