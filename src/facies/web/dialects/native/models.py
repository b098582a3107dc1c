"""`/models`: what can be looked for, and the packages to take away."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from facies.models.package import Manifest, Package, package_files
from facies.web.auth import KeyCheck
from facies.web.dialects.native.catalogue import Catalogue
from facies.web.dialects.native.parameters import Reference
from facies.web.dialects.native.problems import answers
from facies.web.dialects.native.schemas import ModelDocument, ModelList, ModelSummary, class_documents

PREFIX = "/api/v1/models"

_PIECE_BYTES = 1 << 18
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def models_router(catalogue: Catalogue, check_key: KeyCheck) -> APIRouter:
    """The routes below `/models`."""
    router = APIRouter(prefix=PREFIX, tags=["Models"], dependencies=[Depends(check_key)])

    @router.get("", responses=answers())
    async def list_models() -> ModelList:
        """Every model package that can be asked for."""
        manifests = await run_in_threadpool(catalogue.manifests)
        return ModelList(models=[ModelSummary(**_summary(manifest)) for manifest in manifests])

    @router.get("/{reference}", responses=answers(404))
    async def show_model(reference: Reference) -> ModelDocument:
        """One package, `name@version` or the newest of `name`: manifest, classes, metrics, card."""
        package = await run_in_threadpool(catalogue.get, reference)
        card = await run_in_threadpool(lambda: package.card)
        return ModelDocument(**_summary(package.manifest), manifest=package.manifest, card=card)

    @router.get(
        "/{reference}/download",
        response_class=Response,
        responses={200: {"description": "The package", "content": {"application/zip": {}}}, **answers(404)},
    )
    async def download_model(reference: Reference) -> Response:
        """The package as a zip: one folder, to be unpacked where the user's own packages are."""
        package = await run_in_threadpool(catalogue.get, reference)
        headers = {"Content-Disposition": f'attachment; filename="{package.reference}.zip"'}
        return StreamingResponse(zipped(package), media_type="application/zip", headers=headers)

    return router


def _summary(manifest: Manifest) -> dict[str, Any]:
    own = f"{PREFIX}/{manifest.reference}"
    return {
        "model": manifest.reference,
        "task": manifest.task,
        "title": manifest.title,
        "description": manifest.description,
        "licence": manifest.licence,
        "classes": class_documents(manifest),
        "links": {"self": own, "download": f"{own}/download"},
    }


def zipped(package: Package) -> Iterator[bytes]:
    """The package as a zip file, the same bytes every time, in pieces. Nothing is packed: weights hardly shrink."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for path in package_files(package):
            yield from _add(archive, f"{package.reference}/{path.name}", path, sink)
    yield sink.take()


def _add(archive: zipfile.ZipFile, name: str, path: Path, sink: "_Sink") -> Iterator[bytes]:
    entry = zipfile.ZipInfo(name, _LONG_AGO)
    entry.external_attr = 0o644 << 16
    with path.open("rb") as file, archive.open(entry, "w", force_zip64=True) as writer:
        while piece := file.read(_PIECE_BYTES):
            writer.write(piece)
            yield sink.take()


class _Sink(io.RawIOBase):
    """Keeps what is written until it is taken; it cannot be gone back in."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: object, /) -> int:
        """Keep `data`."""
        piece = bytes(data)  # type: ignore[call-overload]
        self._pieces.append(piece)
        return len(piece)

    def take(self) -> bytes:
        """What was kept since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
