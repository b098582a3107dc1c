"""Work done on threads ahead of whoever takes what comes of it, in order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from facies.imaging.png import Pixels, Stripe

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")

_PAINTING = 2
_MOST_STRIPES = 3


def ahead(work: Callable[[_Given], _Made], given: Iterable[_Given], most: int, threads: int = 1) -> Iterator[_Made]:
    """`map(work, given)`, made while the caller looks at what came before.

    Args:
        work: called on the threads.
        given: taken by the caller's own thread.
        most: how many are in hand, at least 1.
        threads: that work side by side.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix="ahead")
    try:
        remaining = iter(given)
        coming = deque(pool.submit(work, first) for first in islice(remaining, most))
        while coming:
            made = coming.popleft().result()
            coming.extend(pool.submit(work, following) for following in islice(remaining, 1))
            yield made
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # whoever leaves in the middle does not wait


def made_ahead(stripes: Iterable[Stripe]) -> Iterator[Pixels]:
    """What the stripes of a picture make, from the top down."""
    return ahead(lambda stripe: stripe(), stripes, _MOST_STRIPES, _PAINTING)
