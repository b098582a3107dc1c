"""What is promised when processes die, done to real ones."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from facies.jobs.job import CRASHED_CODE, MAX_ATTEMPTS, Status
from facies.jobs.removal import cancel_job, delete_job
from facies.jobs.supervisor import Supervisor
from facies.models.fake import CRASHING_RGB
from facies.rendering import THUMBNAIL
from tests.data.jobs import wait_until
from tests.data.photos import encode, patchwork

REPOSITORY = Path(__file__).parents[3]
WORKER = str(Path(__file__).with_name("worker_program.py"))
SUPERVISOR = str(Path(__file__).with_name("supervisor_program.py"))
ENVIRONMENT = {"PYTHONPATH": os.pathsep.join([str(REPOSITORY / "src"), str(REPOSITORY)])}

DELAY_S = 0.2
END_S = 30.0  # what never ends has not ended then either
SHORT = encode(patchwork(300, 260), "JPEG")  # 4 tiles, 1 batch
LONG = encode(patchwork(1952, 1464), "JPEG")  # 48 tiles, 12 batches: 2.4 seconds, so that a busy machine can be in time


@pytest.fixture
def crasher():
    pixels = patchwork(300, 260)
    pixels[:] = CRASHING_RGB
    return encode(pixels)


@contextmanager
def supervised(room, **environment):
    command = [sys.executable, WORKER, str(room.folder), str(DELAY_S)]
    supervisor = Supervisor(command, {**ENVIRONMENT, **environment}, room.store.release_worker)
    supervisor.start()
    try:
        yield supervisor
    finally:
        supervisor.stop()


@contextmanager
def worker_process(room, name="lonely"):
    command = [sys.executable, WORKER, str(room.folder), str(DELAY_S), "--name", name]
    with subprocess.Popen(command, env={**os.environ, **ENVIRONMENT}) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_progress(room, job):
    wait_until(lambda: room.job(job.id).done > 0)


def test_a_killed_worker_is_followed_by_another_that_finishes_its_jobs(room):
    jobs = [room.send(LONG) for _ in range(3)]
    seen = []
    with supervised(room) as supervisor:
        wait_for_progress(room, jobs[0])
        first = supervisor.worker_pid
        os.kill(first, signal.SIGKILL)

        def all_are_over():
            seen.extend(room.job(job.id).status for job in jobs)
            return all(room.job(job.id).status.is_over for job in jobs)

        wait_until(all_are_over)
        assert supervisor.worker_pid != first
    assert set(seen) == {Status.QUEUED, Status.STARTED, Status.FINISHED}
    assert [room.job(job.id).status for job in jobs] == [Status.FINISHED] * 3
    assert room.job(jobs[0].id).attempts == 2
    assert room.job(jobs[2].id).attempts == 1
    assert not [name for name in room.files() if name.endswith(".part")]


def test_a_photo_that_crashes_the_worker_fails_alone(room, crasher):
    before, poison, after = room.send(LONG), room.send(crasher), room.send(LONG)
    with supervised(room):
        failed = room.wait_for(poison.id)
        for innocent in (before, after):
            assert room.wait_for(innocent.id).status is Status.FINISHED
    assert (failed.status, failed.error_code, failed.attempts) == (Status.FAILED, CRASHED_CODE, MAX_ATTEMPTS)
    assert room.job(before.id).attempts <= 2
    assert room.job(after.id).attempts == 1


def test_a_photo_that_hangs_the_worker_fails_alone(room):
    hanging, innocent = room.send(SHORT, model="stuck@1.0.0"), room.send(LONG)
    with supervised(room, HANGS_AFTER_S="2"):
        failed = room.wait_for(hanging.id)
        assert room.wait_for(innocent.id).status is Status.FINISHED
    assert (failed.status, failed.error_code, failed.attempts) == (Status.FAILED, CRASHED_CODE, MAX_ATTEMPTS)


def test_when_everything_is_killed_the_next_start_finishes_every_job(room):
    done = room.send(SHORT)
    environment = {**os.environ, **ENVIRONMENT}
    command = [sys.executable, SUPERVISOR, str(room.folder), str(DELAY_S)]
    with subprocess.Popen(command, env=environment) as server:
        finished = room.wait_for(done.id)
        running, waiting = room.send(LONG), [room.send(SHORT) for _ in range(4)]
        wait_for_progress(room, running)
        family = [*psutil.Process(server.pid).children(recursive=True), psutil.Process(server.pid)]
        for process in family:
            process.kill()
    assert len(family) == 2
    assert room.job(running.id).status is Status.STARTED
    assert room.job(done.id) == finished
    with supervised(room):
        for job in (running, *waiting):
            assert room.wait_for(job.id).status is Status.FINISHED
    assert room.job(done.id) == finished


def test_a_worker_whose_supervisor_is_killed_hands_back_and_ends(room):
    environment = {**os.environ, **ENVIRONMENT}
    command = [sys.executable, SUPERVISOR, str(room.folder), str(DELAY_S)]
    job = room.send(LONG)
    with subprocess.Popen(command, env=environment) as server:
        wait_for_progress(room, job)
        (orphan,) = psutil.Process(server.pid).children()
        server.kill()
        orphan.wait(END_S)
    assert room.job(job.id) == job


@pytest.mark.parametrize("stop", [cancel_job, delete_job])
def test_who_stops_a_job_wakes_its_worker(room, stop):
    job = room.send(LONG)
    with supervised(room, LOOKS_EVERY_S="3600"):
        room.wait_for(job.id, Status.STARTED)
        wait_until(lambda: room.job(job.id).total > 0)
        stop(room.store, room.blobs, job.id, None)
        wait_until(lambda: room.files() == [])


def test_a_worker_that_is_told_to_end_hands_its_jobs_back(room):
    jobs = [room.send(LONG) for _ in range(3)]
    with worker_process(room) as process:
        wait_for_progress(room, jobs[1])
        process.terminate()
        assert process.wait(END_S) == 0
    assert [room.job(job.id) for job in jobs] == jobs
    with supervised(room):
        for job in jobs:
            finished = room.wait_for(job.id)
            assert (finished.status, finished.attempts) == (Status.FINISHED, 1)


def test_a_stuck_thread_keeps_no_worker_from_ending(room):
    stuck = room.send(SHORT, model="stuck@1.0.0")
    with worker_process(room) as process:
        room.wait_for(stuck.id, Status.STARTED)
        process.terminate()
        assert process.wait(END_S) == 0
    assert room.job(stuck.id) == stuck


def test_a_frozen_worker_is_fenced_off_by_the_one_that_takes_over(room):
    job = room.send(LONG)
    with worker_process(room, "frozen") as frozen:
        wait_for_progress(room, job)
        frozen.send_signal(signal.SIGSTOP)
        with worker_process(room, "fresh"):
            finished = room.wait_for(job.id, Status.FINISHED)
            wait_until(lambda: room.blobs.exists(job.id, THUMBNAIL))  # the last file, after the end
            files = {path: (room.folder / "blobs" / path).stat().st_mtime_ns for path in room.files()}
            frozen.send_signal(signal.SIGCONT)
            time.sleep(2 * DELAY_S + 1)
        assert frozen.poll() is None
    assert finished.attempts == 2
    assert room.job(job.id) == finished
    assert {path: (room.folder / "blobs" / path).stat().st_mtime_ns for path in room.files()} == files


def test_two_workers_share_the_queue_and_no_job_runs_twice(room):
    jobs = [room.send(LONG) for _ in range(6)]
    with worker_process(room, "one"), worker_process(room, "two"):
        workers = set()

        def all_are_over():
            found = [room.job(job.id) for job in jobs]
            workers.update(job.lease.worker for job in found if job.lease)
            return all(job.status.is_over for job in found)

        wait_until(all_are_over)
    assert workers == {"one", "two"}
    assert {(room.job(job.id).status, room.job(job.id).attempts) for job in jobs} == {(Status.FINISHED, 1)}
