"""Telling a sender's own server that a job is over, as https://www.standardwebhooks.com describes.

A URL that a stranger names must not reach what only this machine can reach. So the host is looked up here, every
address it has must be a public one, and the connection goes to an address that was checked, not to whatever the name
means a moment later. The same holds for every redirect. Proxies of the environment are not used, and of the answer only
the head is read.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import logging
import socket
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from pathlib import Path
from typing import Any, Final

import httpx2

from facies.errors import SettingsError, WebhookError
from facies.jobs.job import Job
from facies.jobs.webhook_rows import CallRows, DueCall, Webhook

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what secrets begin with is none

_SECRET_BYTES: Final = (24, 64)
_MAX_URL_CHARS: Final = 2048
_DEADLINE_S: Final = 15.0
_MAX_REDIRECTS: Final = 3
_MAX_ADDRESSES: Final = 4
_SAME_REQUEST_ELSEWHERE: Final = (307, 308)
_GONE: Final = 410
_AT_ONCE: Final = 8
_NAT64: Final = IPv6Network("64:ff9b::/96")

_log = logging.getLogger(__name__)

_Address = IPv4Address | IPv6Address


def read_webhook(url: str, secret: str, *, allow_private: bool) -> Webhook:
    """A webhook as a sender asks for it.

    Args:
        url: https.
        secret: "whsec_" and the base64 of 24 to 64 bytes.
        allow_private: whether plain http and addresses that are not public will do.

    Raises:
        WebhookError: it cannot be called, or not signed.
    """
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL:
        raise WebhookError("webhook: the URL cannot be read.") from None
    schemes = ("https", "http") if allow_private else ("https",)
    if parsed.scheme not in schemes or not parsed.host or parsed.userinfo or len(url) > _MAX_URL_CHARS:
        raise WebhookError(
            f"webhook: the URL must begin with {' or '.join(schemes)}, name a host, carry no password, "
            f"and have at most {_MAX_URL_CHARS} characters."
        )
    return Webhook(url, _read_secret(secret))


def _read_secret(secret: str) -> bytes:
    fewest, most = _SECRET_BYTES
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not (secret.startswith(SECRET_PREFIX) and fewest <= len(key) <= most):
        raise WebhookError(
            f"webhook: the secret must be {SECRET_PREFIX!r} and the base64 of {fewest} to {most} random bytes."
        )
    return key


def sign(call_id: str, timestamp: int, body: bytes, secret: bytes) -> str:
    """The header `webhook-signature`: version 1, HMAC-SHA256.

    Source: Standard Webhooks, "Signature scheme".
    """
    content = f"{call_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()


def is_public(address: _Address) -> bool:
    """Whether anybody could reach that address; also of addresses that carry another inside."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is None and address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


class WebhookCaller:
    """Makes the calls that are due."""

    def __init__(
        self,
        rows: CallRows,
        clock: Callable[[], float],
        *,
        allow_private: bool,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Make it.

        Args:
            rows: of the store.
            clock: gives Unix seconds.
            allow_private: whether calls may go to addresses that are not public.
            tls: says which certificates are believed, see `trusted`; the usual ones by default.
        """
        self._rows = rows
        self._clock = clock
        self._allow_private = allow_private
        self._tls = tls

    def call_all(self) -> None:
        """Make every call that is due, a few at a time."""
        while calls := self._take_some():
            asyncio.run(self._make(calls))

    def _take_some(self) -> list[DueCall]:
        calls: list[DueCall] = []
        while len(calls) < _AT_ONCE and (call := self._rows.take()) is not None:
            calls.append(call)
        return calls

    async def _make(self, calls: list[DueCall]) -> None:
        problems = await asyncio.gather(*(self._problem_with(call) for call in calls))
        for call, problem in zip(calls, problems, strict=True):
            self._note(call, problem)

    async def _problem_with(self, call: DueCall) -> str | None:
        """Make a call. Returns why the receiver could not be told, None if it was."""
        body = _body_of(call.job)
        timestamp = int(self._clock())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facies",
            "webhook-id": call.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(call.id, timestamp, body, call.webhook.secret),
        }
        try:
            async with asyncio.timeout(_DEADLINE_S):
                status = await post(call.webhook.url, headers, body, allow_private=self._allow_private, tls=self._tls)
        except TimeoutError:
            return f"no answer within {_DEADLINE_S:g} s"
        except (WebhookError, httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            return str(error) or type(error).__name__
        return None if status == _GONE or 200 <= status < 300 else f"the answer was {status}"

    def _note(self, call: DueCall, problem: str | None) -> None:
        if problem is None:
            self._rows.done(call)
            return
        pause_s = self._rows.put_off(call)
        fate = "is given up" if pause_s is None else f"is tried again in {pause_s:g} s"
        _log.warning("The webhook of job %s %s: %s", call.job.id, fate, problem)


def trusted(authorities: Path | None) -> ssl.SSLContext:
    """Believes the certificates of the usual authorities.

    Args:
        authorities: more of them, a PEM file; None for no more.

    Raises:
        SettingsError: the file cannot be read.
    """
    tls = httpx2.create_ssl_context()
    if authorities is not None:
        try:
            tls.load_verify_locations(authorities)
        except OSError as error:  # ssl.SSLError is one too
            raise SettingsError(f"webhook_authorities: {authorities} holds no readable certificates.") from error
    return tls


async def post(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    allow_private: bool,
    tls: ssl.SSLContext | None = None,
) -> int:
    """Send a POST to a checked address, and wherever it redirects to.

    Returns:
        the status of the answer.

    Raises:
        WebhookError: an address is not public, or it redirects too often.
        httpx2.HTTPError: the receiver cannot be reached.
        OSError: its name cannot be looked up.
    """
    target = httpx2.URL(url)
    verify = trusted(None) if tls is None else tls
    async with httpx2.AsyncClient(
        trust_env=False, verify=verify, timeout=_DEADLINE_S, follow_redirects=False
    ) as client:
        for _ in range(1 + _MAX_REDIRECTS):
            addresses = await _checked_addresses(target, allow_private)
            answer = await _send(client, target, addresses, headers, body)
            if answer.status_code not in _SAME_REQUEST_ELSEWHERE or "location" not in answer.headers:
                return answer.status_code
            target = _redirected(target, answer.headers["location"], allow_private)
    raise WebhookError(f"it redirects more than {_MAX_REDIRECTS} times")


async def _send(
    client: httpx2.AsyncClient, target: httpx2.URL, addresses: list[_Address], headers: Mapping[str, str], body: bytes
) -> httpx2.Response:
    """Send to the first address that can be reached. The name is used for TLS and the Host header only."""
    named = {**headers, "Host": target.netloc.decode("ascii")}
    for index, address in enumerate(addresses, start=1):
        pinned = target.copy_with(host=str(address))
        extensions = {"sni_hostname": target.host}
        request = client.build_request("POST", pinned, headers=named, content=body, extensions=extensions)
        try:
            answer = await client.send(request, stream=True)
        except httpx2.ConnectError:
            if index == len(addresses):
                raise
        else:
            await answer.aclose()
            return answer
    raise WebhookError("its name has no address")


def _redirected(target: httpx2.URL, location: str, allow_private: bool) -> httpx2.URL:
    further = target.join(location)
    if further.scheme != "https" and not (allow_private and further.scheme == "http"):
        raise WebhookError("it redirects to something that is not https")
    return further


async def _checked_addresses(url: httpx2.URL, allow_private: bool) -> list[_Address]:
    """The addresses of the URL's host, all of them checked; the first few.

    Raises:
        WebhookError: one of them is not public.
        OSError: the name cannot be looked up.
    """
    port = url.port or (443 if url.scheme == "https" else 80)
    found = await asyncio.get_running_loop().getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
    addresses = [ip_address(address) for address in dict.fromkeys(entry[4][0] for entry in found)]
    if not allow_private and not all(map(is_public, addresses)):
        raise WebhookError("its address is not a public one")
    return addresses[:_MAX_ADDRESSES]


def _body_of(job: Job) -> bytes:
    error = {"code": job.error_code, "message": job.error_message} if job.error_code else None
    document: dict[str, Any] = {
        "type": f"job.{job.status}",
        "timestamp": datetime.fromtimestamp(job.finished_at or job.created_at, UTC).isoformat(),
        "data": {
            "id": job.id,
            "status": job.status,
            "model": job.model,
            "batch": job.batch,
            "metadata": job.metadata,
            "error": error,
            "url": f"/api/v1/jobs/{job.id}",
        },
    }
    return json.dumps(document, separators=(",", ":")).encode()
