"""A Facies server, from Python.

>>> with facies.Client("http://localhost:5001", key="facies_…") as client:
...     job = client.submit("reef.jpg", model="coral-bleaching")
...     for job in client.watch(job):
...         print(job.status, job.done, "of", job.total)
...     client.result(job).save("results")
"""

import json
import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self
from uuid import uuid4

import httpx2

from facies.errors import RemoteError
from facies.remote.line import Line
from facies.remote.pieces import OnSent, is_gone, remove_upload, send_in_pieces
from facies.remote.unfinished import Unfinished, default_folder, fingerprint

IN_PIECES_FROM_BYTES: Final = 32 << 20
"""Photos of so many bytes are sent in pieces, so that a line that breaks costs only the last one."""

_JOBS: Final = "/api/v1/jobs"
_TOLD: Final = ("status", "done", "total", "queue_position", "eta_s")
_POLL_S: Final = 1.0
_WAIT_S: Final = 10  # for a result, in one request; a job that takes longer is watched
_SILENCE_S: Final = 40.0  # on an event stream; a server says something every 15 s
_FILES: Final[Mapping[str, str]] = {
    "summary": "summary.json",
    "overlay": "overlay.png",
    "labels": "labels.png",
    "confidence": "confidence.png",
    "intervals_csv": "intervals.csv",
    "labels_tif": "labels.tif",
    "confidence_tif": "confidence.tif",
    "overlay_zip": "overlay.dzi.zip",
    "tiles_csv": "tiles.csv",
    "tiles_geojson": "tiles.geojson",
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RemoteJob:
    """A job on a server, as it was when it was asked.

    Attributes:
        id: names it on the server.
        status: "queued", "started", "finished", "failed" or "cancelled".
        done: tiles looked at.
        total: tiles in all, 0 until they are counted.
        queue_position: how many jobs have their turn before it; None once it has begun.
        eta_s: how much longer it will take at its pace, seconds; None while nobody knows.
        document: everything the server says of it.
    """

    id: str
    status: str
    done: int
    total: int
    queue_position: int | None
    eta_s: float | None
    document: Mapping[str, Any]

    @property
    def is_over(self) -> bool:
        """Whether nothing will happen to it any more."""
        return self.status in ("finished", "failed", "cancelled")

    @property
    def error(self) -> str | None:
        """Why it failed, in a sentence; None unless it did."""
        error = self.document.get("error")
        return None if error is None else str(error["message"])


class Result:
    """What came of a job. Files are fetched when they are asked for."""

    def __init__(self, line: Line, job: RemoteJob, summary: Mapping[str, Any]) -> None:
        self._line = line
        self._links: Mapping[str, str] = job.document["links"]
        self.job = job
        self.summary = summary

    @property
    def files(self) -> list[str]:
        """Names of the files there are, for example "overlay.png"."""
        return [name for link, name in _FILES.items() if link in self._links]

    def read(self, name: str) -> bytes:
        """A file's content.

        Raises:
            KeyError: there is no such file.
            RemoteError: the server no longer has it, or cannot be reached.
        """
        links = {file: self._links[link] for link, file in _FILES.items() if link in self._links}
        return self._line.ask("GET", links[name]).content

    def save(self, folder: str | PathLike[str]) -> list[Path]:
        """Write every file to `folder`, which is made if need be. Returns where they are.

        Raises:
            RemoteError: the server no longer has them, or cannot be reached.
            OSError: they cannot be written.
        """
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        saved = []
        for name in self.files:
            (target / name).write_bytes(self.read(name))
            saved.append(target / name)
        return saved


class Client:
    """A server. It may be shared by threads, and is a context manager.

    Every method waits until it is done and raises RemoteError when the server refuses, with its sentence, or cannot be
    reached for `patience_s` seconds. What fails on the way is tried again by itself, as the server asks in
    `Retry-After`; nothing is queued twice by that.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        timeout_s: float = 60.0,
        patience_s: float = 120.0,
        uploads_dir: str | PathLike[str] | None = None,
    ) -> None:
        """Make it; nothing is sent yet.

        Args:
            url: of the server, for example "http://localhost:5001".
            key: an API key; a server on one's own machine may not need one.
            timeout_s: the longest silence in the middle of a request, seconds.
            patience_s: for how long a request that fails is made again, seconds.
            uploads_dir: where unfinished uploads are remembered, so that a new process goes on with them; a folder in
                `$XDG_STATE_HOME` by default.

        Raises:
            RemoteError: `url` is none.
        """
        try:
            is_url = httpx2.URL(url).scheme in ("http", "https")
        except httpx2.InvalidURL:
            is_url = False
        if not is_url:
            raise RemoteError(f"{url!r} is no address of a server; it begins with http:// or https://.")
        self._line = Line(url.rstrip("/"), key, timeout_s=timeout_s, patience_s=patience_s)
        self._unfinished = Unfinished(default_folder() if uploads_dir is None else Path(uploads_dir))
        self._waiting = {"Prefer": f"wait={int(min(_WAIT_S, timeout_s / 2))}"}
        self._fingerprint = partial(fingerprint, url.rstrip("/"), key)

    def __enter__(self) -> Self:
        """Nothing to do."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close every connection."""
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._line.close()

    def submit(
        self,
        photo: str | PathLike[str],
        model: str,
        *,
        options: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        on_sent: OnSent = lambda _sent, _total: None,
    ) -> RemoteJob:
        """Send a photo; a large one in pieces, going on where it was when the line breaks or this process is ended.

        Args:
            photo: a JPEG, PNG, WebP, TIFF or BigTIFF file.
            model: `name` or `name@version`.
            options: of the analysis, by name, for example {"threshold": 0.4}.
            metadata: JSON values of your own; they come back with the job.
            on_sent: told the bytes sent and the bytes in all.

        Raises:
            RemoteError: see `Client`.
            OSError: the file cannot be read.
        """
        order = {"model": model, "options": dict(options or {}), "metadata": dict(metadata or {})}
        named = {"Idempotency-Key": uuid4().hex}
        path = Path(photo)
        if path.stat().st_size >= IN_PIECES_FROM_BYTES:
            return self._submit_in_pieces(path, order, named, on_sent)
        fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in order.items()}
        with path.open("rb") as file:
            counted = _Counted(file, path.stat().st_size, on_sent)

            def form() -> Mapping[str, Any]:
                counted.seek(0)
                return {"data": fields, "files": {"image": (path.name, counted)}, "headers": named}

            return self._accepted(self._line.ask("POST", _JOBS, form))

    def job(self, job_id: str) -> RemoteJob:
        """A job as it is now.

        Raises:
            RemoteError: see `Client`.
        """
        return _job_of(self._line.ask("GET", f"{_JOBS}/{job_id}").json())

    def watch(self, job: RemoteJob) -> Iterator[RemoteJob]:
        """A job as it goes on, until it is over.

        The server says by itself when something changes. Where that does not get through, it is asked once a second.

        Yields:
            the job whenever it changed; the last is over.

        Raises:
            RemoteError: see `Client`; also if the job is deleted meanwhile.
        """
        seen = None
        for current in self._states(job.id):
            if current != seen:
                seen = current
                yield current

    def result(self, job: RemoteJob) -> Result:
        """What came of a job; waits until it is over.

        Raises:
            RemoteError: it failed or was cancelled, with the reason; or see `Client`.
        """
        final = _job_of(self._line.ask("GET", f"{_JOBS}/{job.id}", lambda: {"headers": self._waiting}).json())
        if not final.is_over:
            *_, final = self.watch(job)
        if final.status != "finished":
            error = final.document.get("error") or {}
            raise RemoteError(final.error or "The job was cancelled.", problem_code=error.get("code", final.status))
        return Result(self._line, final, self._line.ask("GET", final.document["links"]["summary"]).json())

    def cancel(self, job: RemoteJob) -> RemoteJob:
        """Ask for a job to stop; its record stays. Returns it as it is now: one that runs stops within moments.

        Raises:
            RemoteError: it is over already; or see `Client`.
        """
        return _job_of(self._line.ask("POST", f"{_JOBS}/{job.id}/cancel").json())

    def delete(self, job: RemoteJob) -> None:
        """Stop a job and have the server forget it, with its photo and results.

        Raises:
            RemoteError: see `Client`.
        """
        self._line.ask("DELETE", f"{_JOBS}/{job.id}")

    def models(self) -> list[Mapping[str, Any]]:
        """What the server can look for: every package with its classes.

        Raises:
            RemoteError: see `Client`.
        """
        found: list[Mapping[str, Any]] = self._line.ask("GET", "/api/v1/models").json()["models"]
        return found

    def _submit_in_pieces(
        self, photo: Path, order: Mapping[str, Any], named: Mapping[str, str], on_sent: OnSent
    ) -> RemoteJob:
        which = self._fingerprint(photo)
        try:
            return self._submit_upload(photo, which, order, named, on_sent)
        except RemoteError as error:
            if not is_gone(error):
                raise
            self._unfinished.forget(which)  # another process sent the same file and was done first, or it took too long
        return self._submit_upload(photo, which, order, named, on_sent)

    def _submit_upload(
        self, photo: Path, which: str, order: Mapping[str, Any], named: Mapping[str, str], on_sent: OnSent
    ) -> RemoteJob:
        upload = send_in_pieces(self._line, photo, on_sent, self._unfinished, which)
        document = {**order, "upload": upload}
        answer = self._line.ask("POST", _JOBS, lambda: {"json": document, "headers": named})
        self._unfinished.forget(which)
        job = self._accepted(answer)
        try:
            remove_upload(self._line, upload)
        except RemoteError as error:  # the job has its photo; what is left goes by itself when its time has run out
            _log.warning("The upload %s could not be removed: %s", upload, error)
        return job

    def _accepted(self, answer: httpx2.Response) -> RemoteJob:
        return self.job(answer.json()["jobs"][0]["id"])

    def _states(self, job_id: str) -> Iterator[RemoteJob]:
        """The job, again and again, until it is over: as it is told while that works, asked for in between."""
        events = _Events(self._line, job_id)
        while True:
            current = self.job(job_id)
            yield current
            if current.is_over:
                return
            for progress in events.listen():
                current = replace(current, **progress)
                if not current.is_over:  # the end is asked for: an event does not hold the links to the results
                    yield current
            if not current.is_over:
                time.sleep(_POLL_S)


class _Events:
    """What a server tells of a job by itself."""

    def __init__(self, line: Line, job_id: str) -> None:
        self._line = line
        self._path = f"{_JOBS}/{job_id}/events"
        self._last_id = ""
        self._come_through = True

    def listen(self) -> Iterator[Mapping[str, Any]]:
        """Fields of `RemoteJob` whenever they change; ends with the job, or when the line breaks.

        Where not one event comes through, as with a proxy that holds them back, it is not tried again.
        """
        if not self._come_through:
            return
        self._come_through = False
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": self._last_id} if self._last_id else {})}
        try:
            with self._line.listen(self._path, headers, _SILENCE_S) as answer:
                for event in httpx2.EventSource(answer):
                    if event.event not in ("progress", "end"):
                        continue
                    self._come_through, self._last_id = True, event.id or self._last_id
                    told = json.loads(event.data)
                    yield {name: told[name] for name in _TOLD}
        except (httpx2.TransportError, httpx2.SSEError) as error:
            _log.debug("The events of %s broke off: %s", self._path, error)


class _Counted:
    """A file that tells how far it has been read; what a form takes as a file."""

    def __init__(self, file: BinaryIO, total: int, on_sent: OnSent) -> None:
        self._file = file
        self._total = total
        self._on_sent = on_sent

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._on_sent(self._file.tell(), self._total)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def fileno(self) -> int:
        return self._file.fileno()


def _job_of(document: Mapping[str, Any]) -> RemoteJob:
    return RemoteJob(id=document["id"], **{name: document[name] for name in _TOLD}, document=document)
