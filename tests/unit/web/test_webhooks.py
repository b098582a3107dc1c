"""Calls to a sender's own server, over real sockets."""

import asyncio
import base64
import hashlib
import hmac
import json
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import httpx2
import pytest

from facies.errors import WebhookError
from facies.jobs.job import Status
from facies.jobs.removal import delete_job
from facies.jobs.sealing import Seal
from facies.jobs.store import JobStore
from facies.jobs.webhook_rows import RETRIES_AFTER_S, TAKEN_S, Webhook
from facies.web import webhooks
from facies.web.webhooks import WebhookCaller, is_public, post, read_webhook, sign
from tests.data.jobs import Clock, Room, new_job

SECRET = bytes(range(32))
WHSEC = "whsec_" + base64.b64encode(SECRET).decode()


@dataclass
class Receiver:
    """A sender's own server, which writes down what it is told."""

    port: int
    statuses: list[int] = field(default_factory=list)
    location: str | None = None
    silent_s: float = 0.0
    is_over: threading.Event = field(default_factory=threading.Event)
    answered: int = 0
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/done"


@contextmanager
def receiver():
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            this.calls.append(({name.lower(): value for name, value in self.headers.items()}, body))
            this.is_over.wait(this.silent_s)
            this.answered += 1
            self.send_response(this.statuses.pop(0) if this.statuses else 204)
            if this.location is not None:
                self.send_header("Location", this.location)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    this = Receiver(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield this
    finally:
        this.is_over.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def told():
    with receiver() as this:
        yield this


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def room(tmp_path, clock):
    room = Room(tmp_path, clock=clock)
    yield room
    room.close()


def send(room, url, **changes):
    new = new_job(**changes)
    room.store.submit_all([new], webhook=Webhook(url, SECRET))
    return new


def finish(room):
    job = room.store.claim("w", 60, alone=True)
    room.store.finish(job.id, job.lease.token)
    return room.job(job.id)


def call_all(room, clock, *, allow_private=True):
    WebhookCaller(room.store.calls, clock, allow_private=allow_private).call_all()


# --- what a receiver is told


def test_a_finished_job_is_told_once_and_signed(room, clock, told):
    send(room, told.url, metadata={"dive": 12})
    call_all(room, clock)
    assert told.calls == []
    clock.now += 30
    job = finish(room)
    call_all(room, clock)
    call_all(room, clock)
    ((headers, body),) = told.calls
    document = json.loads(body)
    assert document["type"] == "job.finished"
    assert document["timestamp"] == "2023-11-14T22:13:50+00:00"
    assert document["data"]["id"] == job.id
    assert (document["data"]["metadata"], document["data"]["error"]) == ({"dive": 12}, None)
    assert headers["content-type"] == "application/json"
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(SECRET, content, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["webhook-timestamp"] == str(int(clock.now))


def test_the_signature_is_that_of_the_standard():
    """The example of the reference libraries of Standard Webhooks."""
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signature = sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', secret)
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_failed_and_cancelled_jobs_are_told_too(room, clock, told):
    send(room, told.url)
    job = room.store.claim("w", 60, alone=True)
    room.store.fail(job.id, job.lease.token, "damaged_photo", "Broken.")
    cancelled = send(room, told.url)
    room.store.cancel(cancelled.id, None)
    call_all(room, clock)
    documents = {document["type"]: document for document in (json.loads(body) for _, body in told.calls)}
    assert documents.keys() == {"job.failed", "job.cancelled"}
    assert documents["job.failed"]["data"]["error"] == {"code": "damaged_photo", "message": "Broken."}


def test_a_deleted_job_is_not_told_and_its_call_is_forgotten(room, clock, told):
    job = send(room, told.url)
    finish(room)
    delete_job(room.store, room.blobs, job.id, None)
    call_all(room, clock)
    assert told.calls == []
    with room.store._database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM webhooks").scalar_one() == 0


# --- what does not go well


def test_a_receiver_that_fails_is_tried_again_later_and_later_under_the_same_id(room, clock, told):
    told.statuses = [500] * 20
    send(room, told.url)
    finish(room)
    for pause_s in RETRIES_AFTER_S:
        call_all(room, clock)
        so_far = len(told.calls)
        clock.now += pause_s - 1
        call_all(room, clock)
        assert len(told.calls) == so_far
        clock.now += 1
    call_all(room, clock)
    clock.now += 10**5
    call_all(room, clock)
    assert len(told.calls) == 1 + len(RETRIES_AFTER_S)
    assert len({headers["webhook-id"] for headers, _ in told.calls}) == 1
    assert len({headers["webhook-timestamp"] for headers, _ in told.calls}) == len(told.calls)


def test_a_receiver_that_is_away_is_tried_again(room, clock, told):
    with receiver() as gone:
        url = gone.url
    send(room, url)
    finish(room)
    call_all(room, clock)
    assert room.store.calls.take() is None
    clock.now += RETRIES_AFTER_S[0]
    assert room.store.calls.take().attempt == 2


def test_a_receiver_that_says_gone_is_left_alone(room, clock, told):
    told.statuses = [410]
    send(room, told.url)
    finish(room)
    call_all(room, clock)
    clock.now += RETRIES_AFTER_S[0]
    call_all(room, clock)
    assert len(told.calls) == 1


def test_a_receiver_that_falls_silent_holds_nobody(room, clock, told, monkeypatch):
    monkeypatch.setattr(webhooks, "_DEADLINE_S", 0.2)
    told.silent_s = 3600.0
    send(room, told.url)
    finish(room)
    call_all(room, clock)
    assert (len(told.calls), told.answered) == (1, 0)
    clock.now += RETRIES_AFTER_S[0]
    assert room.store.calls.take().attempt == 2


def test_a_call_whose_caller_died_is_made_by_another(room, clock, told):
    send(room, told.url)
    finish(room)
    assert room.store.calls.take() is not None
    assert room.store.calls.take() is None
    clock.now += TAKEN_S
    call_all(room, clock)
    assert len(told.calls) == 1


def test_a_restart_forgets_no_call(tmp_path, clock, told):
    seals = [Seal.of_file(tmp_path / "secret.key") for _ in range(2)]
    before = Room(tmp_path, clock=clock, seal=seals[0])
    send(before, told.url)
    finish(before)
    before.close()
    reopened = JobStore.open(f"sqlite:///{tmp_path / 'facies.db'}", seals[1], clock=clock)
    WebhookCaller(reopened.calls, clock, allow_private=True).call_all()
    reopened.close()
    assert len(told.calls) == 1


# --- where calls may go


def test_a_private_address_is_not_called(room, clock, told):
    send(room, told.url)
    finish(room)
    call_all(room, clock, allow_private=False)
    assert told.calls == []


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "240.0.0.1", "192.0.2.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:db8::1",
    ],
)  # fmt: skip
def test_addresses_that_only_some_can_reach_are_not_public(address):
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_addresses_that_everybody_can_reach_are(address):
    assert is_public(ip_address(address))


def names(monkeypatch, *answers):
    """Has every look-up give the next of these lists of addresses. Returns the names that were looked up."""
    looked_up, remaining = [], list(answers)

    def getaddrinfo(host, port, *_args, **_kwargs):
        looked_up.append(host)
        found = remaining.pop(0) if len(remaining) > 1 else remaining[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return looked_up


def test_a_name_with_one_private_address_among_public_ones_is_not_called(monkeypatch):
    names(monkeypatch, ["8.8.8.8", "127.0.0.1"])
    with pytest.raises(WebhookError, match="not a public one"):
        asyncio.run(post("https://receiver.example/", {}, b"", allow_private=False))


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch, told):
    """A name that means another address a moment later gains nothing by it."""
    looked_up = names(monkeypatch, ["127.0.0.1"], ["192.0.2.1"])
    url = f"http://receiver.example:{told.port}/done"
    assert asyncio.run(post(url, {"webhook-id": "x"}, b"{}", allow_private=True)) == 204
    assert looked_up.count("receiver.example") == 1
    assert told.calls[0][0]["host"] == f"receiver.example:{told.port}"


def test_tls_is_asked_for_under_the_name(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        names(monkeypatch, ["127.0.0.1"])
        monkeypatch.setattr(webhooks, "is_public", lambda _: True)
        greetings = []

        def greet():
            connection, _ = listener.accept()
            with connection:
                greetings.append(connection.recv(4096))

        thread = threading.Thread(target=greet, daemon=True)
        thread.start()
        with pytest.raises(httpx2.TransportError):
            asyncio.run(post(f"https://receiver.example:{listener.getsockname()[1]}/", {}, b"", allow_private=False))
        thread.join()
    assert b"receiver.example" in greetings[0]


def test_an_address_of_the_longer_kind_is_called(told):
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine speaks no IPv6")
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
        heads = []

        def answer():
            connection, _ = listener.accept()
            with connection:
                heads.append(connection.recv(4096))
                connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        assert asyncio.run(post(f"http://[::1]:{port}/", {}, b"", allow_private=True)) == 204
        thread.join()
    assert f"Host: [::1]:{port}".encode() in heads[0]


def test_an_address_that_cannot_be_reached_is_followed_by_the_next(monkeypatch, told):
    names(monkeypatch, ["127.0.0.2", "127.0.0.1"])  # on the first nobody listens
    assert asyncio.run(post(f"http://receiver.example:{told.port}/", {}, b"{}", allow_private=True)) == 204


def test_a_redirect_is_followed_with_the_same_request(told):
    with receiver() as first:
        first.statuses, first.location = [307], told.url
        assert asyncio.run(post(first.url, {"webhook-id": "x"}, b"{}", allow_private=True)) == 204
    assert told.calls[0][0]["webhook-id"] == "x"
    assert told.calls[0][1] == b"{}"


def test_a_redirect_to_a_private_address_is_not_followed(monkeypatch, told):
    with receiver() as first:
        first.statuses, first.location = [308], f"http://inside.example:{told.port}/"
        names(monkeypatch, ["127.0.0.1"], ["127.0.0.1"])
        monkeypatch.setattr(webhooks, "is_public", lambda address, asked=[]: asked.append(address) or len(asked) == 1)
        monkeypatch.setattr(webhooks, "_redirected", lambda target, location, _: target.join(location))
        with pytest.raises(WebhookError, match="not a public one"):
            asyncio.run(post(first.url, {}, b"", allow_private=False))
    assert told.calls == []


def test_a_redirect_away_from_https_is_not_followed(monkeypatch, told):
    with receiver() as first:
        first.statuses, first.location = [307], told.url
        monkeypatch.setattr(webhooks, "is_public", lambda _: True)
        with pytest.raises(WebhookError, match="not https"):
            asyncio.run(post(first.url, {}, b"", allow_private=False))
    assert told.calls == []


def test_redirects_end(told):
    told.statuses, told.location = [307] * 20, told.url
    with pytest.raises(WebhookError, match="more than 3 times"):
        asyncio.run(post(told.url, {}, b"", allow_private=True))
    assert len(told.calls) == 4


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_would_change_the_request_is_not_followed(told, status):
    told.statuses, told.location = [status], told.url
    assert asyncio.run(post(told.url, {}, b"", allow_private=True)) == status


# --- what a sender asks for


def test_a_webhook_as_it_should_be():
    assert read_webhook("https://receiver.example/done?x=1", WHSEC, allow_private=False) == Webhook(
        "https://receiver.example/done?x=1", SECRET
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "receiver.example",
        "http://receiver.example",
        "ftp://a",
        "https://",
        "https://me:pw@a/",
        "file:///etc",
        "https://a/" + "x" * 2048,
        "https://[::",
    ],
)
def test_a_url_that_cannot_be_called_is_refused(url):
    with pytest.raises(WebhookError):
        read_webhook(url, WHSEC, allow_private=False)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_***", WHSEC.removeprefix("whsec_"), "whsec_AAAA", "whsec_é"])
def test_a_secret_that_cannot_sign_is_refused(secret):
    with pytest.raises(WebhookError):
        read_webhook("https://receiver.example", secret, allow_private=False)


def test_jobs_of_one_request_are_told_each(room, clock, told):
    room.store.submit_all([new_job(), new_job()], webhook=Webhook(told.url, SECRET))
    assert {finish(room).status, finish(room).status} == {Status.FINISHED}
    call_all(room, clock)
    assert len({json.loads(body)["data"]["id"] for _, body in told.calls}) == 2
