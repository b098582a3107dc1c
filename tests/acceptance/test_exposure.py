"""What whoever runs a server decides: whom it lets in, and where its source is said to be."""

import subprocess
import sys

import requests

from tests.acceptance.conftest import Server
from tests.data.photos import encode, patchwork

JOBS = "/api/v1/jobs"
CORAL = encode(patchwork(700, 520))


def test_a_server_that_others_can_reach_needs_a_word(tmp_path):
    server = Server(tmp_path)

    def start(*flags):
        where = ["--host", "0.0.0.0", "--port", "0", "--workers", "0"]
        command = [sys.executable, "-m", "facies", "serve", *where, *flags]
        return subprocess.Popen(command, cwd=server.folder, env=server.environment, stderr=subprocess.PIPE, text=True)

    refused = start()
    assert "--require-keys" in refused.communicate(timeout=60)[1]
    assert refused.returncode == 2
    for flag in ("--require-keys", "--open-to-anyone"):
        with start(flag) as process:
            try:
                address = next(line.split()[-1] for line in process.stderr if "address" in line)
                assert requests.get(f"{address}/metrics", timeout=60).status_code == 401
            finally:
                process.terminate()
    Server.close_all(server)


def test_keys_are_asked_for_where_they_are_required(start_server):
    server = start_server("--require-keys")
    assert "keys     for the coral API, the rock API, the native API and the app" in server.log.read_text()
    assert requests.post(f"{server.url}/V1/api/classify", files={"image": CORAL}).status_code == 401
    assert server.get(JOBS).status_code == 401
    assert server.get(JOBS, headers=server.key_header).status_code == 200
    assert server.get(JOBS, headers={"api-key": "facies_wrong"}).json()["code"] == "unknown_key"


def test_whoever_runs_the_server_says_where_its_source_is(start_server):
    server = start_server("--source-url", "https://example.org/facies", "--workers", "0")
    assert server.get("/api/v1/server").json()["source_url"] == "https://example.org/facies"
