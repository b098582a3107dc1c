"""The native API over real sockets, with a real worker."""

import json

import pytest
import requests

from tests.acceptance.conftest import STORES, Server, wait_until
from tests.data.photos import decode, encode, patchwork, strata

pytestmark = pytest.mark.parametrize("new_database", STORES, indirect=True, scope="module")

JOBS = "/api/v1/jobs"
CORAL, ROCK = encode(patchwork(700, 520)), encode(strata(300, 900))


def send(server: Server, *photos: bytes, model: str = "test-coral", **fields: str) -> dict:
    files = [("image", (f"{index}.png", photo)) for index, photo in enumerate(photos)]
    answer = server.post(JOBS, files=files, data={"model": model, **fields})
    assert answer.status_code == 202, answer.text
    return answer.json()


def finished(server: Server, url: str) -> dict:
    def document():
        job = server.get(url).json()
        return job if job["status"] not in ("queued", "started") else None

    return wait_until(document)


def events(server: Server, url: str) -> list[tuple[str, dict]]:
    kinds, seen = "", []
    with requests.get(f"{server.url}{url}/events", stream=True, timeout=60) as stream:
        for line in stream.iter_lines():
            if line.startswith(b"event: "):
                kinds = line[7:].decode()
            if line.startswith(b"data: "):
                seen.append((kinds, json.loads(line[6:])))
    return seen


@pytest.mark.parametrize(
    ("photo", "model", "results"),
    [
        (CORAL, "test-coral", {"summary", "overlay", "tiles_csv", "tiles_geojson"}),
        (ROCK, "test-rock", {"summary", "overlay", "labels", "confidence"}),
    ],
)
def test_a_photo_becomes_results(server, photo, model, results):
    (accepted,) = send(server, photo, model=model, metadata='{"site": "North Bay"}')["jobs"]
    kind, last = events(server, accepted["url"])[-1]
    assert (kind, last["status"]) == ("end", "finished")
    job = finished(server, accepted["url"])
    assert job["done"] == job["total"] > 0
    assert job["metadata"] == {"site": "North Bay"}
    assert {"queued", "running", "analyse", "render"} <= set(job["timings_s"])
    assert results <= set(job["links"])
    for name, link in job["links"].items():
        if name != "cancel":
            assert server.get(link).status_code == 200, link
    assert server.get(job["links"]["photo"]).content == photo
    overlay = server.get(job["links"]["overlay"])
    part = server.get(job["links"]["overlay"], headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, overlay.content[10:20])
    legend = server.get(job["links"]["overlay"] + "?opacity=1&legend=true")
    assert decode(legend.content).shape[1] > decode(overlay.content).shape[1]
    assert server.delete(accepted["url"]).status_code == 204
    assert not [path for path in server.files() if accepted["id"] in str(path)]


def test_options_reach_the_analysis(server):
    def labels(**options):
        (accepted,) = send(server, CORAL, options=json.dumps(options))["jobs"]
        finished(server, accepted["url"])
        summary = server.get(f"{accepted['url']}/summary.json").json()
        assert summary["options"] == {"opacity": 0.5, **options}
        return summary["tiles"]["by_class"]

    assert labels(threshold=0.999999)["bleached"] == 0
    assert labels(threshold=0.000001)["healthy"] == 0
    assert labels(unsure_band=[0, 1])["unsure"] == 9


def test_a_batch_ends_in_one_table(server):
    batch = send(server, CORAL, CORAL, CORAL)
    wait_until(lambda: server.get(batch["url"]).json()["counts"]["finished"] == 3)
    lines = server.get(f"{batch['url']}/summary.csv").text.splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("photo,job,status,error,model,width,height,tiles,")


def test_a_running_job_can_be_cancelled_and_a_lost_client_costs_nothing(start_server):
    server = start_server(FACIES_FAKE_DELAY_S="0.3")
    (accepted,) = send(server, encode(patchwork(2600, 2600)))["jobs"]
    wait_until(lambda: server.get(accepted["url"]).json()["done"] > 0)
    for _ in range(20):  # clients that listen for a moment and are gone
        requests.get(f"{server.url}{accepted['url']}/events", stream=True, timeout=10).close()
    running = server.get(accepted["url"]).json()
    assert running["tiles_per_s"] > 0
    assert running["eta_s"] > 0
    assert server.post(f"{accepted['url']}/cancel").status_code == 200
    assert finished(server, accepted["url"])["status"] == "cancelled"
    wait_until(lambda: not server.files())
    assert server.get(f"{accepted['url']}/overlay.png").status_code == 409


def test_a_photo_that_cannot_be_analysed_fails_with_a_sentence(server):
    (accepted,) = send(server, CORAL[: len(CORAL) // 2])["jobs"]
    job = finished(server, accepted["url"])
    assert (job["status"], job["error"]["code"]) == ("failed", "damaged_photo")
    assert job["error"]["message"] in server.get(f"{accepted['url']}/overlay.png").json()["detail"]
