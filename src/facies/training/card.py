"""A package's card, filled in with what was measured."""

from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from facies.errors import TrainingError
from facies.models.package import CARD_NAME, Package
from facies.training.plan import Plan

_RANDOM_SPLIT = (
    "> **RANDOM SPLIT**, asked for by name: pictures of one group (photo, site, box) were on both sides. "
    "The scores below flatter."
)
_INTERVAL = frozenset({"value", "low", "high"})


def write_card(package: Package, plan: Plan, plan_dir: Path) -> None:
    """Fill the card's template with what the manifest says was measured; a random split is said on top.

    Args:
        package: one that is being made; published ones are not changed.
        plan: names the template.
        plan_dir: where it is.

    Raises:
        TrainingError: the template is missing or names a score that was not measured.
    """
    card = fill_card(plan_dir / plan.package.card, package.manifest.metrics)
    if plan.split.kind == "random":
        card = f"{_RANDOM_SPLIT}\n\n{card}"
    (package.path / CARD_NAME).write_text(card, encoding="utf-8")


def check_template(template: Path) -> None:
    """See whether a card's template can be filled, as far as that can be told before anything is measured.

    Raises:
        TrainingError: it is missing, or a dollar sign in it begins no name.
    """
    if not template.is_file():
        raise TrainingError(f"The card's template {template} does not exist.")
    if not Template(template.read_text(encoding="utf-8")).is_valid():
        raise TrainingError(f"{template}: a $ begins no name of a score; write $$ for a dollar sign.")


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
        if isinstance(value, Mapping) and set(value) == _INTERVAL:
            found[name] = f"{value['value']:.3f} ({value['low']:.3f}–{value['high']:.3f})"
        elif isinstance(value, Mapping) and set(value) == {"value"}:
            found[name] = f"{value['value']:.3f} (no interval: a single group)"
        elif isinstance(value, Mapping):
            found |= flatten(value, f"{name}_")
        else:
            found[name] = f"{value:.3f}" if isinstance(value, float) else str(value)
    return found
