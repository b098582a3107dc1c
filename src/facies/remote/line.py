"""Requests to a Facies server that are made again until they come through.

Made again is what failed on the way or was put off by the server (429, 502, 503, 504), after the pause it asks for in
`Retry-After` or else after ever longer ones. Every request of this client may be made twice without harm.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx2

from facies.errors import RemoteError

PUT_OFF: Final = frozenset({429, 502, 503, 504})

_GONE: Final = frozenset({404, 410})
_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 15.0


class Line:
    """A server's address, the key, and how long to bear with both."""

    def __init__(self, url: str, key: str | None, *, timeout_s: float, patience_s: float) -> None:
        """Make it; nothing is sent yet.

        Args:
            url: of the server, without a path.
            key: sent along with every request, to that server only.
            timeout_s: the longest silence in the middle of a request, seconds.
            patience_s: for how long a request is made again, seconds.
        """
        headers = {"User-Agent": "facies-client", **({"api-key": key} if key else {})}
        self.url = url
        self._patience_s = patience_s
        self._http = httpx2.Client(base_url=url, headers=headers, timeout=timeout_s, follow_redirects=False)

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def patience(self) -> "Patience":
        """For one thing that is to come through."""
        return Patience(self._patience_s)

    def ask(self, method: str, path: str, body: Callable[[], Mapping[str, Any]] = dict) -> httpx2.Response:
        """Make a request until it comes through.

        Args:
            method: of HTTP.
            path: from the server's root.
            body: gives the further arguments of `httpx2.Client.request`, anew for every attempt.

        Raises:
            RemoteError: the server refused, or could not be reached for as long as one bears with it.
        """
        patience, may_have_come_through = self.patience(), False
        while True:
            try:
                answer = self.ask_once(method, path, **body())
            except httpx2.TransportError as error:
                patience.wait(self.unreachable(error))
                may_have_come_through = True
                continue
            if may_have_come_through and method == "DELETE" and answer.status_code in _GONE:
                return answer  # it was the attempt before that removed it
            if answer.status_code not in PUT_OFF:
                return checked(answer)
            patience.wait(problem_of(answer), retry_after_s(answer))

    def ask_once(self, method: str, path: str, **arguments: Any) -> httpx2.Response:
        """Make a request, and take whatever the answer is.

        Raises:
            httpx2.TransportError: it did not come through.
        """
        return self._http.request(method, path, **arguments)

    @contextmanager
    def listen(self, path: str, headers: Mapping[str, str], timeout_s: float) -> Iterator[httpx2.Response]:
        """An answer that comes bit by bit.

        Raises:
            httpx2.TransportError: the line broke, or was silent for too long.
        """
        with self._http.stream("GET", path, headers=dict(headers), timeout=timeout_s) as answer:
            yield answer

    def unreachable(self, error: httpx2.TransportError) -> RemoteError:
        """What to tell of a request that did not come through."""
        return RemoteError(f"The server at {self.url} cannot be reached: {error or type(error).__name__}.")


class Patience:
    """Decides how long to wait before something is tried again, and when to give up."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._pause_s = _FIRST_PAUSE_S
        self._gives_up_at = time.monotonic() + patience_s

    def renew(self) -> None:
        """It went forward: begin anew."""
        self._pause_s = _FIRST_PAUSE_S
        self._gives_up_at = time.monotonic() + self._patience_s

    def wait(self, error: RemoteError, asked_s: float | None = None) -> None:
        """Wait before the next attempt.

        Args:
            error: why one is needed.
            asked_s: for how long the server asked to wait, seconds.

        Raises:
            RemoteError: `error`, once the patience would be over before the next attempt.
        """
        pause_s = self._pause_s * random.uniform(0.75, 1.25) if asked_s is None else asked_s  # noqa: S311 - no secret
        if time.monotonic() + pause_s > self._gives_up_at:
            raise error
        time.sleep(pause_s)
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)


def checked(answer: httpx2.Response) -> httpx2.Response:
    """An answer that is no refusal.

    Raises:
        RemoteError: it is one.
    """
    if answer.is_success:
        return answer
    raise problem_of(answer)


def problem_of(answer: httpx2.Response) -> RemoteError:
    """What a refusal says, whether or not it is a problem document."""
    try:
        document = answer.json()
        return RemoteError(str(document["detail"]), answer.status_code, str(document["code"]))
    except (ValueError, KeyError, TypeError):
        return RemoteError(f"The server answered {answer.status_code} {answer.reason_phrase}.", answer.status_code)


def retry_after_s(answer: httpx2.Response) -> float | None:
    """For how long a server asks to wait, seconds; None if it does not say."""
    text = answer.headers.get("retry-after", "")
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
