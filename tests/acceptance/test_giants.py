"""Photos too large for one picture, through every door: the two contracts, the native API, the command line.

What is too large is set low, so that it need not be large.
"""

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from tests.acceptance.conftest import wait_until
from tests.data.photos import encode, patchwork, strata

REEF, CORE = patchwork(700, 600), strata(400, 900)
LIMITS = {"FACIES_KEPT_PIXELS": "1000", "FACIES_PICTURE_PIXELS": "1000"}


@pytest.fixture(scope="module")
def server(start_shared_server):
    return start_shared_server(**LIMITS)


def pixels(content):
    return np.asarray(Image.open(io.BytesIO(content))).astype(int)


def test_a_reef_through_the_coral_contract(server):
    job = server.post("/V1/api/classify", files={"image": ("reef.png", encode(REEF))}).json()["job_id"]
    status = lambda: server.get(f"/V1/api/status/{job}").json()  # noqa: E731
    finished = wait_until(lambda: (seen := status())["status"] == "completed" and seen)
    assert (finished["result_image"], len(finished["chunks"])) == (None, 9)
    assert b'Width="700"' in server.get(finished["result_deep_zoom"]).content
    tile = server.get(finished["result_deep_zoom"].replace(".dzi", "_files/10/0_0.jpg"))
    assert 5 < np.abs(pixels(tile.content)[10:200, 10:200] - REEF[10:200, 10:200]).mean() < 80  # tinted


def test_a_core_through_the_rock_contract_and_the_native_api(server):
    form = {"files": {"file": ("core.png", encode(CORE))}, "headers": server.key_header}
    job = server.post("/predict", **form).json()["job_id"]
    state = lambda query="": server.get(f"/job/{job}{query}", headers=server.key_header)  # noqa: E731
    result = wait_until(lambda: state().json()["result"])
    assert result["base64"] is None
    assert result["detected_classes"]
    refused = state("?form=png")
    assert refused.status_code == 406
    assert result["deep_zoom"] in refused.json()["detail"]
    document = server.get(f"/api/v1/jobs/{job}", headers=server.key_header).json()
    for link in ("photo_dzi", "overlay_dzi"):
        assert b'Height="900"' in server.get(document["links"][link], headers=server.key_header).content
    labels = pixels(server.get(document["links"]["labels_tif"], headers=server.key_header).content)
    assert labels.shape == (900, 400)
    areas = {area["index"]: area["pixels"] for area in document_summary(server, document)["classes"]}
    assert areas == {index: int((labels == index).sum()) for index in areas}


def document_summary(server, document):
    return server.get(document["links"]["summary"], headers=server.key_header).json()


def test_a_reef_on_the_command_line(server, tmp_path):
    (tmp_path / "reef.png").write_bytes(encode(REEF))
    server.command("analyse", str(tmp_path / "reef.png"), "--model", "test-coral", "--out", str(tmp_path / "out"))
    folder = tmp_path / "out" / "reef"
    assert {file.name for file in folder.iterdir()} == {"overlay.dzi.zip", "tiles.csv", "tiles.json", "summary.json"}
    assert json.loads((folder / "summary.json").read_bytes())["tiles"]["total"] == 9
    with zipfile.ZipFile(folder / "overlay.dzi.zip") as archive:
        assert "overlay.dzi" in archive.namelist()
