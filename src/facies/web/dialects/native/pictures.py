"""`/jobs/{id}/…`: pictures that are made when somebody asks for them: other overlays, a thumbnail, deep zoom.

They come from the photo and the result that are there. Nothing is looked at a second time.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from facies.errors import OptionError
from facies.jobs.blobs import PHOTO
from facies.jobs.job import Job
from facies.models.decision import UNSURE, UNSURE_RGB
from facies.rendering import THUMBNAIL, Colour, Recipe
from facies.web.archives import Archives
from facies.web.auth import KeyCheck
from facies.web.dialects.native.documents import job_url
from facies.web.dialects.native.parameters import JobId, Level, TileName
from facies.web.dialects.native.problems import answers
from facies.web.dialects.native.results import NEEDED, files_of, finished_job, job_with_photo
from facies.web.dialects.native.room import PREFIX, Room
from facies.web.ranges import blob_answer, content_answer
from facies.web.renderer import VIEW_PREFIX, Renderer
from facies.web.results import OVERLAY, OVERLAY_DEEP_ZOOM, OVERLAY_WITH_LEGEND, TILES, check_picture, has_picture

_LABELS: Final = ("labels.png", "labels.tif")
_PHOTO_DEEP_ZOOM: Final = "photo.dzi.zip"
_LEFT_WITHIN_S: Final = 0.3
"""So soon after a job's end its worker has left the thumbnail of a photo that is in its memory."""
_LOOK_S: Final = 0.02
_KEPT_BY_BROWSERS: Final = {"Cache-Control": "private, max-age=3600"}

Opacity = Annotated[float | None, Query(ge=0, le=1, description="Of the colours; as the job was sent by default.")]
Legend = Annotated[bool, Query(description="Name the colours beside the photo.")]
Classes = Annotated[str | None, Query(max_length=4096, description="Names, commas between: only these are painted.")]


def pictures_router(room: Room, renderer: Renderer, check_key: KeyCheck) -> APIRouter:
    """The pictures of one job."""
    router = APIRouter(prefix=f"{PREFIX}/jobs/{{job_id}}", tags=["Results"], dependencies=[Depends(check_key)])
    routes = _Pictures(room, renderer)
    router.get("/overlay.png", response_class=Response, responses={**files_of("image/png"), **NEEDED, **answers(406)})(
        routes.overlay
    )
    router.get("/thumbnail.jpg", response_class=Response, responses={**files_of("image/jpeg"), **NEEDED})(
        routes.thumbnail
    )
    router.head("/overlay.png", include_in_schema=False)(routes.overlay)
    router.head("/thumbnail.jpg", include_in_schema=False)(routes.thumbnail)
    for base in ("photo", "overlay"):
        _add_deep_zoom(router, routes, base)
    return router


def _add_deep_zoom(router: APIRouter, routes: "_Pictures", base: str) -> None:
    description, tile = routes.deep_zoom(base), routes.deep_zoom_tile(base)
    router.get(
        f"/{base}.dzi",
        name=f"{base}.dzi",
        response_class=Response,
        summary=f"Deep zoom of the {base}",
        responses={**files_of("application/xml"), **NEEDED},
    )(description)
    router.get(
        f"/{base}_files/{{level}}/{{tile}}",
        name=f"{base}_files",
        response_class=Response,
        summary=f"A tile of the deep zoom of the {base}",
        responses={**files_of("image/jpeg"), **NEEDED},
    )(tile)
    router.head(f"/{base}.dzi", include_in_schema=False)(description)
    router.head(f"/{base}_files/{{level}}/{{tile}}", include_in_schema=False)(tile)


class _Pictures:
    def __init__(self, room: Room, renderer: Renderer) -> None:
        self._room = room
        self._renderer = renderer
        self._archives = Archives(room.blobs)

    async def overlay(
        self,
        request: Request,
        job_id: JobId,
        opacity: Opacity = None,
        legend: Legend = False,
        classes: Classes = None,
    ) -> Response:
        """The photo with the answer painted over it, if you like in another opacity or with some classes alone."""
        job = await finished_job(self._room, request, job_id)
        await check_picture(self._room.blobs, job, f"{job_url(job.id)}/overlay.dzi")
        name = OVERLAY_WITH_LEGEND if legend else OVERLAY
        is_there = await run_in_threadpool(self._room.blobs.exists, job.id, name)
        if opacity is not None or classes is not None or not is_there:
            recipe = await run_in_threadpool(self._overlay_recipe, job, opacity, legend, classes)
            name = _view_name(recipe)
            await self._renderer.provide(job.id, name, recipe)
        return await blob_answer(request, self._room.blobs, job.id, name, "image/png")

    async def thumbnail(self, request: Request, job_id: JobId) -> Response:
        """The photo, at most 512 pixels wide and high."""
        job = await job_with_photo(self._room, request, job_id)
        await self._wait_for_worker(job)
        await self._renderer.provide(job.id, THUMBNAIL, Recipe("thumbnail", self._path(job, PHOTO)))
        return await blob_answer(request, self._room.blobs, job.id, THUMBNAIL, "image/jpeg", _KEPT_BY_BROWSERS)

    async def _wait_for_worker(self, job: Job) -> None:
        """Where a worker is about to leave the thumbnail: to make it here takes half a second of a core."""
        now = time.time()
        until = min((job.finished_at or 0) + _LEFT_WITHIN_S, now + _LEFT_WITHIN_S)  # clocks of two machines differ
        while now < until and not await run_in_threadpool(self._room.blobs.exists, job.id, THUMBNAIL):
            await asyncio.sleep(_LOOK_S)
            now = time.time()

    def deep_zoom(self, base: str) -> Callable[..., Awaitable[Response]]:
        """The route of a pyramid's description."""

        async def photo(request: Request, job_id: JobId) -> Response:
            content = await self._photo_zoom(request, job_id, "photo.dzi")
            return content_answer(request, content, "application/xml", _KEPT_BY_BROWSERS)

        async def overlay(
            request: Request, job_id: JobId, opacity: Opacity = None, classes: Classes = None
        ) -> Response:
            content = await self._overlay_zoom(request, job_id, opacity, classes, "overlay.dzi")
            return content_answer(request, content, "application/xml", _KEPT_BY_BROWSERS)

        return {"photo": photo, "overlay": overlay}[base]

    def deep_zoom_tile(self, base: str) -> Callable[..., Awaitable[Response]]:
        """The route of a pyramid's tiles."""

        async def photo(request: Request, job_id: JobId, level: Level, tile: TileName) -> Response:
            content = await self._photo_zoom(request, job_id, f"photo_files/{level}/{tile}")
            return content_answer(request, content, "image/jpeg", _KEPT_BY_BROWSERS)

        async def overlay(
            request: Request,
            job_id: JobId,
            level: Level,
            tile: TileName,
            opacity: Opacity = None,
            classes: Classes = None,
        ) -> Response:
            entry = f"overlay_files/{level}/{tile}"
            content = await self._overlay_zoom(request, job_id, opacity, classes, entry)
            return content_answer(request, content, "image/jpeg", _KEPT_BY_BROWSERS)

        return {"photo": photo, "overlay": overlay}[base]

    async def _photo_zoom(self, request: Request, job_id: str, entry: str) -> bytes:
        job = await job_with_photo(self._room, request, job_id)
        recipe = Recipe("deep_zoom", self._path(job, PHOTO), base="photo")
        await self._renderer.provide(job.id, _PHOTO_DEEP_ZOOM, recipe)
        return await run_in_threadpool(self._archives.read, job.id, _PHOTO_DEEP_ZOOM, entry)

    async def _overlay_zoom(
        self, request: Request, job_id: str, opacity: float | None, classes: str | None, entry: str
    ) -> bytes:
        job = await finished_job(self._room, request, job_id)
        name = OVERLAY_DEEP_ZOOM
        if opacity is not None or classes is not None:
            recipe = await run_in_threadpool(self._overlay_recipe, job, opacity, False, classes, "overlay_deep_zoom")
            name = _view_name(recipe)
            await self._renderer.provide(job.id, name, recipe)
        elif await run_in_threadpool(has_picture, self._room.blobs, job):
            await self._renderer.provide(job.id, name, Recipe("deep_zoom", self._path(job, OVERLAY), base="overlay"))
        return await run_in_threadpool(self._archives.read, job.id, name, entry)

    def _overlay_recipe(
        self,
        job: Job,
        opacity: float | None,
        legend: bool,
        classes: str | None,
        kind: Literal["overlay", "overlay_deep_zoom"] = "overlay",
    ) -> Recipe:
        manifest = self._room.catalogue.get(job.model).manifest
        is_map = manifest.task == "segmentation"
        names = [entry.name for entry in manifest.classes]
        colours: list[Colour] = [entry.rgb for entry in manifest.classes]
        if not is_map:
            names, colours = [*names, UNSURE], [*colours, UNSURE_RGB]
        if opacity is None and is_map:
            opacity = float(job.options.get("opacity", 0.5))
        return Recipe(
            kind,
            self._path(job, PHOTO),
            labels=self._labels_path(job) if is_map else None,
            tiles=None if is_map else self._path(job, TILES),
            names=names,
            colours=colours,
            shown=_shown(classes, names, manifest.background_index),
            opacity=None if opacity is None else round(opacity, 2),
            with_legend=legend,
            base="overlay",
        )

    def _labels_path(self, job: Job) -> str:
        names = [name for name in _LABELS if self._room.blobs.exists(job.id, name)]
        return self._path(job, names[0] if names else _LABELS[0])

    def _path(self, job: Job, name: str) -> str:
        return str(self._room.blobs.path(job.id, name))


def _shown(classes: str | None, names: list[str], background: int | None) -> list[int]:
    """The indices that are painted.

    Raises:
        OptionError: there is no class of a name.
    """
    paintable = {name: index for index, name in enumerate(names) if index != background}
    if classes is None:
        return list(paintable.values())
    wanted = [name.strip() for name in classes.split(",") if name.strip()]
    for name in wanted:
        if name not in paintable:
            raise OptionError(f"classes: there is no {name[:100]!r}; known are: {', '.join(paintable)}.")
    return sorted({paintable[name] for name in wanted})


def _view_name(recipe: Recipe) -> str:
    """The same recipe has the same name."""
    ending = "png" if recipe.kind == "overlay" else "dzi.zip"
    return f"{VIEW_PREFIX}{hashlib.sha256(recipe.to_json()).hexdigest()[:24]}.{ending}"
