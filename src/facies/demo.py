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
from PIL import Image

from facies.errors import FaciesError
from facies.imaging import png
from facies.settings import ENVIRONMENT_PREFIX
from facies.training import synth_cores, synth_reefs

_REEF_SEED = 65
_CORE_SEED = 60
_CORE_ROCK_TYPES = (1, 3, 5, 6, 7, 9, 10, 11)
_OVERVIEW_WIDTH = 1440
_GAP = 12
_DEADLINE_S = 60.0
_POLL_S = 0.1
_END_S = 10.0


def run(out: Path) -> list[Path]:
    """Draw the photos, have them analysed, and keep photos and overlays.

    Args:
        out: gets `reef.png`, `reef-overlay.png`, `core.png`, `core-overlay.png`, and `overview.jpg` with all four.

    Returns:
        the files written.

    Raises:
        FaciesError: the server did not start or did not answer.
    """
    out.mkdir(parents=True, exist_ok=True)
    reef, core = out / "reef.png", out / "core.png"
    reef_overlay, core_overlay, overview = out / "reef-overlay.png", out / "core-overlay.png", out / "overview.jpg"
    reef.write_bytes(png.encode_rgb(synth_reefs.draw(_REEF_SEED, width=1952, height=1464).photo))
    core.write_bytes(png.encode_rgb(synth_cores.draw(_CORE_SEED, rock_types=_CORE_ROCK_TYPES).photo))
    with _server() as (client, key):
        reef_overlay.write_bytes(_coral_overlay(client, reef))
        core_overlay.write_bytes(_rock_overlay(client, core, key))
    files = (reef, reef_overlay, core, core_overlay)
    _arrange(*files).save(overview, quality=88)
    return [*files, overview]


def _arrange(reef: Path, reef_overlay: Path, core: Path, core_overlay: Path) -> Image.Image:
    """The reef and its overlay next to each other, the core and its overlay lying below, on white."""
    half, whole = (_OVERVIEW_WIDTH - _GAP) // 2, _OVERVIEW_WIDTH
    above = [_as_wide(half, file) for file in (reef, reef_overlay)]
    below = [_as_wide(whole, file) for file in (core, core_overlay)]
    tops = [0, above[0].height + _GAP, above[0].height + below[0].height + 2 * _GAP]
    overview = Image.new("RGB", (whole, tops[2] + below[1].height), "white")
    for picture, place in zip([*above, *below], [(0, 0), (half + _GAP, 0), (0, tops[1]), (0, tops[2])], strict=True):
        overview.paste(picture, place)
    return overview


def _as_wide(width: int, file: Path) -> Image.Image:
    """A picture at a width; a standing one is laid down."""
    picture = Image.open(file)
    lying = picture.rotate(90, expand=True) if picture.height > picture.width else picture
    return lying.resize((width, round(lying.height * width / lying.width)))


def _coral_overlay(client: httpx2.Client, photo: Path) -> bytes:
    job = _answer(client.post("/V1/api/classify", files={"image": (photo.name, photo.read_bytes())}))["job_id"]
    status = _poll(client, f"/V1/api/status/{job}", done="completed", failed="error")
    return base64.b64decode(status["result_image"].partition(",")[2])


def _rock_overlay(client: httpx2.Client, photo: Path, key: str) -> bytes:
    client.headers["api-key"] = key
    job = _answer(client.post("/predict", files={"file": (photo.name, photo.read_bytes())}))["job_id"]
    _poll(client, f"/job/{job}", done="finished", failed="failed")
    return client.get(f"/job/{job}", params={"form": "png"}).raise_for_status().content


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
    """A server on a free port with a data folder of its own, and a key for it; both are gone afterwards.

    It knows no settings of the user's: neither their variables nor the facies.toml of the folder they are in.
    """
    with tempfile.TemporaryDirectory(prefix="facies-demo-") as folder:
        facies = [sys.executable, "-m", "facies"]
        others = {name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)}
        alone: dict[str, Any] = {"cwd": folder, "env": {**others, f"{ENVIRONMENT_PREFIX}DATA_DIR": folder}}
        key = subprocess.run([*facies, "keys", "create", "demo"], check=True, capture_output=True, **alone)
        command = [*facies, "serve", "--port", "0", "--log-level", "warning"]
        server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **alone)
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
