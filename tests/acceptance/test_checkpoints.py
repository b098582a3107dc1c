"""Nobody looks at a tile twice because a process ended: real ones, killed in the middle."""

import re
import signal

import psutil
import pytest

from tests.acceptance.conftest import wait_until
from tests.data.photos import encode, patchwork

PHOTO = encode(patchwork(2440, 1952))  # 80 tiles, 20 batches


@pytest.fixture(scope="module")
def slow_server(start_shared_server):
    return start_shared_server(FACIES_FAKE_DELAY_S="0.25", FACIES_CHECKPOINT_AFTER_S="0", FACIES_LEASE_S="3")


def send(server):
    return server.post("/V1/api/classify", files={"image": ("reef.png", PHOTO)}).json()["job_id"]


def status(server, job):
    return server.get(f"/V1/api/status/{job}").json()


def half_way(server, job):
    return wait_until(lambda: (done := status(server, job)["completed_chunks"]) >= 40 and done)


def completed(server, job):
    return wait_until(lambda: (seen := status(server, job))["status"] == "completed" and seen)


def kill_worker(server):
    worker = next(child for child in psutil.Process(server.process.pid).children() if "worker" in child.cmdline())
    worker.kill()


def kill_everything(server):
    server.kill()
    server.start()


def end_everything(server):
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(timeout=60)
    server.start()


@pytest.fixture(scope="module")
def undisturbed(slow_server):
    return completed(slow_server, send(slow_server))


@pytest.mark.parametrize("disturb", [kill_worker, kill_everything, end_everything])
def test_a_job_goes_on_where_it_was(slow_server, undisturbed, disturb):
    job = send(slow_server)
    before = half_way(slow_server, job)
    disturb(slow_server)
    assert completed(slow_server, job) == undisturbed
    log = slow_server.log.read_text()
    found = int(re.findall(r"goes on where an earlier attempt ended: (\d+) tiles", log)[-1])
    assert before <= found <= before + 20
    assert not [path for path in slow_server.files() if path.name.startswith("checkpoint")]
