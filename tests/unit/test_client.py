"""The Python client against a server that does what a test tells it to, over real sockets."""

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import facies
from facies import client as client_module
from facies.errors import RemoteError
from facies.remote import pieces

ID = "6f1c9a52-0f8e-4b43-9a0f-2f3f7a1f5a10"
JOB = f"/api/v1/jobs/{ID}"
ACCEPTED = {"jobs": [{"id": ID, "url": JOB}], "batch": None, "url": None}


def state(status="started", done=0, total=4, **more):
    return {
        "id": ID, "status": status, "done": done, "total": total, "queue_position": None, "eta_s": None, "error": None,
        "links": {"self": JOB, "summary": f"{JOB}/summary.json", "overlay": f"{JOB}/overlay.png"}, **more,
    }  # fmt: skip


def event(kind, event_id, document):
    return f"event: {kind}\nid: {event_id}\ndata: {json.dumps(document)}\n\n".encode()


@dataclass
class Answer:
    status: int = 200
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)
    is_cut: bool = False  # the line breaks instead of an answer


@dataclass
class Script:
    """Answers by method and path, in their order; the last one stays."""

    url: str
    answers: dict[tuple[str, str], list[Answer]] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def will(self, method, path, *answers):
        self.answers[method, path] = list(answers)

    def asked(self, method, path):
        """Headers and bodies of such requests."""
        return [(headers, body) for *which, headers, body in self.requests if which == [method, path]]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Script

    def answer(self):
        script = self.server.script
        body = self._body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        script.requests.append((self.command, self.path, headers, body))
        answers = script.answers.get((self.command, self.path), [Answer(404)])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer.is_cut:
            self.close_connection = True
            return
        content = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD" and answer.status != 204:
            self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_HEAD = do_DELETE = answer  # noqa: N815 - the names are the library's

    def _body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            content = b""
            while size := int(self.rfile.readline(), 16):
                content += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return content
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def log_message(self, *_):
        pass


@contextmanager
def running_script():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.script = Script(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.script
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def script():
    with running_script() as script:
        yield script


@pytest.fixture
def open_client(script, tmp_path):
    """Every client is as one in a process of its own."""

    def open_client(key="facies_secret"):
        return facies.Client(script.url + "/", key, timeout_s=5, patience_s=8, uploads_dir=tmp_path / "uploads")

    return open_client


@pytest.fixture
def client(open_client):
    with open_client() as client:
        yield client


@pytest.fixture
def photo(tmp_path):
    photo = tmp_path / "reef é.png"
    photo.write_bytes(bytes(range(256)) * 100)
    return photo


# --- sending


def test_a_photo_is_sent_in_a_form_with_the_key(script, client, photo):
    script.will("POST", "/api/v1/jobs", Answer(202, ACCEPTED))
    script.will("GET", JOB, Answer(200, state("queued", queue_position=3)))
    told = []
    job = client.submit(
        photo, "coral-bleaching", options={"threshold": 0.4}, metadata={"dive": 1}, on_sent=lambda *it: told.append(it)
    )
    assert (job.id, job.status, job.queue_position, job.is_over) == (ID, "queued", 3, False)
    ((headers, body),) = script.asked("POST", "/api/v1/jobs")
    assert headers["api-key"] == "facies_secret"
    assert photo.read_bytes() in body
    assert b'{"threshold": 0.4}' in body
    assert b'{"dive": 1}' in body
    assert told[-1] == (25_600, 25_600)


def test_what_is_put_off_is_sent_again_under_the_same_name_after_the_pause_that_was_asked_for(script, client, photo):
    later = formatdate(time.time() + 1.5, usegmt=True)
    script.will(
        "POST", "/api/v1/jobs", Answer(429, {}, {"Retry-After": "1"}), Answer(503, {}, {"Retry-After": later}),
        Answer(is_cut=True), Answer(202, ACCEPTED),
    )  # fmt: skip
    script.will("GET", JOB, Answer(200, state()))
    began_at = time.monotonic()
    client.submit(photo, "coral-bleaching")
    assert time.monotonic() - began_at >= 1.4
    sent = script.asked("POST", "/api/v1/jobs")
    assert len(sent) == 4
    assert len({headers["idempotency-key"] for headers, _ in sent}) == 1
    assert all(photo.read_bytes() in body for _, body in sent)


def test_a_pause_longer_than_the_patience_is_not_begun(script, photo):
    refusal = {"detail": "The queue is full; try again in an hour.", "code": "queue_full"}
    script.will("POST", "/api/v1/jobs", Answer(429, refusal, {"Retry-After": "3600"}))
    refused = pytest.raises(RemoteError, match="The queue is full")
    with facies.Client(script.url, patience_s=5) as client, refused as told:
        client.submit(photo, "coral-bleaching")
    assert len(script.requests) == 1
    assert (told.value.status, told.value.problem_code) == (429, "queue_full")


def test_a_refusal_is_told_in_the_servers_words_and_not_repeated(script, client, photo):
    refusal = {"detail": "There is no model 'x'.", "code": "unknown_model"}
    script.will("POST", "/api/v1/jobs", Answer(404, refusal))
    with pytest.raises(RemoteError, match="There is no model 'x'") as told:
        client.submit(photo, "x")
    assert (told.value.status, told.value.problem_code) == (404, "unknown_model")
    assert len(script.requests) == 1


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b"\xff"])
def test_a_refusal_that_is_no_problem_document_is_told_all_the_same(script, client, body):
    script.will("GET", JOB, Answer(500, body))
    with pytest.raises(RemoteError, match="answered 500"):
        client.job(ID)


def test_a_server_that_is_away_is_told_of_in_the_end(photo):
    with running_script() as gone:
        url = gone.url
    with facies.Client(url, patience_s=0.8) as client, pytest.raises(RemoteError, match="cannot be reached"):
        client.submit(photo, "coral-bleaching")


@pytest.mark.parametrize("url", ["", "localhost:5001", "ftp://x", "http://[::"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(RemoteError, match="no address of a server"):
        facies.Client(url)


def test_the_key_goes_to_no_other_server(script, client):
    with running_script() as other:
        script.will("GET", JOB, Answer(302, {}, {"Location": other.url + "/steal"}))
        with pytest.raises(RemoteError, match="answered 302"):
            client.job(ID)
        assert other.requests == []


def test_what_is_gone_after_a_line_broke_was_deleted(script, client):
    script.will("DELETE", JOB, Answer(is_cut=True), Answer(404, {}))
    client.delete(job_of(state()))
    assert len(script.asked("DELETE", JOB)) == 2
    with pytest.raises(RemoteError):
        client.delete(job_of(state()))


# --- in pieces

UPLOADS = "/api/v1/uploads"
ADDRESS = f"{UPLOADS}/{ID}"


@pytest.fixture
def in_pieces(monkeypatch):
    monkeypatch.setattr(client_module, "IN_PIECES_FROM_BYTES", 1)
    monkeypatch.setattr(pieces, "PIECE_BYTES", 10_000)


def kept(offset):
    return Answer(204, b"", {"Upload-Offset": str(offset)})


def test_a_large_photo_goes_in_pieces_and_on_from_where_it_was(script, client, photo, in_pieces):
    script.will("POST", UPLOADS, Answer(201, {}, {"Location": ADDRESS}))
    script.will(
        "PATCH", ADDRESS, kept(10_000), Answer(is_cut=True), Answer(460, {}), Answer(409, {}), Answer(423, {}),
        kept(24_000), kept(25_600),
    )  # fmt: skip
    script.will("HEAD", ADDRESS, Answer(200, b"", {"Upload-Offset": "14000"}))
    script.will("DELETE", ADDRESS, Answer(204))
    script.will("POST", "/api/v1/jobs", Answer(202, ACCEPTED))
    script.will("GET", JOB, Answer(200, state()))
    told = []
    client.submit(photo, "coral-bleaching", options={"threshold": 0.4}, on_sent=lambda *it: told.append(it))
    sent = script.asked("PATCH", ADDRESS)
    offsets = [int(headers["upload-offset"]) for headers, _ in sent]
    assert offsets == [0, 10_000, 14_000, 14_000, 14_000, 14_000, 24_000]
    content = photo.read_bytes()
    assert all(content[offset : offset + 10_000] == body for offset, (_, body) in zip(offsets, sent, strict=True))
    assert all(headers["upload-checksum"].startswith("sha256 ") for headers, _ in sent)
    ((_, order),) = script.asked("POST", "/api/v1/jobs")
    assert json.loads(order)["upload"] == ID
    assert json.loads(order)["options"] == {"threshold": 0.4}
    assert len(script.asked("DELETE", ADDRESS)) == 1
    assert (told[0], told[-1]) == ((0, 25_600), (25_600, 25_600))


class EndedError(Exception):
    """As a process ends in the middle."""


class TestTakenUpAgain:
    """An upload that an earlier process left in the middle."""

    @pytest.fixture
    def left(self, script, open_client, photo, in_pieces):
        """One that was cut off after its first piece of 10 000 bytes."""
        script.will("POST", UPLOADS, Answer(201, {}, {"Location": ADDRESS}))
        script.will("PATCH", ADDRESS, kept(10_000), kept(20_000), kept(25_600))
        script.will("HEAD", ADDRESS, self.standing(10_000))
        script.will("DELETE", ADDRESS, Answer(204))
        script.will("POST", "/api/v1/jobs", Answer(202, ACCEPTED))
        script.will("GET", JOB, Answer(200, state()))

        def end(sent, _total):
            if sent:
                raise EndedError

        with open_client() as client, pytest.raises(EndedError):
            client.submit(photo, "coral-bleaching", on_sent=end)

    def standing(self, offset, length=25_600):
        return Answer(200, b"", {"Upload-Offset": str(offset), "Upload-Length": str(length)})

    def submitted(self, open_client, photo, **options):
        told = []
        with open_client(**options) as client:
            assert client.submit(photo, "coral-bleaching", on_sent=lambda *it: told.append(it)).id == ID
        return told

    def test_it_goes_on_where_it_was(self, script, open_client, photo, left, tmp_path):
        assert self.submitted(open_client, photo)[0] == (10_000, 25_600)
        assert len(script.asked("POST", UPLOADS)) == 1
        assert list((tmp_path / "uploads").iterdir()) == []

    @pytest.mark.parametrize("answer", [Answer(404), Answer(410)])
    def test_one_that_is_gone_begins_anew(self, script, open_client, photo, left, answer):
        script.will("HEAD", ADDRESS, answer)
        script.will("PATCH", ADDRESS, kept(10_000), kept(20_000), kept(25_600))
        assert self.submitted(open_client, photo)[0] == (0, 25_600)
        assert len(script.asked("POST", UPLOADS)) == 2

    def test_one_of_another_length_is_another(self, script, open_client, photo, left):
        script.will("HEAD", ADDRESS, self.standing(10_000, length=9_999_999))
        script.will("PATCH", ADDRESS, kept(10_000), kept(20_000), kept(25_600))
        assert self.submitted(open_client, photo)[0] == (0, 25_600)

    @pytest.mark.parametrize("change", ["content", "key"])
    def test_another_file_or_key_has_an_upload_of_its_own(self, script, open_client, photo, left, change):
        if change == "content":
            photo.write_bytes(photo.read_bytes()[::-1])
        script.will("PATCH", ADDRESS, kept(10_000), kept(20_000), kept(25_600))
        assert self.submitted(open_client, photo, **({"key": "other"} if change == "key" else {}))[0] == (0, 25_600)

    def test_one_that_another_process_has_used_up_meanwhile_begins_anew(self, script, open_client, photo, left):
        gone = Answer(404, {"detail": "There is no such upload.", "code": "unknown_upload"})
        script.will("POST", "/api/v1/jobs", gone, Answer(202, ACCEPTED))
        script.will("PATCH", ADDRESS, kept(25_600))
        self.submitted(open_client, photo)
        assert len(script.asked("POST", UPLOADS)) == 2

    def test_a_model_that_is_not_there_is_told_and_the_upload_stays(self, script, open_client, photo, left, tmp_path):
        script.will("POST", "/api/v1/jobs", Answer(404, {"detail": "No such model.", "code": "unknown_model"}))
        with pytest.raises(RemoteError, match="No such model"):
            self.submitted(open_client, photo)
        assert len(list((tmp_path / "uploads").iterdir())) == 1

    def test_what_cannot_be_remembered_is_sent_all_the_same(self, script, photo, left, tmp_path):
        (tmp_path / "file").write_text("in the way")
        script.will("PATCH", ADDRESS, kept(25_600))
        with facies.Client(script.url, uploads_dir=tmp_path / "file") as client:
            assert client.submit(photo, "coral-bleaching").id == ID


def test_a_piece_that_is_refused_for_good_is_told(script, client, photo, in_pieces):
    script.will("POST", UPLOADS, Answer(201, {}, {"Location": ADDRESS}))
    script.will("PATCH", ADDRESS, Answer(413, {"detail": "It is too large.", "code": "upload_too_large"}))
    with pytest.raises(RemoteError, match="too large"):
        client.submit(photo, "coral-bleaching")
    assert len(script.asked("PATCH", ADDRESS)) == 1


def test_an_upload_that_cannot_be_removed_afterwards_does_no_harm(script, client, photo, in_pieces, monkeypatch):
    monkeypatch.setattr(pieces, "PIECE_BYTES", 10**6)
    script.will("POST", UPLOADS, Answer(201, {}, {"Location": ADDRESS}))
    script.will("PATCH", ADDRESS, kept(25_600))
    script.will("DELETE", ADDRESS, Answer(404, {}))
    script.will("POST", "/api/v1/jobs", Answer(202, ACCEPTED))
    script.will("GET", JOB, Answer(200, state()))
    assert client.submit(photo, "coral-bleaching").id == ID


# --- watching


def stream(*events, **headers):
    return Answer(200, b": hello\n\n" + b"".join(events), {"Content-Type": "text/event-stream", **headers})


def job_of(document):
    return client_module._job_of(document)


def test_a_job_is_watched_by_its_events(script, client):
    script.will("GET", JOB, Answer(200, state("queued", queue_position=1)), Answer(200, state("finished", 4)))
    events = [
        event("progress", 1, state(done=1)),
        event("progress", 2, state(done=3)),
        event("end", 3, state("finished", 4)),
    ]
    script.will("GET", f"{JOB}/events", stream(*events))
    seen = [(job.status, job.done) for job in client.watch(job_of(state()))]
    assert seen == [("queued", 0), ("started", 1), ("started", 3), ("finished", 4)]
    assert len(script.asked("GET", JOB)) == 2


def test_a_stream_that_breaks_is_taken_up_where_it_was(script, client):
    script.will("GET", JOB, Answer(200, state()), Answer(200, state(done=2)), Answer(200, state("finished", 4)))
    script.will(
        "GET", f"{JOB}/events", stream(event("progress", "a.1", state(done=1))),
        stream(event("end", "a.4", state("finished", 4))),
    )  # fmt: skip
    assert [job.done for job in client.watch(job_of(state()))] == [0, 1, 2, 4]
    assert [headers.get("last-event-id") for headers, _ in script.asked("GET", f"{JOB}/events")] == [None, "a.1"]


@pytest.mark.parametrize("refusal", [Answer(404, {}), Answer(200, {}), Answer(is_cut=True), Answer(429, {})])
def test_where_no_events_come_through_the_server_is_asked(script, client, refusal, monkeypatch):
    monkeypatch.setattr(client_module, "_POLL_S", 0.01)
    script.will(
        "GET", JOB, *(Answer(200, state(done=done)) for done in (0, 1, 1, 2)), Answer(200, state("finished", 4))
    )
    script.will("GET", f"{JOB}/events", refusal)
    assert [job.done for job in client.watch(job_of(state()))] == [0, 1, 2, 4]
    assert len(script.asked("GET", f"{JOB}/events")) == 1


def test_a_job_that_is_deleted_meanwhile_is_told(script, client):
    script.will(
        "GET", JOB, Answer(200, state()), Answer(404, {"detail": "There is no such job.", "code": "unknown_job"})
    )
    script.will("GET", f"{JOB}/events", stream(b"event: gone\ndata: {}\n\n"))
    with pytest.raises(RemoteError, match="no such job"):
        list(client.watch(job_of(state())))


# --- results


def test_results_are_fetched_and_saved(script, client, tmp_path):
    script.will("GET", JOB, Answer(200, state("finished", 4)))
    script.will("GET", f"{JOB}/summary.json", Answer(200, {"tiles": {"total": 4}}))
    script.will("GET", f"{JOB}/overlay.png", Answer(200, b"png"))
    result = client.result(job_of(state()))
    assert result.summary == {"tiles": {"total": 4}}
    assert result.files == ["summary.json", "overlay.png"]
    assert result.read("overlay.png") == b"png"
    saved = result.save(tmp_path / "a" / "b")
    assert [path.name for path in saved] == ["summary.json", "overlay.png"]
    assert saved[1].read_bytes() == b"png"
    with pytest.raises(KeyError):
        result.read("labels.png")


def test_a_job_that_failed_has_no_result_but_a_reason(script, client):
    error = {"code": "damaged_photo", "message": "The photo is damaged."}
    script.will("GET", JOB, Answer(200, state("failed", error=error)))
    with pytest.raises(RemoteError, match="The photo is damaged") as told:
        client.result(job_of(state()))
    assert told.value.problem_code == "damaged_photo"


def test_a_cancelled_job_has_no_result(script, client):
    script.will("POST", f"{JOB}/cancel", Answer(200, state("cancelled")))
    script.will("GET", JOB, Answer(200, state("cancelled")))
    assert client.cancel(job_of(state())).is_over
    with pytest.raises(RemoteError, match="cancelled"):
        client.result(job_of(state()))
