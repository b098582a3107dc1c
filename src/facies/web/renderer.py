"""Has pictures rendered that the worker did not make, in processes of their own, a few at a time.

Each is kept in the job's blobs, so it is made once. A process that crashes, hangs or eats its time costs one answer.
"""

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from tempfile import TemporaryFile
from threading import Timer
from typing import IO, Final
from weakref import WeakValueDictionary

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi.concurrency import run_in_threadpool

from facies.errors import FaciesError, NoResultError, RenderingError, UnknownJobError
from facies.jobs.blobs import Blobs
from facies.jobs.job import ANY_OWNER, Status
from facies.jobs.store import JobStore
from facies.rendering import UNREADABLE, Recipe

VIEW_PREFIX: Final = "view-"
MOST_VIEWS: Final = 16
"""Views of one job that are kept; opacities and choices of classes are many."""

_AT_A_TIME: Final = 2
_TIMEOUT_S: Final = 300.0
_MOST_VIEW_BYTES: Final = 1 << 30
_PIECE_BYTES: Final = 1 << 18
_COMPLAINT_BYTES: Final = 4000
_PASSED_ON: Final = ("PATH", "PYTHONPATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR")

_log = logging.getLogger(__name__)


class Renderer:
    """Renders into the blobs of jobs. Used from one event loop."""

    def __init__(
        self,
        store: JobStore,
        blobs: Blobs,
        command: tuple[str, ...] = (sys.executable, "-m", "facies.rendering"),
        timeout_s: float = _TIMEOUT_S,
    ) -> None:
        """Make it.

        Args:
            store: says whether a job is still there.
            blobs: photos and results in, pictures out.
            command: reads a recipe, writes a picture; see `facies.rendering`.
            timeout_s: after how long a process is ended.
        """
        self._store = store
        self._blobs = blobs
        self._command = command
        self._timeout_s = timeout_s
        self._limiter = CapacityLimiter(_AT_A_TIME)
        self._running: set[subprocess.Popen[bytes]] = set()
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def provide(self, job_id: str, name: str, recipe: Recipe) -> None:
        """Have a blob of that name: the one that is there, or a new one. Who asks meanwhile waits for the same.

        Raises:
            NoResultError: the photo cannot be read.
            RenderingError: the picture cannot be made.
            UnknownJobError: the job is gone.
        """
        lock = self._locks.setdefault((job_id, name), asyncio.Lock())
        async with lock:
            if not await run_in_threadpool(self._blobs.exists, job_id, name):
                await anyio.to_thread.run_sync(self._render, job_id, name, recipe, limiter=self._limiter)

    def stop(self) -> None:
        """End what is being rendered, so that a server can end without waiting for it."""
        for process in tuple(self._running):
            process.kill()

    def _render(self, job_id: str, name: str, recipe: Recipe) -> None:
        if name.startswith(VIEW_PREFIX):
            self._make_room(job_id)
        try:
            with self._blobs.create(job_id, name) as blob, self._process(recipe) as output:
                while piece := output.read(_PIECE_BYTES):
                    blob.write(piece)
        finally:
            self._leave_no_orphan(job_id)

    def _leave_no_orphan(self, job_id: str) -> None:
        """If the job lost its files meanwhile, nobody else would remove what was just written.

        Raises:
            UnknownJobError: the job is gone.
            NoResultError: it failed or was cancelled.
        """
        try:
            job = self._store.get(job_id, ANY_OWNER)
        except UnknownJobError:
            self._blobs.remove(job_id)
            raise
        if job.status in (Status.FAILED, Status.CANCELLED):
            self._blobs.remove(job_id)
            raise NoResultError(f"The job is {job.status} by now, and its photo is gone.")

    def _size(self, job_id: str, name: str) -> int:
        try:
            return self._blobs.size(job_id, name)
        except UnknownJobError:  # discarded by another this moment
            return 0

    def _make_room(self, job_id: str) -> None:
        views = [name for name in self._blobs.names(job_id) if name.startswith(VIEW_PREFIX)]
        if len(views) >= MOST_VIEWS or sum(map(partial(self._size, job_id), views)) > _MOST_VIEW_BYTES:
            for view in views:
                self._blobs.discard(job_id, view)

    @contextmanager
    def _process(self, recipe: Recipe) -> Iterator[IO[bytes]]:
        """The output of a process that renders; it must be read to its end.

        Raises:
            NoResultError: on leaving, the photo cannot be read.
            RenderingError: on leaving, the process did not end well.
        """
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        with TemporaryFile() as recipe_file, TemporaryFile() as complaints:
            recipe_file.write(recipe.to_json())
            recipe_file.seek(0)
            process = subprocess.Popen(
                self._command, stdin=recipe_file, stdout=subprocess.PIPE, stderr=complaints, env=environment
            )
            self._running.add(process)
            timer = Timer(self._timeout_s, process.kill)
            timer.start()
            try:
                with process:
                    yield process.stdout  # type: ignore[misc]  # it is a pipe, as was asked
            finally:
                timer.cancel()
                self._running.discard(process)
            if process.returncode:
                complaints.seek(0)
                raise _failure(process.returncode, complaints.read(_COMPLAINT_BYTES).decode(errors="replace"))


def _failure(status: int, complaint: str) -> FaciesError:
    if status == UNREADABLE:
        return NoResultError("No picture can be made of this photo: it is damaged. Save it anew and send it again.")
    _log.error("Rendering ended with %d: %s", status, complaint)
    return RenderingError(f"Rendering ended with {status}.")
