"""From how many pixels on a photo is treated otherwise."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Bounds, width times height, each the largest photo of its kind.

    Attributes:
        accepted: a larger one is refused.
        kept: a larger one is never in memory whole: it is decoded anew for every pass, band by band.
        pictured: of a larger one the overlay is a deep zoom and the label map a tiled TIFF instead of a PNG each,
            which hardly any program could open.
    """

    accepted: int = 2_000_000_000
    kept: int = 64_000_000
    pictured: int = 200_000_000


DEFAULT_SIZES = Sizes()
