"""Probes, figures and logs, as whoever runs a server sees them."""

import json

import pytest

from tests.acceptance.conftest import STORES, wait_until
from tests.data.photos import encode, patchwork

pytestmark = pytest.mark.parametrize("new_database", STORES, indirect=True, scope="module")

PHOTO = encode(patchwork(300, 260))  # 4 tiles


def test_a_server_becomes_ready_when_its_worker_is_there(server):
    wait_until(lambda: server.get("/readyz").status_code == 200)
    assert server.get("/livez").json() == {"status": "alive"}


def test_figures_of_the_worker_reach_the_server(server):
    before = figure(server, "facies_tiles_total")
    job = server.post("/V1/api/classify", files={"image": ("reef.png", PHOTO)}).json()["job_id"]
    wait_until(lambda: server.get(f"/V1/api/status/{job}").json()["status"] == "completed")
    assert figure(server, "facies_tiles_total") == before + 4
    assert figure(server, 'facies_jobs_ended_total{code="",status="finished"}') >= 1
    assert figure(server, 'facies_model_load_seconds{model="test-coral@1.0.0"}') > 0


def figure(server, name):
    lines = (line.rpartition(" ") for line in server.get("/metrics").text.splitlines())
    return next((float(value) for found, _, value in lines if found == name), 0.0)


def test_the_log_of_a_server_without_a_terminal_is_json_with_the_requests_id(server):
    server.get("/livez", headers={"X-Request-ID": "look-for-me"})
    logged = wait_until(lambda: [line for line in server.log.read_text().splitlines() if "look-for-me" in line])
    entry = json.loads(logged[0])
    assert (entry["level"], entry["logger"], entry["request_id"]) == ("info", "uvicorn.access", "look-for-me")
    assert "GET /livez" in entry["message"]
