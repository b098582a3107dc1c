"""Writes a model package from a plan and from what training measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import ValidationError

from facies.errors import PackageError
from facies.models import self_test
from facies.models.openvino import OpenVinoRuntime
from facies.models.package import (
    CARD_NAME,
    MANIFEST_NAME,
    HeldOut,
    Manifest,
    Package,
    Precision,
    load_package,
    weights_sha256,
)
from facies.models.toml_file import first_problem
from facies.training.calibration import Calibration
from facies.training.export import INT8_NAME, OUTPUT_NAMES, WEIGHTS_NAME
from facies.training.plan import Plan


@dataclass(frozen=True)
class Result:
    """What training adds to a plan.

    Attributes:
        calibration: goes into the decision.
        measured: the manifest's metrics; also fills the card's template.
        precision: the fastest that answers as well as f32.
        held_out: for the manifest, where a class is positive.
    """

    calibration: Calibration
    measured: Mapping[str, Any]
    precision: Precision
    held_out: HeldOut | None = None


def write_package(plan: Plan, folder: Path, result: Result) -> Package:
    """Write manifest and self-test beside the weights that are in `folder` already, and load the whole.

    Its card is a title; `write_card` fills it once all is measured.

    Args:
        plan: what the manifest says that was not measured.
        folder: the package's, with `model.onnx`, and `model-int8.onnx` where that is the precision.
        result: what was trained and measured.

    Raises:
        PackageError: the plan does not make a valid manifest.
    """
    manifest = _manifest(plan, _describe_weights(folder, result.precision), result)
    (folder / MANIFEST_NAME).write_text(tomli_w.dumps(manifest), encoding="utf-8")
    (folder / CARD_NAME).write_text(f"# {plan.package.name}\n", encoding="utf-8")
    return _with_self_test(load_package(folder))


def check_plan(plan: Plan) -> None:
    """See whether a plan makes a valid package, before hours are spent on training it.

    Raises:
        PackageError: it does not.
    """
    no_calibration = Calibration(1.0, (0.0,) * len(plan.package.classes))
    weights = {"file": WEIGHTS_NAME, "format": "onnx", "sha256": "0" * 64}
    _manifest(plan, weights, Result(no_calibration, {}, "f32"))


def _manifest(plan: Plan, weights: Mapping[str, Any], result: Result) -> dict[str, Any]:
    section = plan.package
    below = result.calibration.temperature_below
    decision: dict[str, Any] = {
        "threshold": 0.5,
        "temperature": round(result.calibration.temperature, 5),
        "temperature_below": None if below is None else round(below, 5),
        "offset": [round(value, 5) for value in result.calibration.offset],
        "positive": section.positive,
        "background": section.background,
    }
    manifest = {
        "format_version": 1,
        **section.model_dump(mode="json", exclude={"card", "positive", "background"}),
        "weights": weights,
        "output": {"name": OUTPUT_NAMES[0], "kind": "logits"},
        "decision": {name: value for name, value in decision.items() if value is not None},
        "metrics": dict(result.measured),
    }
    if result.held_out is not None:
        manifest["held_out"] = result.held_out.model_dump(mode="json")
    try:
        Manifest.model_validate(manifest)
    except ValidationError as error:
        problem = first_problem(error, "its [package] table")
        raise PackageError(f"The plan makes no valid package: {problem}.") from error
    return manifest


def _describe_weights(folder: Path, precision: Precision) -> dict[str, Any]:
    described: dict[str, Any] = {
        "file": WEIGHTS_NAME,
        "format": "onnx",
        "sha256": weights_sha256(folder / WEIGHTS_NAME),
        "precision": precision,
    }
    if precision == "int8":
        described["int8"] = {"file": INT8_NAME, "sha256": weights_sha256(folder / INT8_NAME)}
    return described


def _with_self_test(package: Package) -> Package:
    served = package.manifest.weights.precision
    names: list[Precision] = ["f32"] if served == "f32" else ["f32", served]
    runtimes = [OpenVinoRuntime(package, 1, name) for name in names]
    try:
        return self_test.make(package, runtimes[0], served=runtimes[1] if len(runtimes) > 1 else None)
    finally:
        for runtime in runtimes:
            runtime.close()
