"""What a run of training used: the plan, every file of the data, the start weights, the versions.

It is written beside what the run leaves for the next one. Work of a run that used anything else that matters to it is
thrown away, so that nobody's scores come from labels that were corrected since.
"""

import hashlib
import json
import logging
import os
import platform
import shutil
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from facies.errors import TrainingError
from facies.training.datasets import PhotoRecord, TileRecord
from facies.training.hub import HUB
from facies.training.plan import Plan
from facies.version import __version__

USED_NAME = "used.json"

_LIBRARIES = ("torch", "numpy", "pillow", "pyvips", "openvino", "onnx", "onnxruntime", "scikit-learn", "transformers")
# What of a plan is only said of the package, or done when its networks are trained.
_OF_NO_CONCERN: Any = {
    "package": {"version", "title", "description", "authors", "licence", "card", "sources"},
    "schedule": {"decision_at"},
    "domain": True,
}

_log = logging.getLogger(__name__)


def describe_used(
    plan_path: Path, plan: Plan, data_dir: Path, records: Iterable[TileRecord | PhotoRecord]
) -> dict[str, Any]:
    """What a run uses, ready for JSON.

    Args:
        plan_path: the plan's file, with that of its corrections beside it.
        plan: what is in it.
        data_dir: the folder that the plan's paths start from.
        records: the labelled pictures.

    Raises:
        TrainingError: a file cannot be read.
    """
    files = {file for record in records for file in record.files}
    files |= {data_dir / path for data in plan.data if (path := getattr(data, "path", None))}
    corrections = [name for data in plan.data if (name := getattr(data, "corrections", None))]
    return {
        "plan": plan_path.read_text(encoding="utf-8"),
        "facies": __version__,
        "python": platform.python_version(),
        "versions": {name: version(name) for name in _LIBRARIES},
        "data": {"folder": str(data_dir), **_digest(files, data_dir)},
        "corrections": _digest([plan_path.parent / name for name in corrections], plan_path.parent),
        "start": {
            name: _digest(_weights_files(name, data_dir), data_dir)
            for name in (plan.start.weights, plan.start.texture_weights)
            if name is not None
        },
        "trains": plan.model_dump(mode="json", exclude=_OF_NO_CONCERN),
    }


def _weights_files(name: str, data_dir: Path) -> list[Path]:
    """The start weights where they lie in the data folder; none for those of the hub."""
    path = data_dir / name.removeprefix(HUB)
    return [path] if path.is_file() else list(path.rglob("*"))


def _digest(files: Iterable[Path], root: Path) -> dict[str, Any]:
    """How many files there are, and one digest of all names and contents."""
    lines = sorted(f"{os.path.relpath(file, root)} {_sha256(file)}" for file in set(files) if file.is_file())
    return {"files": len(lines), "sha256": hashlib.sha256("\n".join(lines).encode()).hexdigest()}


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise TrainingError(f"{file} cannot be read: {error.strerror}.") from error


def take_up(work_dir: Path, used: dict[str, Any]) -> None:
    """Make the work folder of a run, or keep what an interrupted run that used the same has left there."""
    record = work_dir / USED_NAME
    if record.is_file() and _matters(json.loads(record.read_text(encoding="utf-8"))) != _matters(used):
        _log.warning("The plan, the data or a library is not what %s says: training starts anew.", record)
        shutil.rmtree(work_dir)
    work_dir.mkdir(parents=True, exist_ok=True)
    half_written = record.with_suffix(".part")
    half_written.write_text(json.dumps(used, indent=1), encoding="utf-8")
    half_written.replace(record)


def _matters(used: dict[str, Any]) -> dict[str, Any]:
    """What decides what is trained: not how the plan words it, nor where the data lie."""
    data = {name: value for name, value in used.get("data", {}).items() if name != "folder"}
    return {**used, "plan": None, "data": data}
