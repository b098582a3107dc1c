"""Writes a model package from a plan and from what training measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import tomli_w

from facies.errors import TrainingError
from facies.models import self_test
from facies.models.openvino import OpenVinoRuntime
from facies.models.package import CARD_NAME, MANIFEST_NAME, Manifest, Package, Precision, load_package, weights_sha256
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
    """

    calibration: Calibration
    measured: Mapping[str, Any]
    precision: Precision


def write_package(plan: Plan, plan_dir: Path, folder: Path, result: Result) -> Package:
    """Write manifest, card and self-test beside the weights that are in `folder` already, and load the whole.

    Args:
        plan: what the manifest says that was not measured.
        plan_dir: where the card's template is.
        folder: the package's, with `model.onnx`, and `model-int8.onnx` where that is the precision.
        result: what was trained and measured.

    Raises:
        TrainingError: the card's template is missing or names a score that was not measured.
        PackageError: the plan does not make a valid manifest.
    """
    section = plan.package
    kept = section.model_dump(mode="json", exclude={"card", "positive", "background"})
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
        **kept,
        "weights": _describe_weights(folder, result.precision),
        "output": {"name": OUTPUT_NAMES[0], "kind": "logits"},
        "decision": {name: value for name, value in decision.items() if value is not None},
        "metrics": dict(result.measured),
    }
    Manifest.model_validate(manifest)
    (folder / MANIFEST_NAME).write_text(tomli_w.dumps(manifest), encoding="utf-8")
    (folder / CARD_NAME).write_text(fill_card(plan_dir / section.card, result.measured), encoding="utf-8")
    return _with_self_test(load_package(folder))


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


def fill_card(template: Path, measured: Mapping[str, Any]) -> str:
    """Fill a card's template; `$a_b` stands for the score b in table a, an interval for "0.810 (0.770–0.850)".

    Raises:
        TrainingError: the template is missing or names a score that was not measured.
    """
    try:
        return Template(template.read_text(encoding="utf-8")).substitute(flatten(measured))
    except FileNotFoundError:
        raise TrainingError(f"The card's template {template} does not exist.") from None
    except (KeyError, ValueError) as error:
        raise TrainingError(f"{template}: {error} is no score that was measured.") from None


def flatten(measured: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """The scores as text, with the names of their tables in front."""
    found: dict[str, str] = {}
    for key, value in measured.items():
        name = f"{prefix}{key}".replace("-", "_").replace(" ", "_")
        if isinstance(value, Mapping) and {"value", "low", "high"} <= set(value):
            found[name] = f"{value['value']:.3f} ({value['low']:.3f}–{value['high']:.3f})"
        elif isinstance(value, Mapping):
            found |= flatten(value, f"{name}_")
        else:
            found[name] = f"{value:.3f}" if isinstance(value, float) else str(value)
    return found
