import io
import json
import threading
import time
from contextlib import closing

import numpy as np
import pytest
from PIL import Image

from facies.analysis import analyse
from facies.errors import AnalysisCancelledError, DamagedPhotoError, PackageError, StoreError
from facies.findings import TileAnalysis
from facies.imaging.sizes import DEFAULT_SIZES, Sizes
from facies.jobs.attempt import PROGRESS_INTERVAL_S, Attempt, Workplace
from facies.jobs.checkpoint import AFTER_S
from facies.jobs.job import Status
from facies.jobs.removal import delete_job
from facies.models.fake import FakeRuntime
from tests.data.jobs import wait_until
from tests.data.photos import encode, patchwork

LEASE_S = 15.0
SIZES = Sizes(10**6)
PHOTO = encode(patchwork(500, 300))


@pytest.fixture
def runtime(room):
    with closing(FakeRuntime(room.coral)) as runtime:
        yield runtime


@pytest.fixture
def attempt_at(room, runtime):
    """Claims the next job; `analyse` and `get_runtime` may be stood in for."""

    def attempt_at(analyse=analyse, get_runtime=lambda _: runtime, checkpoint_after_s=AFTER_S, sizes=SIZES):
        job = room.store.claim("w", LEASE_S, alone=True)
        workplace = Workplace(room.store, room.blobs, get_runtime, analyse, sizes, LEASE_S, checkpoint_after_s)
        return Attempt(job, job.lease, workplace)

    return attempt_at


def work_in_touch(attempt):
    """As a worker has it done: in a thread of its own, while another keeps in touch with the store."""
    thread = threading.Thread(target=attempt.work, daemon=True)
    thread.start()
    while not attempt.wait(0.002):
        attempt.keep_in_touch()
    thread.join()


def failing_with(error):
    def analyse(*_args, **_kwargs):
        raise error

    return analyse


def names(room):
    return sorted(path.rsplit("/", 1)[-1] for path in room.files())


def test_a_photo_becomes_results(room, attempt_at):
    job = room.send(PHOTO, options={})
    attempt = attempt_at()
    assert not attempt.is_over
    attempt.work()
    assert attempt.is_over
    finished = room.job(job.id)
    assert (finished.status, finished.done, finished.total) == (Status.FINISHED, 6, 6)
    assert names(room) == ["overlay.png", "photo", "summary.json", "thumbnail.jpg", "tiles.csv", "tiles.json"]
    summary = json.loads(room.blobs.path(job.id, "summary.json").read_bytes())
    assert summary["tiles"]["total"] == 6


@pytest.mark.parametrize("width_height", [(1000, 600), (1999, 1201), (3200, 1920)])
def test_a_photo_gets_its_thumbnail_with_its_results(room, attempt_at, width_height):
    photo = patchwork(*width_height)
    job = room.send(encode(photo))
    attempt_at(sizes=DEFAULT_SIZES).work()
    assert room.job(job.id).status is Status.FINISHED
    small = Image.open(io.BytesIO(room.blobs.path(job.id, "thumbnail.jpg").read_bytes()))
    assert (small.format, small.width) == ("JPEG", 512)
    expected = np.asarray(Image.fromarray(photo).resize(small.size, Image.Resampling.BOX), dtype=np.float64)
    assert np.abs(np.asarray(small) - expected).mean() < 12  # noise; light and dark lie 130 apart


def test_a_job_deleted_while_its_thumbnail_is_made_leaves_nothing(room, attempt_at, monkeypatch):
    job = room.send(PHOTO)

    def delete_meanwhile(_photo):
        delete_job(room.store, room.blobs, job.id, None)
        return b"small"

    monkeypatch.setattr("facies.jobs.attempt.quick_thumbnail", delete_meanwhile)
    attempt_at().work()
    assert room.files() == []


def test_a_thumbnail_that_cannot_be_made_does_not_undo_the_job(room, attempt_at, monkeypatch, caplog):
    job = room.send(PHOTO)
    monkeypatch.setattr("facies.jobs.attempt.quick_thumbnail", failing_with(MemoryError()))
    attempt_at().work()
    assert room.job(job.id).status is Status.FINISHED
    assert "overlay.png" in names(room)
    assert "made when it is asked for" in caplog.text


def test_a_photo_too_large_to_be_kept_gets_its_thumbnail_when_it_is_asked_for(room, attempt_at):
    job = room.send(PHOTO)
    attempt_at(sizes=Sizes(kept=1)).work()
    assert room.job(job.id).status is Status.FINISHED
    assert not room.blobs.exists(job.id, "thumbnail.jpg")


def test_a_segmentation_gets_a_picture_with_legend_too(room, attempt_at):
    job = room.send(PHOTO, room.rock)
    with closing(FakeRuntime(room.rock)) as runtime:
        attempt_at(get_runtime=lambda _: runtime).work()
    assert room.job(job.id).status is Status.FINISHED
    assert names(room) == [
        "confidence.png",
        "intervals.csv",
        "labels.png",
        "overlay-legend.png",
        "overlay.png",
        "photo",
        "summary.json",
        "thumbnail.jpg",
    ]


def test_the_photo_options_and_limits_reach_the_analysis(room, attempt_at, runtime):
    seen = {}

    def analyse(photo, runtime, options, *, sizes, **_):
        seen.update(photo=photo.read_bytes(), runtime=runtime, opacity=options.opacity, sizes=sizes)
        raise DamagedPhotoError("Seen enough.")

    room.send(PHOTO, options={"opacity": 0.375})
    attempt_at(analyse).work()
    assert seen == {"photo": PHOTO, "runtime": runtime, "opacity": 0.375, "sizes": SIZES}


def test_an_error_with_a_name_becomes_its_code_and_sentence(room, attempt_at):
    job = room.send(b"no photo at all")
    attempt_at().work()
    failed = room.job(job.id)
    assert (failed.status, failed.error_code) == (Status.FAILED, "not_a_photo")
    assert failed.error_message.endswith(".")
    assert room.files() == []


@pytest.mark.parametrize("error", [ValueError("/secret/path"), MemoryError(), KeyError("x"), OSError(28, "No space")])
def test_an_unexpected_error_gives_nothing_away(room, attempt_at, caplog, error):
    job = room.send(PHOTO)
    attempt_at(failing_with(error)).work()
    failed = room.job(job.id)
    assert (failed.status, failed.error_code) == (Status.FAILED, "internal")
    assert "secret" not in failed.error_message
    assert "Traceback" not in failed.error_message
    assert room.files() == []
    assert "Traceback" in caplog.text
    assert job.id in caplog.text


def test_a_broken_package_is_told_without_its_path(room, attempt_at, caplog):
    job = room.send(PHOTO)

    def get_runtime(reference):
        raise PackageError(f"/srv/models/{reference}/package.toml is missing.")

    attempt_at(get_runtime=get_runtime).work()
    failed = room.job(job.id)
    assert failed.error_code == "package"
    assert "/srv" not in failed.error_message
    assert "test-coral@1.0.0" in failed.error_message
    assert "/srv" in caplog.text


def test_other_weights_than_the_job_was_sent_for_are_refused(room, attempt_at):
    job = room.send(PHOTO, model_sha256="f" * 64)
    attempt_at().work()
    failed = room.job(job.id)
    assert (failed.status, failed.error_code) == (Status.FAILED, "checksum")


def test_a_cancelled_job_stops_between_two_batches(room, attempt_at):
    job = room.send(PHOTO)

    def analyse(*_, on_progress, is_cancelled, **__):
        on_progress(0, 100)
        assert not is_cancelled()
        room.store.cancel(job.id, None)
        wait_until(is_cancelled)
        raise AnalysisCancelledError("Stopped.")

    work_in_touch(attempt_at(analyse))
    assert room.job(job.id).status is Status.CANCELLED
    assert room.files() == []


def test_a_job_that_is_cancelled_while_it_is_rendered_stops_between_two_pieces(room, attempt_at, monkeypatch):
    job = room.send(PHOTO)
    attempt = attempt_at()
    written = []

    def endless_picture():
        while True:
            written.append(b"piece")
            if len(written) == 3:
                room.store.cancel(job.id, None)
                attempt.keep_in_touch()
            yield written[-1]

    monkeypatch.setattr(TileAnalysis, "files", lambda *_args, **_kwargs: iter([("overlay.png", endless_picture())]))
    attempt.work()
    assert len(written) == 3
    assert room.job(job.id).status is Status.CANCELLED
    assert room.files() == []


def test_a_job_whose_lease_is_lost_stops_at_the_next_batch(room, attempt_at):
    job = room.send(PHOTO)

    def analyse(*_, on_progress, is_cancelled, **__):
        on_progress(0, 100)
        room.store.release_worker("w")
        wait_until(is_cancelled)
        raise AnalysisCancelledError("Stopped.")

    work_in_touch(attempt_at(analyse))
    assert room.job(job.id).status is Status.QUEUED
    assert names(room) == ["photo"]


def test_a_store_that_does_not_answer_for_a_while_stops_nobody(room, attempt_at, monkeypatch, caplog):
    job = room.send(PHOTO)
    attempt = attempt_at()

    def is_wanted(*_):
        raise StoreError("The job store does not answer.")

    monkeypatch.setattr(room.store, "is_wanted", is_wanted)
    attempt.keep_in_touch()
    assert "does not answer" in caplog.text
    attempt.work()
    assert room.job(job.id).status is Status.FINISHED


@pytest.mark.parametrize("checkpoint_after_s", [0, AFTER_S])
def test_a_deleted_job_comes_to_an_end_and_leaves_nothing(room, attempt_at, checkpoint_after_s):
    job = room.send(PHOTO)

    def analyse_then_delete(*args, **kwargs):
        found = analyse(*args, **kwargs)
        delete_job(room.store, room.blobs, job.id, None)
        return found

    attempt = attempt_at(analyse_then_delete, checkpoint_after_s=checkpoint_after_s)
    attempt.work()
    assert attempt.is_over
    assert room.files() == []
    assert room.store.spent() == []
    assert not room.store.may_have_files(job.id)


def test_a_stale_worker_publishes_nothing(room, attempt_at, caplog):
    job = room.send(PHOTO)

    def analyse_too_long(*args, **kwargs):
        found = analyse(*args, **kwargs)
        room.store.release_worker("w")
        return found

    attempt_at(analyse_too_long).work()
    assert room.job(job.id).status is Status.QUEUED
    assert names(room) == ["photo"]
    assert "dropped" in caplog.text


def test_a_stale_worker_does_not_bring_back_a_deleted_jobs_folder(room, attempt_at):
    job = room.send(PHOTO)

    def analyse_too_long(*args, **kwargs):
        found = analyse(*args, **kwargs)
        room.store.release_worker("w")
        delete_job(room.store, room.blobs, job.id, None)
        return found

    attempt_at(analyse_too_long).work()
    assert list(room.blobs.jobs()) == []


def test_a_stale_worker_cannot_fail_the_job(room, attempt_at):
    job = room.send(b"no photo at all")

    def lose_and_analyse(*args, **kwargs):
        room.store.release_worker("w")
        return analyse(*args, **kwargs)

    attempt_at(lose_and_analyse).work()
    assert room.job(job.id).status is Status.QUEUED
    assert names(room) == ["photo"]


@pytest.mark.parametrize("is_handed_back", [True, False], ids=["handed back", "the store did not answer"])
def test_an_attempt_that_is_given_up_ends_and_touches_nothing(room, attempt_at, is_handed_back):
    room.send(PHOTO)
    begun = threading.Event()

    def analyse_for_ever(*_, is_cancelled, **__):
        begun.set()
        wait_until(is_cancelled)
        raise AnalysisCancelledError("Stopped.")

    attempt = attempt_at(analyse_for_ever)
    threading.Thread(target=attempt.work, daemon=True).start()
    begun.wait(5)
    if is_handed_back:
        room.store.hand_back(attempt.job.id, attempt.lease.token)
    before = room.job(attempt.job.id)
    attempt.give_up()
    assert attempt.wait(5)
    assert room.job(attempt.job.id) == before
    assert names(room) == ["photo"]


def test_progress_is_written_at_most_ten_times_a_second(room, attempt_at):
    room.send(PHOTO)
    reports = []
    report = room.store.report_progress
    room.store.report_progress = lambda *args: (reports.append(args[2:]), report(*args))[1]

    def analyse(*_, on_progress, **__):
        for done in range(500):
            on_progress(done, 500)
            threading.Event().wait(0.001)
        raise DamagedPhotoError("Seen enough.")

    started_at = time.monotonic()
    work_in_touch(attempt_at(analyse))
    lasted_s = time.monotonic() - started_at
    assert reports[0] == (0, 500)
    assert 3 <= len(reports) <= lasted_s / PROGRESS_INTERVAL_S + 1
    assert reports == sorted(reports)


def test_how_much_there_is_to_do_is_known_from_the_start(room, attempt_at):
    job = room.send(PHOTO)
    known = []

    def analyse(*_, on_progress, **__):
        on_progress(0, 100)
        known.append(room.job(job.id).total)
        raise DamagedPhotoError("Seen enough.")

    attempt_at(analyse).work()
    assert known == [100]
