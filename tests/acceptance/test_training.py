"""Training as a person or a scheduler ends it: a real process, a real signal."""

import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("torch", reason="needs the train extra")

from tests.data.labelled import write_masks
from tests.unit.training.test_train import MASK_PLAN, write_plan

pytestmark = pytest.mark.train


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_ended_says_how_it_goes_on(tmp_path, ending):
    write_masks(tmp_path / "data")
    plan = write_plan(tmp_path, MASK_PLAN.replace("steps = 2", "steps = 10000"))
    command = [sys.executable, "-m", "facies", "train", plan, "--data", tmp_path / "data", "--out", tmp_path / "out"]
    run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + 120
        while not (tmp_path / "out" / "work" / "tiny-pixels" / "served.npz").exists():
            assert run.poll() is None
            assert time.monotonic() < until
            time.sleep(0.1)
        run.send_signal(ending)
        _, said = run.communicate(timeout=60)
    finally:
        run.kill()
    assert (run.returncode, "goes on from the last checkpoint" in said) == (130, True), said
    assert "Traceback" not in said
