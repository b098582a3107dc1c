"""How this process uses memory again that it has freed.

By default the C library gives every freed block of more than 128 KiB back to the kernel, and the next one comes page by
page, each zeroed. Tiles, batches and stripes are such blocks: a twentieth of a job's processor time went there.
"""

import ctypes
import gc
from typing import Final

# Numbers of glibc's malloc.h.
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8

_REUSED_BYTES: Final = 8 << 20
_KEPT_BYTES: Final = 64 << 20
# Every thread would fill a pool of its own: with two for all, 400 MP of a core took 0.65 GB instead of 0.86.
_POOLS: Final = 2


def reuse_freed_memory() -> bool:
    """Keep up to 64 MiB of freed memory, and take blocks of up to 8 MiB from it; for a process that does many photos.

    Returns:
        whether the C library can; only glibc can.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    wanted = {_M_MMAP_THRESHOLD: _REUSED_BYTES, _M_TRIM_THRESHOLD: _KEPT_BYTES, _M_ARENA_MAX: _POOLS}
    return all(mallopt(parameter, value) for parameter, value in wanted.items())


def spare_what_is_loaded() -> None:
    """Have the garbage collector leave alone what is there by now; for a process that has started.

    Modules, routes and tables are some hundred thousand objects that never go. Looking through them again and again
    kept every request that was open at that moment waiting for a tenth of a second.
    """
    gc.collect()
    gc.freeze()
