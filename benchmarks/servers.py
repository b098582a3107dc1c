"""Servers as processes, and clients that time a photo from submit to result."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import requests

START_S = 60.0
POLL_S = 0.02

Submit = Callable[[Path], None]


@contextmanager
def process(arguments: list[str], environment: dict[str, str], is_ready: Callable[[], bool]) -> Iterator[None]:
    """A server process, from ready to ended."""
    command = [sys.executable, *arguments]
    started = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + START_S
        while not _is_true(is_ready):
            if started.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{' '.join(arguments)} did not start")
            time.sleep(0.05)
        yield
    finally:
        started.terminate()
        started.wait(START_S)


@contextmanager
def facies(coral_model: str) -> Iterator[tuple[str, int]]:
    """`facies serve` on a data folder of its own: its address and process id."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        settings = {"FACIES_DATA_DIR": folder, "FACIES_CORAL_MODEL": coral_model, "FACIES_LOG_LEVEL": "error"}
        arguments = ["-m", "facies", "serve", "--port", str(port)]
        with process(arguments, settings, lambda: requests.get(f"{url}/V1/api/health", timeout=5).ok):
            yield url, port


def coral_client(url: str) -> Submit:
    """Sends a photo through the coral API and waits for the result, picture and all."""

    def submit(photo: Path) -> None:
        with requests.Session() as session, photo.open("rb") as file:
            job = session.post(f"{url}/V1/api/classify", files={"image": file}).json()["job_id"]
            while True:
                answer = session.get(f"{url}/V1/api/status/{job}")
                if answer.content.startswith(b'{"status":"completed"'):
                    return
                if answer.json()["status"] == "error":
                    raise RuntimeError(answer.text)
                time.sleep(POLL_S)

    return submit


def one_at_a_time_s(submit: Submit, photo: Path, repeats: int) -> float:
    """Median seconds of a photo alone."""
    submit(photo)
    seconds = []
    for _ in range(repeats):
        started_at = time.perf_counter()
        submit(photo)
        seconds.append(time.perf_counter() - started_at)
    return median(seconds)


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
