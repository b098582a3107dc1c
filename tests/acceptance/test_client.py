"""The Python client and `facies submit` against a real server and its worker."""

import base64
import json
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

import facies
from facies import client as client_module
from facies.errors import RemoteError
from facies.remote import pieces
from tests.acceptance.conftest import STOP_S, wait_until
from tests.data.photos import encode, patchwork

PHOTO = encode(patchwork(300, 260))  # 4 tiles
LONG = encode(patchwork(2440, 1952))  # 80 tiles, 20 batches


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "reef.png"
    path.write_bytes(PHOTO)
    return path


@pytest.fixture
def long_photo(tmp_path):
    path = tmp_path / "transect.png"
    path.write_bytes(LONG)
    return path


@pytest.fixture
def client(server, tmp_path):
    with facies.Client(server.url, server.key, uploads_dir=tmp_path / "unfinished") as client:
        yield client


def test_a_photo_there_and_its_result_back(client, photo, tmp_path):
    job = client.submit(photo, "test-coral", metadata={"dive": 12})
    *_, final = client.watch(job)
    assert (final.status, final.done, final.total) == ("finished", 4, 4)
    assert final.document["metadata"] == {"dive": 12}
    result = client.result(final)
    assert result.summary["tiles"]["total"] == 4
    saved = {path.name: path for path in result.save(tmp_path / "results")}
    assert saved.keys() == {"summary.json", "overlay.png", "tiles.csv", "tiles.geojson"}
    assert saved["overlay.png"].read_bytes().startswith(b"\x89PNG")
    client.delete(final)
    with pytest.raises(RemoteError) as told:
        client.job(final.id)
    assert told.value.problem_code == "unknown_job"


def test_a_photo_in_pieces(client, server, photo, monkeypatch):
    monkeypatch.setattr(client_module, "IN_PIECES_FROM_BYTES", 1)
    monkeypatch.setattr(pieces, "PIECE_BYTES", len(PHOTO) // 3)
    result = client.result(client.submit(photo, "test-rock"))
    assert "labels.png" in result.files
    assert list((server.data_dir / "uploads").iterdir()) == []


def test_an_upload_survives_the_end_of_its_process(server, photo, tmp_path):
    """Killed after two of nine pieces, and started again: what the server has is not sent twice."""
    program = f"""
import sys, time, facies
from facies import client
from facies.remote import pieces
client.IN_PIECES_FROM_BYTES, pieces.PIECE_BYTES = 1, {len(PHOTO) // 8}
def told(sent, total):
    print(sent, flush=True)
    if sys.argv[1] == "stop" and sent >= 2 * pieces.PIECE_BYTES:
        time.sleep(600)
with facies.Client({server.url!r}, {server.key!r}) as here:
    print(here.result(here.submit({str(photo)!r}, "test-coral", on_sent=told)).summary["tiles"]["total"])
"""
    environment = {**server.environment, "XDG_STATE_HOME": str(tmp_path / "state")}

    def start(how):
        return subprocess.Popen(
            [sys.executable, "-c", program, how], env=environment, stdout=subprocess.PIPE, text=True
        )

    with start("stop") as first:
        there = [int(first.stdout.readline()) for _ in range(3)][-1]
        first.kill()
    with start("go on") as second:
        lines = second.stdout.read().split()
    assert there == 2 * (len(PHOTO) // 8)
    assert (int(lines[0]), int(lines[-2]), lines[-1]) == (there, len(PHOTO), "4")
    wait_until(lambda: not list((server.data_dir / "uploads").iterdir()))


def test_a_file_that_is_no_photo_is_refused_in_words(client, tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("no photo")
    with pytest.raises(RemoteError, match="photo") as told:
        client.submit(text, "test-coral")
    assert (told.value.status, told.value.problem_code) == (400, "not_a_photo")


def test_progress_cancelling_and_a_restart(start_server, long_photo):
    server = start_server(FACIES_FAKE_DELAY_S="0.2")
    with facies.Client(server.url, server.key) as client:
        job = client.submit(long_photo, "test-coral")
        states = client.watch(job)
        seen = [next(states).done]
        while not 0 < seen[-1] < 80:
            seen.append(next(states).done)
        server.stop()
        server.start()
        rest = list(states)
        assert rest[-1].status == "finished"
        assert len({state.done for state in rest}) > 2
        other = client.submit(long_photo, "test-coral")
        client.cancel(other)
        *_, cancelled = client.watch(other)
        assert cancelled.status == "cancelled"


def test_the_command_sends_photos_and_fetches_results(server, photo, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(PHOTO[:200])
    out = tmp_path / "out"
    command = [sys.executable, "-m", "facies", "submit", str(photo), str(broken), "--model", "test-coral"]
    command += ["--server", server.url, "--options", '{"threshold": 0.4}', "--unsure-band", "0.3", "0.6"]
    command += ["--out", str(out)]
    finished = subprocess.run(
        command, env={**server.environment, "FACIES_KEY": server.key}, capture_output=True, text=True, timeout=60
    )
    assert finished.returncode == 1, finished.stderr
    summary = json.loads((out / "reef" / "summary.json").read_text())
    assert summary["tiles"]["total"] == 4
    assert summary["options"] == {"opacity": 0.5, "threshold": 0.4, "unsure_band": [0.3, 0.6]}
    assert (out / "reef" / "overlay.png").exists()
    assert "reef.png" in finished.stdout
    assert "broken.png" in finished.stderr
    table = (out / "summary.csv").read_text().splitlines()
    assert len(table) == 3


def test_the_command_ends_soon_after_ctrl_c(start_server, tmp_path, request):
    server = start_server(FACIES_FAKE_DELAY_S="1")
    photos = [tmp_path / f"transect-{index}.png" for index in range(6)]
    for photo in photos:
        photo.write_bytes(LONG)
    command = [sys.executable, "-m", "facies", "submit", *map(str, photos), "--model", "test-coral"]
    command += ["--out", str(tmp_path / "out")]
    environment = {**server.environment, "FACIES_KEY": server.key}
    # A shell starts what runs in its background deaf to Ctrl-C, and that is inherited; a person's terminal does not.
    heard_before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, heard_before))
    with subprocess.Popen([*command, "--server", server.url], env=environment, stderr=subprocess.DEVNULL) as process:
        wait_until(lambda: len(server.get("/api/v1/jobs", headers=server.key_header).json()["jobs"]) >= 2)
        process.send_signal(signal.SIGINT)
        assert process.wait(STOP_S) == 130


def test_the_command_says_what_is_wrong_in_one_sentence(server, photo):
    for wrong in (["--server", "nowhere"], ["--options", "[1]"]):
        command = [sys.executable, "-m", "facies", "submit", str(photo), "--model", "test-coral", *wrong]
        finished = subprocess.run(command, env=server.environment, capture_output=True, text=True, timeout=60)
        assert finished.returncode == 2
        assert finished.stderr.startswith("error ")
        assert "Traceback" not in finished.stderr


def test_a_senders_own_server_is_told_when_the_job_is_over(start_server):
    server = start_server(FACIES_PRIVATE_WEBHOOKS="true")
    calls = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            calls.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as receiver:
        threading.Thread(target=receiver.serve_forever, args=(0.01,), daemon=True).start()
        secret = "whsec_" + base64.b64encode(bytes(32)).decode()
        webhook = {"url": f"http://127.0.0.1:{receiver.server_port}/", "secret": secret}
        form = {"model": "test-coral", "webhook": json.dumps(webhook)}
        sent = server.post("/api/v1/jobs", files={"image": PHOTO}, data=form, headers=server.key_header)
        job = sent.json()["jobs"][0]["id"]
        wait_until(lambda: calls)
        receiver.shutdown()
    headers, body = calls[0]
    assert (json.loads(body)["type"], json.loads(body)["data"]["id"]) == ("job.finished", job)
    assert headers["webhook-signature"].startswith("v1,")
