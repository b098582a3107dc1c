import numpy as np
import pytest
from PIL import Image, ImageDraw

from facies.imaging.legend import LegendEntry, beside, draw_legend
from facies.imaging.overlay import paint_tiles, tint
from facies.imaging.tiles import plan
from tests.data.photos import noise

COLOURS = np.array([(31, 119, 180), (174, 199, 232), (255, 187, 120)], np.uint8)


@pytest.mark.parametrize("opacity", [0, 0.1, 0.29, 0.37, 0.5, 0.6, 1])
def test_tint_is_the_floor_formula_and_leaves_the_background(opacity):
    photo = noise(300, 80)
    labels = np.random.default_rng(0).integers(0, 3, (300, 80)).astype(np.uint8)
    expected = np.floor((1 - opacity) * photo.astype(float) + opacity * COLOURS[labels].astype(float))
    expected[labels == 0] = photo[labels == 0]
    np.testing.assert_array_equal(tint(photo, labels, COLOURS, opacity, background=0), expected)


def test_without_background_every_class_is_tinted():
    photo, labels = noise(20, 20), np.zeros((20, 20), np.uint8)
    assert (tint(photo, labels, COLOURS, 1, background=None) == COLOURS[0]).all()


@pytest.mark.parametrize("image_hw", [(1, 1), (3, 2), (100, 100), (60, 130)])
def test_tiles_are_painted_as_pillow_would(image_hw):
    photo = noise(*image_hw)
    grid = plan(image_hw, (50, 50))
    labels = (np.arange(len(grid)) % 2 + 1).astype(np.uint8)
    layer = Image.new("RGBA", image_hw[::-1])
    draw = ImageDraw.Draw(layer)
    for (y, x), (height, width), label in zip(grid.origins_yx, grid.sizes_hw, labels, strict=True):
        colour = tuple(COLOURS[label].tolist())
        draw.rectangle((x, y, x + width - 1, y + height - 1), fill=(*colour, 90), outline=(*colour, 220), width=2)
    expected = Image.alpha_composite(Image.fromarray(photo).convert("RGBA"), layer).convert("RGB")
    np.testing.assert_array_equal(paint_tiles(photo, grid, labels, COLOURS), np.asarray(expected))


@pytest.mark.parametrize("rows", [1, 2, 7, 33, 100])
def test_tiles_painted_stripe_by_stripe_are_the_same(rows):
    photo, grid = noise(120, 90), plan((120, 90), (50, 50))
    labels = (np.arange(len(grid)) % 2 + 1).astype(np.uint8)
    whole = paint_tiles(photo, grid, labels, COLOURS)
    stripes = [paint_tiles(photo[top : top + rows], grid, labels, COLOURS, top=top) for top in range(0, 120, rows)]
    np.testing.assert_array_equal(np.concatenate(stripes), whole)


def with_legend(overlay, entries, rows=7):
    panel = draw_legend(len(overlay), entries)
    tops = range(0, len(overlay), rows)
    stripes = [lambda top=top: overlay[top : top + rows] for top in tops]
    return np.concatenate([stripe() for stripe in beside(stripes, tops, panel, overlay.shape[:2])])


def test_the_legend_stands_on_the_right_and_names_every_class_in_order():
    overlay = noise(400, 60)
    entries = [
        LegendEntry("sandstone", (174, 199, 232)),
        LegendEntry("interlayered sandstones and mudstones", (227, 119, 194)),
    ]
    joined = with_legend(overlay, entries)
    np.testing.assert_array_equal(joined[:, :60], overlay)
    panel = joined[:, 60:]
    assert (panel[-1] == 30).all()
    tops = [np.argwhere((panel == entry.rgb).all(axis=2))[:, 0].min() for entry in entries]
    assert tops == sorted(tops)
    for entry in entries:
        assert ((panel == entry.rgb).all(axis=2)).sum() == 26 * 21


def test_a_legend_taller_than_the_photo_is_not_cut():
    entries = [LegendEntry(f"class {index}", (index, 200, 100)) for index in range(11)]
    joined = with_legend(noise(20, 20), entries)
    assert joined.shape[0] > 300
    assert (joined[20:, :20] == 30).all()
