"""Jobs, a clock, and the room that jobs need, for tests."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facies.jobs.blobs import PHOTO, LocalBlobs
from facies.jobs.job import ANY_OWNER, Job, NewJob, Status
from facies.jobs.store import JobStore
from facies.models.package import Package
from tests.data.folders import files_below
from tests.data.packages import coral_package, rock_package

NOON = 1_700_000_000.0


@dataclass
class Clock:
    """A clock that moves when it is told to. Unix seconds."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now


def new_job(**changes: Any) -> NewJob:
    """A job like any other, but for `changes`."""
    fields: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "owner": None,
        "model": "rock-types@1.0.0",
        "model_sha256": "0" * 64,
        "options": {"opacity": 0.25},
        "photo_name": "core.jpg",
        "photo_bytes": 12,
        "photo_hw": (3, 4),
        "dialect": "native",
    }
    return NewJob(**{**fields, **changes})


class Room:
    """A store, blobs and two packages in a folder, as a server and its workers share them."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.store = JobStore.open(f"sqlite:///{folder / 'facies.db'}", **settings)
        self.blobs = LocalBlobs(folder / "blobs")
        self.coral = coral_package(folder / "packages" / "test-coral")
        self.rock = rock_package(folder / "packages" / "test-rock")

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def send(self, photo: bytes, package: Package | None = None, **changes: Any) -> Job:
        """Queue a photo, for the coral package if no other is named."""
        package = package or self.coral
        weights = package.manifest.weights
        fields = {"model": package.reference, "model_sha256": weights.sha256, "photo_bytes": len(photo), **changes}
        new = new_job(**fields)
        with self.blobs.create(new.id, PHOTO) as blob:
            blob.write(photo)
        return self.store.submit(new)

    def job(self, job_id: str) -> Job:
        """A job as it is now."""
        return self.store.get(job_id, ANY_OWNER)

    def files(self) -> list[str]:
        """What is in the blobs, hidden and half-written files too: paths from there."""
        root = self.folder / "blobs"
        return sorted(str(path.relative_to(root)) for path in files_below(root))

    def wait_for(self, job_id: str, *statuses: Status, timeout_s: float = 30.0) -> Job:
        """Wait until a job has one of `statuses`, by default until it is over."""
        wanted = statuses or tuple(status for status in Status if status.is_over)
        wait_until(lambda: self.job(job_id).status in wanted, timeout_s)
        return self.job(job_id)


def wait_until(is_so: Callable[[], bool], timeout_s: float = 30.0) -> None:
    """Wait for something, or raise TimeoutError."""
    deadline = time.monotonic() + timeout_s
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError("It did not come to that.")
        time.sleep(0.005)
