import os
import subprocess
import sys

import pytest

from facies import cores
from facies.cores import count_cores

COUNT_ON_ONE = """
import os
from facies.cores import count_cores
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
print(count_cores())
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system pins no process to processors")
def test_a_pinned_process_counts_the_processors_it_is_pinned_to():
    assert (
        subprocess.run([sys.executable, "-c", COUNT_ON_ONE], capture_output=True, text=True, check=True).stdout == "1\n"
    )


@pytest.mark.parametrize(
    ("quota", "most"), [("100000 100000", 1), ("50000 100000", 1), ("max 100000", None), ("", None)]
)
def test_a_container_counts_the_processors_it_was_granted(tmp_path, monkeypatch, quota, most):
    unlimited = count_cores()
    (tmp_path / "cpu.max").write_text(quota)
    monkeypatch.setattr(cores, "_QUOTA", tmp_path / "cpu.max")
    assert count_cores() == (most or unlimited)


def test_without_control_groups_all_count(tmp_path, monkeypatch):
    monkeypatch.setattr(cores, "_QUOTA", tmp_path / "none")
    assert count_cores() >= 1
