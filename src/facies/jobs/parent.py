"""How a supervised worker notices that its supervisor is gone, however that ended.

The supervisor leaves its process id in the worker's environment. When the operating system says that the worker's
parent is another, the supervisor is dead, `kill -9` included, and no new one will look for this worker.
"""

import os
from typing import Final

_VARIABLE: Final = "FACIES_SUPERVISOR_PID"


def supervised_environment() -> dict[str, str]:
    """What the supervisor, this process, adds to its worker's environment."""
    return {_VARIABLE: str(os.getpid())}


def supervisor_is_gone() -> bool:
    """Whether this process was started by a supervisor that is not there any more."""
    supervisor = os.environ.get(_VARIABLE)
    return supervisor is not None and supervisor != str(os.getppid())
