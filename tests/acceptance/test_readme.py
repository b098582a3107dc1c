"""The examples of the README run as they stand, but for host, key and photos."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from facies.training import synth_cores
from tests.acceptance.conftest import JOB_S, SOURCE
from tests.data.photos import encode, patchwork

README = Path(__file__).parents[2] / "README.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def shipped_server(start_shared_server):
    shipped = {"FACIES_CORAL_MODEL": "coral-bleaching", "FACIES_ROCK_MODEL": "rock-types"}
    return start_shared_server(**shipped)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "reef.jpg").write_bytes(encode(patchwork(600, 500), "JPEG"))
    (tmp_path / "core.jpg").write_bytes(encode(synth_cores.draw(60, height=900, width=256).photo, "JPEG"))
    return tmp_path


def test_there_are_examples():
    assert len(EXAMPLES) >= 4


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_runs(shipped_server, folder, example):
    script = example.replace("http://localhost:5001", shipped_server.url).replace("facies_...", shipped_server.key)
    settings = {"PYTHONPATH": str(SOURCE), "FACIES_DATA_DIR": str(folder / "data")}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=JOB_S,
    )
    assert done.returncode == 0, done.stderr
