"""Who asks. A job belongs to the key it was sent with, or to nobody where no key is needed.

A check leaves two things in `request.state`: `owner`, whose the jobs are that the request makes, and `sees`, whose jobs
it may look at. They differ for a key with the scope `admin` alone, which sees everybody's.
"""

import ipaddress
from collections.abc import Awaitable, Callable, Collection
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from facies.errors import ForbiddenError, UnknownKeyError
from facies.jobs.job import ANY_OWNER
from facies.jobs.store import JobStore, Scope
from facies.web.lookups import look_up

API_KEY_HEADER = "api-key"

KeyCheck = Callable[..., Awaitable[None]]
"""A FastAPI dependency that leaves `owner` and `sees` in `request.state`."""

_header = APIKeyHeader(name=API_KEY_HEADER, auto_error=False, description="As printed by `facies keys create`.")
_bearer = HTTPBearer(auto_error=False, description="The same key, for clients that know bearer tokens only.")

ShownKey = Annotated[str | None, Security(_header)]
ShownToken = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]


class KeyChecks:
    """Makes the checks of one server, on its store."""

    def __init__(self, store: JobStore) -> None:
        self._store = store

    def require_key(self, scope: Scope = Scope.JOBS) -> KeyCheck:
        """Let in who shows a key that opens `scope` in the header `api-key`; the owner is the key's id.

        The check raises UnknownKeyError, ForbiddenError or RateLimitError.
        """

        async def check(request: Request, key: ShownKey) -> None:
            await self._admit(request, key, scope)

        return check

    def require_key_or_token(self, scope: Scope) -> KeyCheck:
        """As `require_key`, but the key may come as a bearer token too."""

        async def check(request: Request, key: ShownKey, token: ShownToken) -> None:
            await self._admit(request, key or (token.credentials if token else None), scope)

        return check

    def welcome_neighbours(self, scope: Scope, friendly_origins: Collection[str], *, only_local: bool) -> KeyCheck:
        """Let in who shows no key as well, unless a web page of a stranger asks through somebody's browser.

        Args:
            scope: what a key must open if one is shown.
            friendly_origins: other origins whose pages may ask.
            only_local: whether the server listens on a loopback address; then it must be called by such a name, or a
                stranger's page could reach it under its own (DNS rebinding).
        """

        async def check(request: Request, key: ShownKey, token: ShownToken) -> None:
            shown = key or (token.credentials if token else None)
            if shown:
                await self._admit(request, shown, scope)
                return
            _refuse_strange_pages(request, friendly_origins, only_local=only_local)
            request.state.owner = request.state.sees = None

        return check

    async def _admit(self, request: Request, shown: str | None, scope: Scope) -> None:
        if not shown:
            raise UnknownKeyError(f"An API key is needed; send it in the header '{API_KEY_HEADER}'.")
        key = await look_up(self._store, self._store.keys.find, shown)
        if not key.opens(scope):
            raise ForbiddenError(f"This key does not open '{scope}'; use one that was made with that scope.")
        if key.requests_per_minute is not None:
            await run_in_threadpool(self._store.keys.spend, key)
        request.state.owner = key.id
        request.state.sees = ANY_OWNER if key.opens(Scope.ADMIN) else key.id


async def admit_anyone(request: Request) -> None:
    """Let everybody in; their jobs have no owner."""
    request.state.owner = request.state.sees = None


def is_local(host: str) -> bool:
    """Whether an address or a name can only mean this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse_strange_pages(request: Request, friendly_origins: Collection[str], *, only_local: bool) -> None:
    """Without a key anybody's page could use the server through the browser of whoever may reach it.

    Raises:
        ForbiddenError: it looks like that.
    """
    host = request.headers.get("host", "")
    if only_local and not is_local(_bare_host(host)):
        raise ForbiddenError(
            "Without a key this server answers to 'localhost' only; call it by that name, or show a key."
        )
    origin = request.headers.get("origin")
    is_friend = origin in friendly_origins or "*" in friendly_origins
    if origin is not None and not is_friend and origin.partition("://")[2] != host:
        raise ForbiddenError(
            f"Pages of {origin[:100]} may not use this server; whoever runs it can name them in cors_origins."
        )


def _bare_host(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
