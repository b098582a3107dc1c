"""Sending a large photo in pieces, by tus 1.0. What came through stays, whatever happens to the line."""

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

import httpx2

from facies.errors import RemoteError
from facies.remote.line import PUT_OFF, Line, Patience, checked, problem_of, retry_after_s
from facies.remote.unfinished import Unfinished

PIECE_BYTES: Final = 8 << 20
"""What a line that breaks may cost."""

OnSent = Callable[[int, int], None]
"""Told the bytes that are there and the bytes in all."""

_UPLOADS: Final = "/api/v1/uploads"
_TUS: Final = {"Tus-Resumable": "1.0.0"}
_GONE: Final = frozenset({404, 410})
_GONE_CODES: Final = frozenset({"unknown_upload", "expired_upload"})
_TRY_AGAIN: Final = PUT_OFF | {409, 423, 460}  # another offset than thought, another request still writing, damaged


def send_in_pieces(line: Line, photo: Path, on_sent: OnSent, unfinished: Unfinished, which: str) -> str:
    """Send a file, from where an earlier process was cut off if one was.

    Args:
        line: to the server.
        photo: the file.
        on_sent: told how far it is.
        unfinished: remembers the upload until it is forgotten there.
        which: its name there.

    Returns:
        the upload's id, for `POST /jobs`.

    Raises:
        RemoteError: the server refused, or could not be reached for as long as one bears with it.
        OSError: the file cannot be read.
    """
    with photo.open("rb") as file:
        total, patience = photo.stat().st_size, line.patience()
        address = unfinished.address(which)
        offset = None if address is None else _offset_of_earlier(line, address, total)
        if address is None or offset is None:
            address, offset = _begin(line, photo.name, total), 0
            unfinished.remember(which, address)
        on_sent(offset, total)
        while offset < total:
            following = _send_piece(line, address, file, offset, patience)
            if following > offset:
                patience.renew()
            offset = following
            on_sent(offset, total)
    return str(address.rpartition("/")[2])


def is_gone(error: RemoteError) -> bool:
    """Whether a server refused because it does not have the upload (any more)."""
    return error.problem_code in _GONE_CODES or (error.status in _GONE and not error.problem_code)


def remove_upload(line: Line, upload: str) -> None:
    """Remove an upload that a job was made of.

    Raises:
        RemoteError: the server refused.
    """
    line.ask("DELETE", f"{_UPLOADS}/{upload}", lambda: {"headers": _TUS})


def _begin(line: Line, name: str, total: int) -> str:
    """A new upload's address."""
    encoded = base64.b64encode(name.encode("utf-8", "replace")).decode()
    headers = {**_TUS, "Upload-Length": str(total), "Upload-Metadata": f"filename {encoded}"}
    return str(line.ask("POST", _UPLOADS, lambda: {"headers": headers}).headers["location"])


def _offset_of_earlier(line: Line, address: str, total: int) -> int | None:
    """Where an upload goes on that an earlier process began; None if it cannot."""
    try:
        answer = line.ask("HEAD", address, lambda: {"headers": _TUS})
    except RemoteError as error:
        if is_gone(error):
            return None
        raise
    return int(answer.headers["upload-offset"]) if answer.headers.get("upload-length") == str(total) else None


def _send_piece(line: Line, address: str, file: BinaryIO, offset: int, patience: Patience) -> int:
    """Send the piece at `offset`. Returns where the upload goes on, which is where the server says."""
    file.seek(offset)
    piece = file.read(PIECE_BYTES)
    checksum = base64.b64encode(hashlib.sha256(piece).digest()).decode()
    headers = {
        **_TUS,
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": str(offset),
        "Upload-Checksum": f"sha256 {checksum}",
    }
    if not piece:
        raise RemoteError("The photo became shorter while it was sent; send it again.")
    try:
        answer = line.ask_once("PATCH", address, headers=headers, content=piece)
    except httpx2.TransportError as error:
        patience.wait(line.unreachable(error))
        return _offset(line, address)
    if answer.status_code in _TRY_AGAIN:
        patience.wait(problem_of(answer), retry_after_s(answer))
        return _offset(line, address)
    return int(checked(answer).headers["upload-offset"])


def _offset(line: Line, address: str) -> int:
    return int(line.ask("HEAD", address, lambda: {"headers": _TUS}).headers["upload-offset"])
