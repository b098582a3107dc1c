"""Draws the example pictures of the shipped packages: `python ui/draw_examples.py`, with Facies installed.

They are cut from what `facies demo` makes: generated photos, and what the models as they ship say of them.
"""

import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageOps

from facies import demo

TARGET = Path(__file__).parent / "src" / "pages" / "analyse" / "examples"
SIZE = (640, 360)
_QUALITY = 72


def side_by_side(photo: Image.Image, overlay: Image.Image) -> Image.Image:
    """The left half of the photo and the right half of its overlay."""
    whole, painted = (ImageOps.fit(picture.convert("RGB"), SIZE) for picture in (photo, overlay))
    middle = SIZE[0] // 2
    whole.paste(painted.crop((middle, 0, *SIZE)), (middle, 0))
    return whole


def one_above_the_other(photo: Image.Image, overlay: Image.Image) -> Image.Image:
    """A core, lying, and its overlay below."""
    half = (SIZE[0], SIZE[1] // 2)
    above, below = (ImageOps.fit(picture.convert("RGB").rotate(90, expand=True), half) for picture in (photo, overlay))
    both = Image.new("RGB", SIZE)
    both.paste(above, (0, 0))
    both.paste(below, (0, half[1]))
    return both


def main() -> int:
    """Write one picture a package."""
    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        demo.run(Path(folder))
        examples = (("coral-bleaching", "reef", side_by_side), ("rock-types", "core", one_above_the_other))
        for name, subject, arrange in examples:
            photo, overlay = (Image.open(Path(folder) / f"{subject}{kind}.png") for kind in ("", "-overlay"))
            arrange(photo, overlay).save(TARGET / f"{name}.webp", quality=_QUALITY, method=6)
    return 0


if __name__ == "__main__":
    sys.exit(main())
