import json

import pytest

from tests.served import CORAL_RESULTS, OVERLAY, PHOTO
from tests.unit.web.native.asking import JOBS, assert_problem, sent

ALL = [
    "summary.json",
    "overlay.png",
    "labels.png",
    "confidence.png",
    "intervals.csv",
    "tiles.csv",
    "tiles.geojson",
]


@pytest.fixture(scope="module")
def url(shared):
    """A finished coral job."""
    job_id = sent(shared)
    shared.finish(shared.start(), {**CORAL_RESULTS, "tiles.csv": b"x,y\n1,2\n"})
    return f"{JOBS}/{job_id}"


class TestFiles:
    def test_they_are_what_the_worker_wrote(self, shared, url):
        assert shared.client.get(f"{url}/overlay.png").content == OVERLAY
        assert shared.client.get(f"{url}/summary.json").json() == CORAL_RESULTS["summary.json"]
        table = shared.client.get(f"{url}/tiles.csv")
        assert (table.text, table.headers["content-type"]) == ("x,y\n1,2\n", "text/csv; charset=utf-8")

    def test_the_photo_is_what_was_sent(self, shared, url):
        answer = shared.client.get(f"{url}/photo")
        assert (answer.content, answer.headers["content-type"]) == (PHOTO, "image/png")
        assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''photo-0.png"

    def test_tiles_as_geojson_lie_where_they_lay(self, shared, url):
        answer = shared.client.get(f"{url}/tiles.geojson")
        assert answer.headers["content-type"] == "application/geo+json"
        features = json.loads(answer.content)["features"]
        assert len(features) == 4
        ring = features[1]["geometry"]["coordinates"][0]
        assert ring[0] == ring[-1] == [244, 0]
        assert [300, -244] in ring
        assert features[1]["properties"] == {"label": "healthy", "probability": 0.1}

    def test_what_the_task_does_not_have_is_unknown(self, shared, url):
        for name in ("labels.png", "confidence.png", "intervals.csv"):
            assert name in assert_problem(shared.client.get(f"{url}/{name}"), 404, "unknown_result")


class TestBeforeAndWithoutAnEnd:
    @pytest.mark.parametrize("name", ALL)
    def test_not_finished_is_a_conflict(self, served, name):
        job_id = sent(served)
        waiting = served.client.get(f"{JOBS}/{job_id}/{name}")
        assert "queued" in assert_problem(waiting, 409, "no_result")
        served.start(done=1, total=41)
        served.clock.now += 1
        running = served.client.get(f"{JOBS}/{job_id}/{name}")
        assert "started" in assert_problem(running, 409, "no_result")
        assert (waiting.headers["retry-after"], running.headers["retry-after"]) == ("1", "40")

    def test_the_photo_is_there_from_the_start(self, served):
        assert served.client.get(f"{JOBS}/{sent(served)}/photo").content == PHOTO

    @pytest.mark.parametrize("name", [*ALL, "photo"])
    def test_a_job_that_failed_says_why(self, served, name):
        job_id = sent(served)
        served.fail(served.start(), "The photo is damaged.")
        answer = served.client.get(f"{JOBS}/{job_id}/{name}")
        assert "is damaged" in assert_problem(answer, 409, "no_result")
        assert "retry-after" not in answer.headers

    def test_a_cancelled_job_has_none(self, served):
        job_id = sent(served)
        served.client.post(f"{JOBS}/{job_id}/cancel")
        for name in ("overlay.png", "photo"):
            assert_problem(served.client.get(f"{JOBS}/{job_id}/{name}"), 409, "no_result")


class TestRanges:
    @pytest.mark.parametrize(
        ("asked", "start", "stop"),
        [
            ("bytes=0-99", 0, 100),
            ("bytes=100-", 100, len(OVERLAY)),
            ("bytes=-10", len(OVERLAY) - 10, len(OVERLAY)),
            ("bytes=5-5", 5, 6),
            (f"bytes=0-{10**17}", 0, len(OVERLAY)),
            (f"bytes=-{10**17}", 0, len(OVERLAY)),
        ],
    )
    def test_a_part_can_be_asked_for(self, shared, url, asked, start, stop):
        answer = shared.client.get(f"{url}/overlay.png", headers={"range": asked})
        assert (answer.status_code, answer.content) == (206, OVERLAY[start:stop])
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(OVERLAY)}"

    @pytest.mark.parametrize("asked", ["bytes=5-4", "bytes=0-1,5-6", "lines=1-2", "bytes=a-b", "bytes=-", "bytes=٣-"])
    def test_what_is_no_single_range_gives_the_whole(self, shared, url, asked):
        answer = shared.client.get(f"{url}/overlay.png", headers={"range": asked.encode()})
        assert (answer.status_code, answer.content) == (200, OVERLAY)

    @pytest.mark.parametrize("asked", [f"bytes={len(OVERLAY)}-", "bytes=-0"])
    def test_a_part_that_is_not_there_is_416(self, shared, url, asked):
        answer = shared.client.get(f"{url}/overlay.png", headers={"range": asked})
        assert_problem(answer, 416, "http")
        assert answer.headers["content-range"] == f"bytes */{len(OVERLAY)}"

    def test_what_is_held_is_not_sent_again(self, shared, url):
        etag = shared.client.get(f"{url}/overlay.png").headers["etag"]
        for held in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            answer = shared.client.get(f"{url}/overlay.png", headers={"if-none-match": held})
            assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
        assert shared.client.get(f"{url}/overlay.png", headers={"if-none-match": '"other"'}).status_code == 200
        assert shared.client.get(f"{url}/summary.json").headers["etag"] != etag

    @pytest.mark.parametrize("name", ["tiles.geojson", "tiles.csv", "summary.json", "photo"])
    def test_every_file_has_a_validator_and_parts(self, shared, url, name):
        whole = shared.client.get(f"{url}/{name}")
        part = shared.client.get(f"{url}/{name}", headers={"range": "bytes=3-6", "if-range": whole.headers["etag"]})
        assert (part.status_code, part.content) == (206, whole.content[3:7])
        assert part.headers["content-range"] == f"bytes 3-6/{len(whole.content)}"
        held = shared.client.get(f"{url}/{name}", headers={"if-none-match": whole.headers["etag"]})
        assert (held.status_code, held.content) == (304, b"")
        assert_problem(shared.client.get(f"{url}/{name}", headers={"range": "bytes=9999999-"}), 416, "http")

    def test_a_part_of_something_else_is_not_sent(self, shared, url):
        etag = shared.client.get(f"{url}/overlay.png").headers["etag"]
        asked = {"range": "bytes=0-9"}
        assert shared.client.get(f"{url}/overlay.png", headers={**asked, "if-range": etag}).status_code == 206
        assert shared.client.get(f"{url}/overlay.png", headers={**asked, "if-range": '"other"'}).status_code == 200

    def test_the_head_alone_can_be_asked_for(self, shared, url):
        for name in ("overlay.png", "summary.json", "photo", "tiles.geojson"):
            whole, head = shared.client.get(f"{url}/{name}"), shared.client.head(f"{url}/{name}")
            assert (head.status_code, head.content) == (200, b"")
            for header in ("content-length", "etag", "accept-ranges", "content-type"):
                assert head.headers[header] == whole.headers[header]

    def test_browsers_may_keep_it_but_nobody_between(self, shared, url):
        assert shared.client.get(f"{url}/overlay.png").headers["cache-control"] == "private, no-cache"
        assert shared.client.get(url).headers["cache-control"] == "no-store"
