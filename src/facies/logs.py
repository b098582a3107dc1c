"""The log: lines for a person on a terminal, one JSON object a line everywhere else.

The id of the request that is being answered stands in both. A client reads the same id in its answer's `X-Request-ID`,
so a complaint and the lines of the log that belong to it can be brought together.
"""

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final, TextIO

request_id: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)
"""Of the request that is being answered, None outside of one. Threads that a request starts inherit it."""

_TALKATIVE: Final = ("alembic", "httpx2", "pyvips", "uvicorn.error")


def configure(level: str, stream: TextIO) -> None:
    """Send the log to `stream`, replacing what was set up before.

    Args:
        level: "debug", "info", "warning" or "error". Libraries that tell of every step begin at "warning".
        stream: a terminal gets text, anything else JSON.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(TextFormatter() if stream.isatty() else JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for talkative in _TALKATIVE:
        logging.getLogger(talkative).setLevel(max(logging.WARNING, logging.root.level))


class TextFormatter(logging.Formatter):
    """Time, level, where, what, and the first characters of the request's id."""

    _SHOWN: Final = 8

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        """The line; a traceback follows it."""
        line, current = super().formatMessage(record), request_id.get()
        return line if current is None else f"{line} [{current[: self._SHOWN]}]"


class JsonFormatter(logging.Formatter):
    """One object a line: `time` (UTC), `level`, `logger`, `message`; `request_id`, `exception` where there are any."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without line breaks inside."""
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (current := request_id.get()) is not None:
            entry["request_id"] = current
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)
