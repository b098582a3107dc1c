"""Pages of a list: a cursor says where the next one begins. Its content is nobody's business but ours."""

import base64
import binascii

from facies.errors import OptionError

_MARK = "before:"


def cursor_of(number: int) -> str:
    """A cursor for the jobs numbered below `number`."""
    return base64.urlsafe_b64encode(f"{_MARK}{number}".encode()).decode().rstrip("=")


def number_of(cursor: str) -> int:
    """The number in a cursor.

    Raises:
        OptionError: it is none of ours.
    """
    try:
        text = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), b"-_", validate=True).decode(
            "ascii"
        )
    except (binascii.Error, UnicodeError):
        text = ""
    mark, _, digits = text.partition(":")
    if f"{mark}:" != _MARK or not digits.isascii() or not digits.isdecimal() or len(digits) > 18:
        raise OptionError("cursor: it must be one that an earlier page gave in 'next'.")
    return int(digits)
