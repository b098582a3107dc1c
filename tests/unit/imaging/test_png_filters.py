import numpy as np
import pytest

from facies.imaging.png_filters import PAETH, SUB, filter_rows
from tests.data.photos import noise

NEIGHBOURS = {
    SUB: lambda left, above, corner: left,
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


@pytest.mark.parametrize("step", [1, 64])  # with few values many neighbours are equally near
@pytest.mark.parametrize("shape", [(9, 12, 3), (40, 1, 3), (5, 7, 1), (1, 5, 3), (60, 50, 1)])
def test_the_filter_can_be_undone(shape, step):
    rows = noise(*shape[:2])[..., : shape[2]].reshape(shape[0], -1) // step
    filtered = filter_rows(rows, shape[2])
    assert filtered[0, 0] == SUB
    assert (filtered[1:, 0] == PAETH).all()
    np.testing.assert_array_equal(undo(filtered, shape[2]), rows)


def test_what_repeats_itself_downwards_becomes_nothing():
    down = np.repeat(noise(1, 30).reshape(1, -1), 40, axis=0)
    assert not filter_rows(down, 3)[1:, 1:].any()
