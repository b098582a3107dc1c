"""The Coral classifier API, line by line as its contract has it, against a real server and worker."""

import base64
import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest
import requests

from tests.acceptance.conftest import JOB_S, SOURCE, needs_curl, wait_until
from tests.data.photos import decode, encode, patchwork

API = "/V1/api"
TILE = 244
COLOURS = {"Bleached Coral": (239, 68, 68), "Healthy Coral": (34, 197, 94), "Unsure": (251, 146, 60)}
PHOTO = patchwork(600, 500)
UNKNOWN = {"error": "Job not found"}

DOCUMENTED_CLIENT = """
import base64
import time

import requests

BASE_URL = "{url}/V1/api"

with open("reef.png", "rb") as file:
    job_id = requests.post(f"{{BASE_URL}}/classify", files={{"image": file}}).json()["job_id"]
while True:
    status = requests.get(f"{{BASE_URL}}/status/{{job_id}}").json()
    if status["status"] == "completed":
        break
    if status["status"] == "error":
        raise RuntimeError(status["error"])
    time.sleep(0.1)
with open("result.png", "wb") as file:
    file.write(base64.b64decode(status["result_image"].split(",", 1)[1]))
print(status["summary"])
"""


def submit(server, photo=None):
    answer = server.post(f"{API}/classify", files={"image": ("reef.png", encode(PHOTO) if photo is None else photo)})
    assert answer.status_code == 200, answer.text
    assert list(answer.json()) == ["job_id"]
    assert type(answer.json()["job_id"]) is int
    return answer.json()["job_id"]


def status(server, job_id):
    return server.get(f"{API}/status/{job_id}").json()


def completed(server, job_id):
    def over():
        answer = status(server, job_id)
        return answer if answer["status"] in ("completed", "error") else None

    answer = wait_until(over)
    assert answer["status"] == "completed", answer
    return answer


def mix(pixels, rgb, alpha):
    """Round half up of (c*a + p*(255 - a)) / 255, in whole numbers: 2x/2 + 1/2 cut off."""
    exact = np.array(rgb, dtype=np.int64) * alpha + pixels.astype(np.int64) * (255 - alpha)
    return ((2 * exact + 255) // 510).astype(np.uint8)


def painted(photo, chunks):
    """The contract's picture: every chunk filled, and framed 2 px wide on the inside. Written anew."""
    picture = photo.copy()
    for chunk in chunks:
        x, y, width, height = (chunk[key] for key in ("x", "y", "width", "height"))
        rgb = COLOURS[chunk["predicted_label"]]
        for row in range(y, y + height):
            for edges, alpha in framing(row - y, width, height):
                columns = [x + column for column in edges]
                picture[row, columns] = mix(photo[row, columns], rgb, alpha)
    return picture


def framing(row, width, height):
    """For one row of a chunk: which columns belong to the line, and which to the fill."""
    line = [c for c in range(width) if row < 2 or row >= height - 2 or c < 2 or c >= width - 2]
    fill = sorted(set(range(width)) - set(line))
    return [(line, 220), (fill, 90)]


def tiled(width, height):
    """The chunks' places by the contract, row by row."""
    corners = [(x, y) for y in range(0, height, TILE) for x in range(0, width, TILE)]
    return [(x, y, min(TILE, width - x), min(TILE, height - y)) for x, y in corners]


@pytest.fixture(scope="module")
def slow_server(start_shared_server):
    """A server whose worker takes its time over each batch of four chunks, one job at a time."""
    return start_shared_server(FACIES_FAKE_DELAY_S="2.5", FACIES_WORKER_THREADS="1")


@pytest.fixture(scope="module")
def idle_server(start_shared_server):
    return start_shared_server("--workers", "0")


@pytest.fixture(scope="module")
def answer(server):
    """A completed job that several tests look at."""
    return completed(server, submit(server))


def test_a_completed_job(answer):
    assert list(answer) == [
        "status",
        "completed_chunks",
        "total_chunks",
        "remaining_chunks",
        "progress",
        "result_image",
        "summary",
        "chunks",
    ]
    assert (answer["completed_chunks"], answer["total_chunks"], answer["remaining_chunks"]) == (9, 9, 0)
    assert answer["progress"] == "9/9"


def test_chunks_lie_row_by_row_and_their_labels_follow_from_0_5_on(answer):
    assert [(c["x"], c["y"], c["width"], c["height"]) for c in answer["chunks"]] == tiled(600, 500)
    for chunk in answer["chunks"]:
        assert list(chunk) == ["x", "y", "width", "height", "probability", "predicted_label"]
        assert 0 <= chunk["probability"] <= 1
        assert chunk["predicted_label"] == ("Bleached Coral" if chunk["probability"] >= 0.5 else "Healthy Coral")
    assert {chunk["predicted_label"] for chunk in answer["chunks"]} == {"Bleached Coral", "Healthy Coral"}


def test_the_summary_counts_the_labels(answer):
    labels = [chunk["predicted_label"] for chunk in answer["chunks"]]
    assert answer["summary"] == {
        "bleached_chunks": labels.count("Bleached Coral"),
        "healthy_chunks": labels.count("Healthy Coral"),
        "total_chunks": 9,
    }


def test_the_result_image_is_the_formula_on_every_pixel(answer):
    prefix, data = answer["result_image"].split(",")
    assert prefix == "data:image/png;base64"
    picture = decode(base64.b64decode(data, validate=True))
    np.testing.assert_array_equal(picture, painted(PHOTO, answer["chunks"]))


@pytest.mark.parametrize(
    ("width", "height"), [(1, 1), (3, 3), (243, 244), (244, 244), (245, 244), (246, 247), (488, 1), (489, 490)]
)
def test_photos_of_any_size(server, width, height):
    photo = patchwork(width, height, patch=100)
    answer = completed(server, submit(server, encode(photo)))
    assert [(c["x"], c["y"], c["width"], c["height"]) for c in answer["chunks"]] == tiled(width, height)
    picture = decode(base64.b64decode(answer["result_image"].split(",")[1]))
    np.testing.assert_array_equal(picture, painted(photo, answer["chunks"]))


def test_a_waiting_job_shows_zeros(idle_server):
    assert status(idle_server, submit(idle_server)) == {
        "status": "queued",
        "completed_chunks": 0,
        "total_chunks": 0,
        "remaining_chunks": 0,
        "progress": "0/0",
    }


def test_progress_counts_chunks_and_health_answers_all_the_while(slow_server):
    job_id = submit(slow_server, encode(patchwork(1220, 976)))
    seen = []
    while (answer := status(slow_server, job_id))["status"] != "completed":
        if answer["status"] == "processing":
            seen.append(answer)
        assert slow_server.get(f"{API}/health").json() == {"status": "success"}
        time.sleep(0.03)
    done = [each["completed_chunks"] for each in seen]
    assert done == sorted(done)
    assert len(set(done)) >= 3
    for each in seen:
        total = each["total_chunks"]
        assert total in (0, 20)
        assert each["remaining_chunks"] == total - each["completed_chunks"]
        assert each["progress"] == f"{each['completed_chunks']}/{total}"
        assert not {"result_image", "summary", "chunks"} & set(each)


def test_health_answers_without_a_worker(idle_server):
    answer = idle_server.get(f"{API}/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "success"})


class TestErrors:
    def test_no_image(self, server):
        answer = server.post(f"{API}/classify", files={"photo": ("reef.png", encode(PHOTO))})
        assert (answer.status_code, answer.json()) == (400, {"error": "No image provided"})
        assert server.post(f"{API}/classify").json() == {"error": "No image provided"}

    @needs_curl
    def test_no_filename(self, server):
        command = ["curl", "-s", "-F", "image=@-;filename=", f"{server.url}{API}/classify"]
        printed = subprocess.run(command, input=b"x", capture_output=True, check=True, timeout=JOB_S).stdout
        assert json.loads(printed) == {"error": "No filename"}

    @pytest.mark.parametrize("job_id", ["999999", "0", "-1", "x", "1.5", "9" * 40])
    def test_unknown_jobs(self, server, job_id):
        for answer in (server.get(f"{API}/status/{job_id}"), server.delete(f"{API}/classify/{job_id}")):
            assert (answer.status_code, answer.json()) == (404, UNKNOWN)

    @pytest.mark.parametrize("path", ["", "/", "/nothing", "/status", "/classify/1/2", "/health/"])
    def test_unknown_routes(self, server, path):
        answer = server.get(f"{API}{path}")
        assert answer.status_code in (404, 405)
        assert list(answer.json()) == ["error"]

    def test_another_method(self, server):
        answer = server.post(f"{API}/health")
        assert (answer.status_code, list(answer.json())) == (405, ["error"])


class TestDelete:
    def test_a_completed_job_leaves_nothing(self, server):
        before = len(server.files())
        job_id = submit(server)
        completed(server, job_id)
        answer = server.delete(f"{API}/classify/{job_id}")
        assert (answer.status_code, answer.json()) == (200, {"status": "success"})
        assert status(server, job_id) == UNKNOWN
        wait_until(lambda: len(server.files()) == before)

    def test_a_waiting_job_leaves_nothing(self, idle_server):
        before = len(idle_server.files())
        job_id = submit(idle_server)
        assert idle_server.delete(f"{API}/classify/{job_id}").status_code == 200
        assert status(idle_server, job_id) == UNKNOWN
        assert len(idle_server.files()) == before

    def test_a_running_job_stops_within_a_batch_and_leaves_nothing(self, slow_server):
        before = set(slow_server.files())
        job_id = submit(slow_server, encode(patchwork(9760, 976)))
        wait_until(lambda: status(slow_server, job_id)["completed_chunks"] > 0)
        assert slow_server.delete(f"{API}/classify/{job_id}").status_code == 200
        assert status(slow_server, job_id) == UNKNOWN
        completed(slow_server, submit(slow_server, encode(patchwork(10, 10))))  # the whole job would take longer
        assert len({file.parent for file in set(slow_server.files()) - before}) == 1  # the small photo's


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1:3000"])
def test_cors(server, origin):
    ask = {
        "Origin": origin,
        "Access-Control-Request-Method": "DELETE",
        "Access-Control-Request-Headers": "Content-Type",
    }
    preflight = requests.options(f"{server.url}{API}/classify/1", headers=ask, timeout=JOB_S)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == origin
    assert server.get(f"{API}/health", headers={"Origin": origin}).headers["access-control-allow-origin"] == origin
    assert "access-control-allow-origin" not in server.get(f"{API}/health", headers={"Origin": "http://x"}).headers


def test_jobs_are_their_owners_where_keys_are_required(start_server):
    server = start_server("--workers", "0", FACIES_CORAL_REQUIRES_KEY="true")
    photo = {"image": ("reef.png", encode(PHOTO))}
    assert server.get(f"{API}/health").status_code == 200
    refused = server.post(f"{API}/classify", files=photo)
    assert (refused.status_code, list(refused.json())) == (401, ["error"])
    job_id = server.post(f"{API}/classify", files=photo, headers=server.key_header).json()["job_id"]
    other = {"api-key": server.command("keys", "create", "other").strip()}
    assert server.get(f"{API}/status/{job_id}").status_code == 401
    assert server.get(f"{API}/status/{job_id}", headers=other).json() == UNKNOWN
    assert server.delete(f"{API}/classify/{job_id}", headers=other).json() == UNKNOWN
    assert server.get(f"{API}/status/{job_id}", headers=server.key_header).json()["status"] == "queued"


@needs_curl
def test_curl(server, tmp_path):
    (tmp_path / "reef.jpg").write_bytes(encode(PHOTO, "JPEG"))
    command = f'curl -s -F "image=@reef.jpg" {server.url}{API}/classify'
    printed = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, check=True, timeout=JOB_S).stdout
    completed(server, json.loads(printed)["job_id"])


def test_requests_loop(server, tmp_path):
    (tmp_path / "reef.png").write_bytes(encode(PHOTO))
    script = DOCUMENTED_CLIENT.format(url=server.url)
    environment = os.environ | {"PYTHONPATH": str(SOURCE)}
    subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, check=True, timeout=JOB_S, capture_output=True
    )
    assert decode((tmp_path / "result.png").read_bytes()).shape == PHOTO.shape
