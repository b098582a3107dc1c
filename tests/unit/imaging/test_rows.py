import struct

import numpy as np
import pytest
import pyvips

from facies.imaging import rows
from facies.imaging.decode import open_image
from facies.imaging.rows import RowReader
from tests.data.photos import noise

PHOTO = noise(333, 500)
TILE_OFFSETS = 324


def tiled_tiff(path, side):
    image = pyvips.Image.new_from_memory(PHOTO, 500, 333, 3, "uchar").copy(interpretation="srgb")
    image.tiffsave(str(path), tile=True, tile_width=side, tile_height=side, compression="deflate", bigtiff=True)
    return path


def read(path, heights):
    reader, read_rows, top = RowReader(open_image(path)), [], 0
    for height in heights:
        read_rows.append(np.empty((height, 500, 3), np.uint8))
        reader.read(top, read_rows[-1])
        top += height
    reader.close()
    return np.concatenate(read_rows)


@pytest.mark.parametrize("heights", [[333], [100, 233], [1] * 20 + [313]])
@pytest.mark.parametrize("side", [16, 112, 256, 512])
def test_tiles_of_any_size_join_to_the_photo(tmp_path, side, heights):
    np.testing.assert_array_equal(read(tiled_tiff(tmp_path / "photo.tif", side), heights), PHOTO)


def test_a_closed_reader_reads_no_more(tmp_path):
    reader = RowReader(open_image(tiled_tiff(tmp_path / "photo.tif", 112)))
    reader.close()
    rows = np.full((333, 500, 3), 7, np.uint8)
    reader.read(0, rows)
    assert (rows == 7).all()


@pytest.mark.parametrize("piece_bytes", [1, 5000, 10**9])
def test_pieces_of_any_size_join_to_the_photo(tmp_path, monkeypatch, piece_bytes):
    monkeypatch.setattr(rows, "_LEAST_ROWS", 1)
    monkeypatch.setattr(rows, "_PIECE_BYTES", piece_bytes)
    path = tmp_path / "photo.png"
    pyvips.Image.new_from_memory(PHOTO, 500, 333, 3, "uchar").copy(interpretation="srgb").pngsave(str(path))
    np.testing.assert_array_equal(read(path, [200, 133]), PHOTO)


def lose_tile(path, number):
    """Have the file say that this tile lies behind its end."""
    content = bytearray(path.read_bytes())
    (directory,) = struct.unpack_from("<Q", content, 8)
    (count,) = struct.unpack_from("<Q", content, directory)
    entries = (struct.unpack_from("<HHQQ", content, directory + 8 + 20 * entry) for entry in range(count))
    places = next(value for tag, _, _, value in entries if tag == TILE_OFFSETS)
    struct.pack_into("<Q", content, places + 8 * number, len(content) + 1)
    path.write_bytes(content)


@pytest.mark.parametrize("number", [0, 4, 11])
def test_a_tile_that_is_lost_is_told_whichever_column_it_is_in(tmp_path, number):
    path = tiled_tiff(tmp_path / "photo.tif", 112)
    lose_tile(path, number)
    with pytest.raises(pyvips.Error):
        read(path, [333])
