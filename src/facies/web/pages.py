"""What a browser gets: the web app, and the files of the model packages.

The app is built from `ui/` into the folder `ui` beside this file, by the wheel's build hook or `make ui`.
"""

from collections.abc import Mapping
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from facies.models.package import Package, package_files

APP_PATHS = (
    "/",
    "/jobs",
    "/jobs/{job}",
    "/batches/{batch}",
    "/models",
    "/models/{reference}",
    "/docs",
    "/docs/{topic}",
)
"""What the app itself has a page for; its routes are in `ui/src/routes.tsx`."""

BUILT_APP = Path(__file__).parent / "ui"

_REVALIDATE = {"Cache-Control": "no-cache"}
_FOR_EVER = "public, max-age=31536000, immutable"
_BESIDE_THE_PAGE = ("icon.svg", "theme.js")
_NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Facies</title>
<h1>The web app is not built</h1>
<p>This server runs from a source tree. <code>make ui</code> there builds the app; then load this page again.
The API works without it: <a href="/openapi.json">/openapi.json</a>.</p>
</html>
"""


def mount(app: FastAPI, packages: Mapping[str, Package], *, built_app: Path = BUILT_APP) -> None:
    """Add the pages to `app`.

    Args:
        app: gets the app's pages, `/assets` and the packages' files.
        packages: what the dialects serve, by dialect.
        built_app: what `ui/build_app.py` made.
    """
    _mount_app(app, built_app)
    _mount_model_files(app, packages)


def page_of_nothing(request: Request) -> Response | None:
    """The app's page for an address that has none, for whoever asks as a browser does when a person types one.

    Args:
        request: for an address without a route.

    Returns:
        the page, with 404; None where something else is wanted, or the app is not built.
    """
    wants_page = "text/html" in request.headers.get("accept", "")
    if not wants_page or request.method not in ("GET", "HEAD") or not (BUILT_APP / "index.html").is_file():
        return None
    return FileResponse(BUILT_APP / "index.html", status_code=404, headers={"Vary": "Accept"})


def _mount_app(app: FastAPI, built_app: Path) -> None:
    async def page(_: Request) -> Response:
        if not (built_app / "index.html").is_file():
            return HTMLResponse(_NOT_BUILT, status_code=503)
        return FileResponse(built_app / "index.html", headers=_REVALIDATE)

    async def beside_the_page(request: Request) -> Response:
        path = built_app / request.url.path.removeprefix("/")
        if not path.is_file():
            raise HTTPException(404)
        return FileResponse(path, headers=_REVALIDATE)

    for path in APP_PATHS:
        for typed in {path, f"{path.rstrip('/')}/"}:
            app.add_route(typed, page, include_in_schema=False)
    for name in _BESIDE_THE_PAGE:
        app.add_route(f"/{name}", beside_the_page, include_in_schema=False)
    assets = _Assets(directory=built_app / "assets", check_dir=False)
    app.mount("/assets", GZipMiddleware(assets, minimum_size=1024), name="assets")


class _Assets(StaticFiles):
    """Files whose names carry a digest of their content: a browser asks for each once."""

    async def check_config(self) -> None:
        """Where the app is not built there is nothing, which is no fault of the server."""
        if not Path(str(self.directory)).is_dir():
            raise HTTPException(404)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file at `path`."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = _FOR_EVER
        return response


def _mount_model_files(app: FastAPI, packages: Mapping[str, Package]) -> None:
    """The files of the packages behind the two contracts: anybody may have them, as their documentation promises."""
    downloads = {
        (package.reference, path.name): path for package in packages.values() for path in package_files(package)
    }

    async def model_file(request: Request) -> Response:
        reference, file_name = request.path_params["reference"], request.path_params["file_name"]
        path = downloads.get((reference, file_name))
        if path is None:
            raise HTTPException(404)
        return FileResponse(path, filename=f"{reference}-{file_name}")

    app.add_route("/models/{reference}/{file_name}", model_file, include_in_schema=False)
