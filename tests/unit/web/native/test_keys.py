import logging

import pytest
from starlette.testclient import TestClient

from facies.jobs.store import Scope
from facies.web.auth import is_local
from tests.unit.web.native.asking import JOBS, assert_problem, send, sent


@pytest.fixture
def locked(serve):
    return serve(native_requires_key=True, only_local=False)


def shown(key):
    return {"api-key": key}


class TestWhereKeysAreNeeded:
    def test_nothing_but_problems_is_told_without_one(self, locked):
        for path in (JOBS, f"{JOBS}/x", f"{JOBS}/x/overlay.png", "/api/v1/models", "/api/v1/batches/x"):
            answer = locked.client.get(path)
            assert "api-key" in assert_problem(answer, 401, "unknown_key")
            assert "www-authenticate" in answer.headers
        assert_problem(send(locked), 401, "unknown_key")
        assert locked.client.get("/api/v1/problems/unknown_key").status_code == 200

    @pytest.mark.parametrize("key", ["", "\xe9", "x" * 5000])
    def test_strange_keys_open_nothing(self, locked, key):
        assert_problem(locked.client.get(JOBS, headers=[(b"api-key", key.encode("latin-1"))]), 401, "unknown_key")
        bearer = [(b"authorization", b"Bearer " + key.encode("latin-1"))]
        assert_problem(locked.client.get(JOBS, headers=bearer), 401, "unknown_key")

    def test_a_key_comes_in_either_header(self, locked):
        for headers in (shown(locked.key), {"Authorization": f"Bearer {locked.key}"}):
            assert locked.client.get(JOBS, headers=headers).status_code == 200
        assert_problem(locked.client.get(JOBS, headers=shown("facies_wrong")), 401, "unknown_key")

    def test_jobs_belong_to_the_key_that_made_them(self, locked):
        job = sent(locked, headers=shown(locked.key))
        assert locked.client.get(f"{JOBS}/{job}", headers=shown(locked.key)).status_code == 200
        assert_problem(locked.client.get(f"{JOBS}/{job}", headers=shown(locked.other_key)), 404, "unknown_job")
        assert locked.client.get(JOBS, headers=shown(locked.other_key)).json()["jobs"] == []

    def test_a_key_opens_its_scopes_alone(self, locked):
        models_only = shown(locked.store.keys.create("viewer", scopes=[Scope.MODELS])[1])
        jobs_only = shown(locked.store.keys.create("sender", scopes=[Scope.JOBS])[1])
        assert locked.client.get("/api/v1/models", headers=models_only).status_code == 200
        assert "'jobs'" in assert_problem(locked.client.get(JOBS, headers=models_only), 403, "forbidden")
        assert_problem(locked.client.get("/api/v1/models", headers=jobs_only), 403, "forbidden")
        assert locked.client.post("/predict", headers=models_only).status_code == 403

    def test_an_admin_sees_everybodys_jobs(self, locked):
        job = sent(locked, headers=shown(locked.key))
        admin = shown(locked.store.keys.create("operator", scopes=[Scope.ADMIN])[1])
        assert [entry["id"] for entry in locked.client.get(JOBS, headers=admin).json()["jobs"]] == [job]
        assert locked.client.delete(f"{JOBS}/{job}", headers=admin).status_code == 204

    def test_a_key_past_its_time_opens_nothing(self, locked):
        guest = shown(locked.store.keys.create("guest", lifetime_s=60)[1])
        assert locked.client.get(JOBS, headers=guest).status_code == 200
        locked.clock.now += 60
        assert_problem(locked.client.get(JOBS, headers=guest), 401, "unknown_key")

    def test_a_rate_is_held_to(self, locked):
        slow = shown(locked.store.keys.create("slow", requests_per_minute=2)[1])
        answers = [locked.client.get(JOBS, headers=slow) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert_problem(answers[2], 429, "rate_limit")
        assert 1 <= int(answers[2].headers["retry-after"]) <= 30
        assert locked.client.get(JOBS, headers=shown(locked.key)).status_code == 200

    def test_keys_are_never_logged(self, locked, caplog):
        caplog.set_level(logging.DEBUG)
        for key in (locked.key, "facies_wrong-but-secret"):
            locked.client.get(JOBS, headers=shown(key))
            locked.client.get(JOBS, headers={"Authorization": f"Bearer {key}"})
        assert locked.key not in caplog.text
        assert "wrong-but-secret" not in caplog.text


class TestOnOnesOwnMachine:
    def test_no_key_is_needed(self, untouched):
        assert untouched.client.get(JOBS).status_code == 200

    def test_a_key_that_is_shown_counts(self, served):
        job = sent(served, headers=shown(served.key))
        assert_problem(served.client.get(f"{JOBS}/{job}"), 404, "unknown_job")
        assert_problem(served.client.get(JOBS, headers=shown("wrong")), 401, "unknown_key")

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:9", "http://[", "x"])
    def test_pages_of_strangers_are_refused(self, untouched, origin):
        assert_problem(send(untouched, headers={"origin": origin}), 403, "forbidden")
        assert not untouched.files()

    @pytest.mark.parametrize("origin", ["http://localhost:5001", "http://localhost:3000"])
    def test_its_own_pages_and_friends_are_not(self, untouched, origin):
        assert untouched.client.get(JOBS, headers={"origin": origin}).status_code == 200

    @pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:5001", "", "[", "127.0.0.1.evil.example"])
    def test_it_answers_to_local_names_only(self, untouched, host):
        assert_problem(untouched.client.get(JOBS, headers={"host": host}), 403, "forbidden")
        assert untouched.client.get(JOBS, headers={"host": host, "api-key": untouched.key}).status_code == 200

    @pytest.mark.parametrize("host", ["127.0.0.1:5001", "[::1]:5001", "localhost"])
    def test_all_local_names_are_good(self, untouched, host):
        assert untouched.client.get(JOBS, headers={"host": host}).status_code == 200

    def test_all_pages_are_friends_where_it_says_so(self, serve):
        assert serve(cors_origins=("*",)).client.get(JOBS, headers={"origin": "https://a.example"}).status_code == 200

    def test_a_server_open_to_anyone_answers_to_any_name(self, serve):
        client = TestClient(serve(only_local=False).app, base_url="http://reef.example")
        assert client.get(JOBS).status_code == 200


class TestOtherOrigins:
    ORIGIN = "http://localhost:3000"

    def preflight(self, served, method, headers, path=JOBS, origin=ORIGIN):
        asked = {"access-control-request-method": method, "access-control-request-headers": headers}
        return served.client.options(path, headers={"origin": origin, **asked})

    def test_friendly_pages_may_use_all_of_it(self, untouched):
        headers = "api-key, authorization, idempotency-key, last-event-id, range, tus-resumable"
        for method in ("GET", "POST", "PATCH", "DELETE"):
            answer = self.preflight(untouched, method, headers)
            assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, self.ORIGIN)
        exposed = untouched.client.get(JOBS, headers={"origin": self.ORIGIN}).headers["access-control-expose-headers"]
        assert {"Location", "ETag", "Retry-After", "X-Request-ID"} <= set(exposed.split(", "))

    def test_others_may_not(self, untouched):
        assert self.preflight(untouched, "GET", "api-key", origin="https://evil.example").status_code == 400

    def test_the_contracts_take_what_they_took(self, untouched):
        assert self.preflight(untouched, "PATCH", "content-type", "/V1/api/classify").status_code == 400
        assert self.preflight(untouched, "POST", "idempotency-key", "/V1/api/classify").status_code == 400


def test_local_addresses_are_known():
    assert all(is_local(host) for host in ("localhost", "127.0.0.1", "127.9.9.9", "::1"))
    assert not any(is_local(host) for host in ("", "0.0.0.0", "::", "192.168.1.2", "reef.example", "localhost.x"))
