"""How many cores this process may keep busy."""

import os
from pathlib import Path
from typing import Final

_QUOTA: Final = Path("/sys/fs/cgroup/cpu.max")


def count_cores() -> int:
    """The cores of the machine, or as many of them as the process is let use: by `taskset` or by a container's quota.

    A process that starts a thread for every core of a large machine, but gets two, does twice as much waiting as work.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(allowed, _quota(_QUOTA) or allowed)


def _quota(path: Path) -> int | None:
    """Whole cores of a control group's quota, at least one; None where there is none."""
    try:
        granted, _, period = path.read_text(encoding="ascii").partition(" ")
        return max(1, int(granted) // int(period))
    except (OSError, ValueError):  # no such file, or "max"
        return None
