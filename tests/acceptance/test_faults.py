"""What a client sees when processes die: real ones, over the wire."""

import signal
import sqlite3
import subprocess
import sys

import numpy as np
import psutil
import pytest

from facies.jobs.liveness import this_process
from facies.models.fake import CRASHING_RGB
from tests.acceptance.conftest import STOP_S, wait_until
from tests.data.photos import encode, patchwork

PHOTO = encode(patchwork(2440, 1952))  # 80 tiles, 20 batches
SMALL = encode(patchwork(300, 260))
SLOW = {"FACIES_FAKE_DELAY_S": "0.2", "FACIES_LEASE_S": "3"}


@pytest.fixture
def slow_server(start_server):
    return start_server(**SLOW)


def send(server, photo=PHOTO):
    return server.post("/V1/api/classify", files={"image": ("reef.png", photo)}).json()["job_id"]


def status(server, job):
    return server.get(f"/V1/api/status/{job}").json()


def workers_of(server, count=1):
    """The processes of the workers, once there are so many."""

    def find():
        children = psutil.Process(server.process.pid).children()
        workers = [child for child in children if "worker" in child.cmdline()]
        return workers if len(workers) == count else None

    return wait_until(find)


def worker_of(server):
    return workers_of(server)[0]


def running(server, job):
    return wait_until(lambda: 0 < status(server, job)["completed_chunks"] < 80)


def completed(server, job):
    def is_over():
        seen = status(server, job)
        assert seen["status"] != "error", seen
        return seen if seen["status"] == "completed" else None

    return wait_until(is_over)


def test_a_killed_worker_costs_no_job(slow_server):
    jobs = [send(slow_server) for _ in range(3)]
    running(slow_server, jobs[0])
    worker = worker_of(slow_server)
    worker.kill()
    seen = set()

    def all_completed():
        answers = [status(slow_server, job) for job in jobs]
        seen.update(answer["status"] for answer in answers)
        return all(answer["status"] == "completed" for answer in answers)

    wait_until(all_completed)
    assert seen == {"queued", "processing", "completed"}
    assert worker_of(slow_server).pid != worker.pid


def test_several_workers_do_a_job_each_and_end_with_the_server(start_server):
    server = start_server(**SLOW, FACIES_WORKERS="2", FACIES_WORKER_THREADS="1")
    jobs = [send(server) for _ in range(3)]
    wait_until(lambda: [status(server, job)["status"] for job in jobs] == ["processing", "processing", "queued"])
    workers_of(server, 2)[0].kill()
    for job in jobs:
        assert completed(server, job)["completed_chunks"] == 80
    workers = workers_of(server, 2)
    server.process.terminate()
    server.process.wait(timeout=STOP_S)
    assert not any(worker.is_running() for worker in workers)


@pytest.mark.skipif(this_process() is None, reason="this system does not tell of processes")
def test_a_restart_waits_for_no_lease_of_the_dead(start_server):
    """Killed with everything, the worker can hand nothing back; its lease is longer than this test waits."""
    server = start_server(**{**SLOW, "FACIES_LEASE_S": "3600"})
    job = send(server)
    running(server, job)
    worker = worker_of(server)
    server.process.send_signal(signal.SIGSTOP)  # so that it starts no other
    worker.kill()
    server.kill()
    server.start()
    assert completed(server, job)["completed_chunks"] == 80


def test_everything_killed_and_started_again_loses_nothing(slow_server):
    before = send(slow_server, SMALL)
    answer_before = completed(slow_server, before)
    during, waiting = send(slow_server), [send(slow_server) for _ in range(2)]
    running(slow_server, during)
    worker = worker_of(slow_server)
    worker.kill()
    slow_server.kill()
    slow_server.start()
    assert status(slow_server, before) == answer_before
    for job in (during, *waiting):
        assert completed(slow_server, job)["completed_chunks"] == 80


def test_a_worker_does_not_outlive_a_killed_server(slow_server):
    worker = worker_of(slow_server)
    slow_server.process.send_signal(signal.SIGKILL)
    worker.wait(timeout=STOP_S)


def test_sigterm_hands_running_work_back(slow_server):
    jobs = [send(slow_server) for _ in range(3)]
    running(slow_server, jobs[0])
    worker = worker_of(slow_server)
    slow_server.process.terminate()
    slow_server.process.wait(timeout=STOP_S)
    assert not worker.is_running()
    with sqlite3.connect(slow_server.data_dir / "facies.db") as database:
        rows = database.execute("SELECT status, attempts FROM jobs ORDER BY number").fetchall()
    database.close()
    assert rows == [("queued", 0)] * 3
    slow_server.start()
    for job in jobs:
        completed(slow_server, job)


def test_a_photo_that_crashes_the_worker_fails_alone(slow_server):
    crashing = np.zeros((260, 300, 3), np.uint8)
    crashing[:] = CRASHING_RGB
    innocent = [send(slow_server, SMALL)]
    guilty = send(slow_server, encode(crashing))
    innocent += [send(slow_server, SMALL) for _ in range(3)]
    wait_until(lambda: status(slow_server, guilty)["status"] == "error")
    assert "3 times" in status(slow_server, guilty)["error"]
    for job in innocent:
        completed(slow_server, job)
    assert slow_server.get("/V1/api/health").ok


def test_cancelling_the_running_job_leaves_nothing_and_frees_the_worker(slow_server):
    job, next_job = send(slow_server), send(slow_server, SMALL)
    running(slow_server, job)
    assert slow_server.delete(f"/V1/api/classify/{job}").json() == {"status": "success"}
    assert slow_server.get(f"/V1/api/status/{job}").status_code == 404
    completed(slow_server, next_job)
    wait_until(lambda: len({path.parent for path in slow_server.files()}) == 1)


def test_a_worker_without_the_photos_takes_no_job(start_server, tmp_path):
    server = start_server("--workers", "0")
    job = send(server, SMALL)
    database = server.environment.get("FACIES_DATABASE_URL", f"sqlite:///{server.data_dir / 'facies.db'}")
    elsewhere = server.environment | {"FACIES_DATA_DIR": str(tmp_path / "elsewhere"), "FACIES_DATABASE_URL": database}
    worker = subprocess.run(
        [sys.executable, "-m", "facies", "worker"], env=elsewhere, capture_output=True, text=True, timeout=60
    )
    assert worker.returncode == 2
    assert "Give the worker the --data-dir of the server" in worker.stderr
    assert status(server, job)["status"] == "queued"
