import os
import subprocess
import sys
from pathlib import Path

import pytest

SAY = """
import os
from facies.priority import let_others_go_first
let_others_go_first({niceness})
print(os.getpriority(os.PRIO_PROCESS, 0))
"""

IN_A_TERMINAL = """
import subprocess, sys
session = "/proc/self/autogroup"
before = open(session).read()
worker = "from facies.priority import let_others_go_first; let_others_go_first(5)"
subprocess.run([sys.executable, "-c", worker], check=True)
print(open(session).read() == before)
"""


@pytest.mark.skipif(not hasattr(os, "nice"), reason="this system has no niceness")
@pytest.mark.parametrize("niceness", [0, 7])
def test_a_process_lets_others_go_first(niceness):
    command = [sys.executable, "-c", SAY.format(niceness=niceness)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, start_new_session=True).stdout
    assert int(said) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + niceness)


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this system shares the time out among processes")
def test_what_else_runs_in_its_terminal_is_left_alone():
    command = [sys.executable, "-c", IN_A_TERMINAL]
    said = subprocess.run(command, capture_output=True, text=True, check=True, start_new_session=True).stdout
    assert said == "True\n"
