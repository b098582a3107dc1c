"""A reef photo and a core photo, both drawn, go through the two APIs of a server started for them."""

import base64
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from facies.errors import FaciesError
from facies.imaging import png
from facies.training import synth_cores, synth_reefs

_SEED = 7
_DEADLINE_S = 60.0
_POLL_S = 0.1
_END_S = 10.0


def run(out: Path) -> list[Path]:
    """Draw the photos, have them analysed, and keep photos and overlays.

    Args:
        out: gets `reef.png`, `reef-overlay.png`, `core.png` and `core-overlay.png`.

    Returns:
        the files written.

    Raises:
        FaciesError: the server did not start or did not answer.
    """
    out.mkdir(parents=True, exist_ok=True)
    reef, core = out / "reef.png", out / "core.png"
    reef.write_bytes(png.encode_rgb(synth_reefs.draw(_SEED).photo))
    core.write_bytes(png.encode_rgb(synth_cores.draw(_SEED).photo))
    overlays = {out / "reef-overlay.png": b"", out / "core-overlay.png": b""}
    with _server() as (client, key):
        overlays[out / "reef-overlay.png"] = _coral_overlay(client, reef)
        overlays[out / "core-overlay.png"] = _rock_overlay(client, core, key)
    for path, content in overlays.items():
        path.write_bytes(content)
    return [reef, core, *overlays]


def _coral_overlay(client: httpx2.Client, photo: Path) -> bytes:
    job = _answer(client.post("/V1/api/classify", files={"image": (photo.name, photo.read_bytes())}))["job_id"]
    status = _poll(client, f"/V1/api/status/{job}", done="completed", failed="error")
    return base64.b64decode(status["result_image"].partition(",")[2])


def _rock_overlay(client: httpx2.Client, photo: Path, key: str) -> bytes:
    client.headers["api-key"] = key
    job = _answer(client.post("/predict", files={"file": (photo.name, photo.read_bytes())}))["job_id"]
    _poll(client, f"/job/{job}", done="finished", failed="failed")
    return client.get(f"/job/{job}", params={"form": "png", "legend": "true"}).raise_for_status().content


def _poll(client: httpx2.Client, url: str, *, done: str, failed: str) -> dict[str, Any]:
    deadline = time.monotonic() + _DEADLINE_S
    while time.monotonic() < deadline:
        status = _answer(client.get(url))
        if status["status"] == done:
            return status
        if status["status"] == failed:
            raise FaciesError(f"The demonstration photo could not be analysed: {status['error']}")
        time.sleep(_POLL_S)
    raise FaciesError(f"The server had no result after {_DEADLINE_S:g} s.")


def _answer(response: httpx2.Response) -> dict[str, Any]:
    answer: dict[str, Any] = response.raise_for_status().json()
    return answer


@contextmanager
def _server() -> Iterator[tuple[httpx2.Client, str]]:
    """A server on a free port with a data folder of its own, and a key for it; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="facies-demo-") as folder:
        facies = [sys.executable, "-m", "facies"]
        environment = {**os.environ, "FACIES_DATA_DIR": folder}
        key = subprocess.run([*facies, "keys", "create", "demo"], env=environment, check=True, capture_output=True)
        command = [*facies, "serve", "--port", "0", "--log-level", "warning"]
        server = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        try:
            with httpx2.Client(base_url=_address(server), timeout=_DEADLINE_S) as client:
                yield client, key.stdout.decode().strip()
        finally:
            server.terminate()
            server.communicate(timeout=_END_S)


def _address(server: "subprocess.Popen[str]") -> str:
    told: list[str] = []
    for line in server.stderr or ():
        told.append(line)
        if line.startswith("address"):
            return line.split()[1]
    raise FaciesError("The server did not start: " + "".join(told))
