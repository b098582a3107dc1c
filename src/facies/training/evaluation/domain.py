"""How many of the tested pictures are unlike what the package was trained on, and how right it is on these."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from facies.reports.domain import DomainFinding
from facies.training import metrics

_STRANGEST = 12


@dataclass(frozen=True, eq=False)
class Judged:
    """A tested picture, as far as its domain is concerned.

    Attributes:
        name: of the picture.
        group: of the picture.
        domain: what the analysis said; None where the package cannot tell.
        right: how many answers on it were right: 0 or 1 for a tile, pixels for a map.
        answers: how many there are; 0 where the picture shows none of the classes.
    """

    name: str
    group: str
    domain: DomainFinding | None
    right: int
    answers: int


def count_out_of_domain(judged: Sequence[Judged]) -> dict[str, Any] | None:
    """Count the pictures out of domain.

    Args:
        judged: the tested pictures, labelled or not.

    Returns:
        Ready for JSON: the limit, the median score, how many pictures lie beyond and their share with its interval, the
        accuracy on either side (NaN where nothing is labelled), the strangest pictures. None where the package has no
        domain.
    """
    findings = [(entry, entry.domain.to_json()) for entry in judged if entry.domain is not None]
    if not findings:
        return None
    scores = np.array([finding["score"] for _, finding in findings])
    out = np.array([finding["out_of_domain"] for _, finding in findings])
    inside = [entry for entry, _ in findings]
    share = metrics.bootstrap(lambda drawn: float(out[drawn].mean()), [entry.group for entry in inside])
    order = [number for number in np.argsort(-scores, kind="stable").tolist() if out[number]][:_STRANGEST]
    return {
        "limit": findings[0][1]["limit"],
        "median": float(np.median(scores)),
        "pictures": len(inside),
        "out_of_domain": int(out.sum()),
        "share": asdict(share),
        "accuracy": {"within": _accuracy(inside, ~out), "beyond": _accuracy(inside, out)},
        "strangest": [
            {"name": inside[number].name, "group": inside[number].group, "score": float(scores[number])}
            for number in order
        ],
    }


def _accuracy(judged: Sequence[Judged], chosen: npt.NDArray[np.bool_]) -> float:
    """Share of right answers on the chosen pictures; NaN where there are none."""
    some = [entry for entry, taken in zip(judged, chosen.tolist(), strict=True) if taken]
    answers = sum(entry.answers for entry in some)
    return sum(entry.right for entry in some) / answers if answers else float("nan")
