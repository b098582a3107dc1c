"""Jobs and a clock for tests."""

import uuid
from dataclasses import dataclass
from typing import Any

from facies.jobs.job import NewJob

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
