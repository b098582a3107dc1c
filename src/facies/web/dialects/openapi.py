"""What FastAPI cannot say by itself in the OpenAPI document.

The multipart bodies are described by hand, since FastAPI never reads them: they are streamed. And it leaves out of an
example whatever is null, which a client has to expect.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

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


def with_whole_examples(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """Makes the document of `app`, to be put in place of its method."""
    make = app.openapi

    def openapi() -> dict[str, Any]:
        document = make()
        schemas = document.get("components", {}).get("schemas", {})
        for model in _models(BaseModel):
            extra = model.model_config.get("json_schema_extra")
            if model.__name__ in schemas and isinstance(extra, dict) and "examples" in extra:
                schemas[model.__name__]["examples"] = extra["examples"]
        return document

    return openapi


def _models(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Our own."""
    for narrower in kind.__subclasses__():
        if narrower.__module__.startswith("facies."):
            yield narrower
        yield from _models(narrower)
