import platform
import resource
import subprocess
import sys

import pytest

BATCHES = """
import resource, numpy
from facies.allocation import reuse_freed_memory
{call}
def use(): [numpy.ones(1 << 21, dtype="uint8") for _ in range(8)]
use()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10): use()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can")
def test_freed_memory_is_used_again():
    command = [sys.executable, "-c", BATCHES.format(call="assert reuse_freed_memory()")]
    faults = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert faults * resource.getpagesize() < 8 << 21  # of ten times as much


LOADED = """
import gc
from facies.allocation import spare_what_is_loaded
loaded = [[] for _ in range(1000)]
spare_what_is_loaded()
made_later = []
looked_at = {id(thing) for thing in gc.get_objects()}
print(id(loaded) in looked_at, id(made_later) in looked_at)
"""


def test_the_collector_looks_only_at_what_came_later():
    answer = subprocess.run([sys.executable, "-c", LOADED], check=True, capture_output=True, text=True).stdout
    assert answer.split() == ["False", "True"]
