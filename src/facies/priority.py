"""Which of the machine's programs goes first."""

import os
from pathlib import Path
from typing import Final

# Linux shares the time out among sessions first, and a worker beside a server has one of its own.
_SESSION: Final = Path("/proc/self/autogroup")


def let_others_go_first(niceness: int) -> None:
    """Have this process wait while others want the processor; call it before threads are started.

    A worker keeps every core busy. Whoever asks the server how far it is waits for a core as well.

    Args:
        niceness: 0 (as any other) to 19 (only what nobody else wants).
    """
    if niceness and hasattr(os, "nice"):
        os.nice(niceness)
        if os.getsid(0) != os.getpid():  # a terminal's: everything else that runs in it would wait as well
            return
        try:
            _SESSION.write_text(str(os.getpriority(os.PRIO_PROCESS, 0)), encoding="ascii")
        except OSError:  # another system, or one that shares the time out among processes
            return
