"""The web server, put together: limits and keys in front, one router a dialect, a small page for people."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from facies.errors import FaciesError
from facies.jobs.blobs import Blobs
from facies.jobs.store import JobStore, Scope
from facies.jobs.uploads import Uploads
from facies.models.package import Package
from facies.models.registry import Registry
from facies.version import __version__
from facies.web import pages, tus
from facies.web.auth import API_KEY_HEADER, KeyChecks, admit_anyone
from facies.web.cors import Cors
from facies.web.dialects import coral, rock
from facies.web.dialects.dialect import Dialect
from facies.web.dialects.native.about import LimitsDocument, ServerDocument, about_router, served_models
from facies.web.dialects.native.catalogue import Catalogue
from facies.web.dialects.native.dialect import KeyCheckFor, native_dialect
from facies.web.dialects.native.room import Room
from facies.web.dialects.openapi import with_whole_examples
from facies.web.headers import SecurityHeaders
from facies.web.intake import Intake
from facies.web.limits import Limits
from facies.web.operations import Drain, operations_router
from facies.web.problems import AnswerProblem, UnexpectedErrors, plain_answer, problem_of
from facies.web.renderer import Renderer
from facies.web.request_ids import RequestIds
from facies.web.waiting import Watch


@dataclass(frozen=True)
class WebConfig:
    """What the web server is told.

    Attributes:
        max_upload_bytes: largest photo.
        max_pixels: largest photo, width times height.
        upload_idle_timeout_s: how long a client may fall silent in the middle of its upload.
        coral_requires_key: whether the coral dialect wants an API key, as the rock dialect always does.
        native_requires_key: whether the native API wants one.
        metrics_requires_key: whether `/metrics` wants one, with the scope `admin`.
        only_local: whether the server listens on a loopback address; who shows no key must call it by such a name then.
        max_photos: most photos in one request of the native API.
        private_webhooks: whether webhooks may go to addresses that are not public, and over plain http.
        default_mask_weight: opacity of the rock overlay where the client names none, 0 to 1.
        cors_origins: web pages of other origins that may call the server.
        source_url: where the source can be had; linked on the documentation pages.
    """

    max_upload_bytes: int = 1024 * 1024 * 1024
    max_pixels: int = 2_000_000_000
    upload_idle_timeout_s: float = 60.0
    coral_requires_key: bool = False
    native_requires_key: bool = True
    metrics_requires_key: bool = False
    only_local: bool = False
    max_photos: int = 100
    private_webhooks: bool = False
    default_mask_weight: float = 0.5
    cors_origins: tuple[str, ...] = ("http://localhost:3000", "http://127.0.0.1:3000")
    source_url: str = ""


def create_app(
    config: WebConfig,
    store: JobStore,
    blobs: Blobs,
    packages: Mapping[str, Package],
    registry: Registry,
    uploads: Uploads | None = None,
) -> FastAPI:
    """Make the ASGI application. It analyses nothing: a worker on the same store and blobs does.

    Args:
        config: plain values.
        store: the jobs and the API keys.
        blobs: uploads and results.
        packages: which package each dialect ("coral", "rock") serves; a dialect without one is not spoken.
        registry: the packages that the native API serves.
        uploads: resumable uploads; none are taken without.
    """
    checks = KeyChecks(store)
    check_native = _native_checks(config, checks)
    intake = Intake(store, blobs, _limits(config))
    room = Room(
        replace(intake, limits=_limits(config, config.max_photos)),
        Catalogue(registry),
        uploads,
        config.private_webhooks,
    )
    renderer = Renderer(store, blobs)
    dialects = [*_contracts(config, intake, packages, checks), native_dialect(room, renderer, check_native)]
    app = FastAPI(
        title="Facies",
        version=__version__,
        summary="Turns photographs of the ground into maps of what is there.",
        docs_url=None,  # FastAPI's own pages load scripts from another host
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_at_the_end(renderer.stop),
    )
    for dialect in dialects:
        app.include_router(dialect.router)
    app.include_router(about_router(_about(config, packages)))
    if uploads is not None:
        app.include_router(tus.tus_router(uploads, check_native(Scope.JOBS), config.upload_idle_timeout_s))
        app.add_middleware(tus.TusHeaders)
    app.state.drain = Drain()
    app.state.watch = Watch(store)
    check_metrics = checks.require_key_or_token(Scope.ADMIN) if config.metrics_requires_key else admit_anyone
    app.include_router(operations_router(store, blobs, app.state.drain, check_metrics))
    pages.mount(app, packages)
    app.openapi = with_whole_examples(app)  # type: ignore[method-assign]  # as FastAPI's documentation has it
    _answer_problems(app, dialects)
    app.add_middleware(
        Cors,
        allow_origins=config.cors_origins,
        contract_headers=(API_KEY_HEADER,) if config.coral_requires_key else (),
    )
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestIds)
    return app


def _at_the_end(act: Callable[[], None]) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        act()

    return lifespan


def _limits(config: WebConfig, max_photos: int = 1) -> Limits:
    idle_timeout_s = config.upload_idle_timeout_s
    return Limits(config.max_upload_bytes, config.max_pixels, max_photos=max_photos, idle_timeout_s=idle_timeout_s)


def _about(config: WebConfig, packages: Mapping[str, Package]) -> ServerDocument:
    needs_key = {coral.NAME: config.coral_requires_key, rock.NAME: True}
    return ServerDocument(
        version=__version__,
        source_url=config.source_url,
        limits=LimitsDocument(upload_bytes=config.max_upload_bytes, pixels=config.max_pixels, photos=config.max_photos),
        requires_key={"native": config.native_requires_key, **{name: needs_key[name] for name in packages}},
        default_mask_weight=config.default_mask_weight,
        served=served_models(packages),
    )


def _contracts(
    config: WebConfig, intake: Intake, packages: Mapping[str, Package], checks: KeyChecks
) -> Iterator[Dialect]:
    with_key = checks.require_key()
    coral_check = with_key if config.coral_requires_key else admit_anyone
    makers: Mapping[str, Callable[[Package], Dialect]] = {
        coral.NAME: lambda package: coral.coral_dialect(intake, package, coral_check),
        rock.NAME: lambda package: rock.rock_dialect(intake, package, with_key, config.default_mask_weight),
    }
    yield from (makers[name](package) for name, package in packages.items())


def _native_checks(config: WebConfig, checks: KeyChecks) -> KeyCheckFor:
    if config.native_requires_key:
        return checks.require_key_or_token
    return lambda scope: checks.welcome_neighbours(scope, config.cors_origins, only_local=config.only_local)


def _answer_problems(app: FastAPI, dialects: Sequence[Dialect]) -> None:
    def rules(path: str) -> Dialect | None:
        return next((dialect for dialect in dialects if dialect.rules(path)), None)

    def answer_for(path: str) -> AnswerProblem:
        dialect = rules(path)
        return plain_answer if dialect is None else dialect.answer_problem

    async def answer(request: Request, error: Exception) -> Response:
        return answer_for(request.url.path)(problem_of(error))

    async def answer_http(request: Request, error: Exception) -> Response:
        is_nothing = isinstance(error, HTTPException) and error.status_code == 404 and rules(request.url.path) is None
        page = pages.page_of_nothing(request) if is_nothing else None
        return page or await answer(request, error)

    for kind in (FaciesError, RequestValidationError, ClientDisconnect):
        app.add_exception_handler(kind, answer)
    app.add_exception_handler(HTTPException, answer_http)
    app.add_middleware(UnexpectedErrors, answer_for=answer_for)
