"""The OpenAPI document says everything that is answered, held to it by requests that schemathesis makes up."""

import json
import re
import zlib

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from facies.models.registry import SHIPPED, Registry
from facies.web.app import WebConfig
from facies.web.dialects.native.shipped import CORAL
from tests.served import CORAL_RESULTS
from tests.unit.web.native.asking import JOBS, send, sent
from tests.unit.web.native.conftest import NativeServed

EXAMPLES = 12
SUMMARY = {
    "model": "test-coral@1.0.0",
    "model_sha256": "0" * 64,
    "task": "tile-classification",
    "width": 300,
    "height": 260,
    "options": {},
    "timings_s": {"analyse": 0.1},
}


@schemathesis.serializer("application/offset+octet-stream")
def _piece_of_an_upload(_, value):
    return value if isinstance(value, bytes) else str(value).encode()


CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
)


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    served = NativeServed(tmp_path_factory.mktemp("api"), WebConfig(native_requires_key=False))
    served.store.note_worker("hand")  # or the server would not be ready
    yield served
    served.close()


def begin_upload(api):
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "1000"}
    return api.client.post("/api/v1/uploads", headers=headers).headers["location"].rpartition("/")[2]


@pytest.fixture(scope="module")
def known(api):
    """Jobs in several states, and a batch; none of them would keep an event stream open."""
    finished = sent(api)
    summary = {**SUMMARY, **CORAL_RESULTS["summary.json"]}
    api.finish(api.start(), {**CORAL_RESULTS, "tiles.csv": b"x,y\n", "summary.json": summary})
    failed = sent(api)
    api.fail(api.start(), "The photo is damaged.")
    cancelled = sent(api)
    api.client.post(f"{JOBS}/{cancelled}/cancel")
    batch = send(api, *[CORAL_RESULTS["overlay.png"]] * 2).json()
    for job in batch["jobs"]:
        api.client.post(f"{job['url']}/cancel")
    return {
        "job_id": [finished, failed, cancelled],
        "batch": [batch["batch"]],
        "reference": ["test-coral", "test-rock@1.0.0"],
        "code": ["queue_full"],
        "upload_id": [begin_upload(api)],
    }


def test_no_answer_is_a_surprise(api, known, subtests):
    document = schemathesis.openapi.from_asgi("/openapi.json", api.app)
    for found in document.get_all_operations():
        operation = found.ok()
        with subtests.test(operation.label):
            ask_anything(operation, known, api.key)


def ask_anything(operation, known, key):
    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    def ask(case):
        lead_somewhere(case, known, key)
        case.call_and_validate(checks=CHECKS)

    ask()


def lead_somewhere(case, known, key):
    """Most made-up ids, models and keys lead nowhere; most requests get some that do."""
    for name, values in known.items():
        made_up = case.path_parameters.get(name)
        if made_up is not None and hash_of(made_up) % 3 and case.method != "DELETE":
            case.path_parameters[name] = values[hash_of(made_up) // 3 % len(values)]
    if hash_of(case.headers) % 4:
        for header in [name for name in case.headers if name.lower() in ("api-key", "authorization")]:
            del case.headers[header]
        if not case.path.startswith("/api/v1"):
            case.headers["api-key"] = key
        if "/uploads" in case.path:
            case.headers["Tus-Resumable"] = "1.0.0"
    if isinstance(case.body, dict) and "model" in case.body and hash_of(case.body["model"]) % 3:
        case.body["model"] = "test-coral"


def hash_of(value):
    """The same number for the same value in every run."""
    return zlib.crc32(str(value).encode("utf-8", "replace"))


def test_every_json_answer_has_a_type_and_an_example_that_is_true_to_it(api):
    document = api.client.get("/openapi.json").json()
    answers = {
        content["schema"]["$ref"].rpartition("/")[2]
        for path, operations in document["paths"].items()
        for operation in operations.values()
        for status, answer in operation.get("responses", {}).items()
        if path.startswith("/api/v1") and status.startswith("2")
        for media_type, content in answer.get("content", {}).items()
        if media_type == "application/json" and status != "206"
    }
    assert {"JobDocument", "BatchDocument", "ModelDocument", "SummaryDocument"} <= answers
    assert not [name for name in document["components"]["schemas"] if "__" in name], "two types of one name"
    for name in answers:
        (example,) = document["components"]["schemas"][name]["examples"]
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        jsonschema_rs.validate(schema, example)


def test_packages_in_examples_are_those_that_are_shipped(api):
    document = json.dumps(api.client.get("/openapi.json").json())
    named = set(re.findall(r"(?:coral-bleaching|rock-types)@\d+\.\d+\.\d+", document))
    assert named == {manifest.reference for _, manifest in Registry([SHIPPED]).manifests()}


def test_every_parameter_of_the_native_api_is_described(api):
    document = api.client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", []) if path.startswith("/api/v1") else []:
                assert parameter.get("description"), (method, path, parameter["name"])


def test_the_document_has_examples_and_explains_its_fields(api):
    document = json.dumps(api.client.get("/openapi.json").json())
    assert '"openapi": "3.1' in document
    for example in (
        "transect-3.jpg",
        CORAL.reference,
        "North Bay",
        "not_a_photo",
        "Tiles looked at.",
        "core_axis",
    ):
        assert example in document
