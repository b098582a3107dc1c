"""`python -m benchmarks`: times Facies, the limit and what people would use instead, in one run, and prints ratios."""

import argparse
import io
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import requests
from PIL import Image
from rich.console import Console
from rich.table import Table

from benchmarks import giants, latency, servers
from benchmarks.peers import litserve_tiles, sahi_style
from benchmarks.photos import CORE, GIANT_JPEG, GIANT_TIFF, LARGE_CORE, REEF, draw_giants, draw_photos
from facies.allocation import reuse_freed_memory
from facies.analysis import analyse
from facies.bench import CORES, Timing, describe_machine, time_photo
from facies.imaging import png
from facies.models.openvino import OpenVinoRuntime
from facies.models.package import Package
from facies.models.registry import SHIPPED, Registry

CLIENTS, PHOTOS, CANCELS = 8, 32, 15
ROUNDS, LATENCY_ROUNDS, SLOW_ROUNDS = 7, 5, 3
_GIB = 1 << 30


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        figure: what it is.
        value: a ratio where there is no unit.
        unit: of the value.
        target: what is wanted, in words.
    """

    figure: str
    value: float
    unit: str = ""
    target: str = ""


def main() -> None:
    """Run everything and write the table."""
    arguments = _arguments()
    reuse_freed_memory()
    machine = describe_machine(("onnxruntime", "litserve", "flask"))
    photos, registry = draw_photos(arguments.photos), Registry([SHIPPED])
    coral, rock = registry.get("coral-bleaching"), registry.get("rock-types")
    rows: list[Row] = []
    timings: list[Timing] = []
    for row in _all_rows(photos, coral, rock, timings, arguments):
        print(_line(row), file=sys.stderr, flush=True)
        rows.append(row)
    _print(rows)
    report = {
        "machine": machine,
        "models": {package.reference: package.manifest.weights.precision for package in (coral, rock)},
        "parts": [timing.to_json() for timing in timings],
        "rows": [asdict(row) for row in rows],
    }
    arguments.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def _all_rows(
    photos: Mapping[str, Path], coral: Package, rock: Package, timings: list[Timing], arguments: argparse.Namespace
) -> Iterator[Row]:
    yield from _reef_rows(photos[REEF], coral, timings)
    yield from _peer_rows(photos[REEF], coral)
    yield from _png_rows(photos[REEF], coral)
    for name in (CORE, LARGE_CORE):
        timings.append(_time(photos[name], rock))
        yield Row(f"{name}: analyse / limit", timings[-1].analyse_s / timings[-1].limit_s)
    yield from _latency_rows(photos[REEF], coral)
    if not arguments.no_giants:
        yield from _giant_rows(photos[REEF], draw_giants(arguments.photos), coral)


def _reef_rows(photo: Path, package: Package, timings: list[Timing]) -> Iterator[Row]:
    """The whole way through HTTP takes turns with the limit, whose parts are timed anew in every round."""
    alone, rates, rounds = [], [], []
    with servers.facies(package.reference) as server:
        submit, together = servers.coral_client(server.url), servers.coral_client(server.url, servers.TOGETHER_POLL_S)
        servers.photos_a_second(together, photo, CLIENTS, CLIENTS)
        runtimes = _load(package)
        for _ in range(ROUNDS):
            rounds.append(time_photo(photo, runtimes, repeats=1))
            alone.append(servers.seconds_of(submit, photo) / rounds[-1].limit_s)
        for _ in range(SLOW_ROUNDS):
            limit_s = time_photo(photo, runtimes, repeats=1).limit_s
            rates.append(servers.photos_a_second(together, photo, CLIENTS, PHOTOS) * limit_s)
        _close(runtimes)
    timings.append(rounds[len(rounds) // 2])
    yield Row("limit / bare inference", median(timing.limit_s / timing.bare_s for timing in rounds))
    yield Row("one 12-MP reef photo through HTTP / limit", median(alone), target="≤ 1.3")
    yield Row("the same by facies analyse / limit", median(timing.analyse_s / timing.limit_s for timing in rounds))
    yield Row(f"photos a second under {CLIENTS} clients / the limit's", median(rates), target="≥ 0.9")


@contextmanager
def _peer(name: str, health: str, package: Package) -> Iterator[str]:
    """The address of a server out of `peers/`."""
    port = servers.free_port()
    url = f"http://127.0.0.1:{port}"
    arguments = ["-m", f"benchmarks.peers.{name}", str(port), str(package.path)]
    with servers.process(arguments, {}, lambda: requests.get(f"{url}{health}", timeout=5).ok):
        yield url


def _peer_rows(photo: Path, package: Package) -> Iterator[Row]:
    """Others and Facies, one photo each in turn."""
    with servers.facies(package.reference) as server:
        submit = servers.coral_client(server.url)
        with _peer("naive", "/V1/api/health", package) as url:
            yield Row("naive service / Facies", _compare(servers.coral_client(url), submit, photo), target="≥ 15")
        with _peer("litserve_tiles", "/health", package) as url:
            yield Row(
                "LitServe with batching / Facies", _compare(litserve_tiles.client(url), submit, photo), target="≥ 2"
            )
        slicing = sahi_style.client(package)
        yield Row("slicing in one process / Facies", _compare(slicing, submit, photo), target="≥ 2")


def _compare(other: servers.Submit, ours: servers.Submit, photo: Path) -> float:
    """How many times longer the other takes."""
    for submit in (other, ours):
        submit(photo)
    return median(servers.seconds_of(other, photo) / servers.seconds_of(ours, photo) for _ in range(SLOW_ROUNDS))


def _png_rows(photo: Path, package: Package) -> Iterator[Row]:
    runtime = OpenVinoRuntime(package)
    overlay = analyse(photo, runtime).overlay()
    runtime.close()

    def by_pillow() -> bytes:
        Image.fromarray(overlay).save(file := io.BytesIO(), "PNG")
        return file.getvalue()

    ratios = [_seconds(by_pillow) / _seconds(lambda: png.encode_rgb(overlay)) for _ in range(SLOW_ROUNDS)]
    yield Row("overlay PNG: Pillow's time / ours", median(ratios), target="≥ 30")
    yield Row("overlay PNG: our size / Pillow's", len(png.encode_rgb(overlay)) / len(by_pillow()), target="≤ 1")


def _latency_rows(photo: Path, package: Package) -> Iterator[Row]:
    with servers.facies(package.reference) as server:
        servers.photos_a_second(servers.coral_client(server.url), photo, CLIENTS, CLIENTS)
        rounds = [latency.wait_for_server(server.url, photo, CLIENTS) for _ in range(LATENCY_ROUNDS)]
    for percent, target in ((50, "≤ 5"), (99, "≤ 25")):
        value = median(latency.percentile_ms(waits.submit_s, percent) for waits in rounds)
        yield Row(f"submit without the bytes' own time, {CLIENTS} clients, p{percent}", value, "ms", target)
    value = median(latency.percentile_ms(waits.poll_s, 99) for waits in rounds)
    yield Row(f"status poll while busy, {CLIENTS} clients, p99", value, "ms", "≤ 15")


def _giant_rows(reef: Path, photos: Mapping[str, Path], package: Package) -> Iterator[Row]:
    names = (GIANT_TIFF, GIANT_JPEG)
    ratios: dict[str, list[float]] = {name: [] for name in names}
    peaks: dict[str, list[int]] = {name: [] for name in names}
    for _ in range(SLOW_ROUNDS):
        small = giants.do_photo(reef, package.reference, reef)
        for name in names:
            giant = giants.do_photo(photos[name], package.reference, reef)
            ratios[name].append(giant.tiles_a_second / small.tiles_a_second)
            peaks[name].append(giant.peak_bytes)
    for name in names:
        yield Row(f"{name}: tiles a second / the 12-MP photo's", median(ratios[name]), target="≥ 0.9")
        yield Row(f"{name}: peak memory of the worker", max(peaks[name]) / _GIB, "GiB", "≤ 1")
    cancels_s = sorted(giants.cancels_s(photos[GIANT_TIFF], package.reference, reef, CANCELS))
    batch_s = giants.batch_s(photos[GIANT_TIFF], package)
    yield Row(f"cancel to idle in the largest photo, median of {CANCELS}", median(cancels_s) * 1000, "ms")
    yield Row("the slowest of them", cancels_s[-1] * 1000, "ms")
    yield Row("cancel to idle / one batch", median(cancels_s) / batch_s, target="≤ 1")


def _time(photo: Path, package: Package) -> Timing:
    runtimes = _load(package)
    timing = time_photo(photo, runtimes)
    _close(runtimes)
    return timing


def _load(package: Package) -> list[OpenVinoRuntime]:
    return [OpenVinoRuntime(package, streams) for streams in (CORES, max(1, CORES // 2))]


def _close(runtimes: list[OpenVinoRuntime]) -> None:
    for runtime in runtimes:
        runtime.close()


def _seconds(work: Callable[[], object]) -> float:
    started_at = time.perf_counter()
    work()
    return time.perf_counter() - started_at


def _line(row: Row) -> str:
    return f"{row.figure}: {_shown(row)}"


def _shown(row: Row) -> str:
    return f"{row.value:.3g} {row.unit}".strip()


def _print(rows: list[Row]) -> None:
    table = Table("figure", "value", "target", box=None, header_style="bold")
    table.columns[1].justify = "right"
    for row in rows:
        table.add_row(row.figure, _shown(row), row.target)
    Console().print(table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("benchmark.json"))
    parser.add_argument("--photos", type=Path, default=Path("build/benchmark-photos"))
    parser.add_argument("--no-giants", action="store_true", help="leave out the photos larger than memory")
    return parser.parse_args()


if __name__ == "__main__":
    main()
