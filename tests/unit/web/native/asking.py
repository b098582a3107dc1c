"""How the tests of the native API send photos."""

from typing import Any

from httpx2 import Response

from tests.served import PHOTO, Served

JOBS = "/api/v1/jobs"


def send(
    served: Served, *photos: bytes, model: str = "test-coral", headers: dict[str, str] | None = None, **fields: Any
) -> Response:
    """Send photos, one patchwork if none is given."""
    files = [("image", (f"photo-{index}.png", photo)) for index, photo in enumerate(photos or (PHOTO,))]
    return served.client.post(JOBS, files=files, data={"model": model, **fields}, headers=headers)


def sent(served: Served, *photos: bytes, **options: Any) -> str:
    """Send a photo; its job's id."""
    answer = send(served, *photos, **options)
    assert answer.status_code == 202, answer.text
    return answer.json()["jobs"][0]["id"]


def assert_problem(answer: Response, status: int, code: str) -> str:
    """Check that an answer is a problem document; its sentence."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    document = answer.json()
    assert document["type"] == f"/api/v1/problems/{code}"
    assert (document["status"], document["code"]) == (status, code)
    assert document["title"]
    return document["detail"]
