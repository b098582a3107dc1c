"""How long clients wait for the server itself while others keep it busy.

    python -m benchmarks.latency URL PHOTO CLIENTS      prints what the calls took, as JSON

The clients are a process of their own: one that has loaded networks, and collects its garbage, would time itself.
"""

import gc
import http.client
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlsplit

import requests

from benchmarks.servers import FORM_TYPE, form

_SUBMITS, _POLLS = 12, 6
_BETWEEN_POLLS_S = 0.05
_ARRIVES_S = 0.05
_LAST_BYTES = 64


@dataclass
class Waits:
    """Seconds of every call.

    Attributes:
        submit_s: from a photo's last bytes to the answer with its job's id: the bytes' own way is not counted.
        poll_s: of asking for a job's status.
    """

    submit_s: list[float] = field(default_factory=list)
    poll_s: list[float] = field(default_factory=list)


def wait_for_server(url: str, photo: Path, clients: int) -> Waits:
    """Some clients send photos and ask how far they are, all at once, while the workers look at the photos."""
    command = [sys.executable, "-m", "benchmarks.latency", url, str(photo), str(clients)]
    return Waits(**json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))


def _be_clients(url: str, photo: Path, clients: int) -> Waits:
    waits = Waits()
    body = memoryview(form(photo))  # what is sent is a part of it, not a copy
    with ThreadPoolExecutor(clients) as threads:
        for numbers in threads.map(lambda _: _send_and_ask(url, body, waits), range(clients)):
            for number in numbers:
                requests.delete(f"{url}/V1/api/classify/{number}", timeout=60)
    return waits


def percentile_ms(seconds: list[float], percent: int) -> float:
    """Milliseconds that so many of a hundred calls stay below."""
    return quantiles(seconds, n=100, method="inclusive")[percent - 1] * 1000


def _send_and_ask(url: str, body: memoryview, waits: Waits) -> list[int]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    numbers = []
    for _ in range(_SUBMITS):
        numbers.append(_send(connection, body, waits))
        for _ in range(_POLLS):
            time.sleep(_BETWEEN_POLLS_S)
            started_at = time.perf_counter()
            connection.request("GET", f"/V1/api/status/{numbers[-1]}")
            is_picture = len(connection.getresponse().read()) > 10_000
            if not is_picture:  # the picture's own bytes are not what is asked for here
                waits.poll_s.append(time.perf_counter() - started_at)
    connection.close()
    return numbers


def _send(connection: http.client.HTTPConnection, body: memoryview, waits: Waits) -> int:
    connection.putrequest("POST", "/V1/api/classify")
    connection.putheader("Content-Type", FORM_TYPE)
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders()
    connection.send(body[:-_LAST_BYTES])
    time.sleep(_ARRIVES_S)
    started_at = time.perf_counter()
    connection.send(body[-_LAST_BYTES:])
    answer = connection.getresponse()
    text = answer.read()
    waits.submit_s.append(time.perf_counter() - started_at)
    return int(json.loads(text)["job_id"])


def _main(url: str, photo: str, clients: str) -> None:
    gc.disable()
    json.dump(asdict(_be_clients(url, Path(photo), int(clients))), sys.stdout)


if __name__ == "__main__":
    _main(*sys.argv[1:])
