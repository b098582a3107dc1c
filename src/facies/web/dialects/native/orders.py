"""What comes with a photo: the model, its options, the sender's metadata and the name of the request."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from fastapi import Request

from facies.errors import FormError, MissingFieldError, OptionError, WebhookError
from facies.jobs.store import Idempotency, Webhook
from facies.options import Options
from facies.web.dialects.native.room import NAME, Room
from facies.web.intake import Order
from facies.web.uploads import Form
from facies.web.webhooks import read_webhook

MAX_METADATA_BYTES = 16_384

IDEMPOTENCY_HEADER = "idempotency-key"
_MAX_IDEMPOTENCY_CHARS = 255
_DEEPEST = 32


def read_order(fields: Mapping[str, str], owner: str | None, room: Room) -> Order:
    """What a form asks for.

    Args:
        fields: `model`, and if there are any `options`, `metadata` and `webhook`, JSON objects.
        owner: whose the jobs will be.
        room: knows the packages.

    Raises:
        MissingFieldError: no model is named.
        UnknownModelError: there is no such model.
        OptionError: an option or the webhook cannot be used, or something is no JSON object.
    """
    if not fields.get("model"):
        raise MissingFieldError("model: the form names none; GET /api/v1/models lists them.")
    package = room.catalogue.get(fields["model"])
    options = Options.from_json(_json_object(fields, "options"))
    options.applied_to(package.manifest)
    metadata = _json_object(fields, "metadata")
    if len(json.dumps(metadata)) > MAX_METADATA_BYTES:
        raise OptionError(f"metadata: it must not be longer than {MAX_METADATA_BYTES} characters.")
    return Order(owner, package, options.to_json(), NAME, metadata, _webhook(fields, room))


def _webhook(fields: Mapping[str, str], room: Room) -> Webhook | None:
    wanted = _json_object(fields, "webhook")
    if not wanted:
        return None
    url, secret = wanted.get("url"), wanted.get("secret")
    if not isinstance(url, str) or not isinstance(secret, str):
        raise WebhookError("webhook: it must have a url and a secret, both text.")
    return read_webhook(url, secret, allow_private=room.private_webhooks)


def read_idempotency(request: Request, form: Form) -> Idempotency | None:
    """The sender's name for the request, None without one; to be called in a thread, for it has photos finished.

    Raises:
        FormError: it is empty, too long or not printable ASCII.
    """
    key = request.headers.get(IDEMPOTENCY_HEADER)
    if key is None:
        return None
    if not 1 <= len(key) <= _MAX_IDEMPOTENCY_CHARS or not (key.isascii() and key.isprintable()):
        raise FormError(f"Idempotency-Key: it must have 1 to {_MAX_IDEMPOTENCY_CHARS} printable ASCII characters.")
    for upload in form.photos:
        upload.finish()
    photos = [(upload.photo_name, upload.digest and upload.digest.hexdigest()) for upload in form.photos]
    content = json.dumps([sorted(form.fields.items()), photos])
    return Idempotency(key, hashlib.sha256(content.encode()).hexdigest())


def _json_object(fields: Mapping[str, str], name: str) -> dict[str, Any]:
    text = fields.get(name)
    if not text:
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not _is_plain(value):
        raise OptionError(f"{name}: it must be a JSON object, at most {_DEEPEST} levels deep.")
    return value


def _is_plain(value: object) -> bool:
    """Whether a value can be given back as strict JSON: Python reads more, such as NaN, 1e999 and half characters."""
    if _is_deeper(value, _DEEPEST):
        return False
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:  # UnicodeEncodeError is one too
        return False
    return True


def _is_deeper(value: object, levels: int) -> bool:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels == 0 or any(_is_deeper(child, levels - 1) for child in children)
