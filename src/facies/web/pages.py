"""The pages for people: upload, documentation, and the files of the model packages. No build step, no other host."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from string import Template

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from facies.models.package import Package, package_files
from facies.version import __version__
from facies.web.dialects import coral

_FOLDER = Path(__file__).parent / "static"
_REVALIDATE = {"Cache-Control": "no-cache"}


def mount(app: FastAPI, packages: Mapping[str, Package], *, source_url: str, coral_requires_key: bool) -> None:
    """Add the pages to `app`.

    Args:
        app: gets `/`, `/docs`, `/static` and `/models`.
        packages: what the dialects serve, by dialect.
        source_url: where the source can be had, "" if that is not known.
        coral_requires_key: whether the documentation asks for an API key.
    """
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

    async def upload_page(_: Request) -> Response:
        return FileResponse(_FOLDER / "index.html", headers=_REVALIDATE)

    async def documentation_page(request: Request) -> Response:
        base_url = escape(str(request.base_url).rstrip("/"))
        return HTMLResponse(documentation.substitute(facts, base_url=base_url), headers=_REVALIDATE)

    async def model_file(request: Request) -> Response:
        reference, file_name = request.path_params["reference"], request.path_params["file_name"]
        path = downloads.get((reference, file_name))
        if path is None:
            raise HTTPException(404)
        return FileResponse(path, filename=f"{reference}-{file_name}")

    app.add_route("/", upload_page, include_in_schema=False)
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
