"""`POST /jobs` with JSON: the photos came in pieces before, and the document names their uploads.

    {"upload": "…", "model": "coral-bleaching", "options": {…}, "metadata": {…}, "webhook": {"url": "…", "secret": "…"}}

`uploads` with several ids makes a batch. From here on it is a form like any other.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any, Final

from fastapi import Request

from facies.errors import FormError, MissingFieldError
from facies.web.dialects.native.room import Room
from facies.web.dialects.native.shipped import ROCK
from facies.web.limits import Limits, bounded_body
from facies.web.tus import take_upload
from facies.web.uploads import Form

JSON_BODY: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "upload": {"type": "string", "description": "Id of a complete upload: the end of its Location."},
        "uploads": {"type": "array", "items": {"type": "string"}, "description": "Several: a batch."},
        "model": {"type": "string", "examples": ["coral-bleaching", ROCK.reference]},
        "options": {"type": "object"},
        "metadata": {"type": "object"},
        "webhook": {
            "type": "object",
            "properties": {"url": {"type": "string"}, "secret": {"type": "string"}},
            "required": ["url", "secret"],
        },
    },
    "required": ["model"],
}

_MAX_BYTES: Final = 131_072
_TEXT: Final = ("model",)
_OBJECTS: Final = ("options", "metadata", "webhook")


def names_uploads(request: Request) -> bool:
    """Whether a request's body is JSON."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


@asynccontextmanager
async def receive_named(request: Request, room: Room) -> AsyncIterator[Form]:
    """The uploads that a JSON document names, as a form; see `facies.web.uploads.receive_form`.

    Raises:
        FormError: the body is no such document, names too many uploads, or this server takes none.
        MissingFieldError: it names no upload.
        ResumableUploadError: one of them is not there or not complete.
    """
    document = await _read_document(request, room.intake.limits)
    ids = _ids(document, room.intake.limits.max_photos)
    if room.uploads is None:
        raise FormError("This server takes no uploads in pieces; send the photo in a form.")
    async with AsyncExitStack() as stack:
        taken = [take_upload(room.uploads, room.blobs, upload_id, request.state.owner) for upload_id in ids]
        photos = [await stack.enter_async_context(photo) for photo in taken]
        yield Form(fields={**_fields(document), "uploads": json.dumps(ids)}, photos=photos)


async def _read_document(request: Request, limits: Limits) -> Mapping[str, Any]:
    bounds = replace(limits, max_upload_bytes=_MAX_BYTES, max_photos=1, max_fields=0)
    body = b"".join([piece async for piece in bounded_body(request, bounds)])
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise FormError("The body is no JSON object.")
    return document


def _ids(document: Mapping[str, Any], most: int) -> list[str]:
    given = document.get("uploads", [document["upload"]] if "upload" in document else [])
    if not isinstance(given, list) or not all(isinstance(upload_id, str) for upload_id in given):
        raise FormError("uploads: it must be a list of ids.")
    if not given:
        raise MissingFieldError("upload: none is named; send the photo to /api/v1/uploads first, or in a form.")
    if len(given) > most:
        raise FormError(f"uploads: one request takes {most} photos; name the others in another one.")
    return given


def _fields(document: Mapping[str, Any]) -> dict[str, str]:
    """The document's fields as a form has them: text, and objects as JSON."""
    texts = {name: document[name] for name in _TEXT if isinstance(document.get(name), str)}
    return texts | {name: json.dumps(document[name]) for name in _OBJECTS if document.get(name) is not None}
