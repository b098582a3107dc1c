"""The multipart bodies in OpenAPI. They are described by hand, since FastAPI never reads them: they are streamed."""

from collections.abc import Mapping, Sequence
from typing import Any

PHOTO_FIELD: Mapping[str, Any] = {"type": "string", "format": "binary"}


def multipart_body(
    fields: Mapping[str, Mapping[str, Any]], required: Sequence[str], json: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """An `openapi_extra` that says what a multipart form holds.

    Args:
        fields: name to JSON schema.
        required: the names that must be there.
        json: schema of the JSON document that will do as well.
    """
    schema = {"type": "object", "properties": dict(fields), "required": list(required)}
    content: dict[str, Any] = {"multipart/form-data": {"schema": schema}}
    if json is not None:
        content["application/json"] = {"schema": dict(json)}
    return {"requestBody": {"required": True, "content": content}}
