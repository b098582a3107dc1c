"""`/server`: what a client should know before it sends anything, that a key is needed among it; so it needs none."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from facies.models.package import Package, Source, package_files
from facies.web.dialects.native.room import PREFIX
from facies.web.dialects.native.schemas import ClassDocument, class_documents
from facies.web.dialects.native.shipped import CORAL


class LimitsDocument(BaseModel):
    """The largest that is taken."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    upload_bytes: int
    """Of one photo."""
    pixels: int
    """Of one photo, width times height."""
    photos: int
    """In one request."""


class ServedModel(BaseModel):
    """The package behind one of the two older APIs."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    model: str
    title: str
    classes: list[ClassDocument]
    sources: list[Source]
    """What it was trained and tested on."""
    files: dict[str, str]
    """Where each file of the package can be downloaded, without a key."""


_EXAMPLE: dict[str, Any] = {
    "version": "1.0.0",
    "source_url": "https://example.org/facies",
    "limits": {"upload_bytes": 268435456, "pixels": 200000000, "photos": 100},
    "requires_key": {"native": False, "coral": False, "rock": True},
    "default_mask_weight": 0.5,
    "served": {
        "coral": {
            "model": CORAL.reference,
            "title": "Bleached and healthy coral on reef photos",
            "classes": [{"index": 1, "name": "bleached", "rgb": [239, 68, 68]}],
            "sources": [{"name": "Reef survey photos", "licence": "CC-BY-4.0"}],
            "files": {"CARD.md": f"/models/{CORAL.reference}/CARD.md"},
        }
    },
}


class ServerDocument(BaseModel):
    """A server: its version, what it takes, and which of its APIs want a key."""

    model_config = ConfigDict(use_attribute_docstrings=True, json_schema_extra={"examples": [_EXAMPLE]})

    version: str
    source_url: str
    """Where the source can be had; empty where nobody said."""
    limits: LimitsDocument
    requires_key: dict[str, bool]
    """Of each API it speaks: coral, native, rock."""
    default_mask_weight: float
    """Opacity of the rock API's overlay where none is named."""
    served: dict[str, ServedModel]
    """The packages behind the coral and the rock API."""


def about_router(document: ServerDocument) -> APIRouter:
    """The one route; what it says does not change while the server runs."""
    router = APIRouter(prefix=PREFIX, tags=["Server"])

    @router.get("/server")
    async def show_server() -> ServerDocument:
        """The version, the limits, which APIs want a key, and the packages behind the two older APIs. Needs no key."""
        return document

    return router


def served_models(packages: Mapping[str, Package]) -> dict[str, ServedModel]:
    """What can be said of each package without a key, by dialect."""
    return {
        name: ServedModel(
            model=package.reference,
            title=package.manifest.title,
            classes=class_documents(package.manifest),
            sources=list(package.manifest.sources),
            files={path.name: f"/models/{package.reference}/{path.name}" for path in package_files(package)},
        )
        for name, package in packages.items()
    }
