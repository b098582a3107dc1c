import pytest

from facies.batch import find_photos
from facies.errors import NotAPhotoError
from tests.data.photos import encode, noise


@pytest.fixture
def dive(tmp_path):
    folder = tmp_path / "dive"
    (folder / "deeper.jpg").mkdir(parents=True)
    for name in ("b.PNG", "a.jpg", "notes.txt", ".hidden.jpg"):
        (folder / name).write_bytes(encode(noise(4, 4)))
    return folder


def test_a_folder_stands_for_the_photos_right_inside_it(dive):
    assert find_photos([dive]) == [dive / "a.jpg", dive / "b.PNG"]


def test_a_photo_that_is_named_twice_is_analysed_once(dive):
    assert find_photos([dive / "b.PNG", dive, dive / "a.jpg"]) == [dive / "b.PNG", dive / "a.jpg"]


def test_what_is_not_there_is_said(dive, tmp_path):
    with pytest.raises(NotAPhotoError, match=r"c\.jpg does not exist"):
        find_photos([dive / "c.jpg"])
    with pytest.raises(NotAPhotoError, match="holds no photo"):
        find_photos([dive / "deeper.jpg"])
