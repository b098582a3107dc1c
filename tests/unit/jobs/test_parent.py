import os
import signal
import subprocess
import sys
from queue import SimpleQueue

import pytest

from facies.jobs.liveness import WAKING
from facies.jobs.parent import supervised_environment

PROGRAM = (
    "from facies.jobs.parent import supervisor_is_gone, wake_supervisor; wake_supervisor(); print(supervisor_is_gone())"
)


@pytest.fixture
def woken():
    """Gets an item for every WAKING that reaches this process."""
    woken = SimpleQueue()
    before = signal.signal(WAKING, lambda *_: woken.put(None))
    yield woken
    signal.signal(WAKING, before)


def said_by_child(environment):
    command, whole = [sys.executable, "-c", PROGRAM], {**os.environ, **environment}
    return subprocess.run(command, env=whole, check=True, capture_output=True, text=True).stdout.strip()


def test_a_supervised_process_wakes_its_supervisor(woken):
    assert said_by_child(supervised_environment()) == "False"
    assert woken.qsize() == 1


def test_one_that_nobody_supervises_wakes_nobody(woken):
    assert said_by_child({}) == "False"
    assert woken.empty()


def test_one_whose_supervisor_is_gone_wakes_no_stranger(woken):
    assert said_by_child(dict.fromkeys(supervised_environment(), "1")) == "True"
    assert woken.empty()
