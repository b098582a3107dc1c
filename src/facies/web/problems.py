"""From an error to an HTTP status and a sentence: one table. A dialect decides only how the body looks.

Sentences of errors in the table are written for the person at the other end. Anything else that goes wrong may speak of
paths and internals, so its sentence stays in the log.
"""

import errno
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from facies.errors import (
    DamagedPieceError,
    ExpiredUploadError,
    FaciesError,
    ForbiddenError,
    FormError,
    IdempotencyError,
    IllegalMoveError,
    JobExpiredError,
    MissingFieldError,
    NoResultError,
    OptionError,
    PhotoError,
    PictureTooLargeError,
    QueueFullError,
    RateLimitError,
    StoreError,
    TooManyUploadsError,
    TusError,
    UnknownJobError,
    UnknownKeyError,
    UnknownModelError,
    UnknownUploadError,
    UploadBusyError,
    UploadOffsetError,
    UploadStalledError,
    UploadTooLargeError,
    UploadUnfinishedError,
)

logger = logging.getLogger(__name__)

STATUSES: Mapping[type[FaciesError], int] = {
    FormError: 400,
    PhotoError: 400,
    TusError: 400,
    UnknownKeyError: 401,
    ForbiddenError: 403,
    UnknownJobError: 404,
    UnknownModelError: 404,
    UnknownUploadError: 404,
    PictureTooLargeError: 406,
    UploadStalledError: 408,
    IllegalMoveError: 409,
    NoResultError: 409,
    TooManyUploadsError: 409,
    UploadOffsetError: 409,
    UploadUnfinishedError: 409,
    ExpiredUploadError: 410,
    JobExpiredError: 410,
    UploadTooLargeError: 413,
    IdempotencyError: 422,
    MissingFieldError: 422,
    OptionError: 422,
    UploadBusyError: 423,
    DamagedPieceError: 460,  # the number is tus', and no other's
    QueueFullError: 429,
    RateLimitError: 429,
    StoreError: 503,
}
"""HTTP status of each error; it holds for the subclasses too. What is not listed is 500."""

OTHER_CODES: Mapping[str, tuple[int, str]] = {
    "http": (404, "There is nothing at this address, or it does not take that method."),
    "invalid_request": (422, "A parameter of the request is missing or of the wrong kind."),
    "disconnected": (400, "The connection was closed before the request was complete."),
    "disk_full": (507, "The server's disk is full."),
    "internal": (500, "Something went wrong on the server."),
}
"""Status and meaning of the codes that belong to no class of `facies.errors`."""

_STORE_RETRY_S = "5"
_ROUTING_SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
}
_SERVER_SENTENCES = {
    500: "Something went wrong on the server. Its log says what.",
    503: "The server cannot reach its jobs at the moment. Try again in a moment.",
    507: "The server's disk is full. Try again later, or tell whoever runs it.",
}


@dataclass(frozen=True)
class Problem:
    """What a client is told.

    Attributes:
        status: HTTP status.
        code: stable name of what went wrong.
        sentence: for a person.
        headers: to send along.
    """

    status: int
    code: str
    sentence: str
    headers: Mapping[str, str] = field(default_factory=dict)


AnswerProblem = Callable[[Problem], Response]
AnswerFor = Callable[[str], AnswerProblem]
"""From a request's path to the way its dialect words problems."""


def plain_answer(problem: Problem) -> Response:
    """The shape used where no dialect rules: FastAPI's own."""
    return JSONResponse({"detail": problem.sentence}, problem.status, problem.headers)


def status_of(kind: type[FaciesError]) -> int:
    """The HTTP status of an error's class."""
    return next((STATUSES[base] for base in kind.__mro__ if base in STATUSES), 500)


def problem_of(error: Exception) -> Problem:
    """What to tell a client of `error`. What is the server's own fault is logged, and told without its sentence."""
    if isinstance(error, FaciesError):
        status = status_of(type(error))
        if status < 500:
            return Problem(status, error.code, str(error), _headers(error))
        return _server_problem(status, error.code, error, _headers(error))
    if isinstance(error, RequestValidationError):
        return Problem(422, "invalid_request", _first_complaint(error))
    if isinstance(error, HTTPException):
        sentence = _ROUTING_SENTENCES.get(error.status_code, error.detail)
        return Problem(error.status_code, "http", sentence, error.headers or {})
    if isinstance(error, ClientDisconnect):
        return Problem(400, "disconnected", "The connection was closed before the upload was complete.")
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _server_problem(507, "disk_full", error)
    return _server_problem(500, "internal", error)


def _server_problem(status: int, code: str, error: Exception, headers: Mapping[str, str] | None = None) -> Problem:
    logger.error("Answered %d to a request", status, exc_info=error)
    return Problem(status, code, _SERVER_SENTENCES[status], headers or {})


def _headers(error: FaciesError) -> dict[str, str]:
    if isinstance(error, QueueFullError | RateLimitError | NoResultError) and error.retry_after_s is not None:
        return {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, UnknownKeyError):
        return {"WWW-Authenticate": 'ApiKey header="api-key"'}
    if isinstance(error, PictureTooLargeError):
        return {"Link": f'<{error.deep_zoom_url}>; rel="alternate"; type="application/xml"'}
    if isinstance(error, UploadBusyError):
        return {"Retry-After": "1"}
    if isinstance(error, StoreError):
        return {"Retry-After": _STORE_RETRY_S}
    if isinstance(error, UploadStalledError):
        return {"Connection": "close"}
    return {}


def _first_complaint(error: RequestValidationError) -> str:
    complaint = error.errors()[0]
    return f"{complaint['loc'][-1]}: {complaint['msg']}."


class UnexpectedErrors:
    """ASGI middleware: whatever escapes the routes is answered 500 in the dialect's shape, never with a stack trace.

    It stands inside the middleware that adds headers, so these answers carry them too.
    """

    def __init__(self, app: ASGIApp, answer_for: AnswerFor) -> None:
        self._app = app
        self._answer_for = answer_for

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, watching whether an answer has begun."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watched_send(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched_send)
        except Exception as error:
            problem = problem_of(error)
            if begun:
                raise  # half an answer is out: only breaking the connection tells the client
            await self._answer_for(scope["path"])(problem)(scope, receive, send)
