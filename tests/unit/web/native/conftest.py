from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from facies.web.app import WebConfig
from tests.served import Served


class NativeServed(Served):
    """A server whose native API is spoken without a key, as on one's own machine, unless told otherwise."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.client = TestClient(self.app, base_url="http://localhost:5001")


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., NativeServed]]:
    running: list[NativeServed] = []

    def start(*, queue_limit: int = 1000, **config: object) -> NativeServed:
        settings = {"native_requires_key": False, "only_local": True, **config}
        running.append(NativeServed(tmp_path, WebConfig(**settings), queue_limit))
        return running[0]

    yield start
    for served in running:
        served.close()


@pytest.fixture
def served(serve: Callable[..., NativeServed]) -> NativeServed:
    return serve()
