import pytest

from tests.served import CORAL_RESULTS, PHOTO, Served
from tests.unit.web.connection import BOUNDARY, form, part

API = "/V1/api"
FORM_HEADERS = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
UNKNOWN = {"error": "Job not found"}


def submit(served: Served) -> int:
    number = served.client.post(f"{API}/classify", files={"image": ("reef.png", PHOTO)}).json()["job_id"]
    assert isinstance(number, int)
    return number


def status(served: Served, number: int) -> dict[str, object]:
    return served.client.get(f"{API}/status/{number}").json()


@pytest.mark.parametrize(
    ("request_form", "error"),
    [
        ({}, "No image provided"),
        ({"files": {"photo": ("reef.png", PHOTO)}}, "No image provided"),
        ({"data": {"image": "text"}}, "No image provided"),
        ({"json": {"image": "text"}}, "No image provided"),
        ({"files": {"image": (None, b"text")}}, "No image provided"),
        ({"content": form(part("image", PHOTO, "")), "headers": FORM_HEADERS}, "No filename"),
        ({"content": form(part("image", PHOTO, "photos/")), "headers": FORM_HEADERS}, "No filename"),
    ],
)
def test_a_form_without_an_image(untouched, request_form, error):
    answer = untouched.client.post(f"{API}/classify", **request_form)
    assert (answer.status_code, answer.json()) == (400, {"error": error})
    assert not untouched.files()


def test_a_waiting_job_shows_zeros(served):
    assert status(served, submit(served)) == {
        "status": "queued",
        "completed_chunks": 0,
        "total_chunks": 0,
        "remaining_chunks": 0,
        "progress": "0/0",
    }


def test_a_running_job_shows_its_progress(served):
    number = submit(served)
    served.start(3, 10)
    assert status(served, number) == {
        "status": "processing",
        "completed_chunks": 3,
        "total_chunks": 10,
        "remaining_chunks": 7,
        "progress": "3/10",
    }


def test_a_failed_job_has_an_error_and_no_result(served):
    number = submit(served)
    served.fail(served.start(2, 4), "The photo is damaged.")
    answer = status(served, number)
    assert (answer["status"], answer["error"]) == ("error", "The photo is damaged.")
    assert not {"result_image", "summary", "chunks"} & set(answer)


def test_a_completed_job_has_everything(served):
    number = submit(served)
    served.finish(served.start(4, 4), CORAL_RESULTS)
    answer = status(served, number)
    assert str(answer.pop("result_image")).startswith("data:image/png;base64,iVBOR")
    assert answer == {
        "status": "completed",
        "completed_chunks": 4,
        "total_chunks": 4,
        "remaining_chunks": 0,
        "progress": "4/4",
        "summary": {"bleached_chunks": 2, "healthy_chunks": 2, "total_chunks": 4},
        "chunks": [
            {"x": 0, "y": 0, "width": 244, "height": 244, "probability": 0.82, "predicted_label": "Bleached Coral"},
            {"x": 244, "y": 0, "width": 56, "height": 244, "probability": 0.1, "predicted_label": "Healthy Coral"},
            {"x": 0, "y": 244, "width": 244, "height": 16, "probability": 0.5, "predicted_label": "Bleached Coral"},
            {
                "x": 244,
                "y": 244,
                "width": 56,
                "height": 16,
                "probability": 0.499999,
                "predicted_label": "Healthy Coral",
            },
        ],
    }


def test_unsure_chunks_appear_where_the_package_has_a_band(serve):
    served = serve(unsure_band=(0.4, 0.6))
    number = submit(served)
    tiles = [dict(tile) for tile in CORAL_RESULTS["tiles.json"]]
    tiles[2]["label"] = tiles[3]["label"] = "unsure"
    summary = {"tiles": {"total": 4, "by_class": {"healthy": 1, "bleached": 1, "unsure": 2}}}
    served.finish(served.start(4, 4), CORAL_RESULTS | {"tiles.json": tiles, "summary.json": summary})
    answer = status(served, number)
    assert answer["summary"] == {"bleached_chunks": 1, "healthy_chunks": 1, "unsure_chunks": 2, "total_chunks": 4}
    assert list(answer["summary"]) == ["bleached_chunks", "healthy_chunks", "unsure_chunks", "total_chunks"]
    assert [chunk["predicted_label"] for chunk in answer["chunks"]][2:] == ["Unsure", "Unsure"]


class TestDelete:
    def delete(self, served, number):
        return served.client.delete(f"{API}/classify/{number}")

    def test_a_waiting_job_is_gone_with_its_photo(self, served):
        number = submit(served)
        answer = self.delete(served, number)
        assert (answer.status_code, answer.json()) == (200, {"status": "success"})
        assert status(served, number) == UNKNOWN
        assert not served.files()
        assert served.store.claim("hand", 60.0, alone=True) is None

    def test_a_finished_job_is_gone_with_its_results(self, served):
        number = submit(served)
        served.finish(served.start(4, 4), CORAL_RESULTS)
        assert self.delete(served, number).status_code == 200
        assert status(served, number) == UNKNOWN
        assert not served.files()

    def test_a_running_job_is_gone_for_its_sender_and_told_to_stop(self, served):
        number = submit(served)
        job = served.start(1, 4)
        assert self.delete(served, number).status_code == 200
        assert status(served, number) == UNKNOWN
        assert job.lease is not None
        assert not served.store.renew(job.id, job.lease.token, 60.0)

    @pytest.mark.parametrize("number", ["1", "x", "-1", "9" * 30])
    def test_what_is_not_there_cannot_be_deleted(self, untouched, number):
        answer = self.delete(untouched, number)
        assert (answer.status_code, answer.json()) == (404, UNKNOWN)

    def test_deleting_twice_is_404(self, served):
        number = submit(served)
        assert [self.delete(served, number).status_code for _ in range(2)] == [200, 404]


def test_numbers_are_never_given_again(served):
    first = submit(served)
    served.client.delete(f"{API}/classify/{first}")
    assert submit(served) > first


def test_jobs_need_no_key_and_have_no_owner_by_default(served):
    number = submit(served)
    assert served.store.get_number(number, None).owner is None
    with_key = served.client.get(f"{API}/status/{number}", headers={"api-key": served.key})
    assert with_key.status_code == 200


def test_health_needs_no_key(serve):
    answer = serve(coral_requires_key=True).client.get(f"{API}/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "success"})
