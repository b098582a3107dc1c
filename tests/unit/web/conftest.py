from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from facies.web.app import WebConfig
from tests.served import Served


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Starts a server with any settings, at most once a test."""
    running: list[Served] = []

    def start(*, queue_limit: int = 1000, unsure_band: tuple[float, float] | None = None, **config: object) -> Served:
        running.append(Served(tmp_path, WebConfig(**config), queue_limit, unsure_band))
        return running[0]

    yield start
    for served in running:
        served.close()


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    return serve()
