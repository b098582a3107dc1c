"""`Prefer: wait=SECONDS`: a status that is answered when the job is over, instead of being asked for again and again.

Source: RFC 7240, sections 2 and 4.3. Whoever does not ask for it is answered at once.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

from fastapi import Depends, Header, Request

from facies.jobs.job import Job
from facies.jobs.store import JobStore
from facies.web.operations import Drain

MOST_S: Final = 60
"""Nobody is kept waiting for longer: proxies break off what is silent."""

_LOOK_S: Final = 0.02
"""How often it is looked whether a worker that this server did not start, and that does not wake it, is done."""
_LATER_LOOK_S: Final = 0.1
_AFTER_S: Final = 0.5
"""A photo alone takes less; whoever has waited for so long is not looked after as often."""

_PREFERENCE: Final = re.compile(
    r"""(?:^|[,;])\s*wait\s*=\s*(?:([0-9]{1,9})|"([0-9]{1,9})")\s*(?=$|[,;])""", re.ASCII | re.I
)


def _read_patience(
    prefer: Annotated[
        str | None,
        Header(
            description=f"`wait=SECONDS`: answer when the job is over, at the latest after so long ({MOST_S} at most)"
        ),
    ] = None,
) -> float:
    found = _PREFERENCE.search(prefer or "")
    return min(int(found[1] or found[2]), MOST_S) if found else 0


Patience = Annotated[float, Depends(_read_patience)]
"""How long a request wants to wait, seconds; a parameter of a route."""


class Watch:
    """Sees whether a store changes, for all who wait. Used on the event loop only."""

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self._changes = 0
        self._asleep: set[asyncio.Event] = set()

    def count_changes(self) -> int:
        """How often the store has been seen to change; one more each time where it does not tell."""
        if self._store.has_changed() or not self._store.is_local:
            self._changes += 1
        return self._changes

    async def wait(self, at_most_s: float) -> None:
        """Until `wake` is called, or time is up."""
        woken = asyncio.Event()
        self._asleep.add(woken)
        try:
            async with asyncio.timeout(at_most_s):
                await woken.wait()
        except TimeoutError:
            return
        finally:
            self._asleep.discard(woken)

    def wake(self) -> None:
        """Have all who wait look now."""
        for woken in self._asleep:
            woken.set()


async def until_over(request: Request, patience_s: float, ask: Callable[[], Awaitable[Job]]) -> Job:
    """The job as soon as it is over; as it is by then, when time is up, the client has left or the server ends.

    Args:
        request: that waits.
        patience_s: for how long, seconds; 0: it is asked once.
        ask: gives the job as it is; called again only when the store has changed.
    """
    watch: Watch = request.app.state.watch
    drain: Drain = request.app.state.drain
    seen, job, began_at, waited_s = watch.count_changes(), await ask(), time.monotonic(), 0.0
    while not (job.status.is_over or waited_s >= patience_s or drain.has_begun):
        look_s = _LOOK_S if waited_s < _AFTER_S else _LATER_LOOK_S
        await watch.wait(min(look_s, patience_s - waited_s))
        if look_s == _LATER_LOOK_S and await request.is_disconnected():  # half of what a look costs
            break
        if (changes := watch.count_changes()) != seen:
            seen, job = changes, await ask()
        waited_s = time.monotonic() - began_at
    return job
