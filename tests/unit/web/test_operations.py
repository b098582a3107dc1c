"""What a probe and Prometheus see."""

import io
import json
import logging
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from facies import logs
from facies.jobs.figures import ALIVE_S
from facies.jobs.key import Scope
from tests.served import CORAL_RESULTS, PHOTO


def send(served):
    return served.client.post("/V1/api/classify", files={"image": ("reef.png", PHOTO)}).json()["job_id"]


def samples(served):
    """Name and labels, by the labels' names, to value."""
    text = served.client.get("/metrics").text
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


# --- probes


def test_a_server_is_alive_whatever_is_the_matter_with_others(served):
    served.store.close()
    assert served.client.get("/livez").json() == {"status": "alive"}


def test_a_server_with_a_worker_is_ready(served):
    served.store.note_worker("w")
    answer = served.client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "store": "ok", "blobs": "ok", "worker": "ok", "server": "ok"}


def not_ready(served):
    answer = served.client.get("/readyz")
    assert answer.status_code == 503
    document = answer.json()
    assert document.pop("status") == "not ready"
    return {name: state for name, state in document.items() if state != "ok"}


def test_without_a_worker_it_is_not_ready(served):
    assert not_ready(served) == {"worker": "none is alive"}


def test_figures_can_be_closed_to_all_but_admins(serve):
    served = serve(metrics_requires_key=True)
    admin = served.store.keys.create("prometheus", scopes=[Scope.ADMIN])[1]
    assert served.client.get("/metrics").status_code == 401
    assert served.client.get("/metrics", headers={"api-key": served.key}).status_code == 403
    assert served.client.get("/metrics", headers={"api-key": admin}).status_code == 200
    assert served.client.get("/metrics", headers={"authorization": f"Bearer {admin}"}).status_code == 200
    served.store.note_worker("w")
    assert [served.client.get(path).status_code for path in ("/livez", "/readyz")] == [200, 200]


def test_a_worker_that_fell_silent_is_none(served):
    served.store.note_worker("w")
    served.clock.now += ALIVE_S
    assert not_ready(served) == {"worker": "none is alive"}


def test_a_worker_that_signed_off_is_none(served):
    served.store.note_worker("w")
    served.store.forget_worker("w")
    assert not_ready(served) == {"worker": "none is alive"}


def test_without_a_place_for_photos_it_is_not_ready(served):
    served.store.note_worker("w")
    (served.folder / "blobs").write_text("in the way")
    assert not_ready(served) == {"blobs": "cannot be written"}


def test_without_its_store_it_is_not_ready(served):
    served.store.note_worker("w")
    with served.store._database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE workers RENAME TO lost")
    assert not_ready(served) == {"store": "does not answer", "worker": "unknown"}


def test_a_server_that_is_about_to_end_is_not_ready(served):
    served.store.note_worker("w")
    served.app.state.drain.has_begun = True
    assert not_ready(served) == {"server": "about to end"}
    assert served.client.get("/livez").status_code == 200


# --- figures


def test_the_queue_is_told(served):
    send(served)
    send(served)
    served.start()
    served.store.note_worker("w")
    served.clock.now += 7
    seen = samples(served)
    assert seen["facies_queue_depth",] == 1
    assert seen["facies_jobs_running",] == 1
    assert seen["facies_queue_oldest_seconds",] == 7
    assert seen["facies_jobs_submitted_total",] == 2
    assert seen["facies_workers",] == 1


def test_times_tiles_and_ends_are_told(served):
    send(served)
    served.clock.now += 3
    job = served.start(1, 4)
    served.clock.now += 0.75
    served.finish(job, CORAL_RESULTS)
    send(served)
    failing = served.start()
    served.fail(failing, "Broken.")
    seen = samples(served)
    assert seen["facies_jobs_ended_total", "", "finished"] == 1
    assert seen["facies_jobs_ended_total", "damaged_photo", "failed"] == 1
    assert seen["facies_tiles_total",] == 4
    waits = {bound: seen["facies_job_wait_seconds_bucket", bound] for bound in ("0.1", "2.0", "5.0", "+Inf")}
    assert waits == {"0.1": 1, "2.0": 1, "5.0": 2, "+Inf": 2}
    assert seen["facies_job_wait_seconds_sum",] == pytest.approx(3)
    assert seen["facies_job_wait_seconds_count",] == 2
    runs = {bound: seen["facies_job_run_seconds_bucket", bound] for bound in ("0.1", "0.5", "1.0")}
    assert runs == {"0.1": 1, "0.5": 1, "1.0": 2}
    assert seen["facies_job_run_seconds_sum",] == pytest.approx(0.75)


def test_loading_a_model_is_told(served):
    served.store.note_load_time("test-coral@1.0.0", 1.5)
    served.store.note_load_time("test-coral@1.0.0", 1.25)
    assert samples(served)["facies_model_load_seconds", "test-coral@1.0.0"] == 1.25


def test_prometheus_is_told_what_it_reads(served):
    answer = served.client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "process_open_fds" in answer.text


def test_nothing_a_client_chose_is_a_label(served):
    served.client.post("/V1/api/classify", files={"image": ("secret-name.png", PHOTO)})
    served.client.get("/secret-path")
    assert "secret" not in served.client.get("/metrics").text


# --- request ids


def test_every_answer_has_an_id_of_its_own(served):
    first, second = (served.client.get(path).headers["x-request-id"] for path in ("/livez", "/no-such-place"))
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first != second


def test_the_id_that_a_proxy_gave_is_kept(served):
    assert served.client.get("/livez", headers={"X-Request-ID": "edge-7_a.1"}).headers["x-request-id"] == "edge-7_a.1"


@pytest.mark.parametrize("hostile", ["a b", "x" * 65, "é", 'a"}\\n{"level": "error'])
def test_an_id_that_could_mislead_is_replaced(served, hostile):
    answer = served.client.get("/livez", headers={"X-Request-ID": hostile.encode()})
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


def test_the_log_of_a_request_has_its_id(served, monkeypatch):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonFormatter())
    monkeypatch.setattr(logging.getLogger("facies.web.operations"), "handlers", [handler])
    (served.folder / "blobs").write_text("in the way")
    served.client.get("/readyz", headers={"X-Request-ID": "mine"})
    assert json.loads(stream.getvalue())["request_id"] == "mine"
    assert logs.request_id.get() is None
