import os
import subprocess
import sys
from contextlib import contextmanager

import pytest

from facies.jobs.liveness import is_dead, this_process, wake

pytestmark = pytest.mark.skipif(this_process() is None, reason="this system does not tell of processes")

PROGRAM = "from facies.jobs.liveness import this_process; print(this_process(), flush=True); input()"
EXPECTING = """
import signal
from facies.jobs.liveness import WAKING
signal.signal(WAKING, lambda *_: print("woken", flush=True))
"""


@contextmanager
def running(program):
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process, process.stdout.readline().strip()
        process.kill()


@pytest.fixture
def other():
    """Another process and its name, running."""
    with running(PROGRAM) as process_and_name:
        yield process_and_name


@pytest.fixture
def waking():
    """The same; it says when it is woken."""
    with running(EXPECTING + PROGRAM) as process_and_name:
        yield process_and_name


def test_a_process_is_woken_by_its_name(waking):
    process, name = waking
    wake(name)
    assert process.stdout.readline() == "woken\n"


def test_who_does_not_expect_to_be_woken_goes_on(other):
    process, name = other
    wake(name)
    assert process.communicate("go on\n", timeout=30) == ("", None)
    assert process.returncode == 0


def test_processes_that_are_gone_or_elsewhere_are_not_woken(waking, other):
    gone, name_of_gone = other
    gone.kill()
    gone.wait()
    wake(name_of_gone)
    process, name = waking
    _, pid, began_at = name.rsplit(" ", 2)
    wake(f"elsewhere 0000 pid:[1] {pid} {began_at}")
    assert process.communicate("go on\n", timeout=30) == ("", None)


def test_a_process_that_runs_is_not_dead(other):
    assert not is_dead(other[1])
    assert not is_dead(this_process())


def test_a_process_that_was_killed_is_dead_even_before_its_parent_asks(other):
    process, name = other
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended and nobody has collected it
    assert is_dead(name)
    process.wait()
    assert is_dead(name)


def test_another_process_with_the_same_id_is_another():
    place, pid, began_at = this_process().rsplit(" ", 2)
    assert is_dead(f"{place} {pid} {int(began_at) - 1}")


def test_nothing_is_known_of_processes_elsewhere():
    _, pid, began_at = this_process().rsplit(" ", 2)
    assert not is_dead(f"elsewhere 0000 pid:[1] {pid} {int(began_at) - 1}")
