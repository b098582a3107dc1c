"""The shipped packages on real photos, through a real server, where the data folder exists."""

import base64
import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.acceptance.conftest import wait_until

DATA = Path(os.environ.get("FACIES_DATA") or Path(__file__).parents[3] / "shared" / "data")
SHIPPED = {"FACIES_CORAL_MODEL": "coral-bleaching", "FACIES_ROCK_MODEL": "rock-types", "FACIES_RUNTIME": "openvino"}

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="no real photos here: set FACIES_DATA")


@pytest.fixture(scope="module")
def shipped_server(start_shared_server):
    return start_shared_server(**SHIPPED)


def coral_answer(server, photo):
    with photo.open("rb") as file:
        job = server.post("/V1/api/classify", files={"image": file}).json()["job_id"]

    def over():
        answer = server.get(f"/V1/api/status/{job}").json()
        assert answer["status"] != "error", answer
        return answer if answer["status"] == "completed" else None

    return wait_until(over)


def rock_answer(server, photo):
    with photo.open("rb") as file:
        job = server.post("/predict", headers=server.key_header, files={"file": file}).json()["job_id"]

    def over():
        answer = server.get(f"/job/{job}", headers=server.key_header).json()
        assert answer["status"] != "failed", answer
        return answer["result"]

    return wait_until(over)


def test_on_a_survey_photo_the_bleached_chunks_are_the_pale_ones(shipped_server):
    photo = DATA / "coral" / "photos" / "kohtao_0016.jpg"
    answer = coral_answer(shipped_server, photo)
    pixels = np.asarray(Image.open(photo).convert("RGB"))
    assert Image.open(io.BytesIO(base64.b64decode(answer["result_image"].split(",")[1]))).size == pixels.shape[1::-1]
    lightness = {"Bleached Coral": [], "Healthy Coral": []}
    for chunk in answer["chunks"]:
        tile = pixels[chunk["y"] :, chunk["x"] :][: chunk["height"], : chunk["width"]]
        lightness[chunk["predicted_label"]].append(tile.min(axis=2).mean())
    bleached, healthy = (np.median(lightness[label]) for label in ("Bleached Coral", "Healthy Coral"))
    assert 0.05 < answer["summary"]["bleached_chunks"] / answer["summary"]["total_chunks"] < 0.6
    assert bleached > 1.5 * healthy


def test_a_photo_of_healthy_coral_has_hardly_a_bleached_chunk(shipped_server):
    summary = coral_answer(shipped_server, DATA / "coral" / "photos" / "kohtao_0004.jpg")["summary"]
    assert summary["bleached_chunks"] < 0.1 * summary["total_chunks"]


def test_a_published_sandstone_core_is_mostly_sandstone(shipped_server):
    photo = DATA / "rock" / "reference" / "core1.jpg"
    result = rock_answer(shipped_server, photo)
    assert "sandstone" in result["detected_classes"]
    with Image.open(photo) as opened:
        pixels = np.asarray(opened.convert("RGB")).astype(float)
    overlay = np.asarray(Image.open(io.BytesIO(base64.b64decode(result["base64"]))))
    sandstone = np.floor(0.5 * pixels + 0.5 * np.array(result["detected_classes"]["sandstone"]))
    assert (np.abs(overlay - sandstone).max(axis=2) <= 2).mean() > 0.5
