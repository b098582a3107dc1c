"""`facies demo`, which `make demo` runs: the second command of the README's first screen."""

import os
import subprocess
import sys

import numpy as np
from PIL import Image

from tests.acceptance.conftest import SOURCE


def test_two_drawn_photos_get_their_overlays_whatever_is_set_here(tmp_path):
    (tmp_path / "facies.toml").write_text('require_keys = true\nruntime = "fake"\n')
    mine = {"FACIES_REQUIRE_KEYS": "true", "FACIES_PORT": "1", "FACIES_DATABASE_URL": f"sqlite:///{tmp_path}/mine.db"}
    done = subprocess.run(
        [sys.executable, "-m", "facies", "demo"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(SOURCE), **mine},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    made = ["demo/reef.png", "demo/reef-overlay.png", "demo/core.png", "demo/core-overlay.png", "demo/overview.jpg"]
    assert done.stdout.split() == made
    for name in ("reef", "core"):
        photo, overlay = (np.asarray(Image.open(tmp_path / "demo" / f"{name}{part}.png")) for part in ("", "-overlay"))
        assert photo.shape == overlay.shape
        assert (photo != overlay).any(axis=-1).mean() > 0.5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo", "facies.toml"]
