"""Write `ui/openapi.json`: the native API as the app's types are made from it. Run by `make ui-types`."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from facies.jobs.blobs import LocalBlobs
from facies.jobs.store import JobStore
from facies.jobs.uploads import Uploads
from facies.models.registry import Registry
from facies.web.app import WebConfig, create_app

TARGET = Path(__file__).with_name("openapi.json")


def native_document(folder: Path) -> dict[str, Any]:
    """The OpenAPI document of a server that speaks the native API alone, on an empty `folder`.

    The version is left out, so that a release changes nothing here.
    """
    store = JobStore.open(f"sqlite:///{folder / 'facies.db'}", queue_limit=1)
    uploads = Uploads(store.uploads, folder / "uploads", max_bytes=1, time_to_live_s=1.0)
    try:
        app = create_app(WebConfig(), store, LocalBlobs(folder / "blobs"), {}, Registry([]), uploads)
        document = app.openapi()
    finally:
        store.close()
    return {**document, "info": {"title": document["info"]["title"], "version": "0"}}


def as_text(document: dict[str, Any]) -> str:
    """As it is kept."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the file."""
    with tempfile.TemporaryDirectory() as folder:
        TARGET.write_text(as_text(native_document(Path(folder))), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
