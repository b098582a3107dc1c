"""Jobs that are there before a page is opened: sent through the native API, without a key, as the app sends them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.acceptance.conftest import JOB_S, Server, wait_until

ENDS = ("finished", "failed", "cancelled")


def send(server: Server, model: str, *photos: Path, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Send photos; what was answered."""
    files = [("image", (photo.name, photo.read_bytes())) for photo in photos]
    answer = server.post("/api/v1/jobs", files=files, data={"model": model, "options": json.dumps(options or {})})
    assert answer.status_code == 202, answer.text
    accepted: dict[str, Any] = answer.json()
    return accepted


def send_and_wait(
    server: Server, model: str, *photos: Path, options: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Send photos and wait until all are over."""
    accepted = send(server, model, *photos, options=options)
    for job in accepted["jobs"]:
        wait_until(lambda url=job["url"]: server.get(url).json()["status"] in ENDS, JOB_S)
    return accepted
