import json
from dataclasses import fields

import pytest

from facies.options import Options
from tests.data.photos import no_photos
from tests.served import CORAL_RESULTS, PHOTO
from tests.unit.web.connection import DISCONNECT, Connection, part
from tests.unit.web.native.asking import JOBS, assert_problem, send, sent

MONDAY = {"Idempotency-Key": "monday-1"}
METADATA = {"site": "Kō Tao", "dive": 12, "notes": ["a", None]}


class TestSending:
    def test_a_photo_is_accepted_and_told_of(self, served):
        answer = send(served, options='{"threshold": 0.4}', metadata=json.dumps(METADATA))
        assert answer.status_code == 202
        (job,) = answer.json()["jobs"]
        assert answer.headers["location"] == job["url"] == f"{JOBS}/{job['id']}"
        assert answer.json()["batch"] is None
        document = served.client.get(job["url"]).json()
        assert document["status"] == "queued"
        assert (document["done"], document["total"], document["queue_position"]) == (0, 0, 0)
        assert document["options"] == {"opacity": 0.5, "threshold": 0.4}
        assert document["parameters"] == {"opacity": 0.5, "threshold": 0.4, "unsure_band": None}
        assert document["metadata"] == METADATA
        assert document["model"] == "test-coral@1.0.0"
        assert len(document["model_sha256"]) == 64
        assert document["photo"] == {"name": "photo-0.png", "bytes": len(PHOTO), "width": 300, "height": 260}
        assert document["created_at"] == "2025-10-09T08:53:20.250000Z"
        assert document["expires_at"] == "2025-10-10T08:53:20.250000Z"
        assert document["error"] is None

    @pytest.mark.parametrize(
        ("fields", "status", "code"),
        [
            ({"model": ""}, 422, "missing_field"),
            ({"model": "nothing"}, 404, "unknown_model"),
            ({"options": "{"}, 422, "option"),
            ({"options": "[]"}, 422, "option"),
            ({"options": '{"threshold": 2}'}, 422, "option"),
            ({"options": '{"threshold": NaN}'}, 422, "option"),
            ({"options": '{"overlap": 32}'}, 422, "option"),
            ({"options": "[" * 5000}, 422, "option"),
            ({"metadata": "3"}, 422, "option"),
            ({"metadata": json.dumps({"a": "x" * 20_000})}, 422, "option"),
            ({"metadata": '{"a":' * 200 + "1" + "}" * 200}, 422, "option"),
            ({"metadata": '{"a":' * 950 + "1" + "}" * 950}, 422, "option"),
            ({"metadata": '{"a": 1e999}'}, 422, "option"),
            ({"metadata": '{"a": NaN}'}, 422, "option"),
            ({"metadata": '{"a": "\\ud800"}'}, 422, "option"),
        ],
    )
    def test_what_cannot_be_done_is_refused_and_leaves_nothing(self, untouched, fields, status, code):
        assert_problem(send(untouched, **fields), status, code)
        assert not untouched.files()

    @pytest.mark.parametrize("content", no_photos().values(), ids=no_photos())
    def test_no_photo_is_refused(self, untouched, content):
        answer = send(untouched, content)
        assert_problem(answer, 400, answer.json()["code"])
        assert not untouched.files()

    def test_a_request_without_a_photo_is_refused(self, untouched):
        assert_problem(untouched.client.post(JOBS, data={"model": "test-coral"}), 422, "missing_field")
        assert_problem(untouched.client.post(JOBS, json={"model": "test-coral"}), 422, "missing_field")

    def test_a_full_queue_says_when_to_come_back(self, serve):
        served = serve(queue_limit=1)
        sent(served)
        answer = send(served)
        assert_problem(answer, 429, "queue_full")
        assert int(answer.headers["retry-after"]) >= 1
        assert len(served.files()) == 1

    def test_a_photo_that_is_too_large_is_refused(self, serve):
        served = serve(max_upload_bytes=len(PHOTO) - 1, max_photos=2)
        assert_problem(send(served), 413, "upload_too_large")


class TestIdempotency:
    def test_the_same_request_again_gives_the_first_answer(self, served):
        first = send(served, headers=MONDAY)
        served.start()
        again = send(served, headers=MONDAY)
        assert (again.status_code, again.content) == (202, first.content)
        assert again.headers["location"] == first.headers["location"]
        assert len(served.files()) == 1

    @pytest.mark.parametrize(
        "change", [{"model": "test-rock"}, {"metadata": '{"a": 1}'}, {"options": '{"threshold": 0.1}'}]
    )
    def test_another_request_under_the_same_key_is_refused(self, served, change):
        send(served, headers=MONDAY)
        assert_problem(send(served, headers=MONDAY, **change), 422, "idempotency")
        assert len(served.files()) == 1

    def test_another_photo_is_another_request(self, served):
        send(served, headers=MONDAY)
        assert_problem(send(served, CORAL_RESULTS["overlay.png"], headers=MONDAY), 422, "idempotency")

    def test_keys_must_be_usable(self, served):
        assert send(served, headers={"Idempotency-Key": ""}).status_code in (400, 422)
        assert send(served, headers={"Idempotency-Key": "x" * 256}).status_code in (400, 422)


class TestAJobsLife:
    def test_progress_has_a_pace(self, served):
        url = f"{JOBS}/{sent(served)}"
        sent(served)
        served.start(done=30, total=120)
        served.clock.now += 10
        document = served.client.get(url).json()
        assert document["status"] == "started"
        assert (document["done"], document["total"], document["queue_position"]) == (30, 120, None)
        assert (document["tiles_per_s"], document["eta_s"]) == (3.0, 30.0)
        assert document["timings_s"] == {"queued": 0.0, "running": 10.0}

    def test_a_finished_job_tells_its_steps_and_results(self, served):
        url = f"{JOBS}/{sent(served)}"
        job = served.start()
        served.clock.now += 2
        domain = {"score": 3.5, "limit": 1.25, "out_of_domain": True}
        more = {"timings_s": {"analyse": 1.5, "render": 0.25}, "domain": domain}
        summary = {**CORAL_RESULTS["summary.json"], **more}
        served.finish(job, {**CORAL_RESULTS, "summary.json": summary, "tiles.csv": b"x,y\n"})
        document = served.client.get(url).json()
        assert document["status"] == "finished"
        assert document["timings_s"] == {"queued": 0.0, "running": 2.0, "analyse": 1.5, "render": 0.25}
        assert document["domain"] == domain
        (listed,) = served.client.get(JOBS).json()["jobs"]
        assert listed == document
        assert {"summary", "overlay", "tiles_csv", "tiles_geojson", "photo"} <= set(document["links"])
        assert "cancel" not in document["links"]
        assert "labels" not in document["links"]

    def test_a_failed_job_says_why(self, served):
        url = f"{JOBS}/{sent(served)}"
        served.fail(served.start(), "The photo is damaged.")
        document = served.client.get(url).json()
        assert document["error"] == {"code": "damaged_photo", "message": "The photo is damaged."}

    def test_cancelling_keeps_the_record(self, served):
        url = f"{JOBS}/{sent(served)}"
        assert served.client.post(f"{url}/cancel").json()["status"] == "cancelled"
        assert served.client.post(f"{url}/cancel").status_code == 200
        assert served.client.get(url).json()["status"] == "cancelled"
        assert not served.files()

    def test_a_running_job_is_asked_to_stop(self, served):
        url = f"{JOBS}/{sent(served)}"
        job = served.start()
        document = served.client.post(f"{url}/cancel").json()
        assert (document["status"], document["cancel_requested"]) == ("started", True)
        assert not served.store.is_wanted(job.id, job.lease.token)

    def test_what_is_over_cannot_be_cancelled(self, served):
        url = f"{JOBS}/{sent(served)}"
        served.finish(served.start(), CORAL_RESULTS)
        assert_problem(served.client.post(f"{url}/cancel"), 409, "illegal_move")

    def test_deleting_removes_everything(self, served):
        url = f"{JOBS}/{sent(served)}"
        served.finish(served.start(), CORAL_RESULTS)
        answer = served.client.delete(url)
        assert (answer.status_code, answer.content) == (204, b"")
        assert not served.files()
        for answer in (served.client.get(url), served.client.delete(url), served.client.post(f"{url}/cancel")):
            assert_problem(answer, 404, "unknown_job")

    def test_a_job_whose_time_ran_out_is_gone_rather_than_unknown(self, served):
        url = f"{JOBS}/{sent(served)}"
        served.clock.now += 86400
        assert_problem(served.client.get(url), 410, "job_expired")
        served.store.expire()
        for path in (url, f"{url}/overlay.png", f"{url}/events", f"{url}/photo"):
            assert_problem(served.client.get(path), 410, "job_expired")

    @pytest.mark.parametrize("job_id", ["1", "%00", "x" * 3000, "00000000-0000-4000-8000-000000000000", "..%2f"])
    def test_strange_ids_are_unknown(self, untouched, job_id):
        assert_problem(
            untouched.client.get(f"{JOBS}/{job_id}"), 404, untouched.client.get(f"{JOBS}/{job_id}").json()["code"]
        )


class TestProblems:
    def test_unknown_addresses_and_methods_are_problems_too(self, untouched):
        for answer, status in (
            (untouched.client.get("/api/v1/nothing"), 404),
            (untouched.client.get("/api/v1"), 404),
            (untouched.client.put(JOBS), 405),
            (untouched.client.post(f"{JOBS}/"), 404),
            (untouched.client.get(f"{JOBS}/x/nothing.png"), 404),
        ):
            assert_problem(answer, status, "http")

    def test_what_goes_wrong_inside_tells_nothing(self, served, monkeypatch, caplog):
        monkeypatch.setattr(served.store, "get", lambda *_: 1 / 0)
        answer = served.client.get(f"{JOBS}/x")
        assert "zero" not in assert_problem(answer, 500, "internal")
        assert "ZeroDivisionError" in caplog.text
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-request-id"]


class TestListing:
    def test_pages_lead_to_every_job_once(self, served):
        ids = [sent(served) for _ in range(5)]
        seen, url = [], f"{JOBS}?limit=2&status=queued"
        while url:
            page = served.client.get(url).json()
            assert len(page["jobs"]) <= 2
            seen += [job["id"] for job in page["jobs"]]
            url = page["next"]
        assert seen == ids[::-1]

    def test_jobs_can_be_filtered(self, served):
        coral, rock = sent(served), sent(served, model="test-rock")
        served.clock.now += 60
        late = sent(served)
        served.client.post(f"{JOBS}/{late}/cancel")

        def ids(query):
            return [job["id"] for job in served.client.get(f"{JOBS}?{query}").json()["jobs"]]

        assert ids("status=cancelled") == [late]
        assert ids("status=cancelled&status=queued") == [late, rock, coral]
        assert ids("model=test-rock") == ids("model=test-rock@1.0.0") == [rock]
        assert ids("created_from=2025-10-09T08:54:00Z") == [late]
        assert ids("created_before=2025-10-09T08:54:00Z") == [rock, coral]
        assert ids("created_from=2025-10-09T08:54:00") == [late]
        assert (
            ids("created_from=0001-01-01T00:00:00") == ids("created_before=9999-12-31T23:59:59") == [late, rock, coral]
        )
        assert ids("photo_name=NOTHING") == ids("photo_name=%00") == ids("photo_name=%25") == []
        assert ids("batch=none") == ids("batch=%00") == ids("model=%00") == []

    @pytest.mark.parametrize(
        "query",
        ["limit=0", "limit=201", "limit=x", "status=done", "cursor=x", "cursor=YmVmb3JlOng", "created_from=soon"],
    )
    def test_senseless_questions_are_problems(self, untouched, query):
        answer = untouched.client.get(f"{JOBS}?{query}")
        assert_problem(answer, 422, answer.json()["code"])

    def test_jobs_of_the_old_contracts_are_listed_too(self, served):
        served.client.post("/V1/api/classify", files={"image": ("reef.png", PHOTO)})
        (job,) = served.client.get(JOBS).json()["jobs"]
        assert job["dialect"] == "coral"

    def test_what_the_package_sets_is_told_too_while_it_is_there(self, served):
        job_id = sent(served, model="test-rock", options='{"depth_top_m": 1, "depth_base_m": 2}')
        parameters = served.client.get(f"{JOBS}/{job_id}").json()["parameters"]
        assert parameters == {"opacity": 0.5, "depth_top_m": 1, "depth_base_m": 2, "overlap": 96}
        (served.folder / "test-rock").rename(served.folder / "aside")
        (served.folder / "aside" / "package.toml").unlink()
        assert "overlap" not in served.client.get(f"{JOBS}/{job_id}").json()["parameters"]


class TestBatches:
    def test_several_photos_are_a_batch(self, served):
        answer = send(served, PHOTO, PHOTO, PHOTO).json()
        assert len(answer["jobs"]) == 3
        batch = served.client.get(answer["url"]).json()
        assert batch["total"] == 3
        assert batch["counts"] == {"queued": 3, "started": 0, "finished": 0, "failed": 0, "cancelled": 0}
        assert [job["id"] for job in batch["jobs"]] == [job["id"] for job in answer["jobs"]]
        listed = served.client.get(batch["links"]["jobs"]).json()["jobs"]
        assert {job["batch"] for job in listed} == {answer["batch"]}

    def test_one_table_tells_of_all(self, served):
        answer = send(served, PHOTO, PHOTO, PHOTO).json()
        size = {"model": "test-coral@1.0.0", "width": 300, "height": 260}
        served.finish(served.start(), {**CORAL_RESULTS, "summary.json": {**size, **CORAL_RESULTS["summary.json"]}})
        served.fail(served.start(), "=1+1")
        table = served.client.get(f"{answer['url']}/summary.csv")
        assert table.headers["content-type"].startswith("text/csv")
        ids = [job["id"] for job in answer["jobs"]]
        assert table.text.splitlines() == [
            "photo,job,status,error,model,width,height,tiles,healthy_tiles,bleached_tiles",
            f"photo-0.png,{ids[0]},finished,,test-coral@1.0.0,300,260,4,2,2",
            f"photo-1.png,{ids[1]},failed,'=1+1,,,,,,",
            f"photo-2.png,{ids[2]},queued,,,,,,,",
        ]
        held = {"if-none-match": table.headers["etag"]}
        assert served.client.get(f"{answer['url']}/summary.csv", headers=held).status_code == 304
        part = served.client.get(f"{answer['url']}/summary.csv", headers={"range": "bytes=0-4"})
        assert (part.status_code, part.text) == (206, "photo")
        served.finish(served.start(), {**CORAL_RESULTS, "summary.json": {**size, **CORAL_RESULTS["summary.json"]}})
        assert served.client.get(f"{answer['url']}/summary.csv", headers=held).status_code == 200

    def test_one_bad_photo_refuses_all_and_is_named(self, served):
        answer = send(served, PHOTO, b"no photo")
        assert "photo-1.png" in assert_problem(answer, 400, "not_a_photo")
        assert not served.files()
        assert served.store.queue_depth() == 0

    @pytest.mark.parametrize("end", [[DISCONNECT], [b"\r\n"]], ids=["client vanishes", "form is cut off"])
    def test_half_a_batch_leaves_nothing(self, served, end):
        photos = [part("image", PHOTO, "a.png"), part("image", PHOTO, "b.png")]
        body = b"".join([part("model", b"test-coral"), *photos])
        pieces = [body[:100_000], body[100_000 : len(PHOTO) + 50_000], *end]
        Connection(served.app, JOBS, pieces, {"host": "localhost"}).run()
        assert not served.files()
        assert served.store.queue_depth() == 0

    def test_there_is_a_bound(self, serve):
        assert_problem(send(serve(max_photos=2), PHOTO, PHOTO, PHOTO), 400, "form")

    def test_a_batch_whose_time_has_run_out_is_told_so(self, served):
        url = send(served, PHOTO, PHOTO).json()["url"]
        served.clock.now += 10 * 86400
        for path in (url, f"{url}/summary.csv"):
            assert_problem(served.client.get(path), 410, "job_expired")

    def test_an_unknown_batch_is_unknown(self, served):
        assert_problem(served.client.get("/api/v1/batches/x"), 404, "unknown_job")
        assert_problem(served.client.get("/api/v1/batches/x/summary.csv"), 404, "unknown_job")


def test_every_option_of_an_analysis_is_named_in_the_description(served):
    path = served.client.get("/openapi.json").json()["paths"]["/api/v1/jobs"]["post"]
    form = path["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    assert [option.name for option in fields(Options) if option.name not in form["options"]["description"]] == []
