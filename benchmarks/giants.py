"""Photos larger than memory: what a worker needs for them, how fast it is, and how soon it lets go."""

import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

from benchmarks.servers import facies
from facies.analysis import analyse
from facies.client import Client, RemoteJob
from facies.errors import AnalysisCancelledError
from facies.models.openvino import OpenVinoRuntime
from facies.models.package import Package
from facies.models.runtime import Answers, Batch, Runtime, Tiles

_BEFORE_CANCEL_TILES, _LATER_TILES = 100, 137
_BATCHES = 400
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
        _do_first(client, first, model)
        job = _finished(client, client.submit(photo, model))
        return Giant(
            job.total / (_at(job, "finished_at") - _at(job, "started_at")), max(map(_peak_bytes, server.worker_pids))
        )


def cancels_s(photo: Path, model: str, first: Path, times: int) -> Iterator[float]:
    """Cancel a job in the middle, each time some tiles later; as `do_photo` otherwise.

    Yields:
        seconds until the worker has let go of it.
    """
    with facies(model) as server, Client(server.url) as client:
        _do_first(client, first, model)
        for number in range(times):
            job = client.submit(photo, model)
            while job.done < _BEFORE_CANCEL_TILES + number * _LATER_TILES:
                time.sleep(_ASK_S)
                job = client.job(job.id)
            started_at = time.perf_counter()
            client.cancel(job)
            while not client.job(job.id).is_over:
                time.sleep(_ASK_S)
            yield time.perf_counter() - started_at


def batch_s(photo: Path, package: Package) -> float:
    """How long a batch takes while a photo is looked at, from its first tile to its answer: median, seconds."""
    runtime = _Timing(OpenVinoRuntime(package))
    with suppress(AnalysisCancelledError):
        analyse(photo, runtime, is_cancelled=lambda: len(runtime.took_s) >= _BATCHES)
    runtime.close()
    return median(runtime.took_s)


class _Timing:
    """A runtime that times its batches."""

    def __init__(self, runtime: Runtime) -> None:
        self.package = runtime.package
        self.batch_size = runtime.batch_size
        self.took_s: list[float] = []
        self._runtime = runtime

    def submit(self, tiles: Tiles | Batch) -> "Future[Answers]":
        """See `Runtime`; a tile is made when the batch's turn has come."""
        if not isinstance(tiles, Batch):
            raise TypeError("Only tiles that are made in their turn tell when it came.")
        began_at: list[float] = []

        def make_first() -> Tiles:
            began_at.append(time.perf_counter())
            return tiles.tiles[0]()

        future = self._runtime.submit(Batch([make_first, *tiles.tiles[1:]]))
        future.add_done_callback(lambda _: self.took_s.extend(time.perf_counter() - moment for moment in began_at))
        return future

    def close(self) -> None:
        """See `Runtime`."""
        self._runtime.close()


def _do_first(client: Client, first: Path, model: str) -> None:
    for job in [client.submit(first, model) for _ in range(_FIRST_PHOTOS)]:
        _finished(client, job)


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
