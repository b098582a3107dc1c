import numpy as np
import pytest

from facies.imaging import png_filters
from facies.imaging.png_filters import AVERAGE, PAETH, SUB, UP, filter_rows
from tests.data.photos import noise

NEIGHBOURS = {
    SUB: lambda left, above, corner: left,
    UP: lambda left, above, corner: above,
    AVERAGE: lambda left, above, corner: (left + above) // 2,
    PAETH: lambda left, above, corner: min((left, above, corner), key=lambda value: abs(left + above - corner - value)),
}


def undo(filtered, pixel_bytes):
    """Rows of a PNG, byte by byte as the specification has it."""
    rows = filtered[:, 1:].astype(int)
    for y, x in np.ndindex(rows.shape):
        left = rows[y, x - pixel_bytes] if x >= pixel_bytes else 0
        above = rows[y - 1, x] if y else 0
        corner = rows[y - 1, x - pixel_bytes] if y and x >= pixel_bytes else 0
        rows[y, x] = (rows[y, x] + NEIGHBOURS[filtered[y, 0]](left, above, corner)) % 256
    return rows


@pytest.mark.parametrize("number", NEIGHBOURS)
@pytest.mark.parametrize("shape", [(9, 12, 3), (40, 1, 3), (5, 7, 1), (1, 5, 3)])
def test_every_filter_can_be_undone(number, shape, monkeypatch):
    monkeypatch.setattr(png_filters, "_FILTERS", {number: png_filters._FILTERS[number]})
    rows = noise(*shape[:2])[..., : shape[2]].reshape(shape[0], -1)
    filtered = filter_rows(rows, shape[2])
    assert filtered[0, 0] == SUB
    assert (filtered[1:, 0] == number).all()
    np.testing.assert_array_equal(undo(filtered, shape[2]), rows)


def test_the_filter_suits_the_picture():
    ramp = np.arange(90, dtype=np.uint8)
    down = np.repeat(noise(1, 30).reshape(1, -1), 40, axis=0)
    across = np.repeat(noise(40, 1), 30, axis=1).reshape(40, -1)
    plane = (ramp[:40, None] * 2 + ramp[None, :30]).astype(np.uint8).repeat(3, axis=1)
    assert filter_rows(down, 3)[1, 0] == PAETH  # as good as UP here, and the first to be asked
    assert filter_rows(across, 3)[1, 0] == PAETH
    assert filter_rows(plane, 3)[1, 0] != UP
    assert not filter_rows(down, 3)[1:, 1:].any()
