"""Servers as processes, and clients that time a photo from submit to result."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests

START_S, END_S = 60.0, 20.0
_BOUNDARY = "5c8e1f0a7d3b4962a1f0e8d7c6b59483"  # as long as those that clients make
_LOOKED_AT_BYTES, _PIECE_BYTES = 120, 1 << 20
FORM_TYPE = f"multipart/form-data; boundary={_BOUNDARY}"
ALONE_POLL_S = 0.02
"""How often a client that has a server to itself asks, where that does not answer when the job is over."""
TOGETHER_POLL_S = 0.25
"""How often each of several clients asks; what their asking costs falls on the result too."""

Submit = Callable[[Path], None]


@dataclass(frozen=True)
class Server:
    """`facies serve`, running.

    Attributes:
        url: its address.
        pid: its process.
    """

    url: str
    pid: int

    @property
    def worker_pids(self) -> list[int]:
        """The processes of its workers."""
        children = "".join(path.read_text() for path in Path(f"/proc/{self.pid}/task").glob("*/children"))
        return [int(pid) for pid in children.split()]


@contextmanager
def process(arguments: list[str], environment: dict[str, str], is_ready: Callable[[], bool]) -> Iterator[int]:
    """A server process, from ready to ended, with whatever it started; its id."""
    command = [sys.executable, *arguments]
    started = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + START_S
        while not _is_true(is_ready):
            if started.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{' '.join(arguments)} did not start")
            time.sleep(0.05)
        yield started.pid
    finally:
        _end(started)


def _end(started: "subprocess.Popen[bytes]") -> None:
    """End it, in peace if it will. Some leave processes of their own behind, which go with its group."""
    started.terminate()
    try:
        started.wait(END_S)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()
    try:
        os.killpg(started.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


@contextmanager
def facies(coral_model: str, rock_model: str = "rock-types") -> Iterator[Server]:
    """`facies serve` on a data folder of its own."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "FACIES_DATA_DIR": folder,
            "FACIES_CORAL_MODEL": coral_model,
            "FACIES_ROCK_MODEL": rock_model,
            "FACIES_LOG_LEVEL": "error",
        }
        arguments = ["-m", "facies", "serve", "--port", str(port)]
        with process(arguments, settings, lambda: requests.get(f"{url}/V1/api/health", timeout=5).ok) as pid:
            yield Server(url, pid)


def coral_client(url: str, poll_s: float | None = None) -> Submit:
    """Sends a photo through the coral API and waits for the result, picture and all.

    It does little with what it gets: the processor time of a client falls on the server it measures.

    Args:
        url: of the server.
        poll_s: how often it asks, seconds; None: it asks to be answered when the job is over, and often where the
            server does not know of that.
    """
    waiting = {"Prefer": "wait=60"} if poll_s is None else {}

    def submit(photo: Path) -> None:
        connection = http.client.HTTPConnection(urlsplit(url).netloc)
        sent = _answer(connection, "POST", "/V1/api/classify", form(photo), {"Content-Type": FORM_TYPE})
        job = json.loads(sent)["job_id"]
        while not _is_completed(_answer(connection, "GET", f"/V1/api/status/{job}", None, waiting)):
            time.sleep(ALONE_POLL_S if poll_s is None else poll_s)
        connection.close()

    return submit


def _answer(
    connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None, headers: dict[str, str]
) -> bytes:
    """The beginning of an answer. All of it is read."""
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    beginning = response.read(_LOOKED_AT_BYTES)
    while response.read(_PIECE_BYTES):
        pass
    return beginning


def _is_completed(answer: bytes) -> bool:
    """The picture is in it and is not looked at."""
    if b'"error"' in answer:
        raise RuntimeError(answer.decode())
    return b'"completed"' in answer


def form(photo: Path) -> bytes:
    """A photo as the body of a request of the coral API."""
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="reef.jpg"\r\n\r\n'
    return head.encode() + photo.read_bytes() + f"\r\n--{_BOUNDARY}--\r\n".encode()


def seconds_of(submit: Submit, photo: Path) -> float:
    """Seconds of a photo alone."""
    started_at = time.perf_counter()
    submit(photo)
    return time.perf_counter() - started_at


def photos_a_second(submit: Submit, photo: Path, clients: int, photos: int) -> float:
    """Throughput of some clients that each send one photo after the other."""
    started_at = time.perf_counter()
    with ThreadPoolExecutor(clients) as threads:
        list(threads.map(lambda _: submit(photo), range(photos)))
    return photos / (time.perf_counter() - started_at)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_true(is_ready: Callable[[], bool]) -> bool:
    try:
        return is_ready()
    except requests.ConnectionError:
        return False
