"""A worker's process for tests: `python worker_program.py FOLDER DELAY_S --name NAME`, on a `tests.data.jobs.Room`.

Runtimes are fake. The model "stuck@1.0.0" never loads, and nothing can interrupt that; HANGS_AFTER_S says when that is
taken for a hang. With LOOKS_EVERY_S it looks after its jobs that seldom, unless it is woken.
"""

import logging
import os
import sys
import threading
from functools import cache
from pathlib import Path

from facies.jobs import worker as worker_module
from facies.jobs.blobs import LocalBlobs
from facies.jobs.store import JobStore
from facies.jobs.worker import Worker
from facies.models.fake import FakeRuntime
from facies.models.package import load_package

LEASE_S = 2.0


def main(folder: Path, delay_s: float, name: str) -> None:
    @cache
    def get_runtime(reference: str) -> FakeRuntime:
        if reference == "stuck@1.0.0":
            threading.Event().wait()
        package = load_package(folder / "packages" / reference.split("@")[0])
        return FakeRuntime(package, delay_s)

    logging.basicConfig(level=logging.INFO, format=f"{name}: %(message)s")
    store = JobStore.open(f"sqlite:///{folder / 'facies.db'}")
    hangs_after_s = float(os.environ.get("HANGS_AFTER_S", "600"))
    blobs = LocalBlobs(folder / "blobs")
    if seldom := os.environ.get("LOOKS_EVERY_S"):
        worker_module.POLL_S = worker_module._BUSY_LOOK_S = float(seldom)
    worker = Worker(store, blobs, get_runtime, name, lease_s=LEASE_S, hangs_after_s=hangs_after_s)
    worker.run_until_signalled()
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[sys.argv.index("--name") + 1])
