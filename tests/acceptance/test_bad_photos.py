"""Photos of every kind, and what only looks like one: the right answer, a clear sentence, nothing left behind."""

import base64
import socket
import struct
import threading
from contextlib import suppress

import numpy as np
import psutil
import pytest
import requests
from PIL import Image

from tests.acceptance.conftest import wait_until
from tests.data.photos import broken_photos, decode, encode, no_photos, odd_photos, patchwork

API = "/V1/api"
MAX_UPLOAD_BYTES = 3_000_000
REQUEST = b"POST /V1/api/classify HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=edge\r\n"
PART_HEAD = b'--edge\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
ODD_PHOTOS = odd_photos()
NO_PHOTOS = no_photos()
BROKEN_PHOTOS = broken_photos()


@pytest.fixture(scope="module")
def server(start_shared_server):
    return start_shared_server(FACIES_MAX_UPLOAD_BYTES=str(MAX_UPLOAD_BYTES))


def send(server, dialect, photo, name="photo.jpg", declared="image/jpeg"):
    if dialect == "coral":
        return server.post(f"{API}/classify", files={"image": (name, photo, declared)})
    return server.post("/predict", files={"file": (name, photo, declared)}, headers=server.key_header)


def sentence(answer):
    document = answer.json()
    assert len(document) == 1
    (text,) = document.values()
    return text


def outcome(server, dialect, job_id):
    """The last status of a job, with its picture as bytes under "picture"."""

    def over():
        if dialect == "coral":
            info = server.get(f"{API}/status/{job_id}").json()
            done = info["status"] in ("completed", "error")
            picture = info.get("result_image", ",").split(",")[1]
        else:
            info = server.get(f"/job/{job_id}", headers=server.key_header).json()
            done = info["status"] in ("finished", "failed")
            picture = (info["result"] or {"base64": ""})["base64"]
        return info | {"picture": base64.b64decode(picture)} if done else None

    return wait_until(over)


@pytest.mark.parametrize("dialect", ["coral", "rock"])
@pytest.mark.parametrize("kind", ODD_PHOTOS)
def test_unusual_photos_are_analysed(server, dialect, kind):
    photo, (width, height) = ODD_PHOTOS[kind]
    answer = send(server, dialect, photo, name="a.txt", declared="text/plain")  # only the bytes decide
    assert answer.status_code == 200, answer.text
    info = outcome(server, dialect, answer.json()["job_id"])
    assert info["status"] in ("completed", "finished"), info["error"]
    assert decode(info["picture"]).shape == (height, width, 3)


@pytest.mark.parametrize("dialect", ["coral", "rock"])
@pytest.mark.parametrize("kind", NO_PHOTOS)
def test_what_is_no_photo_is_refused(server, dialect, kind):
    before = server.files()
    answer = send(server, dialect, NO_PHOTOS[kind])
    assert answer.status_code == 400
    assert len(sentence(answer).split()) > 4
    assert server.files() == before


@pytest.mark.parametrize("dialect", ["coral", "rock"])
@pytest.mark.parametrize("kind", BROKEN_PHOTOS)
def test_a_photo_that_cannot_be_decoded_fails_its_job_and_leaves_nothing(server, dialect, kind):
    before = server.files()
    answer = send(server, dialect, BROKEN_PHOTOS[kind])
    assert answer.status_code == 200, answer.text
    info = outcome(server, dialect, answer.json()["job_id"])
    assert info["status"] in ("error", "failed")
    assert len(info["error"].split()) > 4
    assert "/" not in info["error"]
    wait_until(lambda: server.files() == before)


def test_a_claim_of_ten_thousand_million_pixels_costs_no_memory(server):
    pids = [server.process.pid, *(child.pid for child in psutil.Process(server.process.pid).children(recursive=True))]
    before = {pid: psutil.Process(pid).memory_info().rss for pid in pids}
    assert "100000" in sentence(send(server, "coral", NO_PHOTOS["huge"]))
    assert all(psutil.Process(pid).memory_info().rss - before[pid] < 20e6 for pid in pids)


class TestTooManyBytes:
    def test_clients_get_to_read_the_refusal(self, server):
        before = server.files()
        answer = send(server, "rock", b"\xff\xd8\xff" + b"x" * 30_000_000)
        assert (answer.status_code, "MiB" in sentence(answer)) == (413, True)
        assert server.files() == before

    @pytest.mark.parametrize("declared", [None, 10**12, 500])
    def test_a_length_that_is_missing_or_a_lie(self, server, declared):
        before = server.files()
        status = raw_upload(server, b"x" * 5_000_000, declared)
        assert status == (400 if declared == 500 else 413)
        wait_until(lambda: server.files() == before)

    def test_an_upload_is_never_whole_in_memory(self, start_server):
        server = start_server("--workers", "0", FACIES_MAX_UPLOAD_BYTES="400000000")
        process = psutil.Process(server.process.pid)
        before, peak = process.memory_info().rss, 0
        done = threading.Event()

        def watch():
            nonlocal peak
            while not done.wait(0.005):
                peak = max(peak, process.memory_info().rss)

        watcher = threading.Thread(target=watch)
        watcher.start()
        photo = encode(patchwork(300, 260), "JPEG") + bytes(200_000_000)
        answer = send(server, "coral", photo)
        done.set()
        watcher.join()
        assert answer.status_code == 200
        assert peak - before < 40e6


def raw_upload(server, content, declared):
    """Send a form with any Content-Length, or in chunks without one; the status of the answer."""
    body = PART_HEAD + content + b"\r\n--edge--\r\n"
    framing = b"Transfer-Encoding: chunked" if declared is None else b"Content-Length: %d" % declared
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(REQUEST + framing + b"\r\n\r\n")
        with suppress(BrokenPipeError, ConnectionResetError):  # the server need not listen to the end
            connection.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if declared is None else body)
        return int(connection.recv(65536).split()[1])


def test_a_client_that_vanishes_leaves_nothing(server):
    before = server.files()
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    connection.sendall(REQUEST + b"Content-Length: 900000\r\n\r\n" + PART_HEAD + b"x" * 400_000)
    wait_until(lambda: len(server.files()) == len(before) + 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close with a reset
    connection.close()
    wait_until(lambda: server.files() == before)


def test_the_exif_rotation_is_honoured(server):
    pixels = patchwork(40, 20)
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = encode(Image.fromarray(pixels), "PNG", exif=exif)
    answer = server.post(
        "/predict", files={"file": ("a.png", photo)}, data={"mask_weight": "0"}, headers=server.key_header
    )
    overlay = decode(outcome(server, "rock", answer.json()["job_id"])["picture"])
    np.testing.assert_array_equal(overlay, np.rot90(pixels, -1))  # 6: the camera was held on its side


def test_slow_uploads_hold_nobody_up(server):
    slow = []
    for _ in range(20):
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        connection.sendall(REQUEST + b"Content-Length: 1000\r\n\r\n" + PART_HEAD)
        slow.append(connection)
    answer = requests.get(f"{server.url}{API}/health", timeout=30)  # theirs is cut off after 60
    for connection in slow:
        connection.close()
    assert answer.json() == {"status": "success"}


def test_sixteen_bit_keeps_its_brightness(server):
    deep = np.full((30, 30), 200 << 8, dtype=np.uint16)
    answer = send(server, "coral", encode(Image.fromarray(deep)))
    chunk = outcome(server, "coral", answer.json()["job_id"])["chunks"][0]
    assert chunk["probability"] == pytest.approx(200 / 255, abs=0.02)
