"""What one request may cost, and the body of a request read within it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.requests import ClientDisconnect

from facies.errors import UploadStalledError, UploadTooLargeError

_UNITS = ("bytes", "KiB", "MiB", "GiB")


@dataclass(frozen=True)
class Limits:
    """Bounds of an upload.

    Attributes:
        max_upload_bytes: the photo.
        max_pixels: the photo's width times its height.
        max_field_bytes: any other field of the form.
        max_fields: other fields of a form.
        max_photos: photos of a form.
        idle_timeout_s: the longest silence of a client in the middle of its upload.
    """

    max_upload_bytes: int
    max_pixels: int
    max_field_bytes: int = 65_536
    max_fields: int = 32
    max_photos: int = 1
    idle_timeout_s: float = 60.0

    @property
    def max_body_bytes(self) -> int:
        """The whole body: the photos, and room for the fields and boundaries around them."""
        return self.max_photos * self.max_upload_bytes + self.max_fields * self.max_field_bytes

    def too_large(self) -> UploadTooLargeError:
        """What to tell the sender of too many bytes."""
        return UploadTooLargeError(
            f"The upload has more than the {_amount(self.max_upload_bytes)} this server takes; send a smaller copy."
        )


def _amount(size_bytes: int) -> str:
    power = min((size_bytes.bit_length() - 1) // 10, len(_UNITS) - 1)
    return f"{size_bytes / 1024**power:.4g} {_UNITS[power]}"


async def bounded_body(request: Request, limits: Limits) -> AsyncIterator[bytes]:
    """The body as it comes, counted rather than believed: a declared length may be absent or a lie.

    Yields:
        Non-empty pieces, at most `limits.max_body_bytes` in all.

    Raises:
        UploadTooLargeError: more was declared, or more came.
        UploadStalledError: nothing came for `limits.idle_timeout_s`.
        ClientDisconnect: the client went away.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limits.max_body_bytes:
        raise limits.too_large()
    received = 0
    while True:
        message = await _next_message(request, limits.idle_timeout_s)
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        piece: bytes = message.get("body", b"")
        received += len(piece)
        if received > limits.max_body_bytes:
            raise limits.too_large()
        if piece:
            yield piece
        if not message.get("more_body", False):
            return


async def _next_message(request: Request, timeout_s: float) -> dict[str, Any]:
    try:
        async with asyncio.timeout(timeout_s):
            return dict(await request.receive())
    except TimeoutError:
        raise UploadStalledError(
            f"Nothing came for {timeout_s:g} s in the middle of the upload; send it again."
        ) from None
