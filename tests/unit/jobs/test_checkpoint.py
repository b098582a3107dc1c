import numpy as np
import pytest

from facies.jobs.checkpoint import JobCheckpoint
from facies.jobs.removal import remove_files
from tests.data.photos import encode, patchwork

PHOTO = encode(patchwork(500, 300))
OTHER_PHOTO = encode(patchwork(500, 300, seed=2))
NUMBERS = np.arange(4, dtype=np.int64)
VALUES = np.array([[0.25, 0.75], [1, 0], [0.5, 0.5], [0.125, 0.875]], dtype=np.float32)


@pytest.fixture
def job(room):
    return room.send(PHOTO)


@pytest.fixture
def checkpoint(room):
    """A checkpoint of a job that writes at once; `keep` also closes it, as a dead process would."""

    def make(job, after_s=0.0):
        return JobCheckpoint(room.blobs, job, after_s)

    return make


def files_of(room, job):
    return [name for name in room.blobs.names(job.id) if name != "photo"]


def answers_in(checkpoint):
    return {
        int(n): value.tolist()
        for numbers, values in checkpoint.kept(2)
        for n, value in zip(numbers, values, strict=True)
    }


def write(checkpoint, *records):
    for first in records:
        checkpoint.keep(NUMBERS + first, VALUES)
    checkpoint.close()


def test_what_one_attempt_kept_the_next_one_has(room, job, checkpoint):
    write(checkpoint(job), 0, 8)
    found = answers_in(checkpoint(job))
    assert found == {first + n: VALUES[n].tolist() for first in (0, 8) for n in range(4)}


def test_it_is_there_the_moment_it_is_kept(job, checkpoint):
    writer = checkpoint(job)
    writer.keep(NUMBERS, VALUES)
    assert len(answers_in(checkpoint(job))) == 4
    writer.close()


def test_attempts_have_a_file_each_and_all_count(room, job, checkpoint):
    write(checkpoint(job), 0)
    write(checkpoint(job), 4)
    assert len(files_of(room, job)) == 2
    assert len(answers_in(checkpoint(job))) == 8


def test_a_short_attempt_writes_nothing(room, job, checkpoint):
    write(checkpoint(job, after_s=1000.0), 0)
    assert files_of(room, job) == []


def test_what_was_found_in_the_first_seconds_is_not_lost_later(job, checkpoint):
    writer = checkpoint(job, after_s=1000.0)
    writer.keep(NUMBERS, VALUES)
    writer._begins_at = 0.0
    writer.keep(NUMBERS + 4, VALUES)
    assert len(answers_in(checkpoint(job))) == 8


@pytest.mark.parametrize("lost", [1, 30, 60])
def test_a_torn_last_record_is_dropped(room, job, checkpoint, lost):
    write(checkpoint(job), 0, 4)
    path = room.blobs.path(job.id, files_of(room, job)[0])
    path.write_bytes(path.read_bytes()[:-lost])
    assert set(answers_in(checkpoint(job))) == {0, 1, 2, 3}


def test_a_record_with_a_wrong_byte_and_what_follows_is_dropped(room, job, checkpoint):
    write(checkpoint(job), 0, 4, 8)
    path = room.blobs.path(job.id, files_of(room, job)[0])
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    assert set(answers_in(checkpoint(job))) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    "changes", [{"options": {"threshold": 0.4}}, {"model_sha256": "f" * 64}, {"model": "other@1.0.0"}, {"photo": True}]
)
def test_it_is_bound_to_photo_model_and_options(room, job, checkpoint, changes):
    write(checkpoint(job), 0)
    name = files_of(room, job)[0]
    changes = dict(changes)
    photo = OTHER_PHOTO if changes.pop("photo", False) else PHOTO
    other = room.send(photo, options={**job.options}) if not changes else room.send(photo, **changes)
    with room.blobs.create(other.id, name) as blob:
        blob.write(room.blobs.path(job.id, name).read_bytes())
    assert answers_in(checkpoint(other)) == {}


def test_garbage_is_no_checkpoint(room, job, checkpoint):
    with room.blobs.create(job.id, "checkpoint-0123456789abcdef") as blob:
        blob.write(b"\xff" * 1000)
    assert answers_in(checkpoint(job)) == {}


def test_a_finished_job_keeps_none(room, job, checkpoint):
    write(checkpoint(job), 0)
    second = checkpoint(job)
    second.keep(NUMBERS, VALUES)
    second.discard()
    assert files_of(room, job) == []
    second.keep(NUMBERS, VALUES)
    assert files_of(room, job) == []


def test_a_job_that_is_gone_meanwhile_gets_no_folder_again(room, job, checkpoint, caplog):
    writer = checkpoint(job)
    room.store.cancel(job.id, None)
    remove_files(room.store, room.blobs, job.id)
    writer.keep(NUMBERS, VALUES)
    assert room.files() == []
    assert "goes on without a checkpoint" in caplog.text
