"""The stripes of a picture, made ahead of whoever takes them."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from facies.imaging.png import Pixels, Stripe

_THREADS = 2
_MOST_PENDING = 2


def made_ahead(stripes: Iterable[Stripe]) -> Iterator[Pixels]:
    """Make the stripes of a picture on some threads.

    Args:
        stripes: from the top down.

    Yields:
        what each makes, in order.
    """
    pending: deque[Future[Pixels]] = deque()
    with ThreadPoolExecutor(_THREADS, "paint") as threads:
        for stripe in stripes:
            pending.append(threads.submit(stripe))
            if len(pending) > _MOST_PENDING:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
