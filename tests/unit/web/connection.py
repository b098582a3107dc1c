"""An HTTP connection without sockets, on which a test sends every piece of a request by hand."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message

BOUNDARY = "edge-of-the-form"
DISCONNECT: Message = {"type": "http.disconnect"}


def part(name: str, content: bytes, filename: str | bytes | None = None) -> bytes:
    """One part of a form."""
    raw_filename = filename.encode() if isinstance(filename, str) else filename
    shown = b"" if raw_filename is None else b'; filename="%s"' % raw_filename
    return b'--%s\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (
        BOUNDARY.encode(),
        name.encode(),
        shown,
        content,
    )


def form(*parts: bytes) -> bytes:
    """A whole form."""
    return b"".join(parts) + b"--%s--\r\n" % BOUNDARY.encode()


@dataclass
class Connection:
    """Sends `pieces` to `path`; a piece that is a message is sent as it is. Counts what was taken."""

    app: ASGIApp
    path: str
    pieces: list[bytes | Message]
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "POST"
    taken: int = 0
    status: int = 0
    answer_headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    async def send_request(self) -> None:
        headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"} | self.headers
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "server": ("test", 80),
            "path": self.path,
            "raw_path": self.path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        }
        await self.app(scope, self._receive, self._send)

    def run(self) -> "Connection":
        """Send everything and wait for the answer."""
        asyncio.run(self.send_request())
        return self

    @property
    def document(self) -> Any:
        """The answer's JSON."""
        return json.loads(self.body)

    async def _receive(self) -> Message:
        if self.taken == len(self.pieces):
            await asyncio.Event().wait()  # a client that fell silent
        piece = self.pieces[self.taken]
        self.taken += 1
        if not isinstance(piece, bytes):
            return piece
        return {"type": "http.request", "body": piece, "more_body": self.taken < len(self.pieces)}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.answer_headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.body += message.get("body", b"")


SILENCE: Message = {"type": "http.request", "body": b"", "more_body": True}
"""As a last piece: there would be more, but it never comes."""
