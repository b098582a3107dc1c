"""Who asks. A job belongs to the key it was sent with, or to nobody where no key is needed."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyHeader

from facies.errors import UnknownKeyError
from facies.jobs.store import JobStore

API_KEY_HEADER = "api-key"

KeyCheck = Callable[..., Awaitable[None]]
"""A FastAPI dependency that leaves the job owner in `request.state.owner`."""

_header = APIKeyHeader(name=API_KEY_HEADER, auto_error=False, description="As printed by `facies keys create`.")


def require_key(store: JobStore) -> KeyCheck:
    """Let in who shows a key of the store; the owner is the key's id. Anyone else is an `UnknownKeyError`."""

    async def check(request: Request, key: Annotated[str | None, Security(_header)]) -> None:
        if not key:
            raise UnknownKeyError(f"An API key is needed; send it in the header '{API_KEY_HEADER}'.")
        request.state.owner = (await run_in_threadpool(store.find_key, key)).id

    return check


async def admit_anyone(request: Request) -> None:
    """Let everybody in; their jobs have no owner."""
    request.state.owner = None
