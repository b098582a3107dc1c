"""A supervisor's process for tests: `python supervisor_program.py FOLDER DELAY_S` keeps a `worker_program.py` alive."""

import sys
import threading
from pathlib import Path

from facies.jobs.store import JobStore
from facies.jobs.supervisor import Supervisor

WORKER = str(Path(__file__).with_name("worker_program.py"))

if __name__ == "__main__":
    store = JobStore.open(f"sqlite:///{sys.argv[1]}/facies.db")
    Supervisor([sys.executable, WORKER, *sys.argv[1:]], {}, store.release_worker).start()
    threading.Event().wait()
