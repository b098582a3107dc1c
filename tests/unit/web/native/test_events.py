import asyncio
import json

import pytest

from facies.web.dialects.native import events
from tests.served import CORAL_RESULTS
from tests.unit.web.connection import Connection
from tests.unit.web.native.asking import JOBS, assert_problem, sent


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(events, "POLL_S", 0.005)


def parse(text):
    """Kind, id and data of every event."""
    blocks = [dict(line.split(": ", 1) for line in block.splitlines()) for block in text.strip().split("\n\n")]
    return [(block["event"], block.get("id"), json.loads(block["data"])) for block in blocks if "event" in block]


def stream(served, job_id, **headers):
    return served.client.get(f"{JOBS}/{job_id}/events", headers=headers)


def watch(served, job_id, act):
    """Open the stream as a client would, act while it is open, and give what came until it ended."""
    connection = Connection(served.app, f"{JOBS}/{job_id}/events", [b""], {"host": "localhost"}, method="GET")

    async def run():
        request = asyncio.create_task(connection.send_request())
        for step in act:
            while not connection.body.endswith(b"\n\n") or step[0] not in connection.body:
                await asyncio.sleep(0.005)
            step[1]()
        await asyncio.wait_for(request, 20)

    asyncio.run(run())
    return parse(connection.body.decode())


def test_events_follow_a_job_to_its_end(served):
    job_id, jobs = sent(served), []
    steps = [
        (b"queued", lambda: jobs.append(served.start(done=1, total=4))),
        (b'"done":1', lambda: served.store.report_progress(jobs[0].id, jobs[0].lease.token, 3, 4)),
        (b'"done":3', lambda: served.finish(jobs[0], CORAL_RESULTS)),
    ]
    seen = watch(served, job_id, steps)
    assert [kind for kind, _, _ in seen][-1] == "end"
    states = [(data["status"], data["done"], data["total"]) for _, _, data in seen]
    assert states[0] == ("queued", 0, 0)
    assert ("started", 3, 4) in states
    assert states[-1] == ("finished", 4, 4)
    ids = [event_id for _, event_id, _ in seen]
    assert len(set(ids)) == len(ids)


def test_a_deleted_job_ends_the_stream(served):
    job_id = sent(served)
    seen = watch(served, job_id, [(b"queued", lambda: served.client.delete(f"{JOBS}/{job_id}"))])
    assert [kind for kind, _, _ in seen] == ["progress", "gone"]


def test_a_silent_job_gets_a_comment_now_and_then(served, monkeypatch):
    monkeypatch.setattr(events, "COMMENT_INTERVAL_S", 0.02)
    job_id = sent(served)
    steps = [(b": still here", lambda: served.client.delete(f"{JOBS}/{job_id}"))]
    assert watch(served, job_id, steps)[-1][0] == "gone"


def test_a_job_that_is_over_says_so_at_once(served):
    job_id = sent(served)
    served.finish(served.start(), CORAL_RESULTS)
    answer = stream(served, job_id)
    assert answer.headers["content-type"].startswith("text/event-stream")
    ((kind, event_id, data),) = parse(answer.text)
    assert (kind, data["status"]) == ("end", "finished")
    again = stream(served, job_id, **{"Last-Event-ID": event_id})
    assert (again.status_code, again.content) == (204, b"")
    assert parse(stream(served, job_id, **{"Last-Event-ID": "0.queued.0.0"}).text) == [(kind, event_id, data)]


def test_who_comes_back_is_not_told_twice(served):
    job_id = sent(served)
    job = served.start(done=1, total=4)
    connection = Connection(
        served.app,
        f"{JOBS}/{job_id}/events",
        [b""],
        {"host": "localhost", "last-event-id": "1.started.1.4"},
        method="GET",
    )

    async def run():
        request = asyncio.create_task(connection.send_request())
        await asyncio.sleep(0.1)
        served.finish(job, CORAL_RESULTS)
        await asyncio.wait_for(request, 20)

    asyncio.run(run())
    assert [kind for kind, _, _ in parse(connection.body.decode())] == ["end"]


def test_a_server_about_to_end_lets_its_streams_go(served):
    job_id = sent(served)

    def end():
        served.app.state.drain.has_begun = True

    assert [kind for kind, _, _ in watch(served, job_id, [(b"queued", end)])] == ["progress"]


def test_events_of_unknown_jobs_are_a_problem(served):
    assert_problem(stream(served, "x"), 404, "unknown_job")
