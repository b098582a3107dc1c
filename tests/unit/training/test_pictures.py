import numpy as np
import pytest
from PIL import Image

from facies.errors import TrainingError
from facies.training.pictures import read_picture


def test_a_picture_that_is_none(tmp_path):
    path = tmp_path / "a.png"
    path.write_text("no picture")
    with pytest.raises(TrainingError, match=r"a\.png cannot be read"):
        read_picture(path)


def test_a_picture_that_is_cut_off(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(TrainingError, match=r"a\.png cannot be read"):
        read_picture(path)


def test_pictures_of_any_mode_come_as_rgb(tmp_path):
    path = tmp_path / "a.png"
    Image.new("L", (5, 4), 7).save(path)
    assert read_picture(path).shape == (4, 5, 3)


def test_sixteen_bits_are_no_white_picture(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(np.full((4, 5), 0x4000, np.uint16)).save(path)
    assert (read_picture(path) == 0x40).all()


def test_a_picture_stands_as_its_camera_was_held(tmp_path):
    """Training sees what is served."""
    path, turned = tmp_path / "a.jpg", Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (50, 40)).save(path, exif=turned)
    assert read_picture(path).shape == (50, 40, 3)
