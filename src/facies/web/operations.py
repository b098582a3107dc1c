"""For whoever runs the server: is it alive, is it ready, what are its figures.

Probes need no key, figures may need one. Nothing is told of any photo, job or client.
"""

import logging
from dataclasses import dataclass
from typing import Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.responses import Response

from facies.errors import StoreError
from facies.jobs.blobs import Blobs
from facies.jobs.store import JobStore
from facies.web.auth import KeyCheck
from facies.web.metrics import CONTENT_TYPE, Metrics

_REFUSED: dict[int | str, dict[str, Any]] = {
    401: {"description": "No key, where one is needed"},
    403: {"description": "The key has not the scope `admin`"},
    429: {"description": "The key has made its requests for this minute"},
    503: {"description": "The store does not answer"},
}

_log = logging.getLogger(__name__)


@dataclass
class Drain:
    """Whether the server has been told to end. Streams that would go on for long end when they see it.

    Attributes:
        has_begun: never becomes False again.
    """

    has_begun: bool = False


class Liveness(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    """Whether a job that is sent now will be done, and what stands in the way of it."""

    status: Literal["ready", "not ready"]
    store: Literal["ok", "does not answer"]
    blobs: Literal["ok", "cannot be written"]
    worker: Literal["ok", "none is alive", "unknown"]
    server: Literal["ok", "about to end"]


def operations_router(store: JobStore, blobs: Blobs, drain: Drain, check_metrics: KeyCheck) -> APIRouter:
    """The routes `/livez`, `/readyz` and `/metrics`; `check_metrics` stands before the last."""
    router = APIRouter(tags=["Operations"])
    metrics = Metrics(store.figures)

    @router.get("/livez")
    async def livez() -> Liveness:
        """Whether the process answers. It asks nobody else, so that a database that is away restarts no server."""
        return Liveness()

    @router.get("/readyz", response_model=Readiness, responses={503: {"model": Readiness, "description": "Not ready"}})
    async def readyz(_: Request) -> Response:
        """Whether the store and the blobs can be reached, a worker is alive, and the server is to stay."""
        readiness = await run_in_threadpool(_readiness, store, blobs, drain)
        return JSONResponse(readiness.model_dump(), 200 if readiness.status == "ready" else 503)

    @router.get(
        "/metrics",
        responses={200: {"content": {"text/plain": {}}}, **_REFUSED},
        response_class=Response,
        dependencies=[Depends(check_metrics)],
    )
    async def prometheus() -> Response:
        """Figures for Prometheus: the queue, waiting and running times, tiles, failures by code, models, workers."""
        return Response(await run_in_threadpool(metrics.render), media_type=CONTENT_TYPE)

    return router


def _readiness(store: JobStore, blobs: Blobs, drain: Drain) -> Readiness:
    workers = _count_workers(store)
    is_writable = _can_be_written(blobs)
    return Readiness(
        status="ready" if workers and is_writable and not drain.has_begun else "not ready",
        store="does not answer" if workers is None else "ok",
        blobs="ok" if is_writable else "cannot be written",
        worker="unknown" if workers is None else "ok" if workers else "none is alive",
        server="about to end" if drain.has_begun else "ok",
    )


def _count_workers(store: JobStore) -> int | None:
    try:
        return store.count_workers()
    except StoreError:  # the store has logged why
        return None


def _can_be_written(blobs: Blobs) -> bool:
    try:
        blobs.check()
    except OSError as error:
        _log.error("The blobs cannot be written: %s", error)
        return False
    return True
