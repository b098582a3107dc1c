"""Processes on this machine: whether one is dead, so that nobody waits for what it can no longer do; waking one.

A process is named by its machine, the machine's boot, its space of process ids, its id there, and when it began: ids
are given again, all of that together is not. Of a process elsewhere, in another container too, nothing is known here.
"""

import os
import signal
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final

WAKING: Final = signal.SIGURG
"""Whoever expects no such signal does not even notice it."""
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_ID_SPACE: Final = Path("/proc/self/ns/pid")
_ENDED: Final = frozenset("ZX")  # dead, and its parent has not asked for its exit status yet


def this_process() -> str | None:
    """The name of this process; None where the system does not tell (it is Linux that does)."""
    try:
        _, began_at = _state(os.getpid())
        return f"{_place()} {os.getpid()} {began_at}"
    except OSError:
        return None


def is_dead(process: str) -> bool:
    """Whether a process of that name ran on this machine and is gone for certain."""
    place, pid, began_at = process.rsplit(" ", 2)
    try:
        if place != _place():
            return False
        os.kill(int(pid), 0)  # asks only; /proc may hide the processes of others
        state, began = _state(int(pid))
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return state in _ENDED or began != began_at


def wake(process: str) -> None:
    """Send a process of that name WAKING, if it is on this machine and this user's."""
    place, pid, _ = process.rsplit(" ", 2)
    with suppress(OSError):  # it is gone, or another user's: then it finds out by itself
        if place == _place():
            os.kill(int(pid), WAKING)


def _place() -> str:
    return f"{socket.gethostname()} {_BOOT_ID.read_text().strip()} {_ID_SPACE.readlink()}"


def _state(pid: int) -> tuple[str, str]:
    """Its state's letter, and when it began in ticks since the boot (proc(5), the fields 3 and 22)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()  # a name may hold anything
    return fields[0], fields[19]
