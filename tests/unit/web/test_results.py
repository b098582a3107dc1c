import asyncio
import base64
import json
import tracemalloc
import uuid

import pytest

from facies.errors import UnknownJobError
from facies.jobs.blobs import LocalBlobs
from facies.web.results import json_with_png, png_answer, read_json

JOB = str(uuid.uuid4())


@pytest.fixture
def blobs(tmp_path):
    return LocalBlobs(tmp_path)


def put(blobs, name, content):
    with blobs.create(JOB, name) as file:
        file.write(content)


async def sent(response, keep=True):
    """Everything a response sends; only its size if it is not to be kept."""
    pieces, size = [], 0

    async def send(message):
        nonlocal size
        size += len(message.get("body", b""))
        if keep:
            pieces.append(message.get("body", b""))

    async def receive():
        await asyncio.Event().wait()

    await response({"type": "http", "asgi": {"spec_version": "2.4"}}, receive, send)
    return b"".join(pieces) if keep else size


@pytest.mark.parametrize("size", [0, 1, 2, 3, 786_431, 786_432, 786_433, 2_000_000])
def test_base64_in_json_is_that_of_the_whole_blob(blobs, size):
    content = bytes(range(256)) * (size // 256 + 1)
    put(blobs, "a.png", content[:size])

    async def answer():
        return await sent(json_with_png(blobs, JOB, "a.png", lambda text: {"a": f'"{text}', "ü": [1, None]}))

    document = json.loads(asyncio.run(answer()))
    assert document == {"a": '"' + base64.b64encode(content[:size]).decode(), "ü": [1, None]}


@pytest.mark.parametrize("in_json", [True, False])
def test_a_big_picture_is_never_whole_in_memory(blobs, in_json):
    put(blobs, "a.png", bytes(30_000_000))

    async def answer():
        if in_json:
            return await sent(json_with_png(blobs, JOB, "a.png", lambda text: {"a": text}), keep=False)
        return await sent(await png_answer(blobs, JOB, "a.png"), keep=False)

    tracemalloc.start()
    size = asyncio.run(answer())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size >= 30_000_000
    assert peak < 4_000_000


def test_a_blob_that_went_meanwhile_is_an_unknown_job(blobs):
    for question in (png_answer, read_json):
        with pytest.raises(UnknownJobError):
            asyncio.run(question(blobs, JOB, "a.png"))


def test_a_blob_that_is_deleted_while_it_is_sent_is_sent_to_its_end(blobs):
    put(blobs, "a.png", b"x" * 1_000_000)

    async def answer():
        response = await png_answer(blobs, JOB, "a.png")
        blobs.remove(JOB)
        return await sent(response)

    assert asyncio.run(answer()) == b"x" * 1_000_000
