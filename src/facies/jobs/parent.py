"""What a supervised worker has to do with its supervisor: it notices when that is gone, and tells it of a job's end.

The supervisor leaves its process id in the worker's environment. When the operating system says that the worker's
parent is another, the supervisor is dead, `kill -9` included, and no new one will look for this worker.
"""

import os
from contextlib import suppress
from typing import Final

from facies.jobs.liveness import WAKING

_VARIABLE: Final = "FACIES_SUPERVISOR_PID"


def supervised_environment() -> dict[str, str]:
    """What the supervisor, this process, adds to its worker's environment."""
    return {_VARIABLE: str(os.getpid())}


def supervisor_is_gone() -> bool:
    """Whether this process was started by a supervisor that is not there any more."""
    return _VARIABLE in os.environ and not _has_supervisor()


def wake_supervisor() -> None:
    """Send the supervisor `WAKING`, if there is one: a request may wait for what has just happened."""
    if _has_supervisor():
        with suppress(OSError):  # it is gone, which will be noticed
            os.kill(os.getppid(), WAKING)


def _has_supervisor() -> bool:
    return os.environ.get(_VARIABLE) == str(os.getppid())
