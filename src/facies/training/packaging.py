"""Writes a model package from a plan and from what training measured."""

from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

import tomli_w

from facies.errors import TrainingError
from facies.models import self_test
from facies.models.openvino import OpenVinoRuntime
from facies.models.package import CARD_NAME, MANIFEST_NAME, Manifest, Package, load_package, weights_sha256
from facies.training.calibration import Calibration
from facies.training.export import OUTPUT_NAMES, WEIGHTS_NAME
from facies.training.plan import Plan


def write_package(
    plan: Plan,
    plan_dir: Path,
    folder: Path,
    calibration: Calibration,
    measured: Mapping[str, Any],
) -> Package:
    """Write manifest, card and self-test beside the weights that are in `folder` already, and load the whole.

    Args:
        plan: what the manifest says that was not measured.
        plan_dir: where the card's template is.
        folder: the package's, with `model.onnx`.
        calibration: goes into the decision.
        measured: the manifest's metrics; also fills the card's template.

    Raises:
        TrainingError: the card's template is missing or names a score that was not measured.
        PackageError: the plan does not make a valid manifest.
    """
    section = plan.package
    kept = section.model_dump(mode="json", exclude={"card", "positive", "background"})
    decision: dict[str, Any] = {
        "threshold": 0.5,
        "temperature": round(calibration.temperature, 5),
        "offset": [round(value, 5) for value in calibration.offset],
        "positive": section.positive,
        "background": section.background,
    }
    manifest = {
        "format_version": 1,
        **kept,
        "weights": {"file": WEIGHTS_NAME, "format": "onnx", "sha256": weights_sha256(folder / WEIGHTS_NAME)},
        "output": {"name": OUTPUT_NAMES[0], "kind": "logits"},
        "decision": {name: value for name, value in decision.items() if value is not None},
        "metrics": dict(measured),
    }
    Manifest.model_validate(manifest)
    (folder / MANIFEST_NAME).write_text(tomli_w.dumps(manifest), encoding="utf-8")
    (folder / CARD_NAME).write_text(fill_card(plan_dir / section.card, measured), encoding="utf-8")
    return _with_self_test(load_package(folder))


def _with_self_test(package: Package) -> Package:
    runtime = OpenVinoRuntime(package, streams=1)
    try:
        return self_test.make(package, runtime)
    finally:
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
