"""An upload that survives what happens to it: real sockets, a real server, kill -9."""

import socket

import pytest
import requests

from tests.acceptance.conftest import STORES, wait_until

pytestmark = pytest.mark.parametrize("new_database", STORES, indirect=True, scope="module")

CONTENT = bytes(range(256)) * 400_000  # 102 MB: more than the server holds back before it keeps
TUS = {"Tus-Resumable": "1.0.0"}


def test_an_upload_goes_on_after_the_server_was_killed(start_server):
    server = start_server()
    headers = {**TUS, **server.key_header}
    begun = server.post("/api/v1/uploads", headers={**headers, "Upload-Length": str(len(CONTENT))})
    address = begun.headers["Location"]
    line = send_half(server, address, headers)
    folder = server.data_dir / "uploads"
    wait_until(lambda: offset_of(server, address, headers) > 0)
    server.kill()
    line.close()
    server.start()
    offset = offset_of(server, address, headers)
    assert 0 < offset <= len(CONTENT) // 2
    sent = requests.patch(server.url + address, data=CONTENT[offset:], headers=piece(headers, offset), timeout=60)
    assert (sent.status_code, sent.headers["Upload-Offset"]) == (204, str(len(CONTENT)))
    assert (folder / address.rpartition("/")[2]).read_bytes() == CONTENT


def piece(headers, offset):
    return {**headers, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}


def send_half(server, address, headers):
    """Half of the content on a line that stays open."""
    line = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    fields = piece(headers, 0) | {"Host": "localhost", "Content-Length": str(len(CONTENT))}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    line.sendall(f"PATCH {address} HTTP/1.1\r\n{head}\r\n".encode() + CONTENT[: len(CONTENT) // 2])
    return line


def offset_of(server, address, headers):
    answer = requests.head(server.url + address, headers=headers, timeout=60)
    return int(answer.headers["Upload-Offset"])
