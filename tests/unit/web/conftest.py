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


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that the tests of a module share: starting one takes longer than most of them."""
    served = Served(tmp_path_factory.mktemp("served"))
    yield served
    served.close()


@pytest.fixture
def untouched(shared: Served) -> Iterator[Served]:
    """The shared server for a test that leaves nothing there."""
    before = shared.files(), shared.store.queue_depth()
    yield shared
    assert (shared.files(), shared.store.queue_depth()) == before
