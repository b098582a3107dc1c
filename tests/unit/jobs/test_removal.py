import os
import uuid

import pytest

from facies.errors import IllegalMoveError, UnknownJobError
from facies.jobs.blobs import LocalBlobs
from facies.jobs.job import ANY_OWNER, Status
from facies.jobs.removal import ORPHANED_AFTER_S, cancel_job, delete_job, remove_orphans, sweep
from tests.data.jobs import Clock, Room

LEASE_S = 15.0


class StubbornBlobs(LocalBlobs):
    """Blobs on a disk that refuses to remove, for a while."""

    refuses = True

    def remove(self, job_id):
        if self.refuses:
            raise OSError("disk on fire")
        super().remove(job_id)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def room(tmp_path, clock):
    room = Room(tmp_path, time_to_live_s=1000.0, clock=clock)
    yield room
    room.close()


def finish_with_files(room):
    job = room.store.claim("w", LEASE_S, alone=True)
    with room.blobs.create(job.id, "overlay.png") as blob:
        blob.write(b"png")
    room.store.finish(job.id, job.lease.token)
    return job


def test_deleting_a_waiting_job_takes_its_files_at_once(room):
    job = room.send(b"photo")
    delete_job(room.store, room.blobs, job.id, None)
    assert room.files() == []
    assert room.store.spent() == []
    with pytest.raises(UnknownJobError):
        delete_job(room.store, room.blobs, job.id, None)


def test_deleting_a_finished_job_takes_its_files_at_once(room):
    room.send(b"photo")
    job = finish_with_files(room)
    assert len(room.files()) == 2
    delete_job(room.store, room.blobs, job.id, None)
    assert room.files() == []
    assert not room.store.may_have_files(job.id)


def test_a_strangers_delete_takes_nothing(room):
    job = room.send(b"photo", owner="me")
    with pytest.raises(UnknownJobError):
        delete_job(room.store, room.blobs, job.id, "you")
    assert len(room.files()) == 1


def test_deleting_a_running_job_leaves_its_files_to_the_worker(room):
    room.send(b"photo")
    job = room.store.claim("w", LEASE_S, alone=True)
    delete_job(room.store, room.blobs, job.id, None)
    sweep(room.store, room.blobs)
    assert len(room.files()) == 1
    room.store.release_worker("w")  # the worker died before it could see to them
    sweep(room.store, room.blobs)
    assert room.files() == []


def test_cancelling_takes_the_files_and_keeps_the_job(room):
    job = room.send(b"photo")
    assert cancel_job(room.store, room.blobs, job.id, None).status is Status.CANCELLED
    assert room.files() == []
    assert room.job(job.id).status is Status.CANCELLED


def test_cancelling_a_running_job_leaves_its_files_to_the_worker(room):
    room.send(b"photo")
    job = room.store.claim("w", LEASE_S, alone=True)
    assert cancel_job(room.store, room.blobs, job.id, None).status is Status.STARTED
    assert len(room.files()) == 1


def test_cancelling_a_finished_job_takes_nothing(room):
    room.send(b"photo")
    job = finish_with_files(room)
    with pytest.raises(IllegalMoveError):
        cancel_job(room.store, room.blobs, job.id, None)
    assert len(room.files()) == 2


def test_what_could_not_be_removed_is_removed_by_a_later_sweep(room, caplog):
    job = room.send(b"photo")
    blobs = StubbornBlobs(room.folder / "blobs")
    delete_job(room.store, blobs, job.id, None)
    sweep(room.store, blobs)
    assert len(room.files()) == 1
    assert "next sweep" in caplog.text
    blobs.refuses = False
    sweep(room.store, blobs)
    assert room.files() == []
    assert room.store.spent() == []


def test_a_sweep_removes_what_is_past_its_time(room, clock):
    room.send(b"photo")
    finished = finish_with_files(room)
    clock.now += 500
    young = room.send(b"photo")
    clock.now += 500
    sweep(room.store, room.blobs)
    assert [job.id for job in room.store.list_jobs(ANY_OWNER)] == [young.id]
    assert not room.store.may_have_files(finished.id)
    assert room.files() == [f"{young.id[:2]}/{young.id}/photo"]


def test_a_sweep_removes_what_a_crashed_job_left(room):
    job = room.send(b"photo")
    for _ in range(3):
        room.store.claim("w", LEASE_S, alone=True)
        room.store.release_worker("w")
    sweep(room.store, room.blobs)
    assert room.files() == []
    assert room.job(job.id).status is Status.FAILED


def test_orphans_go_when_they_are_old(room):
    job = room.send(b"photo")
    orphans = [str(uuid.uuid4()) for _ in range(2)]
    for orphan in orphans:
        with room.blobs.create(orphan, "photo") as blob:
            blob.write(b"x")
    now = room.blobs.path(job.id, "photo").stat().st_mtime
    age_all(room, now - ORPHANED_AFTER_S - 60, but=orphans[1])
    remove_orphans(room.store, room.blobs, clock=lambda: now)
    assert sorted(room.files()) == sorted(f"{kept[:2]}/{kept}/photo" for kept in (job.id, orphans[1]))


def test_an_upload_that_takes_long_is_no_orphan(room):
    upload = str(uuid.uuid4())
    with room.blobs.create(upload, "photo") as blob:
        blob.write(b"first")
        folder = next(room.folder.glob("blobs/*/*"))
        now = folder.stat().st_mtime
        os.utime(folder, (now - 2 * ORPHANED_AFTER_S, now - 2 * ORPHANED_AFTER_S))
        remove_orphans(room.store, room.blobs, clock=lambda: now)
        blob.write(b", last")
    assert room.blobs.size(upload, "photo") == len(b"first, last")


def test_half_written_files_of_living_jobs_go_when_they_are_old(room):
    job = room.send(b"photo")
    photo = room.blobs.path(job.id, "photo")
    (photo.parent / ".overlay.png.0123456789abcdef.part").write_bytes(b"half")
    now = photo.stat().st_mtime
    remove_orphans(room.store, room.blobs, clock=lambda: now)
    assert len(room.files()) == 2
    age_all(room, now - ORPHANED_AFTER_S - 60)
    remove_orphans(room.store, room.blobs, clock=lambda: now)
    assert room.files() == [f"{job.id[:2]}/{job.id}/photo"]


def age_all(room, modified_at, but=None):
    for folder in room.folder.glob("blobs/*/*"):
        if folder.name != but:
            for path in (*folder.iterdir(), folder):
                os.utime(path, (modified_at, modified_at))
