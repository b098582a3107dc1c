"""What every dialect must do, whatever its words are: one class, run by each."""

import base64
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from facies.web.app import WebConfig
from tests.data.photos import no_photos
from tests.served import CORAL_RESULTS, OVERLAY, PHOTO, ROCK_RESULTS, Served

STRANGE_IDS = [
    "0",
    "-1",
    "1e3",
    "1.0",
    "٣",
    "9" * 40,
    "x",
    "%00",
    "%2e%2e%2fx",
    " ",
    "null",
    "6f1c9a52-0f8e-4b43-9a0f-2f3f7a1f5a10",
    "a" * 3000,
]


@dataclass(frozen=True)
class Tongue:
    """How one dialect is spoken."""

    name: str
    submit_path: str
    photo_field: str
    job_path: str
    error_field: str
    words: Mapping[str, str]
    results: Mapping[str, Any]
    picture: Callable[[dict[str, Any]], str]


CORAL = Tongue(
    name="coral",
    submit_path="/V1/api/classify",
    photo_field="image",
    job_path="/V1/api/status",
    error_field="error",
    words={"queued": "queued", "started": "processing", "finished": "completed", "failed": "error"},
    results=CORAL_RESULTS,
    picture=lambda answer: answer["result_image"].removeprefix("data:image/png;base64,"),
)
ROCK = Tongue(
    name="rock",
    submit_path="/predict",
    photo_field="file",
    job_path="/job",
    error_field="detail",
    words={"queued": "queued", "started": "started", "finished": "finished", "failed": "failed"},
    results=ROCK_RESULTS,
    picture=lambda answer: answer["result"]["base64"],
)


CONFIG = WebConfig(coral_requires_key=True, max_upload_bytes=len(PHOTO), max_pixels=80_000)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server for all tests that leave nothing there."""
    served = Served(tmp_path_factory.mktemp("served"), CONFIG)
    yield served
    assert served.files() == []
    served.close()


@pytest.mark.parametrize("tongue", [CORAL, ROCK], ids=lambda tongue: tongue.name)
class TestDialect:
    @pytest.fixture
    def served(self, tmp_path: Path) -> Iterator[Served]:
        served = Served(tmp_path, CONFIG, queue_limit=3)
        yield served
        served.close()

    def submit(self, served: Served, tongue: Tongue, photo: bytes = PHOTO, key: str | None = None) -> Response:
        headers = {"api-key": key or served.key}
        return served.client.post(tongue.submit_path, files={tongue.photo_field: ("photo.png", photo)}, headers=headers)

    def ask(self, served: Served, tongue: Tongue, job_id: object, key: str | None = None) -> Response:
        return served.client.get(f"{tongue.job_path}/{job_id}", headers={"api-key": key or served.key})

    def test_a_job_from_submission_to_result(self, served, tongue):
        job_id = self.submit(served, tongue).json()["job_id"]
        assert self.ask(served, tongue, job_id).json()["status"] == tongue.words["queued"]
        job = served.start(3, 10)
        assert (job.photo_hw, job.photo_bytes, job.dialect) == ((260, 300), len(PHOTO), tongue.name)
        assert served.blobs.path(job.id, "photo").read_bytes() == PHOTO
        assert self.ask(served, tongue, job_id).json()["status"] == tongue.words["started"]
        served.finish(job, tongue.results)
        answer = self.ask(served, tongue, job_id).json()
        assert answer["status"] == tongue.words["finished"]
        assert base64.b64decode(tongue.picture(answer), validate=True) == OVERLAY

    def test_a_result_declares_its_length(self, served, tongue):
        job_id = self.submit(served, tongue).json()["job_id"]
        served.finish(served.start(), tongue.results)
        answer = self.ask(served, tongue, job_id)
        assert int(answer.headers["content-length"]) == len(answer.content)

    def test_a_failed_job_says_why(self, served, tongue):
        job_id = self.submit(served, tongue).json()["job_id"]
        served.fail(served.start(), "The photo is damaged.")
        answer = self.ask(served, tongue, job_id).json()
        assert (answer["status"], answer["error"]) == (tongue.words["failed"], "The photo is damaged.")

    def test_a_cancelled_job_is_told_as_failed(self, served, tongue):
        job_id = self.submit(served, tongue).json()["job_id"]
        owner = served.store.keys.find(served.key).id
        (job,) = served.store.list_jobs(owner)
        served.store.cancel(job.id, owner)
        answer = self.ask(served, tongue, job_id).json()
        assert (answer["status"], answer["error"]) == (tongue.words["failed"], "The job was cancelled.")

    @pytest.mark.parametrize("job_id", STRANGE_IDS)
    def test_unknown_and_impossible_ids_are_404(self, untouched, tongue, job_id):
        answer = self.ask(untouched, tongue, job_id)
        assert answer.status_code == 404
        assert list(answer.json()) == [tongue.error_field]

    def test_jobs_of_others_are_404(self, served, tongue):
        job_id = self.submit(served, tongue).json()["job_id"]
        theirs = self.ask(served, tongue, job_id, served.other_key)
        unknown = self.ask(served, tongue, 999 if tongue is CORAL else uuid.uuid4(), served.other_key)
        assert (theirs.status_code, theirs.content) == (404, unknown.content)
        assert self.ask(served, tongue, job_id).status_code == 200

    def test_jobs_of_the_other_dialect_are_404(self, served, tongue):
        other = ROCK if tongue is CORAL else CORAL
        self.submit(served, other)
        (job,) = served.store.list_jobs(served.store.keys.find(served.key).id)
        assert self.ask(served, tongue, job.number if tongue is CORAL else job.id).status_code == 404

    def test_a_job_is_gone_after_its_time(self, served, tongue):
        job_id = self.submit(served, tongue).json()["job_id"]
        served.clock.now += 86_401
        assert self.ask(served, tongue, job_id).status_code == 404

    @pytest.mark.parametrize("key", ["", "facies_wrong", "\xe9", "x" * 5000])
    def test_without_a_valid_key_nothing_goes(self, untouched, tongue, key):
        headers = {"api-key": key.encode("latin-1")}
        for answer in (
            untouched.client.post(tongue.submit_path, files={tongue.photo_field: ("a.png", PHOTO)}, headers=headers),
            untouched.client.get(f"{tongue.job_path}/1", headers=headers),
            untouched.client.post(tongue.submit_path, files={tongue.photo_field: ("a.png", PHOTO)}),
        ):
            assert answer.status_code == 401
            assert list(answer.json()) == [tongue.error_field]
            assert "www-authenticate" in answer.headers
        assert not untouched.files()

    def test_a_revoked_key_is_no_key(self, served, tongue):
        served.store.keys.revoke("test")
        assert self.submit(served, tongue).status_code == 401

    @pytest.mark.parametrize("kind", no_photos())
    def test_what_is_no_photo_is_refused_and_not_kept(self, untouched, tongue, kind):
        answer = self.submit(untouched, tongue, no_photos()[kind])
        assert answer.status_code == 400
        assert answer.json()[tongue.error_field].endswith(".")
        assert not untouched.files()

    def test_too_many_bytes_are_refused_and_not_kept(self, untouched, tongue):
        answer = self.submit(untouched, tongue, PHOTO + b"x")
        assert answer.status_code == 413
        assert list(answer.json()) == [tongue.error_field]
        assert not untouched.files()

    def test_a_full_queue_says_when_to_come_back(self, served, tongue):
        assert [self.submit(served, tongue).status_code for _ in range(4)] == [200, 200, 200, 429]
        answer = self.submit(served, tongue)
        assert int(answer.headers["retry-after"]) >= 1
        assert list(answer.json()) == [tongue.error_field]
        assert len(served.files()) == 3

    def test_unknown_routes_and_methods_are_answered_in_the_same_shape(self, untouched, tongue):
        headers = {"api-key": untouched.key}
        for answer, status in (
            (untouched.client.get(f"{tongue.job_path}/1/more", headers=headers), 404),
            (untouched.client.put(tongue.submit_path, headers=headers), 405),
            (untouched.client.post(f"{tongue.submit_path}/", headers=headers), 404),
        ):
            assert (answer.status_code, list(answer.json())) == (status, [tongue.error_field])

    def test_what_goes_wrong_inside_is_a_500_that_tells_nothing(self, served, tongue, monkeypatch, caplog):
        job_id = self.submit(served, tongue).json()["job_id"]
        monkeypatch.setattr(served.store, "get", lambda *_: 1 / 0)
        monkeypatch.setattr(served.store, "get_number", lambda *_: 1 / 0)
        answer = self.ask(served, tongue, job_id)
        assert (answer.status_code, list(answer.json())) == (500, [tongue.error_field])
        assert "zero" not in answer.text
        assert "ZeroDivisionError" in caplog.text
        assert answer.headers["x-content-type-options"] == "nosniff"
