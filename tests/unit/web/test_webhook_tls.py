"""Calls over real TLS: the connection goes to the address that was checked, the certificate is the name's."""

import asyncio
import socket
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import httpx2
import pytest
import trustme

from facies.errors import WebhookError
from facies.web import webhooks
from facies.web.webhooks import is_public, post, trusted

NAME = "receiver.example"
HERE = "127.0.0.1"


@dataclass
class Receiver:
    """A server with a certificate, which writes down what it is asked."""

    port: int
    location: str | None = None
    names: list[str | None] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)

    @property
    def url(self):
        return f"https://{NAME}:{self.port}/done"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.receiver.hosts.append(self.headers["Host"])
        location = self.server.receiver.location
        self.send_response(204 if location is None else 308)
        if location is not None:
            self.send_header("Location", location)
        self.end_headers()

    def log_message(self, *_):
        pass


class Quiet(ThreadingHTTPServer):
    """A handshake that the client breaks off is what some tests want."""

    daemon_threads = True

    def handle_error(self, *_):
        pass


@contextmanager
def receiver(certificate):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(tls)
    server = Quiet((HERE, 0), Handler)
    this = server.receiver = Receiver(server.server_port)
    tls.sni_callback = lambda _socket, name, _context: this.names.append(name)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield this
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def tls(authority, tmp_path):
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    return trusted(tmp_path / "authority.pem")


@pytest.fixture
def told(authority):
    with receiver(authority.issue_cert(NAME)) as this:
        yield this


@pytest.fixture(autouse=True)
def looked_up(monkeypatch):
    """`receiver.example` is this machine, which counts as public here; all else is judged as ever."""
    asked = []

    def getaddrinfo(host, port, *_args, **_kwargs):
        asked.append(host)
        address = HERE if host == NAME and asked.count(NAME) == 1 else "10.0.0.7" if host[0].isalpha() else host
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(webhooks, "is_public", lambda address: address == ip_address(HERE) or is_public(address))
    return asked


def call(url, tls):
    return asyncio.run(post(url, {"webhook-id": "x"}, b"{}", allow_private=False, tls=tls))


def test_the_certificate_is_that_of_the_name_and_the_connection_that_of_the_checked_address(told, tls, looked_up):
    assert call(told.url, tls) == 204
    assert (told.names, told.hosts) == ([NAME], [f"{NAME}:{told.port}"])
    assert looked_up == [NAME]  # a second look-up would have led elsewhere


def test_a_certificate_of_another_name_is_refused(authority, tls):
    with receiver(authority.issue_cert("another.example")) as other:
        with pytest.raises(httpx2.ConnectError, match=r"(?i)hostname mismatch"):
            call(other.url, tls)
        assert other.hosts == []


def test_a_certificate_of_the_address_is_not_one_of_the_name(authority, tls):
    with receiver(authority.issue_cert(HERE)) as other, pytest.raises(httpx2.ConnectError, match=r"(?i)mismatch"):
        call(other.url, tls)


def test_a_certificate_of_a_stranger_is_refused(told):
    with pytest.raises(httpx2.ConnectError, match=r"(?i)certificate verify failed"):
        call(told.url, trusted(None))
    assert told.hosts == []


@pytest.mark.parametrize(
    "location", ["https://inside.example/", "https://169.254.169.254/latest/", "https://10.0.0.7:8443/"]
)
def test_a_redirect_to_a_private_address_is_not_followed(told, tls, location):
    told.location = location
    with pytest.raises(WebhookError, match="not a public one"):
        call(told.url, tls)
    assert len(told.hosts) == 1


def test_a_redirect_that_gives_up_tls_is_not_followed(told, tls):
    told.location = f"http://{NAME}:{told.port}/done"
    with pytest.raises(WebhookError, match="not https"):
        call(told.url, tls)


def test_a_name_that_means_another_address_at_the_redirect_is_checked_anew(told, tls):
    told.location = told.url
    with pytest.raises(WebhookError, match="not a public one"):
        call(told.url, tls)
    assert len(told.hosts) == 1
