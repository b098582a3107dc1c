import uuid

import pytest

from facies.jobs.job import MOVES, Job, Lease, Status, is_job_id, sources
from tests.data.jobs import NOON, new_job


def job(**changes) -> Job:
    fields = {
        **vars(new_job()),
        "number": 1,
        "status": Status.QUEUED,
        "created_at": NOON,
        "started_at": None,
        "finished_at": None,
        "expires_at": NOON + 1,
        "done": 0,
        "total": 0,
        "attempts": 0,
        "lease": None,
        "cancel_requested": False,
        "error_code": None,
        "error_message": None,
    }
    return Job(**{**fields, **changes})


def test_every_status_can_be_reached_and_every_job_can_end():
    reached, ends = {Status.QUEUED}, set()
    for _ in Status:
        reached |= {target for status in reached for target in MOVES[status]}
    assert reached == set(Status) == set(MOVES)
    ends = {status for status in Status if status.is_over}
    assert ends == {Status.FINISHED, Status.FAILED, Status.CANCELLED}


def test_sources_are_the_moves_read_backwards():
    for source in Status:
        for target in Status:
            assert (source in sources(target)) == (target in MOVES[source])
    assert sources(Status.STARTED) == {Status.QUEUED}
    assert sources(Status.FINISHED) == {Status.STARTED}


@pytest.mark.parametrize(
    ("attempts", "has_lease", "is_suspect"),
    [(0, False, False), (1, True, False), (1, False, True), (2, True, True)],
)
def test_a_job_is_suspect_once_an_earlier_attempt_crashed(attempts, has_lease, is_suspect):
    lease = Lease("w", "t", NOON) if has_lease else None
    assert job(attempts=attempts, lease=lease).is_suspect is is_suspect


def test_ids_are_canonical_uuids():
    assert is_job_id(str(uuid.uuid4()))


@pytest.mark.parametrize(
    "change", [str.upper, lambda text: text[:-1], lambda text: text + "\n", lambda text: "{" + text + "}"]
)
def test_what_only_looks_like_a_uuid_is_no_id(change):
    assert not is_job_id(change("c42b9cbe-81b5-4a53-8a4d-88edb8f6ff82"))
