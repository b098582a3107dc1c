"""What went wrong, as RFC 9457 has it: a status, a stable code, and a sentence that names the remedy."""

from http import HTTPStatus
from typing import Any, Final

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from facies.web.problems import Problem

MEDIA_TYPE: Final = "application/problem+json"

_KNOWN_STATUSES: Final = frozenset(HTTPStatus)

_EXAMPLE: Final[dict[str, Any]] = {
    "type": "/api/v1/problems/not_a_photo",
    "title": "Bad Request",
    "status": 400,
    "detail": "This is no JPEG, PNG, WebP or TIFF photo; save it as one of these and send it again.",
    "code": "not_a_photo",
}


class ProblemDocument(BaseModel):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(use_attribute_docstrings=True, json_schema_extra={"examples": [_EXAMPLE]})

    type: str
    """Where the code is explained."""
    title: str
    """The HTTP status in words."""
    status: int
    """The HTTP status."""
    detail: str
    """A sentence for a person, with the remedy."""
    code: str
    """Stable name of what went wrong, for programs."""


def problem_document(status: int, code: str, sentence: str) -> ProblemDocument:
    """A problem as a document."""
    title = HTTPStatus(status).phrase if status in _KNOWN_STATUSES else code.replace("_", " ").capitalize()
    return ProblemDocument(type=f"/api/v1/problems/{code}", title=title, status=status, detail=sentence, code=code)


def answer_problem(problem: Problem) -> Response:
    """A problem as an answer."""
    document = problem_document(problem.status, problem.code, problem.sentence)
    return JSONResponse(document.model_dump(), problem.status, problem.headers, MEDIA_TYPE)


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses` of a route that can answer with these problems; those that every route has are added."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
    everywhere = (401, 403, 422, 429, 503)
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in sorted({*everywhere, *statuses})
    }
