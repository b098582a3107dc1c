"""A job: one photo, one model, and where the two are in their life.

                       (c) hand back, (d) lease lost
                    ┌──────────────────────────────────┐
                    ▼                                  │
    (a) submit ─▶ queued ────── (b) claim ─────────▶ started ── (e) finish ─▶ finished
                    │                                 │  │
                    │                                 │  └── (f) fail ────▶ failed
                    └── (g) cancel ─▶ cancelled ◀─ (h) stop ─┘

    (a) the web wrote the upload to the blobs and then the row: a job that can be seen can be run
    (b) a worker takes the oldest one, gets a lease and uses up one attempt
    (c) the worker is told to end: it gives job and attempt back
    (d) the worker died or stopped renewing: the attempt stays used, and after `MAX_ATTEMPTS` the job fails instead
    (e) the results are in the blobs; refused when the lease has gone to another worker
    (f) the photo cannot be analysed
    (g) nobody had begun, so it ends at once
    (h) a running job is asked to stop, and its worker confirms

From any of them a job can go: deleted by its owner, or past `expires_at`. Going is seen at once; the files follow.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

MAX_ATTEMPTS: Final = 3
"""How often a job may take its worker down before it is given up."""

CRASHED_CODE: Final = "crashed"
CRASHED_MESSAGE: Final = (
    f"The analysis of this photo ended unexpectedly {MAX_ATTEMPTS} times and was given up. "
    "Save the photo anew, as JPEG or PNG, and send it again."
)

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Status(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"  # waits for a worker
    STARTED = "started"  # a worker holds a lease on it
    FINISHED = "finished"  # its results are in the blobs
    FAILED = "failed"  # error_code and error_message say why
    CANCELLED = "cancelled"  # somebody asked for it to stop, and it did

    @property
    def is_over(self) -> bool:
        """Whether nothing will happen to the job any more."""
        return not MOVES[self]


MOVES: Final[Mapping[Status, frozenset[Status]]] = MappingProxyType(
    {
        Status.QUEUED: frozenset({Status.STARTED, Status.CANCELLED}),
        Status.STARTED: frozenset({Status.QUEUED, Status.FINISHED, Status.FAILED, Status.CANCELLED}),
        Status.FINISHED: frozenset(),
        Status.FAILED: frozenset(),
        Status.CANCELLED: frozenset(),
    }
)
"""The legal moves; every statement that changes a status is held to them."""


class AnyOwner:
    """The type of `ANY_OWNER`."""


ANY_OWNER: Final = AnyOwner()
"""Matches the jobs of every owner and those without one: for operators, never for a request."""

Owner = str | None | AnyOwner
"""Whose jobs are meant: those of one key (its id), those sent without a key (None), or all (`ANY_OWNER`)."""


@dataclass(frozen=True)
class Lease:
    """A worker's right to a job, for a time.

    Attributes:
        worker: the worker's name.
        token: new with every claim; whoever cannot show it cannot change the job.
        until: Unix seconds.
    """

    worker: str
    token: str
    until: float


@dataclass(frozen=True, kw_only=True)
class NewJob:
    """What is known of a job when it is sent.

    Attributes:
        id: a uuid in its canonical form, lower case; names the job in the blobs as well.
        owner: id of the API key it was sent with, None without one.
        model: `name@version`.
        model_sha256: SHA-256 of the model's weights, lower-case hex.
        options: of the analysis, JSON values only.
        photo_name: the file's name at the sender's; only ever shown, never a path.
        photo_bytes: size of the upload.
        photo_hw: (H, W), pixels, as the photo's header says.
        dialect: which contract it came through: "coral", "rock", "native".
        batch: id of the jobs that were sent in one request, None if it came alone.
        metadata: the sender's own words about it, JSON values only; kept and given back, never read.
    """

    id: str
    owner: str | None
    model: str
    model_sha256: str
    options: Mapping[str, Any]
    photo_name: str
    photo_bytes: int
    photo_hw: tuple[int, int]
    dialect: str
    batch: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Job(NewJob):
    """A job as the store knows it. Times are Unix seconds.

    Attributes:
        number: counts up from 1 and is never given twice, also after a job is gone.
        status: where it is in its life.
        created_at: when it was sent.
        started_at: when its present attempt began, None while it waits.
        finished_at: when it was over, however it ended.
        expires_at: when it will be gone; set anew when it is over.
        done: tiles analysed.
        total: tiles in all, 0 until they are counted.
        attempts: how many claims it has used up.
        lease: who runs it, None when nobody does.
        cancel_requested: whether it was asked to stop.
        error_code: stable name of what went wrong, None unless it failed.
        error_message: a sentence for the person who sent it, None unless it failed.
    """

    number: int
    status: Status
    created_at: float
    started_at: float | None
    finished_at: float | None
    expires_at: float
    done: int
    total: int
    attempts: int
    lease: Lease | None
    cancel_requested: bool
    error_code: str | None
    error_message: str | None

    @property
    def is_suspect(self) -> bool:
        """Whether a worker died while it ran this job, before the present attempt.

        A suspect runs on its own, so that no innocent neighbour is taken down with it.
        """
        present = 0 if self.lease is None else 1
        return self.attempts > present


@dataclass(frozen=True, kw_only=True)
class JobFilter:
    """Which jobs are asked for; what is None does not matter.

    Attributes:
        statuses: any of these.
        model: `name` or `name@version`.
        batch: id of a batch.
        photo_name: part of the photo's name, in small or capital letters.
        created_from: Unix seconds, inclusive.
        created_before: Unix seconds, exclusive.
    """

    statuses: frozenset[Status] | None = None
    model: str | None = None
    batch: str | None = None
    photo_name: str | None = None
    created_from: float | None = None
    created_before: float | None = None


ALL_JOBS: Final = JobFilter()


def sources(target: Status) -> frozenset[Status]:
    """From which statuses a job may become `target`."""
    return frozenset(status for status, targets in MOVES.items() if target in targets)


def is_job_id(text: str) -> bool:
    """Whether `text` can be a job's id: a uuid in its canonical form. Safe to ask of anything a stranger sends."""
    return _ID.fullmatch(text) is not None
