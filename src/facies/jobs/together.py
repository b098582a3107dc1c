"""Things that several threads bring at about the same time, done in one go.

Whoever comes while nobody is at it does it, and does it for everybody who came meanwhile. So nobody waits for company,
and however many come, each waits for two rounds at the most: the one that runs, and its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar, cast

Thing = TypeVar("Thing")
Outcome = TypeVar("Outcome")


class Together(Generic[Thing, Outcome]):
    """Gathers what threads bring."""

    def __init__(self, do_all: Callable[[Sequence[Thing]], Sequence[Outcome | Exception]]) -> None:
        """Make it.

        Args:
            do_all: does some things, and tells what came of each, in their order; what it raises befell all of them.
        """
        self._do_all = do_all
        self._waiting: list[_Place[Thing, Outcome]] = []
        self._is_at_it = False
        self._lock = Lock()  # of the two above

    def do(self, thing: Thing) -> Outcome:
        """Have `thing` done, and return what came of it, or raise it."""
        place: _Place[Thing, Outcome] = _Place(thing)
        with self._lock:
            self._waiting.append(place)
            must_wait, self._is_at_it = self._is_at_it, True
        if must_wait:
            place.turn.acquire()  # the thing is done now, or it is this thread that does it
        if place.outcome is None:
            self._do_for_everybody()
        if isinstance(place.outcome, Exception):
            raise place.outcome
        return cast("Outcome", place.outcome)

    def _do_for_everybody(self) -> None:
        with self._lock:
            places, self._waiting = self._waiting, []
        outcomes = self._outcomes([place.thing for place in places])
        with self._lock:
            self._is_at_it = bool(self._waiting)
            following = self._waiting[:1]
        for place, outcome in zip(places, outcomes, strict=True):
            place.outcome = outcome
            place.turn.release()
        for place in following:
            place.turn.release()

    def _outcomes(self, things: Sequence[Thing]) -> Sequence[Outcome | Exception]:
        try:
            return self._do_all(things)
        except Exception as error:
            return [error] * len(things)


def _held() -> Lock:
    lock = Lock()
    lock.acquire()
    return lock


@dataclass
class _Place(Generic[Thing, Outcome]):
    """Where a thread waits: `turn` is given to it once."""

    thing: Thing
    outcome: Outcome | Exception | None = None
    turn: Lock = field(default_factory=_held)
