import ctypes
import importlib.util
import shutil
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "native" / "build_library.py"


@pytest.fixture
def build_library():
    spec = importlib.util.spec_from_file_location("build_library", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("compiler", ["no-such-compiler", "false", "true"])
def test_what_is_no_compiler_is_not_taken_for_one(compiler, build_library, monkeypatch):
    monkeypatch.setenv("CC", compiler)
    assert not build_library.has_compiler()


@pytest.mark.skipif(not shutil.which("cc"), reason="this machine has no compiler of its own")
def test_the_machines_compiler_makes_the_library(build_library, monkeypatch, tmp_path):
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(build_library, "LIBRARY", tmp_path / "compiled.so")
    assert build_library.has_compiler()
    build_library.build()
    assert ctypes.CDLL(str(tmp_path / "compiled.so")).facies_deflate
