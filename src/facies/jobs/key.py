"""An API key: what it opens, how often and until when."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Scope(StrEnum):
    """What a key opens."""

    JOBS = "jobs"  # send photos, and everything about the jobs that come of them
    MODELS = "models"  # look at the packages and download them
    ADMIN = "admin"  # everything, and everybody's jobs


DEFAULT_SCOPES: Final = frozenset({Scope.JOBS, Scope.MODELS})


@dataclass(frozen=True)
class Key:
    """An API key, without its secret.

    Attributes:
        id: a uuid; owns jobs.
        name: what its maker called it.
        prefix: its first characters, to recognise it by.
        created_at: Unix seconds.
        revoked_at: Unix seconds, None unless it was revoked.
        scopes: what it opens.
        expires_at: Unix seconds, from when on it opens nothing; None: never.
        requests_per_minute: how many requests it is good for; None: any number.
    """

    id: str
    name: str
    prefix: str
    created_at: float
    revoked_at: float | None = None
    scopes: frozenset[Scope] = DEFAULT_SCOPES
    expires_at: float | None = None
    requests_per_minute: int | None = None

    def opens(self, scope: Scope) -> bool:
        """Whether the key is good for `scope`."""
        return scope in self.scopes or Scope.ADMIN in self.scopes
