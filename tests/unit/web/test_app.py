import errno
import json

import pytest

from facies import errors
from facies.web import pages
from facies.web.headers import CONTENT_SECURITY_POLICY
from facies.web.problems import STATUSES, problem_of
from tests.served import PHOTO

ORIGIN = "http://localhost:3000"
BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/V1/api/health", "/V1/api/nothing", "/nothing", "/openapi.json", "/assets/nothing.js"]
)
def test_security_headers_are_on_every_answer(untouched, path):
    headers = untouched.client.get(path).headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


class TestCors:
    def preflight(self, served, origin, method="POST", header="content-type"):
        headers = {
            "origin": origin,
            "access-control-request-method": method,
            "access-control-request-headers": header,
        }
        return served.client.options("/V1/api/classify", headers=headers)

    @pytest.mark.parametrize("origin", [ORIGIN, "http://127.0.0.1:3000"])
    @pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
    def test_the_two_default_origins_may_call(self, untouched, origin, method):
        answer = self.preflight(untouched, origin, method)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == origin
        assert method in answer.headers["access-control-allow-methods"]
        assert "Content-Type" in answer.headers["access-control-allow-headers"]
        assert (
            untouched.client.get("/V1/api/health", headers={"origin": origin}).headers["access-control-allow-origin"]
            == origin
        )

    def test_others_may_not(self, untouched):
        assert "access-control-allow-origin" not in self.preflight(untouched, "http://localhost:3001").headers
        assert self.preflight(untouched, ORIGIN, "PUT").status_code == 400
        assert self.preflight(untouched, ORIGIN, header="api-key").status_code == 400

    def test_errors_can_be_read_by_them_too(self, untouched):
        answer = untouched.client.get("/V1/api/status/1", headers={"origin": ORIGIN})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (404, ORIGIN)

    def test_origins_can_be_set(self, serve):
        served = serve(cors_origins=("https://reef.example",))
        assert self.preflight(served, "https://reef.example").status_code == 200
        assert self.preflight(served, ORIGIN).status_code == 400

    def test_the_key_may_be_sent_where_it_is_needed(self, serve):
        assert self.preflight(serve(coral_requires_key=True), ORIGIN, header="api-key").status_code == 200


class TestProblems:
    def test_every_client_error_has_a_status_and_keeps_its_sentence(self):
        for kind, status in STATUSES.items():
            more = {
                errors.QueueFullError: [7],
                errors.RateLimitError: [7],
                errors.PictureTooLargeError: ["/overlay.dzi"],
            }
            error = kind("Sentence.", *more.get(kind, []))
            problem = problem_of(error)
            assert (problem.status, problem.code) == (status, kind.code)
            assert (problem.sentence == "Sentence.") == (status < 500)

    def test_subclasses_share_the_status(self):
        assert (
            problem_of(errors.DamagedPhotoError("x")).status == problem_of(errors.PhotoTooLargeError("x")).status == 400
        )

    @pytest.mark.parametrize(
        "error", [errors.PackageError("/secret"), OSError("/secret"), errors.StoreError("/secret")]
    )
    def test_the_servers_own_faults_are_logged_and_not_told(self, error, caplog):
        problem = problem_of(error)
        assert problem.status >= 500
        assert "secret" not in problem.sentence
        assert "secret" in caplog.text

    def test_a_full_disk_is_told_as_such(self):
        assert problem_of(OSError(errno.ENOSPC, "No space left on device")).status == 507

    def test_unknown_addresses_are_404_everywhere(self, untouched):
        assert untouched.client.get("/nothing").json() == {"detail": "There is nothing at this address."}
        assert untouched.client.get("/V1/nothing").json() == {"error": "There is nothing at this address."}
        assert untouched.client.get("/assets/nothing.js").status_code == 404
        assert untouched.client.get("/assets/../app.py").status_code == 404
        assert untouched.client.get("/assets/%2e%2e/app.py").status_code == 404


class TestAnAddressTypedByHand:
    @pytest.fixture(autouse=True)
    def built(self, tmp_path, monkeypatch):
        (tmp_path / "index.html").write_text("<!doctype html><title>the app</title>")
        monkeypatch.setattr(pages, "BUILT_APP", tmp_path)
        return tmp_path

    @pytest.mark.parametrize("path", ["/nothing", "/jobs/6f1c/nothing", "/models/a@1/nothing"])
    def test_a_browser_gets_the_app_which_says_so(self, served, path):
        answer = served.client.get(path, headers=BROWSER)
        assert (answer.status_code, answer.headers["vary"]) == (404, "Accept, Origin")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert "the app" in answer.text
        assert served.client.head(path, headers=BROWSER).status_code == 404

    @pytest.mark.parametrize("path", ["/V1/api/nothing", "/V1/api/status/9", "/api/v1/nothing", "/predict/nothing"])
    def test_what_a_dialect_rules_is_answered_in_its_tongue(self, served, path):
        answer = served.client.get(path, headers=BROWSER)
        assert answer.status_code == 404
        assert "json" in answer.headers["content-type"]

    def test_programs_get_json(self, served):
        for accept in ("*/*", "application/json", "image/png"):
            answer = served.client.get("/nothing", headers={"accept": accept})
            assert (answer.status_code, answer.json()) == (404, {"detail": "There is nothing at this address."})
        assert served.client.post("/nothing", headers=BROWSER).json()["detail"]

    def test_without_a_build_it_is_json(self, served, built):
        (built / "index.html").unlink()
        assert served.client.get("/nothing", headers=BROWSER).json()["detail"]


class TestOpenApi:
    @pytest.fixture
    def document(self, untouched):
        return untouched.client.get("/openapi.json").json()

    def test_both_contracts_and_the_probes_are_in_it_as_they_are(self, document):
        routes = {(method, path) for path, methods in document["paths"].items() for method in methods}
        contracts = {route for route in routes if not route[1].startswith("/api/v1/")}
        assert contracts == {
            ("get", "/V1/api/health"),
            ("post", "/V1/api/classify"),
            ("get", "/V1/api/status/{job_id}"),
            ("get", "/V1/api/result/{job_id}.dzi"),
            ("get", "/V1/api/result/{job_id}_files/{level}/{tile}"),
            ("delete", "/V1/api/classify/{job_id}"),
            ("post", "/predict"),
            ("get", "/job/{job_id}"),
            ("get", "/livez"),
            ("get", "/readyz"),
            ("get", "/metrics"),
        }

    def test_forms_are_described(self, document):
        def fields(path):
            schema = document["paths"][path]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
            return schema["required"], sorted(schema["properties"])

        assert fields("/V1/api/classify") == (["image"], ["image"])
        assert fields("/predict") == (["file"], ["file", "mask_weight"])

    def test_fastapi_adds_no_answers_that_never_come(self, document):
        assert "HTTPValidationError" not in json.dumps(document)

    def test_keys_are_asked_for_by_rock_and_the_native_api_alone(self, document):
        secured = {
            path for path, methods in document["paths"].items() for route in methods.values() if "security" in route
        }
        assert {path for path in secured if not path.startswith("/api/v1/")} == {"/predict", "/job/{job_id}"}


class TestModelFiles:
    def test_they_can_be_downloaded_without_a_key(self, untouched):
        models = untouched.client.get("/api/v1/server").json()["served"].values()
        links = [address for model in models for address in model["files"].values()]
        assert len(links) == 6
        for link in links:
            answer = untouched.client.get(link)
            assert answer.status_code == 200
            assert "attachment" in answer.headers["content-disposition"]

    def test_nothing_else_can(self, untouched):
        assert untouched.client.get("/models/test-coral@1.0.0/..%2f..%2ffacies.db").status_code == 404
        assert untouched.client.get("/models/test-coral@1.0.1/CARD.md").status_code == 404


def test_dialects_without_a_package_are_not_spoken(served):
    from starlette.testclient import TestClient

    from facies.models.registry import Registry
    from facies.web.app import WebConfig, create_app

    client = TestClient(create_app(WebConfig(), served.store, served.blobs, {}, Registry([])))
    assert client.get("/V1/api/health").status_code == 404
    assert client.post("/predict", files={"file": ("a.png", PHOTO)}).status_code == 404
