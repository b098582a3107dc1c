"""What the contracts answer where an overlay is too large for one PNG."""

import io

import numpy as np
import pytest
from PIL import Image

from facies.imaging.deep_zoom import stream_deep_zoom
from tests.data.photos import patchwork
from tests.served import CORAL_RESULTS, PHOTO, ROCK_RESULTS

PIXELS = patchwork(300, 260)
DEEP_ZOOM = b"".join(stream_deep_zoom((260, 300), [lambda: PIXELS], "overlay"))


@pytest.fixture
def coral_job(served):
    job_id = served.client.post("/V1/api/classify", files={"image": ("reef.png", PHOTO)}).json()["job_id"]
    results = {name: content for name, content in CORAL_RESULTS.items() if name != "overlay.png"}
    served.finish(served.start(4, 4), {**results, "overlay.dzi.zip": DEEP_ZOOM})
    return job_id


@pytest.fixture
def rock_job(served):
    form = {"files": {"file": ("core.png", PHOTO)}, "headers": {"api-key": served.key}}
    job_id = served.client.post("/predict", **form).json()["job_id"]
    served.finish(served.start(4, 4), {"overlay.dzi.zip": DEEP_ZOOM, "summary.json": ROCK_RESULTS["summary.json"]})
    return job_id


def test_coral_tells_the_numbers_and_where_the_deep_zoom_is(served, coral_job):
    answer = served.client.get(f"/V1/api/status/{coral_job}")
    assert answer.status_code == 200
    status = answer.json()
    assert (status["status"], status["result_image"], len(status["chunks"])) == ("completed", None, 4)
    assert status["result_deep_zoom"] == f"/V1/api/result/{coral_job}.dzi"
    assert "300 x 260 pixels, too many for one PNG" in status["notice"]
    assert status["notice"].endswith(status["result_deep_zoom"])


def test_coral_serves_the_deep_zoom_itself(served, coral_job):
    url = f"/V1/api/result/{coral_job}"
    description = served.client.get(f"{url}.dzi")
    assert (description.status_code, description.headers["content-type"]) == (200, "application/xml")
    assert b'Width="300"' in description.content
    tile = served.client.get(f"{url}_files/9/0_0.jpg")
    assert tile.headers["content-type"] == "image/jpeg"
    assert np.abs(np.asarray(Image.open(io.BytesIO(tile.content))).astype(int) - PIXELS).mean() < 30
    missing = served.client.get(f"{url}_files/9/7_7.jpg")
    assert missing.status_code == 404
    assert "no such tile" in missing.json()["error"]


def test_coral_has_no_deep_zoom_of_what_it_has_as_a_picture(served):
    job_id = served.client.post("/V1/api/classify", files={"image": ("reef.png", PHOTO)}).json()["job_id"]
    served.finish(served.start(4, 4), CORAL_RESULTS)
    assert served.client.get(f"/V1/api/result/{job_id}.dzi").status_code == 404
    assert "notice" not in served.client.get(f"/V1/api/status/{job_id}").json()


def test_rock_tells_the_numbers_and_where_the_deep_zoom_is(served, rock_job):
    headers = {"api-key": served.key}
    result = served.client.get(f"/job/{rock_job}", headers=headers).json()["result"]
    assert (result["base64"], result["deep_zoom"]) == (None, f"/api/v1/jobs/{rock_job}/overlay.dzi")
    assert set(result["detected_classes"]) == {"mudstone", "limestone"}
    assert result["deep_zoom"] in result["notice"]
    assert served.client.get(result["deep_zoom"], headers=headers).status_code == 200


@pytest.mark.parametrize("query", ["?form=png", "?form=png&legend=true"])
def test_rock_refuses_the_png_with_the_remedy(served, rock_job, query):
    answer = served.client.get(f"/job/{rock_job}{query}", headers={"api-key": served.key})
    assert answer.status_code == 406
    url = f"/api/v1/jobs/{rock_job}/overlay.dzi"
    assert url in answer.json()["detail"]
    assert answer.headers["link"] == f'<{url}>; rel="alternate"; type="application/xml"'
