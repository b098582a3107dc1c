import os
import subprocess
import sys

import pytest

from facies.jobs.liveness import is_dead, this_process

pytestmark = pytest.mark.skipif(this_process() is None, reason="this system does not tell of processes")

PROGRAM = "from facies.jobs.liveness import this_process; print(this_process(), flush=True); input()"


@pytest.fixture
def other():
    """Another process and its name, running."""
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process, process.stdout.readline().strip()
        process.kill()


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
