"""`python -m benchmarks`: times Facies, the limit and what people would use instead, in one run, and prints ratios."""

import argparse
import io
import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import requests
from PIL import Image
from rich.console import Console
from rich.table import Table

from benchmarks import servers
from benchmarks.limit import CORES, Limit, measure_limit
from benchmarks.peers import litserve_tiles, sahi_style
from benchmarks.photos import LARGE_CORE, REEF, draw_photos
from facies.analysis import analyse
from facies.models.openvino import OpenVinoRuntime
from facies.models.package import Package
from facies.models.registry import SHIPPED, Registry

CLIENTS, PHOTOS, REPEATS, SLOW_REPEATS = 8, 24, 7, 3


def main() -> None:
    """Run everything and write the table."""
    arguments = _arguments()
    photos = draw_photos(arguments.photos)
    registry = Registry([SHIPPED])
    coral, rock = registry.get("coral-bleaching"), registry.get("rock-types")
    reef_limit = measure_limit(photos[REEF], coral)
    rows = [*_reef_rows(photos[REEF], coral, reef_limit)]
    rows += _library_rows(photos[LARGE_CORE], rock, measure_limit(photos[LARGE_CORE], rock))
    _print(rows)
    report = {"machine": _machine(), "limit_core_s": reef_limit.core_s, "rows": rows}
    arguments.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def _reef_rows(photo: Path, package: Package, limit: Limit) -> Iterator[dict[str, object]]:
    yield _row("limit / bare inference", limit.photo_s / limit.bare_s)
    with servers.facies(package.reference) as (url, _):
        submit = servers.coral_client(url)
        facies_s = servers.one_at_a_time_s(submit, photo, REPEATS)
        rate = servers.photos_a_second(submit, photo, CLIENTS, PHOTOS)
    yield _row("one 12-MP reef photo through HTTP / limit", facies_s / limit.photo_s, "≤ 1.3")
    yield _row(f"photos a second under {CLIENTS} clients / the limit's", rate * limit.photo_s, "≥ 0.9")
    naive_s = _naive_s(photo, package)
    yield _row("naive service / Facies", naive_s / facies_s, "≥ 15")
    yield _row("LitServe with batching / Facies", _litserve_s(photo, package) / facies_s, "≥ 2")
    sahi_s = servers.one_at_a_time_s(sahi_style.client(package), photo, SLOW_REPEATS)
    yield _row("slicing in one process / Facies", sahi_s / facies_s, "≥ 2")
    yield from _png_rows(photo, package, limit)


def _library_rows(photo: Path, package: Package, limit: Limit) -> Iterator[dict[str, object]]:
    runtime = OpenVinoRuntime(package)

    def submit(path: Path) -> None:
        for _, content in analyse(path, runtime).files():
            for _ in content:
                pass

    seconds = servers.one_at_a_time_s(submit, photo, REPEATS)
    runtime.close()
    yield _row("one 12-MP core photo through analyse() / limit", seconds / limit.photo_s)


def _png_rows(photo: Path, package: Package, limit: Limit) -> Iterator[dict[str, object]]:
    runtime = OpenVinoRuntime(package)
    found = analyse(photo, runtime)
    runtime.close()
    ours = sum(len(piece) for name, content in found.files() if name == "overlay.png" for piece in content)
    started_at, file = time.perf_counter(), io.BytesIO()
    Image.fromarray(found.overlay()).save(file, "PNG")
    pillow_s = time.perf_counter() - started_at
    yield _row("overlay PNG: Pillow's time / ours", pillow_s * CORES / limit.core_s["png"], "≥ 30")
    yield _row("overlay PNG: our size / Pillow's", ours / file.tell(), "≤ 1")


def _naive_s(photo: Path, package: Package) -> float:
    port = servers.free_port()
    url = f"http://127.0.0.1:{port}"
    arguments = ["-m", "benchmarks.peers.naive", str(port), str(package.path)]
    with servers.process(arguments, {}, lambda: requests.get(f"{url}/V1/api/health", timeout=5).ok):
        return servers.one_at_a_time_s(servers.coral_client(url), photo, SLOW_REPEATS)


def _litserve_s(photo: Path, package: Package) -> float:
    port = servers.free_port()
    url = f"http://127.0.0.1:{port}"
    arguments = ["-m", "benchmarks.peers.litserve_tiles", str(port), str(package.path)]
    with servers.process(arguments, {}, lambda: requests.get(f"{url}/health", timeout=5).ok):
        return servers.one_at_a_time_s(litserve_tiles.client(url), photo, SLOW_REPEATS)


def _row(figure: str, ratio: float, target: str = "") -> dict[str, object]:
    print(f"{figure}: {ratio:.2f}", file=sys.stderr, flush=True)
    return {"figure": figure, "ratio": round(ratio, 3), "target": target}


def _print(rows: list[dict[str, object]]) -> None:
    table = Table("figure", "ratio", "target", box=None, header_style="bold")
    for row in rows:
        table.add_row(str(row["figure"]), f"{row['ratio']:.2f}", str(row["target"]))
    Console().print(table)


def _machine() -> dict[str, object]:
    names = ("facies", "openvino", "onnxruntime", "numpy", "pyvips", "isal", "pillow", "litserve", "flask")
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": CORES,
        "load_before": os.getloadavg()[0],
        "python": platform.python_version(),
        "versions": {name: version(name) for name in names},
        "date": time.strftime("%Y-%m-%d"),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("benchmark.json"))
    parser.add_argument("--photos", type=Path, default=Path("build/benchmark-photos"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
