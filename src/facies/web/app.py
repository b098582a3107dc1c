"""The web server, put together: limits and keys in front, one router a dialect, a small page for people."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from facies.errors import FaciesError
from facies.jobs.blobs import Blobs
from facies.jobs.store import JobStore
from facies.jobs.uploads import Uploads
from facies.models.package import Package
from facies.version import __version__
from facies.web import pages, tus
from facies.web.auth import API_KEY_HEADER, admit_anyone, require_key
from facies.web.dialects import coral, rock
from facies.web.dialects.dialect import Dialect
from facies.web.headers import SecurityHeaders
from facies.web.intake import Intake
from facies.web.limits import Limits
from facies.web.operations import Drain, operations_router
from facies.web.problems import AnswerFor, AnswerProblem, UnexpectedErrors, plain_answer, problem_of
from facies.web.request_ids import RequestIds


@dataclass(frozen=True)
class WebConfig:
    """What the web server is told.

    Attributes:
        max_upload_bytes: largest photo.
        max_pixels: largest photo, width times height.
        upload_idle_timeout_s: how long a client may fall silent in the middle of its upload.
        coral_requires_key: whether the coral dialect wants an API key, as the rock dialect always does.
        default_mask_weight: opacity of the rock overlay where the client names none, 0 to 1.
        cors_origins: web pages of other origins that may call the server.
        source_url: where the source can be had; linked on the documentation page.
    """

    max_upload_bytes: int = 256 * 1024 * 1024
    max_pixels: int = 200_000_000
    upload_idle_timeout_s: float = 60.0
    coral_requires_key: bool = False
    default_mask_weight: float = 0.5
    cors_origins: tuple[str, ...] = ("http://localhost:3000", "http://127.0.0.1:3000")
    source_url: str = ""


def create_app(
    config: WebConfig,
    store: JobStore,
    blobs: Blobs,
    packages: Mapping[str, Package],
    uploads: Uploads | None = None,
) -> FastAPI:
    """Make the ASGI application. It analyses nothing: a worker on the same store and blobs does.

    Args:
        config: plain values.
        store: the jobs and the API keys.
        blobs: uploads and results.
        packages: which package each dialect ("coral", "rock") serves; a dialect without one is not spoken.
        uploads: resumable uploads; none are taken without.
    """
    dialects = _dialects(config, store, blobs, packages)
    app = FastAPI(
        title="Facies",
        version=__version__,
        summary="Turns photographs of the ground into maps of what is there.",
        docs_url=None,  # FastAPI's own pages load scripts from another host
        redoc_url=None,
        redirect_slashes=False,
    )
    for dialect in dialects:
        app.include_router(dialect.router)
    if uploads is not None:
        app.include_router(tus.tus_router(uploads, require_key(store), config.upload_idle_timeout_s))
        app.add_middleware(tus.TusHeaders)
    app.state.drain = Drain()
    app.include_router(operations_router(store, blobs, app.state.drain))
    pages.mount(app, packages, source_url=config.source_url, coral_requires_key=config.coral_requires_key)
    _answer_problems(app, _answers(dialects))
    app.add_middleware(
        CORSMiddleware,
        allow_origins=config.cors_origins,
        allow_methods=("GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"),
        allow_headers=("Content-Type", *tus.REQUEST_HEADERS, *((API_KEY_HEADER,) if config.coral_requires_key else ())),
        expose_headers=tus.EXPOSED_HEADERS,
    )
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestIds)
    return app


def _dialects(config: WebConfig, store: JobStore, blobs: Blobs, packages: Mapping[str, Package]) -> list[Dialect]:
    limits = Limits(config.max_upload_bytes, config.max_pixels, idle_timeout_s=config.upload_idle_timeout_s)
    intake = Intake(store, blobs, limits)
    with_key = require_key(store)
    coral_check = with_key if config.coral_requires_key else admit_anyone
    makers: Mapping[str, Callable[[Package], Dialect]] = {
        coral.NAME: lambda package: coral.coral_dialect(intake, package, coral_check),
        rock.NAME: lambda package: rock.rock_dialect(intake, package, with_key, config.default_mask_weight),
    }
    return [makers[name](package) for name, package in packages.items()]


def _answers(dialects: list[Dialect]) -> AnswerFor:
    def answer_for(path: str) -> AnswerProblem:
        return next((dialect.answer_problem for dialect in dialects if dialect.rules(path)), plain_answer)

    return answer_for


def _answer_problems(app: FastAPI, answer_for: AnswerFor) -> None:
    async def answer(request: Request, error: Exception) -> Response:
        return answer_for(request.url.path)(problem_of(error))

    for kind in (FaciesError, HTTPException, RequestValidationError, ClientDisconnect):
        app.add_exception_handler(kind, answer)
    app.add_middleware(UnexpectedErrors, answer_for=answer_for)
