import uuid

import pytest

from tests.served import OVERLAY, OVERLAY_WITH_LEGEND, PHOTO, ROCK_RESULTS, Served


def submit(served: Served, **fields: str) -> str:
    answer = served.client.post(
        "/predict", files={"file": ("core.png", PHOTO)}, data=fields, headers={"api-key": served.key}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "queued"
    return answer.json()["job_id"]


def ask(served: Served, job_id: str, query: str = ""):
    return served.client.get(f"/job/{job_id}{query}", headers={"api-key": served.key})


def finished(served: Served) -> str:
    job_id = submit(served)
    served.finish(served.start(4, 4), ROCK_RESULTS)
    return job_id


def test_the_id_is_a_uuid(served):
    job_id = submit(served)
    assert str(uuid.UUID(job_id)) == job_id
    assert ask(served, job_id.upper()).json()["job_id"] == job_id


@pytest.mark.parametrize("query", ["", "?form=json", "?form=png", "?form=png&legend=true"])
def test_a_waiting_job_is_told_alike_in_both_forms(served, query):
    job_id = submit(served)
    assert ask(served, job_id, query).json() == {
        "job_id": job_id,
        "status": "queued",
        "created_at": served.clock.now,
        "started_at": None,
        "finished_at": None,
        "error": None,
        "result": None,
    }


def test_times_are_told_once_they_happened(served):
    job_id = submit(served)
    created_at = served.clock.now
    served.clock.now += 2
    job = served.start(1, 4)
    answer = ask(served, job_id, "?form=png").json()
    assert (answer["status"], answer["started_at"], answer["finished_at"]) == ("started", created_at + 2, None)
    served.clock.now += 3
    served.finish(job, ROCK_RESULTS)
    answer = ask(served, job_id).json()
    assert (answer["created_at"], answer["started_at"], answer["finished_at"]) == (
        created_at,
        created_at + 2,
        created_at + 5,
    )


def test_classes_are_told_in_class_order(served):
    result = ask(served, finished(served)).json()["result"]
    assert list(result["detected_classes"].items()) == [("mudstone", [152, 223, 138]), ("limestone", [197, 176, 213])]
    assert result["base64"].startswith("iVBOR")


@pytest.mark.parametrize(("query", "picture"), [("?form=png", OVERLAY), ("?form=png&legend=true", OVERLAY_WITH_LEGEND)])
def test_the_picture_itself(served, query, picture):
    answer = ask(served, finished(served), query)
    assert (answer.headers["content-type"], answer.content) == ("image/png", picture)
    assert int(answer.headers["content-length"]) == len(picture)


@pytest.mark.parametrize("query", ["?form=xml", "?form=", "?form=PNG", "?legend=perhaps"])
def test_another_form_is_422(served, query):
    answer = ask(served, submit(served), query)
    assert answer.status_code == 422
    assert isinstance(answer.json()["detail"], str)


@pytest.mark.parametrize(("text", "opacity"), [("0", 0.0), ("1", 1.0), ("0.37", 0.37), ("1e-1", 0.1), ("", 0.25)])
def test_the_mask_weight_is_the_opacity(serve, text, opacity):
    served = serve(default_mask_weight=0.25)
    submit(served, mask_weight=text)
    assert served.start().options == {"opacity": opacity}


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "-0.01", "1.01", "half", "0,5", "1e999", "\0", "٠٫٥"])
def test_a_bad_mask_weight_is_422_and_keeps_no_photo(untouched, text):
    answer = untouched.client.post(
        "/predict", files={"file": ("core.png", PHOTO)}, data={"mask_weight": text}, headers={"api-key": untouched.key}
    )
    assert answer.status_code == 422
    assert "mask_weight" in answer.json()["detail"]
    assert not untouched.files()


@pytest.mark.parametrize(
    "form", [{}, {"files": {"image": ("core.png", PHOTO)}}, {"data": {"file": "x"}}, {"files": {"file": ("", b"x")}}]
)
def test_no_file_is_422(untouched, form):
    answer = untouched.client.post("/predict", **form, headers={"api-key": untouched.key})
    assert answer.status_code == 422
    assert "file" in answer.json()["detail"]


def test_the_key_is_asked_for_before_anything_else(untouched):
    assert untouched.client.get("/job/x?form=xml").status_code == 401
    assert untouched.client.post("/predict").status_code == 401
