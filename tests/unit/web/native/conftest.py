from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from facies.web.app import WebConfig
from tests.served import Served

AT_HOME = {"native_requires_key": False, "only_local": True}


class NativeServed(Served):
    """A server whose native API is spoken without a key, as on one's own machine, unless told otherwise."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.client = TestClient(self.app, base_url="http://localhost:5001")


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., NativeServed]]:
    running: list[NativeServed] = []

    def start(*, queue_limit: int = 1000, **config: object) -> NativeServed:
        running.append(NativeServed(tmp_path, WebConfig(**{**AT_HOME, **config}), queue_limit))
        return running[0]

    yield start
    for served in running:
        served.close()


@pytest.fixture
def served(serve: Callable[..., NativeServed]) -> NativeServed:
    return serve()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NativeServed]:
    served = NativeServed(tmp_path_factory.mktemp("served"), WebConfig(**AT_HOME))
    yield served
    served.close()
