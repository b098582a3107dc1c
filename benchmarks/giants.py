"""Photos larger than memory: what a worker needs for them, how fast it is, and how soon it lets go."""

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmarks.servers import facies
from facies.client import Client, RemoteJob

_BEFORE_CANCEL_TILES = 100
_FIRST_PHOTOS = 8
_ASK_S = 0.002
_KIB = 1024


@dataclass(frozen=True)
class Giant:
    """One photo, done.

    Attributes:
        tiles_a_second: from the moment it was begun until its results were there.
        peak_bytes: the most memory that a worker ever held.
    """

    tiles_a_second: float
    peak_bytes: int


def do_photo(photo: Path, model: str, first: Path) -> Giant:
    """Send a photo to a server of its own that has done some first ones, so that every worker has its models."""
    with facies(model) as server, Client(server.url) as client:
        for job in [client.submit(first, model) for _ in range(_FIRST_PHOTOS)]:
            _finished(client, job)
        job = _finished(client, client.submit(photo, model))
        return Giant(
            job.total / (_at(job, "finished_at") - _at(job, "started_at")), max(map(_peak_bytes, server.worker_pids))
        )


def cancel_s(photo: Path, model: str) -> tuple[float, float]:
    """Cancel a job in the middle.

    Returns:
        seconds until the worker has let go of it, and tiles a second before.
    """
    with facies(model) as server, Client(server.url) as client:
        job = client.submit(photo, model)
        while job.done < _BEFORE_CANCEL_TILES:
            time.sleep(_ASK_S)
            job = client.job(job.id)
        pace = job.done / (time.time() - _at(job, "started_at"))
        started_at = time.perf_counter()
        client.cancel(job)
        while not client.job(job.id).is_over:
            time.sleep(_ASK_S)
        return time.perf_counter() - started_at, pace


def _finished(client: Client, job: RemoteJob) -> RemoteJob:
    *_, over = client.watch(job)
    if over.status != "finished":
        raise RuntimeError(f"The photo was not analysed: {over.error}")
    return over


def _at(job: RemoteJob, moment: str) -> float:
    return datetime.fromisoformat(job.document[moment]).timestamp()


def _peak_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * _KIB for line in lines if line.startswith("VmHWM"))
