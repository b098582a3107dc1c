"""Real servers and workers: processes of their own, spoken to over sockets."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa

from facies import assembly
from facies.settings import Settings
from tests.data.folders import files_below
from tests.data.packages import coral_package, rock_package

START_S = 60.0
STOP_S = 30.0
JOB_S = 90.0
POSTGRES = "FACIES_TEST_POSTGRES_URL"
STORES = ["sqlite", *(["postgresql"] if POSTGRES in os.environ else [])]
SOURCE = Path(__file__).parents[2] / "src"
needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@dataclass
class Server:
    """`facies serve` with the fake runtime and packages made for tests, on a data folder of its own."""

    folder: Path
    flags: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.data_dir = self.folder / "data"
        self.log = self.folder / "server.log"
        self._reservation = _reserve_port()
        self.port = self._reservation.getsockname()[1]
        if sys.platform != "linux":  # only there a server can listen beside it
            self._reservation.close()
        self.url = f"http://127.0.0.1:{self.port}"
        models = self.folder / "models"
        coral_package(models / "test-coral")
        rock_package(models / "test-rock")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("FACIES_")}
        self.environment = inherited | {
            "PYTHONPATH": str(SOURCE),
            "FACIES_DATA_DIR": str(self.data_dir),
            "FACIES_MODELS_DIR": str(models),
            "FACIES_RUNTIME": "fake",
            "FACIES_WORKERS": "1",
            "FACIES_WORKER_THREADS": "2",
            "FACIES_CORAL_MODEL": "test-coral",
            "FACIES_ROCK_MODEL": "test-rock",
            **self.settings,
        }

    def start(self) -> None:
        """Start it, and come back when it answers."""
        command = [sys.executable, "-m", "facies", "serve", "--port", str(self.port), *self.flags]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_until_it_answers()

    def stop(self) -> None:
        """Tell it to end, and wait for it. Whatever it started and left is killed with it."""
        self._tell_to_end()
        self._see_the_end()

    def kill(self) -> None:
        """`kill -9` for the server and everything it started."""
        self._kill_group()
        self.process = None

    @staticmethod
    def close_all(*servers: "Server") -> None:
        """Stop servers for good, all at once."""
        for server in servers:
            server._tell_to_end()
        for server in servers:
            server._see_the_end()
            server._reservation.close()

    def command(self, *words: str) -> str:
        """What `facies <words>` prints, with this server's settings."""
        finished = subprocess.run(
            [sys.executable, "-m", "facies", *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=START_S,
        )
        return finished.stdout

    @cached_property
    def key(self) -> str:
        """An API key, made when it is first asked for."""
        settings = Settings(data_dir=self.data_dir, database_url=self.settings.get("FACIES_DATABASE_URL", ""))
        with assembly.open_store(settings) as store:
            return store.keys.create("acceptance")[1]

    @property
    def key_header(self) -> dict[str, str]:
        return {"api-key": self.key}

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=JOB_S, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        return requests.post(self.url + path, timeout=JOB_S, **options)

    def delete(self, path: str, **options: Any) -> requests.Response:
        return requests.delete(self.url + path, timeout=JOB_S, **options)

    def files(self) -> list[Path]:
        """What lies in the blobs, hidden and half-written files too."""
        return files_below(self.data_dir / "blobs")

    def _wait_until_it_answers(self) -> None:
        assert self.process is not None

        def answers() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, f"the server ended:\n{self.log.read_text()}"
            try:
                return self.get("/V1/api/health").ok
            except requests.ConnectionError:
                return False

        wait_until(answers, START_S)

    def _tell_to_end(self) -> None:
        if self.process is not None:
            self.process.terminate()

    def _see_the_end(self) -> None:
        if self.process is not None:
            try:
                self.process.wait(STOP_S)
            finally:
                self.kill()

    def _kill_group(self) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):  # nothing of it is left
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(STOP_S)


def wait_until(condition: Callable[[], Any], timeout_s: float = JOB_S) -> Any:
    """Wait for `condition` to be true, and give what it gave."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not true within {timeout_s} s"
        time.sleep(0.02)
    return value


def _reserve_port() -> socket.socket:
    """A socket that keeps a port for a server, which listens beside it, and from everybody else."""
    reservation = socket.socket()
    reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reservation.bind(("127.0.0.1", 0))
    return reservation


@pytest.fixture(scope="module")
def new_database(request: pytest.FixtureRequest) -> Iterator[Callable[[], dict[str, str]]]:
    """Gives the settings of a new database; a module that is to run on each of `STORES` says so."""
    url = None if getattr(request, "param", "sqlite") == "sqlite" else sa.make_url(os.environ[POSTGRES])
    schemas: list[str] = []

    def make() -> dict[str, str]:
        if url is None:
            return {}
        schemas.append(f"facies_test_{uuid.uuid4().hex}")
        with engine.begin() as connection:
            connection.execute(sa.schema.CreateSchema(schemas[-1]))
        own = url.update_query_dict({"options": f"-csearch_path={schemas[-1]}"})
        return {"FACIES_DATABASE_URL": own.render_as_string(hide_password=False)}

    engine = sa.create_engine(url or "sqlite://")
    yield make
    for schema in schemas:
        with engine.begin() as connection:
            connection.execute(sa.schema.DropSchema(schema, cascade=True))
    engine.dispose()


StartServer = Callable[..., Server]


@contextmanager
def _starter(folders: pytest.TempPathFactory, new_database: Callable[[], dict[str, str]]) -> Iterator[StartServer]:
    running: list[Server] = []

    def start(*flags: str, **settings: str) -> Server:
        server = Server(folders.mktemp("server"), flags, {**new_database(), **settings})
        running.append(server)
        server.start()
        return server

    yield start
    Server.close_all(*running)


@pytest.fixture
def start_server(
    tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], dict[str, str]]
) -> Iterator[StartServer]:
    """Starts servers with any flags and settings; they end with the test."""
    with _starter(tmp_path_factory, new_database) as start:
        yield start


@pytest.fixture(scope="module")
def start_shared_server(
    tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], dict[str, str]]
) -> Iterator[StartServer]:
    """Starts servers for several tests; they end with the module."""
    with _starter(tmp_path_factory, new_database) as start:
        yield start


@pytest.fixture(scope="module")
def server(start_shared_server: StartServer) -> Server:
    """A server with its worker, shared by the tests of a module."""
    return start_shared_server()
