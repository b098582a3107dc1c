"""The end of a server, as whoever runs it and whoever uses it sees it."""

import signal
import time

import pytest
import requests

from tests.acceptance.conftest import STOP_S, wait_until
from tests.data.photos import encode, patchwork

PHOTO = encode(patchwork(300, 260))


def test_a_server_gives_notice_before_it_ends(start_server):
    server = start_server(FACIES_NOTICE_S="4")
    wait_until(lambda: server.get("/readyz").status_code == 200)
    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: server.get("/readyz").status_code == 503)
    assert server.get("/readyz").json()["server"] == "about to end"
    assert server.get("/V1/api/health").ok
    assert server.process.wait(STOP_S) == 0
    with pytest.raises(requests.ConnectionError):
        server.get("/livez")


def test_an_upload_on_its_way_is_taken_in_before_the_server_ends(start_server):
    server = start_server(FACIES_DRAIN_S="30")

    def slowly():
        yield b'--edge\r\nContent-Disposition: form-data; name="image"; filename="reef.png"\r\n\r\n' + PHOTO[:100]
        server.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        yield PHOTO[100:] + b"\r\n--edge--\r\n"

    answer = server.post(
        "/V1/api/classify", data=slowly(), headers={"Content-Type": "multipart/form-data; boundary=edge"}
    )
    assert answer.status_code == 200
    assert server.process.wait(STOP_S) == 0
