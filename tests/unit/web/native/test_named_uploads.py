"""Jobs of photos that came in pieces before, and the webhooks that both ways of sending can ask for."""

import base64
import json

import pytest

from facies.jobs.blobs import PHOTO as PHOTO_BLOB
from facies.jobs.job import ANY_OWNER, Status
from tests.served import PHOTO, UPLOAD_TIME_TO_LIVE_S
from tests.unit.web.native.asking import JOBS, assert_problem, send

WEBHOOK = {"url": "https://receiver.example/done", "secret": "whsec_" + base64.b64encode(bytes(32)).decode()}
TUS = {"Tus-Resumable": "1.0.0"}


def begin(served, length=len(PHOTO), **headers):  # noqa: B008 - of a constant
    name = base64.b64encode(b"reef.png").decode()
    sent = {**TUS, "Upload-Length": str(length), "Upload-Metadata": f"filename {name}", **headers}
    return served.client.post("/api/v1/uploads", headers=sent).headers["location"].rpartition("/")[2]


def uploaded(served, photo=PHOTO, **headers):
    upload = begin(served, len(photo), **headers)
    piece = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream", **headers}
    assert served.client.patch(f"/api/v1/uploads/{upload}", content=photo, headers=piece).status_code == 204
    return upload


def order(served, headers=None, **document):
    return served.client.post(JOBS, json={"model": "test-coral", **document}, headers=headers)


def calls(served):
    """Url and job of every call that is planned."""
    with served.store._database.read() as connection:
        return [tuple(row) for row in connection.exec_driver_sql("SELECT url, job_id FROM webhooks")]


# --- uploads


def test_an_upload_becomes_a_job(served):
    answer = order(served, upload=uploaded(served), options={"threshold": 0.4}, metadata={"dive": 12})
    assert answer.status_code == 202
    (accepted,) = answer.json()["jobs"]
    assert answer.headers["location"] == accepted["url"]
    job = served.store.get(accepted["id"], None)
    assert (job.photo_name, job.photo_bytes, job.photo_hw) == ("reef.png", len(PHOTO), (260, 300))
    assert (job.options["threshold"], job.metadata) == (0.4, {"dive": 12})
    assert served.blobs.path(job.id, PHOTO_BLOB).read_bytes() == PHOTO


def test_several_uploads_become_a_batch(served):
    document = order(served, uploads=[uploaded(served), uploaded(served)]).json()
    assert len(document["jobs"]) == 2
    assert served.client.get(document["url"]).json()["total"] == 2


def test_one_upload_serves_several_jobs(served):
    upload = uploaded(served)
    ids = {order(served, upload=upload).json()["jobs"][0]["id"] for _ in range(2)}
    assert len(ids) == 2
    assert len(served.files()) == 2


def test_an_order_that_is_sent_again_under_its_name_makes_nothing_new(served):
    upload, other = uploaded(served), uploaded(served)
    named = {"Idempotency-Key": "mine"}
    first, second = (order(served, named, upload=upload).json() for _ in range(2))
    assert first == second
    assert len(served.files()) == 1
    assert_problem(order(served, named, upload=other), 422, "idempotency")


def test_an_upload_that_is_not_complete_is_refused(served):
    assert_problem(order(served, upload=begin(served)), 409, "upload_unfinished")
    assert served.files() == []


def test_an_expired_upload_is_refused(served):
    upload = uploaded(served)
    served.clock.now += UPLOAD_TIME_TO_LIVE_S
    assert_problem(order(served, upload=upload), 410, "expired_upload")


@pytest.mark.parametrize("upload", ["none", "../x", "", "0" * 36])
def test_an_upload_that_is_not_there_is_refused(untouched, upload):
    assert_problem(order(untouched, upload=upload), 404, "unknown_upload")


def test_anothers_upload_is_not_there(serve):
    served = serve(native_requires_key=True)
    mine, theirs = {"api-key": served.key}, {"api-key": served.other_key}
    upload = uploaded(served, **theirs)
    assert_problem(order(served, mine, upload=upload), 404, "unknown_upload")
    assert order(served, theirs, upload=upload).status_code == 202


def test_of_several_uploads_one_that_is_wrong_takes_all_along_and_leaves_nothing(served):
    assert_problem(order(served, uploads=[uploaded(served), begin(served)]), 409, "upload_unfinished")
    assert_problem(order(served, uploads=[uploaded(served), uploaded(served, b"no photo")]), 400, "not_a_photo")
    assert served.files() == []
    assert served.store.list_jobs(ANY_OWNER) == []


@pytest.mark.parametrize(
    ("document", "status", "code"),
    [
        ({}, 422, "missing_field"),
        ({"uploads": []}, 422, "missing_field"),
        ({"uploads": "x"}, 400, "form"),
        ({"uploads": [1]}, 400, "form"),
        ({"upload": None}, 400, "form"),
        ({"uploads": ["x"] * 101}, 400, "form"),
    ],
)
def test_a_document_that_names_no_uploads_is_refused(untouched, document, status, code):
    assert_problem(order(untouched, **document), status, code)


@pytest.mark.parametrize(
    "changes", [{"options": []}, {"options": 7}, {"metadata": "x"}, {"options": {"threshold": 9}}, {"webhook": [1]}]
)
def test_options_are_checked_as_in_a_form(served, changes):
    assert order(served, upload=uploaded(served), **changes).status_code == 422
    assert served.files() == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_document_is_refused(untouched, body):
    answer = untouched.client.post(JOBS, content=body, headers={"Content-Type": "application/json"})
    assert_problem(answer, 400, "form")


def test_a_document_is_bounded(untouched):
    answer = order(untouched, upload="x", metadata={"much": "x" * 200_000})
    assert_problem(answer, 413, "upload_too_large")


# --- webhooks


def test_a_form_can_ask_for_a_call(served):
    job = send(served, webhook=json.dumps(WEBHOOK)).json()["jobs"][0]["id"]
    assert calls(served) == [(WEBHOOK["url"], job)]


def test_every_job_of_a_batch_is_called_for(served):
    jobs = order(served, uploads=[uploaded(served), uploaded(served)], webhook=WEBHOOK).json()["jobs"]
    assert {job for _, job in calls(served)} == {job["id"] for job in jobs}


def test_a_request_that_is_sent_again_is_called_for_once(served):
    for _ in range(2):
        send(served, webhook=json.dumps(WEBHOOK), headers={"Idempotency-Key": "mine"})
    assert len(calls(served)) == 1


@pytest.mark.parametrize(
    "changes",
    [{"url": "http://receiver.example"}, {"url": 7}, {"secret": "short"}, {"secret": None}, {"url": "https://[::"}],
)
def test_a_webhook_that_cannot_be_called_or_signed_is_refused(untouched, changes):
    assert_problem(send(untouched, webhook=json.dumps({**WEBHOOK, **changes})), 422, "webhook")
    assert untouched.files() == []


def test_where_it_is_allowed_plain_http_will_do(serve):
    served = serve(private_webhooks=True)
    answer = send(served, webhook=json.dumps({**WEBHOOK, "url": "http://127.0.0.1:9/done"}))
    assert answer.status_code == 202


def test_the_secret_is_told_to_nobody(served):
    job = send(served, webhook=json.dumps(WEBHOOK)).json()["jobs"][0]["id"]
    assert "whsec" not in served.client.get(f"{JOBS}/{job}").text
    assert served.store.get(job, None).status is Status.QUEUED


# --- the server's end


def test_a_server_that_is_about_to_end_ends_its_streams(served):
    job = send(served).json()["jobs"][0]["id"]
    served.app.state.drain.has_begun = True
    assert served.client.get(f"{JOBS}/{job}/events").text == "retry: 2000\n\n"
