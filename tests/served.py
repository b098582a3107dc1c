"""The web application over a real store and real blobs, with a worker whose every step a test takes by hand."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient

from facies.jobs.blobs import LocalBlobs
from facies.jobs.job import Job
from facies.jobs.store import JobStore
from facies.jobs.uploads import Uploads
from facies.models.registry import Registry
from facies.web.app import WebConfig, create_app
from tests.data.folders import files_below
from tests.data.jobs import Clock
from tests.data.packages import coral_package, rock_package
from tests.data.photos import encode, patchwork

MAX_RESUMABLE_BYTES = 1_000_000
UPLOAD_TIME_TO_LIVE_S = 3600.0
PHOTO = encode(patchwork(300, 260))
OVERLAY = encode(patchwork(300, 260, seed=8))
OVERLAY_WITH_LEGEND = encode(patchwork(500, 260, seed=9))


@dataclass
class Served:
    """One server on a folder of its own."""

    folder: Path
    config: WebConfig = field(default_factory=WebConfig)
    queue_limit: int = 1000
    unsure_band: tuple[float, float] | None = None
    # An object of its own: FastAPI's caches keep endpoints, with them the store and what its clock refers to.
    clock: Clock = field(default_factory=lambda: Clock(1_760_000_000.25))

    def __post_init__(self) -> None:
        self.store = JobStore.open(
            f"sqlite:///{self.folder / 'facies.db'}", queue_limit=self.queue_limit, clock=self.clock
        )
        self.blobs = LocalBlobs(self.folder / "blobs")
        packages = {
            "coral": coral_package(self.folder / "test-coral", self.unsure_band),
            "rock": rock_package(self.folder / "test-rock"),
        }
        self.uploads = Uploads(
            self.store.uploads,
            self.folder / "uploads",
            max_bytes=MAX_RESUMABLE_BYTES,
            time_to_live_s=UPLOAD_TIME_TO_LIVE_S,
            clock=self.clock,
        )
        registry = Registry([self.folder])
        self.app: FastAPI = create_app(self.config, self.store, self.blobs, packages, registry, self.uploads)
        self.client = TestClient(self.app)
        self.key = self.store.keys.create("test")[1]
        self.other_key = self.store.keys.create("other")[1]

    def close(self) -> None:
        self.client.close()
        self.store.close()

    def files(self) -> list[Path]:
        """What is in the blobs, hidden and half-written files too."""
        return files_below(self.folder / "blobs")

    def start(self, done: int = 0, total: int = 0) -> Job:
        """Take the next job and report progress."""
        job = self.store.claim("hand", 60.0, alone=True)
        assert job is not None
        assert job.lease is not None
        self.store.report_progress(job.id, job.lease.token, done, total)
        return job

    def finish(self, job: Job, results: dict[str, Any]) -> None:
        """Put results, JSON but for pictures, and end the job."""
        assert job.lease is not None
        for name, content in results.items():
            with self.blobs.create(job.id, name) as file:
                file.write(content if isinstance(content, bytes) else json.dumps(content).encode())
        self.store.finish(job.id, job.lease.token)

    def fail(self, job: Job, sentence: str) -> None:
        """End the job in failure."""
        assert job.lease is not None
        self.store.fail(job.id, job.lease.token, "damaged_photo", sentence)


CORAL_RESULTS: dict[str, Any] = {
    "overlay.png": OVERLAY,
    "tiles.json": [
        {"x": 0, "y": 0, "width": 244, "height": 244, "probability": 0.82, "label": "bleached"},
        {"x": 244, "y": 0, "width": 56, "height": 244, "probability": 0.1, "label": "healthy"},
        {"x": 0, "y": 244, "width": 244, "height": 16, "probability": 0.5, "label": "bleached"},
        {"x": 244, "y": 244, "width": 56, "height": 16, "probability": 0.499999, "label": "healthy"},
    ],
    "summary.json": {"tiles": {"total": 4, "by_class": {"healthy": 2, "bleached": 2}}},
}
ROCK_RESULTS: dict[str, Any] = {
    "overlay.png": OVERLAY,
    "overlay-legend.png": OVERLAY_WITH_LEGEND,
    "summary.json": {
        "classes": [
            {"index": 3, "name": "mudstone", "rgb": [152, 223, 138], "pixels": 10, "share": 0.1},
            {"index": 5, "name": "limestone", "rgb": [197, 176, 213], "pixels": 90, "share": 0.9},
        ]
    },
}
