"""The listening socket, and uvicorn on it."""

import asyncio
import math
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

import uvicorn
from fastapi import FastAPI
from starlette.datastructures import State

from facies.allocation import spare_what_is_loaded
from facies.errors import SettingsError
from facies.jobs.liveness import WAKING
from facies.web.operations import Drain
from facies.web.waiting import Watch

_EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - only compared
_BACKLOG = 1024
_TICK_S = 0.1


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 picks a free one.

    Raises:
        SettingsError: the address is taken, or not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        # Connections inherit it. Without, an answer in two pieces waits 40 ms for the client to confirm the first.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as error:
        reason = f"Cannot listen on {host}, port {port}: {error.strerror}."
        raise SettingsError(f"{reason} Choose another --host or --port.") from error
    return listener


@dataclass(frozen=True)
class Ending:
    """How a server that is told to end does so.

    Attributes:
        notice_s: for so long it answers as before, but for `/readyz`: a load balancer looks elsewhere meanwhile.
        drain_s: then no connection is taken any more, and open requests get so long to end.
    """

    notice_s: float = 0.0
    drain_s: float = 3.0


def run(app: FastAPI, listener: socket.socket, announce: Callable[[str], None], ending: Ending = Ending()) -> None:
    """Serve until SIGTERM or SIGINT, then end as `ending` says; a second SIGINT cuts that short.

    Args:
        app: what is served; `app.state.drain` is told when the end begins, `app.state.watch` when a worker wakes it.
        listener: from `listen`.
        announce: called with the server's address once it answers.
        ending: how to end.
    """
    # uvicorn raises the signal that ended it once more; the default handler would end the process before its clean-up.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=math.ceil(ending.drain_s))
    _Server(config, lambda: announce(_address(listener)), app.state, ending.notice_s).run(sockets=[listener])


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    shown = "localhost" if host in (*_EVERY_ADDRESS, "127.0.0.1", "::1") else host
    return f"http://{shown}:{port}"


class _Server(uvicorn.Server):
    """uvicorn, saying when it answers, and giving notice before it ends."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None], state: State, notice_s: float) -> None:
        super().__init__(config)
        self._announce = announce
        self._drain: Drain = state.drain
        self._watch: Watch = state.watch
        self._notice_s = notice_s

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        asyncio.get_running_loop().add_signal_handler(WAKING, self._watch.wake)  # a worker's job is over
        spare_what_is_loaded()
        self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._drain.has_begun = True
        ends_at = time.monotonic() + self._notice_s
        while time.monotonic() < ends_at and not self.force_exit:
            await asyncio.sleep(_TICK_S)
        await super().shutdown(sockets)
