import asyncio
import threading
from collections.abc import Callable

import pytest

from tests.served import PHOTO, Served
from tests.unit.web.connection import BOUNDARY, DISCONNECT, SILENCE, Connection, form, part

CLASSIFY = "/V1/api/classify"
PHOTO_PART = part("image", PHOTO, "reef.png")
LARGE_PART = part("image", PHOTO + bytes(1_000_000), "reef.png")


def send(served: Served, *pieces: object, **headers: str) -> Connection:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Connection(served.app, CLASSIFY, list(pieces), named).run()


def stored_photo(served: Served) -> bytes:
    (path,) = served.files()
    return path.read_bytes()


class TestReceiving:
    @pytest.mark.parametrize("size", [1, 7, 100, 100_000])
    def test_pieces_of_any_size_give_the_same_photo(self, served, size):
        body = form(PHOTO_PART) if size > 1 else form(part("image", PHOTO[:2000], "reef.png"))
        answer = send(served, *(body[start : start + size] for start in range(0, len(body), size)))
        assert answer.status == 200
        assert stored_photo(served) == (PHOTO if size > 1 else PHOTO[:2000])

    def test_preamble_and_epilogue_do_not_matter(self, served):
        answer = send(served, b"hello\r\n" + form(PHOTO_PART) + b"good-bye")
        assert answer.status == 200
        assert stored_photo(served) == PHOTO

    def test_only_the_first_file_counts(self, served):
        answer = send(served, form(PHOTO_PART, part("image", b"another", "other.png")))
        assert answer.status == 200
        assert stored_photo(served) == PHOTO

    def test_other_fields_are_let_by(self, served):
        assert send(served, form(part("a", b"1"), PHOTO_PART, part("b", b"2", "b.txt"))).status == 200

    @pytest.mark.parametrize(
        ("sent", "kept"),
        [
            ("reef.png", "reef.png"),
            ("../../etc/passwd", "passwd"),
            ("C:\\photos\\reef.png", "reef.png"),
            ("Riff bei Kō Tao.png", "Riff bei Kō Tao.png"),
            ("Riff süd.png".encode("latin-1"), "Riff s�d.png"),
            ("a\x00b\x1bc.png", "abc.png"),
            ("x" * 1000, "x" * 255),
        ],
    )
    def test_names_are_kept_bare(self, served, sent, kept):
        answer = send(served, form(part("image", PHOTO, sent)))
        assert answer.status == 200
        assert served.store.get_number(answer.document["job_id"], None).photo_name == kept

    def test_a_form_that_ends_too_early_leaves_nothing(self, untouched):
        answer = send(untouched, form(PHOTO_PART)[:-20])
        assert answer.status == 400
        assert "form" in answer.document["error"]
        assert not untouched.files()

    @pytest.mark.parametrize(
        "content_type",
        [
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=" + "x" * 5000,
            "multipart/form-data; boundary=another",
            "multipart/form-data; boundary=\xe9",
        ],
    )
    def test_a_boundary_that_is_missing_or_garbage_is_a_clear_400(self, untouched, content_type):
        answer = send(untouched, form(PHOTO_PART), content_type=content_type)
        assert answer.status == 400
        assert "form" in answer.document["error"]
        assert not untouched.files()

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"\x00\xff" * 1000,
            f"--{BOUNDARY}\r\nno colon\r\n\r\n".encode(),
            f"--{BOUNDARY}\r\n{'a' * 9000}: b\r\n\r\n".encode(),
            f"--{BOUNDARY}\nContent-Disposition: form-data\n\n".encode(),
            f"--{BOUNDARY}\r\nContent-Disposition: attachment; name=image; filename=a\r\n\r\n".encode(),
        ],
    )
    def test_a_body_that_is_no_form_is_a_clear_400(self, untouched, body):
        answer = send(untouched, body)
        assert answer.status == 400
        assert "form" in answer.document["error"]

    def test_a_photo_is_written_while_its_sender_pauses(self, served):
        async def pause_before_the_end() -> None:
            body = form(LARGE_PART)
            connection = Connection(served.app, CLASSIFY, [body[:-20], SILENCE])
            request = asyncio.create_task(connection.send_request())
            while sum(path.stat().st_size for path in served.files()) < len(body) - 300_000:
                await asyncio.sleep(0.001)
            request.cancel()
            with pytest.raises(asyncio.CancelledError):
                await request

        asyncio.run(pause_before_the_end())
        assert not served.files()


class TestLimits:
    def test_a_photo_of_just_the_limit_is_taken(self, serve):
        assert send(serve(max_upload_bytes=len(PHOTO)), form(PHOTO_PART)).status == 200

    def test_one_byte_more_is_refused(self, serve):
        served = serve(max_upload_bytes=len(PHOTO) - 1)
        answer = send(served, form(PHOTO_PART))
        assert answer.status == 413
        assert not served.files()

    @pytest.mark.parametrize(("limit", "told"), [(1000, "1000 bytes"), (3 * 2**19, "1.5 MiB"), (2**30, "1 GiB")])
    def test_the_limit_is_told_as_people_say_it(self, serve, limit, told):
        answer = send(serve(max_upload_bytes=limit), content_length=str(2 * limit + 10**7))
        assert answer.status == 413
        assert f"more than the {told} this server takes" in answer.document["error"]

    @pytest.mark.parametrize("declared", [{}, {"content_length": "17"}])
    def test_too_much_is_refused_as_soon_as_it_is_whatever_was_declared(self, serve, declared):
        served = serve(max_upload_bytes=100_000)
        body = PHOTO_PART[:-2] + b"x" * 1_000_000
        pieces = [body[start : start + 1000] for start in range(0, len(body), 1000)]
        answer = send(served, *pieces, SILENCE, **declared)
        assert answer.status == 413
        assert answer.taken <= 102
        assert not served.files()

    def test_too_much_that_is_declared_is_refused_unread(self, serve):
        answer = send(serve(max_upload_bytes=100_000), form(PHOTO_PART), content_length="1" + "0" * 30)
        assert answer.status == 413
        assert answer.taken == 0

    def test_what_is_not_the_photo_is_bounded_too(self, serve):
        served = serve(max_upload_bytes=1000)
        answer = send(served, *[b"preamble" * 10_000] * 100)
        assert answer.status == 413
        assert answer.taken < 40

    def test_a_long_field_is_refused(self, untouched):
        answer = send(untouched, form(part("note", b"x" * 70_000), PHOTO_PART))
        assert answer.status == 400
        assert not untouched.files()

    def test_too_many_fields_are_refused(self, untouched):
        answer = send(untouched, form(PHOTO_PART, *[part("note", b"x")] * 40))
        assert answer.status == 400
        assert not untouched.files()


class TestBadConnections:
    def test_a_client_that_goes_leaves_nothing(self, untouched):
        send(untouched, form(PHOTO_PART)[:1000], DISCONNECT)
        assert not untouched.files()
        assert untouched.store.queue_depth() == 0

    def test_a_client_that_falls_silent_is_sent_away_and_leaves_nothing(self, serve):
        served = serve(upload_idle_timeout_s=0.05)
        answer = send(served, form(PHOTO_PART)[:1000], SILENCE)
        assert answer.status == 408
        assert answer.answer_headers["connection"] == "close"
        assert not served.files()

    def test_a_request_that_is_cancelled_leaves_nothing(self, served):
        async def cancel_in_the_middle() -> None:
            connection = Connection(served.app, CLASSIFY, [form(LARGE_PART)[:600_000], SILENCE])
            request = asyncio.create_task(connection.send_request())
            while connection.taken < 2 or not served.files():
                await asyncio.sleep(0.001)
            request.cancel()
            with pytest.raises(asyncio.CancelledError):
                await request

        asyncio.run(cancel_in_the_middle())
        assert not served.files()

    def test_a_request_that_is_cut_off_while_it_queues_keeps_the_photo_of_the_job(self, served, monkeypatch):
        queueing, go_on, queued = threading.Event(), threading.Event(), threading.Event()
        submit = served.store.submit

        def hesitate(new):
            queueing.set()
            go_on.wait(10)
            job = submit(new)
            queued.set()
            return job

        monkeypatch.setattr(served.store, "submit", hesitate)

        async def cancel_while_it_queues() -> None:
            connection = Connection(served.app, CLASSIFY, [form(PHOTO_PART)])
            request = asyncio.create_task(connection.send_request())
            while not queueing.is_set():
                await asyncio.sleep(0.001)
            request.cancel()
            with pytest.raises(asyncio.CancelledError):
                await request
            go_on.set()

        asyncio.run(cancel_while_it_queues())
        assert queued.wait(10)
        assert stored_photo(served) == PHOTO

    def test_slow_uploads_hold_nobody_up(self, served):
        async def crowd() -> tuple[Connection, Connection]:
            slow = [Connection(served.app, CLASSIFY, [form(PHOTO_PART)[:1000], SILENCE]) for _ in range(100)]
            requests = [asyncio.create_task(connection.send_request()) for connection in slow]
            while any(connection.taken < 2 for connection in slow):
                await asyncio.sleep(0.001)
            quick = Connection(served.app, CLASSIFY, [form(PHOTO_PART)])
            health = Connection(served.app, "/V1/api/health", [b""], method="GET")
            async with asyncio.timeout(5):
                await asyncio.gather(quick.send_request(), health.send_request())
            for request in requests:
                request.cancel()
            await asyncio.gather(*requests, return_exceptions=True)
            return quick, health

        quick, health = asyncio.run(crowd())
        assert (quick.status, health.status) == (200, 200)
        assert stored_photo(served) == PHOTO


def test_a_full_queue_keeps_no_photo(serve: Callable[..., Served]) -> None:
    served = serve(queue_limit=1)
    assert send(served, form(PHOTO_PART)).status == 200
    answer = send(served, form(PHOTO_PART))
    assert answer.status == 429
    assert int(answer.answer_headers["retry-after"]) >= 1
    assert len(served.files()) == 1


def test_of_many_at_once_those_that_are_refused_leave_no_photo(serve: Callable[..., Served]) -> None:
    served = serve(queue_limit=3)

    async def crowd() -> list[Connection]:
        connections = [Connection(served.app, CLASSIFY, [form(PHOTO_PART)]) for _ in range(8)]
        await asyncio.gather(*(connection.send_request() for connection in connections))
        return connections

    assert sorted(connection.status for connection in asyncio.run(crowd())) == [200] * 3 + [429] * 5
    kept = {path.parent.name for path in served.files()}
    assert kept == {job.id for job in served.store.list_jobs(None)}
    assert len(kept) == 3
