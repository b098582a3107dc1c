import os
import subprocess
import sys

import pytest

SAY = """
import os
from facies.priority import let_others_go_first
let_others_go_first({niceness})
print(os.getpriority(os.PRIO_PROCESS, 0))
"""


@pytest.mark.skipif(not hasattr(os, "nice"), reason="this system has no niceness")
@pytest.mark.parametrize("niceness", [0, 7])
def test_a_process_lets_others_go_first(niceness):
    command = [sys.executable, "-c", SAY.format(niceness=niceness)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, start_new_session=True).stdout
    assert int(said) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + niceness)
