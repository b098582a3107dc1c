"""The listening socket, and uvicorn on it."""

import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

import uvicorn
from fastapi import FastAPI

from facies.errors import SettingsError

# Open requests get this long to end before the server goes.
_DRAIN_S = 3
_EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - only compared
_BACKLOG = 1024


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 picks a free one.

    Raises:
        SettingsError: the address is taken, or not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        reason = f"Cannot listen on {host}, port {port}: {error.strerror}."
        raise SettingsError(f"{reason} Choose another --host or --port.") from error


def run(app: FastAPI, listener: socket.socket, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        app: what is served.
        listener: from `listen`.
        announce: called with the server's address once it answers.
    """
    # uvicorn raises the signal that ended it once more; the default handler would end the process before its clean-up.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=_DRAIN_S)
    _AnnouncingServer(config, lambda: announce(_address(listener))).run(sockets=[listener])


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    shown = "localhost" if host in (*_EVERY_ADDRESS, "127.0.0.1", "::1") else host
    return f"http://{shown}:{port}"


class _AnnouncingServer(uvicorn.Server):
    """uvicorn, saying when it answers."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()
