"""Which pages of other origins may call: the same everywhere, but the native API takes more methods and headers."""

from collections.abc import Sequence
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from facies.web import tus
from facies.web.auth import API_KEY_HEADER
from facies.web.dialects.native.room import PREFIX

_NATIVE_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_NATIVE_HEADERS: Final = (
    "Content-Type",
    API_KEY_HEADER,
    "Authorization",
    "Idempotency-Key",
    "Last-Event-ID",
    "Range",
    "If-None-Match",
    *tus.REQUEST_HEADERS,
)
_NATIVE_ANSWERS: Final = ("ETag", "Content-Range", "Retry-After", "X-Request-ID", *tus.EXPOSED_HEADERS)


class Cors:
    """ASGI middleware: one set of rules for the two contracts and the pages, one for the native API."""

    def __init__(self, app: ASGIApp, allow_origins: Sequence[str], contract_headers: Sequence[str]) -> None:
        """Make it.

        Args:
            app: what it stands before.
            allow_origins: whose pages may call.
            contract_headers: what they may send to the two contracts beside `Content-Type`.
        """
        self._contracts = CORSMiddleware(
            app,
            allow_origins=allow_origins,
            allow_methods=("GET", "POST", "DELETE", "OPTIONS"),
            allow_headers=("Content-Type", *contract_headers),
        )
        self._native = CORSMiddleware(
            app,
            allow_origins=allow_origins,
            allow_methods=_NATIVE_METHODS,
            allow_headers=_NATIVE_HEADERS,
            expose_headers=_NATIVE_ANSWERS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on under the rules of the path."""
        is_native = scope["type"] == "http" and scope["path"].startswith(f"{PREFIX}/")
        await (self._native if is_native else self._contracts)(scope, receive, send)
