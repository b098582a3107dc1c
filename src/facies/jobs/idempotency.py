"""Requests that a sender gave a key of their own, so that sending one again makes nothing new.

A line breaks after the request and before its answer; the sender cannot know whether the jobs exist, and asks again.
"""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from facies.errors import IdempotencyError
from facies.jobs.tables import idempotency_keys

KEPT_S: Final = 86400.0
"""How long a key is remembered."""


@dataclass(frozen=True)
class Idempotency:
    """A request as its sender named it.

    Attributes:
        key: the sender's own name for it.
        fingerprint: SHA-256 of everything in it, lower-case hex.
    """

    key: str
    fingerprint: str


@dataclass(frozen=True)
class Submission:
    """Jobs that came in one request.

    Attributes:
        job_ids: in the order in which the photos came.
        batch: the id they share, None if it is one job alone.
    """

    job_ids: tuple[str, ...]
    batch: str | None


def find_submission(
    connection: sa.Connection, owner: str | None, request: Idempotency, now: float
) -> Submission | None:
    """What came of the same request before, None if it is new.

    Raises:
        IdempotencyError: the key was used for another request.
    """
    is_meant = sa.and_(idempotency_keys.c.owner == (owner or ""), idempotency_keys.c.key == request.key)
    connection.execute(sa.delete(idempotency_keys).where(is_meant, idempotency_keys.c.created_at <= now - KEPT_S))
    row = connection.execute(sa.select(idempotency_keys).where(is_meant)).mappings().one_or_none()
    if row is None:
        return None
    if row["fingerprint"] != request.fingerprint:
        raise IdempotencyError("This Idempotency-Key was used for another request; give every request a new one.")
    return Submission(tuple(row["job_ids"]), row["batch"])


def note_submission(
    connection: sa.Connection, owner: str | None, request: Idempotency, submission: Submission, now: float
) -> None:
    """Remember what came of a request."""
    row = {
        "owner": owner or "",
        "key": request.key,
        "fingerprint": request.fingerprint,
        "job_ids": list(submission.job_ids),
        "batch": submission.batch,
        "created_at": now,
    }
    connection.execute(sa.insert(idempotency_keys).values(row))


def forget_submissions(connection: sa.Connection, now: float) -> None:
    """Forget the keys whose time is up."""
    connection.execute(sa.delete(idempotency_keys).where(idempotency_keys.c.created_at <= now - KEPT_S))
