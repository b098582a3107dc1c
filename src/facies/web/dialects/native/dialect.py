"""The native API put together: jobs, models, batches, events and results under `/api/v1`."""

from collections.abc import Callable, Iterator

from fastapi import APIRouter
from starlette.exceptions import HTTPException

from facies.errors import FaciesError
from facies.jobs.store import Scope
from facies.web.auth import KeyCheck
from facies.web.dialects.dialect import Dialect
from facies.web.dialects.native.batches import batches_router
from facies.web.dialects.native.events import events_router
from facies.web.dialects.native.jobs import jobs_router
from facies.web.dialects.native.models import models_router
from facies.web.dialects.native.parameters import Code
from facies.web.dialects.native.pictures import pictures_router
from facies.web.dialects.native.problems import answer_problem, answers, problem_document
from facies.web.dialects.native.results import results_router
from facies.web.dialects.native.room import PREFIX, Room
from facies.web.dialects.native.schemas import ErrorCode
from facies.web.problems import OTHER_CODES, status_of
from facies.web.renderer import Renderer

KeyCheckFor = Callable[[Scope], KeyCheck]


def native_dialect(room: Room, renderer: Renderer, check_key_for: KeyCheckFor) -> Dialect:
    """The native API over the jobs and packages of `room`.

    Args:
        room: jobs, files, packages.
        renderer: makes the pictures that the worker did not.
        check_key_for: the check that lets in who may use a scope.
    """
    router = APIRouter()
    for_jobs = check_key_for(Scope.JOBS)
    router.include_router(models_router(room.catalogue, check_key_for(Scope.MODELS)))
    router.include_router(pictures_router(room, renderer, for_jobs))
    for make in (jobs_router, events_router, results_router, batches_router):
        router.include_router(make(room, for_jobs))
    router.include_router(_problems_router())
    return Dialect((PREFIX,), router, answer_problem)


def _problems_router() -> APIRouter:
    router = APIRouter(prefix=f"{PREFIX}/problems", tags=["Problems"])
    explained = {kind.code: (status_of(kind), (kind.__doc__ or "").partition("\n")[0]) for kind in _kinds(FaciesError)}
    explained |= OTHER_CODES

    @router.get("/{code}", responses=answers(404))
    async def explain(code: Code) -> ErrorCode:
        """What the code of a problem means."""
        if code not in explained:
            raise HTTPException(404)
        status, meaning = explained[code]
        return ErrorCode(code=code, meaning=meaning, example=problem_document(status, code, meaning))

    return router


def _kinds(kind: type[FaciesError]) -> Iterator[type[FaciesError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _kinds(narrower)
