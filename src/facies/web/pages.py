"""What a browser gets: the web app, a page of documentation, and the files of the model packages.

The app is built from `ui/` into the folder `ui` beside this file, by the wheel's build hook or `make ui`.
"""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from string import Template

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from facies.models.package import Package, package_files
from facies.version import __version__
from facies.web.dialects import coral

APP_PATHS = (
    "/",
    "/jobs",
    "/jobs/{job}",
    "/batches/{batch}",
    "/models",
    "/models/{reference}",
    "/docs/{topic}",
)
"""What the app itself has a page for; its routes are in `ui/src/routes.tsx`."""

BUILT_APP = Path(__file__).parent / "ui"

_FOLDER = Path(__file__).parent / "static"
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


def mount(
    app: FastAPI,
    packages: Mapping[str, Package],
    *,
    source_url: str,
    coral_requires_key: bool,
    built_app: Path = BUILT_APP,
) -> None:
    """Add the pages to `app`.

    Args:
        app: gets the app's pages, `/assets`, `/docs`, `/static` and the packages' files.
        packages: what the dialects serve, by dialect.
        source_url: where the source can be had, "" if that is not known.
        coral_requires_key: whether the documentation asks for an API key.
        built_app: what `ui/build_app.py` made.
    """
    _mount_app(app, built_app)
    _mount_documentation(app, packages, source_url=source_url, coral_requires_key=coral_requires_key)


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
        app.add_route(path, page, include_in_schema=False)
    for name in _BESIDE_THE_PAGE:
        app.add_route(f"/{name}", beside_the_page, include_in_schema=False)
    assets = _Assets(directory=built_app / "assets", check_dir=False)
    app.mount("/assets", GZipMiddleware(assets, minimum_size=1024), name="assets")


class _Assets(StaticFiles):
    """Files whose names carry a digest of their content: a browser asks for each once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file at `path`."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = _FOR_EVER
        return response


def _mount_documentation(
    app: FastAPI, packages: Mapping[str, Package], *, source_url: str, coral_requires_key: bool
) -> None:
    documentation = Template((_FOLDER / "documentation.html").read_text(encoding="utf-8"))
    downloads = {
        (package.reference, path.name): path for package in packages.values() for path in package_files(package)
    }
    facts = {
        "version": __version__,
        "key": "Every call but the first needs the header <code>api-key</code>." if coral_requires_key else "",
        "source": _source(source_url),
        "sources": _training_data(packages[coral.NAME]) if coral.NAME in packages else "",
        "downloads": "".join(_downloads(package) for package in packages.values()),
    }

    async def documentation_page(request: Request) -> Response:
        base_url = escape(str(request.base_url).rstrip("/"))
        return HTMLResponse(documentation.substitute(facts, base_url=base_url), headers=_REVALIDATE)

    async def model_file(request: Request) -> Response:
        reference, file_name = request.path_params["reference"], request.path_params["file_name"]
        path = downloads.get((reference, file_name))
        if path is None:
            raise HTTPException(404)
        return FileResponse(path, filename=f"{reference}-{file_name}")

    app.add_route("/docs", documentation_page, include_in_schema=False)
    app.add_route("/models/{reference}/{file_name}", model_file, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=_FOLDER), name="static")


def _source(url: str) -> str:
    return f'<a href="{escape(url)}">{escape(url)}</a>' if url else "the repository this server was installed from"


def _training_data(package: Package) -> str:
    return "".join(
        f"<li>{_link(source.name, source.url)} <small>{escape(source.licence)}</small><br>"
        f"{escape(source.used_for)}</li>"
        for source in package.manifest.sources
    )


def _link(text: str, url: str) -> str:
    return f'<a href="{escape(url)}">{escape(text)}</a>' if url.startswith("https://") else escape(text)


def _downloads(package: Package) -> str:
    links = ", ".join(
        f'<a href="/models/{package.reference}/{path.name}">{escape(path.name)}</a>' for path in package_files(package)
    )
    return f"<li><b>{escape(package.reference)}</b>: {escape(package.manifest.title)}<br>{links}</li>"
