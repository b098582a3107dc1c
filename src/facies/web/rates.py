"""How many requests a key may make: a bucket that fills steadily and holds one minute's worth.

Counted in this process. Several web processes behind a balancer each allow the whole rate.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from facies.errors import RateLimitError


@dataclass
class _Bucket:
    left: float
    filled_at: float


class RateLimits:
    """The buckets of all keys; any thread may ask."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}
        self._lock = Lock()

    def take(self, key_id: str, requests_per_minute: int) -> None:
        """Take one request from a key's bucket.

        Raises:
            RateLimitError: it is empty.
        """
        now, a_second = self._clock(), requests_per_minute / 60
        with self._lock:
            bucket = self._buckets.setdefault(key_id, _Bucket(requests_per_minute, now))
            bucket.left = min(requests_per_minute, bucket.left + (now - bucket.filled_at) * a_second)
            bucket.filled_at = now
            if bucket.left >= 1:
                bucket.left -= 1
                return
            wait_s = math.ceil((1 - bucket.left) / a_second)
        raise RateLimitError(
            f"This key is good for {requests_per_minute} requests a minute; try again in {wait_s} seconds.", wait_s
        )
