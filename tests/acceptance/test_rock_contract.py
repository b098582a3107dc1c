"""The Rock types segmentation API, line by line as its contract has it, against a real server and worker."""

import base64
import itertools
import os
import subprocess
import sys
import threading
import time
import uuid

import numpy as np
import pytest
from PIL import Image

from tests.acceptance.conftest import JOB_S, SOURCE, needs_curl, wait_until
from tests.data.packages import ROCK_CLASSES
from tests.data.photos import decode, encode, strata

COLOURS = np.array(list(ROCK_CLASSES.values()), dtype=np.float64)
NAMES = list(ROCK_CLASSES)
PHOTO = strata(200, 700)
PANEL_RGB = (30, 30, 30)
UNKNOWN = "6f1c9a52-0f8e-4b43-9a0f-2f3f7a1f5a10"

DOCUMENTED_CLIENT = """
import base64
import itertools
import time

import requests

API_KEY = "{key}"
headers = {{"api-key": API_KEY}}

with open("core.png", "rb") as file:
    response = requests.post("{url}/predict", headers=headers, files={{"file": file}}, data={{"mask_weight": 0.6}})
response.raise_for_status()
job_id = response.json()["job_id"]

while True:
    info = requests.get(f"{url}/job/{{job_id}}?form=json", headers=headers).json()
    if info["status"] == "finished":
        break
    if info["status"] == "failed":
        raise RuntimeError(info["error"])
    time.sleep(0.1)

with open("result.png", "wb") as file:
    file.write(base64.b64decode(info["result"]["base64"]))
print(info["result"]["detected_classes"])
"""


def submit(server, photo=None, **fields):
    answer = server.post(
        "/predict",
        files={"file": ("core.png", encode(PHOTO) if photo is None else photo)},
        data=fields,
        headers=server.key_header,
    )
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"job_id": str(uuid.UUID(answer.json()["job_id"])), "status": "queued"}
    return answer.json()["job_id"]


def ask(server, job_id, query=""):
    return server.get(f"/job/{job_id}{query}", headers=server.key_header)


def finished(server, job_id):
    def over():
        info = ask(server, job_id).json()
        return info if info["status"] in ("finished", "failed") else None

    info = wait_until(over)
    assert info["status"] == "finished", info["error"]
    return info


def labels_of(server, job_id):
    """The label map of a job, read from what the worker left."""
    (path,) = [path for path in server.files() if path.parent.name == job_id and path.name == "labels.png"]
    return np.asarray(Image.open(path))


def painted(photo, labels, weight):
    """The contract's formula, pixel by pixel in float64, written anew."""
    colours = COLOURS[labels]
    mixed = np.floor((1 - weight) * photo.astype(np.float64) + weight * colours)
    return np.where((labels == 0)[..., None], photo, mixed).astype(np.uint8)


@pytest.fixture(scope="module")
def job_id(server):
    """A finished job that several tests look at."""
    job_id = submit(server)
    finished(server, job_id)
    return job_id


def test_a_finished_job_as_json(server, job_id):
    before = time.time()
    info = ask(server, job_id).json()
    assert list(info) == ["job_id", "status", "created_at", "started_at", "finished_at", "error", "result"]
    assert (info["job_id"], info["status"], info["error"]) == (job_id, "finished", None)
    assert before - 120 < info["created_at"] <= info["started_at"] <= info["finished_at"] <= before
    assert list(info["result"]) == ["detected_classes", "base64"]


def test_base64_is_the_png_byte_for_byte(server, job_id):
    png = ask(server, job_id, "?form=png")
    assert png.headers["content-type"] == "image/png"
    assert base64.b64decode(ask(server, job_id, "?form=json").json()["result"]["base64"], validate=True) == png.content
    assert ask(server, job_id).content == ask(server, job_id, "?form=json").content


def test_the_classes_found_are_told_in_class_order_without_background(server, job_id):
    found = np.unique(labels_of(server, job_id))
    assert len(found) > 5
    assert 0 in found
    detected = ask(server, job_id).json()["result"]["detected_classes"]
    assert list(detected.items()) == [(NAMES[index], list(ROCK_CLASSES[NAMES[index]])) for index in found if index]


@pytest.mark.parametrize("weight", ["0", "0.37", "0.5", "1", None])
def test_the_overlay_is_the_formula_on_every_pixel(server, weight):
    job_id = submit(server) if weight is None else submit(server, mask_weight=weight)
    finished(server, job_id)
    labels = labels_of(server, job_id)
    overlay = decode(ask(server, job_id, "?form=png").content)
    assert overlay.shape == PHOTO.shape
    np.testing.assert_array_equal(overlay, painted(PHOTO, labels, 0.5 if weight is None else float(weight)))
    np.testing.assert_array_equal(overlay[labels == 0], PHOTO[labels == 0])


def test_the_legend_stands_on_the_right(server, job_id):
    plain = decode(ask(server, job_id, "?form=png").content)
    with_legend = ask(server, job_id, "?form=png&legend=true")
    from_json = ask(server, job_id, "?legend=true").json()["result"]
    assert base64.b64decode(from_json["base64"]) == with_legend.content
    picture = decode(with_legend.content)
    height, width = plain.shape[:2]
    np.testing.assert_array_equal(picture[:height, :width], plain)
    panel = picture[:, width:]
    assert panel.shape[1] > 50
    assert tuple(panel[0, 0]) == tuple(panel[-1, -1]) == PANEL_RGB
    tops = [first_row_of(panel, rgb) for rgb in from_json["detected_classes"].values()]
    assert tops == sorted(tops)
    absent = [rgb for name, rgb in ROCK_CLASSES.items() if name not in from_json["detected_classes"]]
    assert not any((panel == rgb).all(axis=2).sum() > 20 for rgb in absent)


def first_row_of(panel, rgb):
    rows = np.flatnonzero((panel == rgb).all(axis=2).sum(axis=1) > 10)
    assert len(rows), f"no swatch of {rgb}"
    return rows[0]


@pytest.mark.parametrize("query", ["", "?form=json", "?form=png"])
def test_a_job_that_waits_has_no_result_in_either_form(start_idle_server, query):
    job_id = submit(start_idle_server)
    answer = ask(start_idle_server, job_id, query)
    assert answer.headers["content-type"] == "application/json"
    info = answer.json()
    created_at = info.pop("created_at")
    assert abs(time.time() - created_at) < 60
    assert info == {
        "job_id": job_id,
        "status": "queued",
        "started_at": None,
        "finished_at": None,
        "error": None,
        "result": None,
    }


@pytest.fixture(scope="module")
def start_idle_server(start_shared_server):
    return start_shared_server("--workers", "0")


def test_jobs_run_in_the_order_they_came(start_server):
    server = start_server(FACIES_WORKER_THREADS="1", FACIES_FAKE_DELAY_S="0.02")
    jobs = [submit(server) for _ in range(5)]
    infos = [finished(server, job_id) for job_id in jobs]
    starts = [info["started_at"] for info in infos]
    assert starts == sorted(starts)
    assert all(earlier["finished_at"] <= later["started_at"] for earlier, later in itertools.pairwise(infos))


@pytest.mark.parametrize("headers", [{}, {"api-key": ""}, {"api-key": "facies_wrong"}])
@pytest.mark.parametrize("path", ["/job/x", "/job/x?form=xml"])
def test_without_a_key_there_is_only_401(server, headers, path):
    answer = server.get(path, headers=headers)
    assert (answer.status_code, list(answer.json())) == (401, ["detail"])
    answer = server.post("/predict", files={"file": ("core.png", encode(PHOTO))}, headers=headers)
    assert (answer.status_code, list(answer.json())) == (401, ["detail"])


def test_a_job_of_another_key_is_unknown(server, job_id):
    other = {"api-key": server.command("keys", "create", "other").strip()}
    foreign = server.get(f"/job/{job_id}", headers=other)
    unknown = server.get(f"/job/{uuid.uuid4()}", headers=other)
    assert (foreign.status_code, foreign.content) == (404, unknown.content)
    assert list(foreign.json()) == ["detail"]


@pytest.mark.parametrize("path", ["/job/1", "/job/x", f"/job/{UNKNOWN}", f"/job/{UNKNOWN}?form=png"])
def test_unknown_jobs_are_404(server, path):
    answer = server.get(path, headers=server.key_header)
    assert (answer.status_code, list(answer.json())) == (404, ["detail"])


def test_another_form_is_422(server, job_id):
    answer = ask(server, job_id, "?form=gif")
    assert answer.status_code == 422
    assert isinstance(answer.json()["detail"], str)


@pytest.mark.parametrize("weight", ["1.2", "-0.1", "nan", "inf", "much"])
def test_a_bad_mask_weight_is_422(server, weight):
    answer = server.post(
        "/predict",
        files={"file": ("core.png", encode(PHOTO))},
        data={"mask_weight": weight},
        headers=server.key_header,
    )
    assert (answer.status_code, list(answer.json())) == (422, ["detail"])


def test_no_file_is_422(server):
    answer = server.post("/predict", data={"mask_weight": "0.5"}, headers=server.key_header)
    assert (answer.status_code, list(answer.json())) == (422, ["detail"])


@needs_curl
def test_the_documented_curl_lines(server, tmp_path):
    (tmp_path / "core.jpg").write_bytes(encode(PHOTO, "JPEG", quality=95))
    post = f'curl -s -X POST "{server.url}/predict" -H "api-key: {server.key}" -F "file=@core.jpg" -F "mask_weight=0.6"'
    accepted = subprocess.run(post, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=JOB_S)
    job_id = accepted.stdout.split('"job_id":"')[1][:36]
    finished(server, job_id)
    get = f'curl -s -H "api-key: {server.key}" -o result.png "{server.url}/job/{job_id}?form=png"'
    subprocess.run(get, shell=True, cwd=tmp_path, check=True, timeout=JOB_S)
    assert decode((tmp_path / "result.png").read_bytes()).shape == PHOTO.shape


def test_the_documented_requests_loop(server, tmp_path):
    (tmp_path / "core.png").write_bytes(encode(PHOTO))
    script = DOCUMENTED_CLIENT.format(key=server.key, url=server.url)
    environment = os.environ | {"PYTHONPATH": str(SOURCE)}
    subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, check=True, timeout=JOB_S, capture_output=True
    )
    assert decode((tmp_path / "result.png").read_bytes()).shape == PHOTO.shape


def test_results_are_gone_after_their_time(start_server):
    server = start_server(FACIES_TIME_TO_LIVE_S="6")
    job_id = submit(server)
    finished(server, job_id)
    wait_until(lambda: ask(server, job_id).status_code == 404)


def test_many_senders_at_once_are_all_served(server):
    found: list[str] = []
    senders = [threading.Thread(target=lambda: found.append(submit(server))) for _ in range(8)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(JOB_S)
    assert len(set(found)) == 8
    for job_id in found:
        finished(server, job_id)
