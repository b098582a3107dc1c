"""From how many pixels on a photo is treated otherwise, and how much of a picture is made at a time."""

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

_STRIPE_BYTES = 4 << 20
_PIXEL_BYTES = 3


def stripe_rows(width: int) -> int:
    """Rows of a stripe of a colour picture: as many as are 4 MiB. A dozen stripes are in hand at a time."""
    return max(1, _STRIPE_BYTES // (_PIXEL_BYTES * width))
