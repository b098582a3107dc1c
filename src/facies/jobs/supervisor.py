"""Keeps one worker process alive: starts it, starts another when it dies, ends it when told to.

The worker is a process of its own so that a crash in a decoder or a network takes down that process and not the API.
"""

import logging
import os
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from threading import Event, Lock, Thread
from typing import Final

from facies.jobs.parent import supervised_environment

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 10.0
HEALTHY_AFTER_S: Final = 30.0
"""A worker that lived so long was well; the pause before the next one is short again."""

END_S: Final = 5.0
"""How long a worker gets to hand its jobs back before it is killed."""

_log = logging.getLogger(__name__)


class Supervisor:
    """Watches over one worker process, from a thread of its own."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], on_death: Callable[[str], object]
    ) -> None:
        """Make it; nothing is started yet.

        Args:
            command: starts a worker; `--name NAME` is added.
            environment: of the worker, beside this process's own.
            on_death: called with a worker's name as soon as its process is gone, so that its jobs are freed at once
                and not when their leases run out.
        """
        self._command = tuple(command)
        self._environment = dict(environment)
        self._on_death = on_death
        self._thread = Thread(target=self._keep_alive, name="supervisor", daemon=True)
        self._is_stopping = Event()
        self._lock = Lock()  # between deciding to start a worker and deciding to stop
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker, None while there is none."""
        process = self._process
        return None if process is None or process.poll() is not None else process.pid

    def start(self) -> None:
        """Start the worker, and keep one alive from now on."""
        self._thread.start()

    def stop(self) -> None:
        """End the worker: it gets `END_S` seconds to hand its jobs back, then it is killed."""
        self.stop_all([self])

    @staticmethod
    def stop_all(supervisors: "Sequence[Supervisor]") -> None:
        """End several workers in the time of one; see `stop`."""
        for supervisor in supervisors:
            supervisor._tell_to_end()
        deadline = time.monotonic() + END_S
        for supervisor in supervisors:
            supervisor._see_the_end(max(0.0, deadline - time.monotonic()))

    def _tell_to_end(self) -> None:
        with self._lock:
            self._is_stopping.set()
            if self._process is not None:
                self._process.terminate()

    def _see_the_end(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)
        if self._thread.is_alive() and self._process is not None:
            _log.error("The worker did not end within %.0f s and is killed.", END_S)
            self._process.kill()
            self._thread.join()

    def _keep_alive(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            started_at = time.monotonic()
            if not self._run_one():
                return
            was_healthy = time.monotonic() - started_at >= HEALTHY_AFTER_S
            pause_s = FIRST_PAUSE_S if was_healthy else pause_s
            if self._is_stopping.wait(pause_s):
                return
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _run_one(self) -> bool:
        """Start a worker and see it to its end. Returns whether another should follow."""
        name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        with self._lock:
            if self._is_stopping.is_set():
                return False
            try:
                process = self._process = self._spawn(name)
            except OSError:
                _log.exception("No worker could be started; this will be tried again.")
                return True
        exit_status = process.wait()
        if not self._is_stopping.is_set():
            _log.error("Worker %s died (%s); another one is started.", name, _told(exit_status))
        self._free_jobs(name)
        return True

    def _spawn(self, name: str) -> "subprocess.Popen[bytes]":
        """In a session of its own: a Ctrl-C in the terminal is for this process, which ends the worker in order."""
        environment = {**os.environ, **self._environment, **supervised_environment()}
        command = [*self._command, "--name", name]
        return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)

    def _free_jobs(self, name: str) -> None:
        try:
            self._on_death(name)
        except Exception:
            _log.exception("The jobs of worker %s could not be freed; their leases will run out.", name)


def _told(exit_status: int) -> str:
    return f"exit status {exit_status}" if exit_status >= 0 else f"signal {-exit_status}"
