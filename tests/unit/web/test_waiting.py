import asyncio
import time

import pytest

from facies.web import waiting
from tests.served import CORAL_RESULTS, PHOTO, ROCK_RESULTS
from tests.unit.web.connection import DISCONNECT, Connection
from tests.unit.web.native.asking import sent

LONG = "wait=50"


def send_coral(served):
    number = served.client.post("/V1/api/classify", files={"image": ("r.png", PHOTO)}).json()["job_id"]
    return f"/V1/api/status/{number}", CORAL_RESULTS, b'"completed"'


def send_rock(served):
    known = {"api-key": served.key}
    job_id = served.client.post("/predict", files={"file": ("c.png", PHOTO)}, headers=known).json()["job_id"]
    return f"/job/{job_id}", ROCK_RESULTS, b'"finished"'


def send_native(served):
    job_id = sent(served, headers={"api-key": served.key})
    return f"/api/v1/jobs/{job_id}", CORAL_RESULTS, b'"finished"'


def ask(served, path, prefer, *later):
    """Ask for a status; what comes later is done while the answer is waited for. Gives the answer and the wait."""
    headers = {"api-key": served.key, **({} if prefer is None else {"prefer": prefer})}
    connection = Connection(served.app, path, [b""], headers, method="GET")

    async def run():
        request, began_at = asyncio.create_task(connection.send_request()), time.monotonic()
        for step in later:
            await asyncio.sleep(0.1)
            assert not request.done()
            step(connection)
        await asyncio.wait_for(request, 20)
        return time.monotonic() - began_at

    return connection, asyncio.run(run())


@pytest.mark.parametrize("send", [send_coral, send_rock, send_native])
def test_whoever_prefers_to_wait_is_answered_when_the_job_is_over(served, send):
    path, results, over = send(served)
    jobs = []
    start = lambda _: jobs.append(served.start(done=1, total=4))  # noqa: E731 - one step of three
    connection, _ = ask(served, path, LONG, start, lambda _: served.finish(jobs[0], results))
    assert connection.status == 200
    assert over in connection.body


def test_whoever_waits_need_not_look_for_itself_when_it_is_woken(served, monkeypatch):
    monkeypatch.setattr(waiting, "_LOOK_S", 60)
    path, results, over = send_coral(served)
    job = served.start(done=1, total=4)

    def finish_and_wake(_):
        served.finish(job, results)
        served.app.state.watch.wake()

    connection, _ = ask(served, path, LONG, finish_and_wake)
    assert over in connection.body


@pytest.mark.parametrize(
    "prefer", [None, "respond-async", "wait", "wait=soon", "wait=-1", "await=50", 'wait="5', "wait=0"]
)
def test_whoever_does_not_is_answered_at_once(served, prefer):
    path, _, over = send_coral(served)
    connection, _ = ask(served, path, prefer)
    assert connection.status == 200
    assert over not in connection.body


@pytest.mark.parametrize("prefer", ["wait=1", "respond-async, wait=1", 'Wait = "1"; foo, bar'])
def test_time_that_is_up_is_not_exceeded_for_a_job_that_goes_on(served, prefer):
    path, _, _ = send_coral(served)
    connection, waited_s = ask(served, path, prefer)
    assert b'"queued"' in connection.body
    assert waited_s >= 1


def test_nobody_waits_for_longer_than_proxies_let_them(served, monkeypatch):
    monkeypatch.setattr(waiting, "MOST_S", 1)
    path, _, _ = send_coral(served)
    connection, _ = ask(served, path, "wait=999999999")
    assert b'"queued"' in connection.body


def test_nobody_waits_for_a_job_that_failed_or_is_unknown(served):
    path, _, _ = send_coral(served)
    served.fail(served.start(), "It is damaged.")
    assert b"It is damaged." in ask(served, path, LONG)[0].body
    assert ask(served, "/V1/api/status/999", LONG)[0].status == 404


def test_a_job_that_is_deleted_meanwhile_is_gone(served):
    path, _, _ = send_coral(served)
    number = path.rpartition("/")[2]
    connection, _ = ask(served, path, LONG, lambda _: served.client.delete(f"/V1/api/classify/{number}"))
    assert connection.status == 404


def test_the_end_of_the_server_and_of_the_client_end_the_wait(served):
    path, _, _ = send_coral(served)
    ask(served, path, LONG, lambda connection: connection.pieces.append(DISCONNECT))
    connection, _ = ask(served, path, LONG, lambda _: setattr(served.app.state.drain, "has_begun", True))
    assert b'"queued"' in connection.body
