"""Sending a large photo in pieces, by tus 1.0. What came through stays, whatever happens to the line."""

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

import httpx2

from facies.errors import RemoteError
from facies.remote.line import PUT_OFF, Line, Patience, checked, problem_of, retry_after_s

PIECE_BYTES: Final = 8 << 20
"""What a line that breaks may cost."""

OnSent = Callable[[int, int], None]
"""Told the bytes that are there and the bytes in all."""

_UPLOADS: Final = "/api/v1/uploads"
_TUS: Final = {"Tus-Resumable": "1.0.0"}
_TRY_AGAIN: Final = PUT_OFF | {409, 423, 460}  # another offset than thought, another request still writing, damaged


def send_in_pieces(line: Line, photo: Path, on_sent: OnSent) -> str:
    """Send a file.

    Returns:
        the upload's id, for `POST /jobs`.

    Raises:
        RemoteError: the server refused, or could not be reached for as long as one bears with it.
        OSError: the file cannot be read.
    """
    with photo.open("rb") as file:
        total = photo.stat().st_size
        name = base64.b64encode(photo.name.encode("utf-8", "replace")).decode()
        headers = {**_TUS, "Upload-Length": str(total), "Upload-Metadata": f"filename {name}"}
        address = line.ask("POST", _UPLOADS, lambda: {"headers": headers}).headers["location"]
        offset, patience = 0, line.patience()
        on_sent(offset, total)
        while offset < total:
            following = _send_piece(line, address, file, offset, patience)
            if following > offset:
                patience.renew()
            offset = following
            on_sent(offset, total)
    return str(address.rpartition("/")[2])


def remove_upload(line: Line, upload: str) -> None:
    """Remove an upload that a job was made of.

    Raises:
        RemoteError: the server refused.
    """
    line.ask("DELETE", f"{_UPLOADS}/{upload}", lambda: {"headers": _TUS})


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
