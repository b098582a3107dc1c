"""Something that is done again and again, beside what a process is there for."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Final

_END_S: Final = 5.0

_log = logging.getLogger(__name__)


@contextmanager
def recurring(name: str, work: Callable[[], object], interval_s: float) -> Iterator[None]:
    """Do `work` now, and then every `interval_s` seconds, in a thread of its own until the block ends.

    What goes wrong is logged, and the next turn comes all the same.

    Args:
        name: of the thread, and for the log.
        work: takes a few seconds at most; a block that ends does not wait longer for it.
        interval_s: between two turns, seconds.
    """
    has_ended = Event()

    def repeat() -> None:
        while True:
            try:
                work()
            except Exception:
                _log.exception("%s failed; the next turn will try again.", name)
            if has_ended.wait(interval_s):
                return

    thread = Thread(target=repeat, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        has_ended.set()
        thread.join(_END_S)
