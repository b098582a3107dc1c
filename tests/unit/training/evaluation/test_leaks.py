import io
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from facies.errors import TrainingError
from facies.models.package import FINGERPRINTS_NAME
from facies.training.evaluation.leaks import (
    Picture,
    find_leaks,
    find_twins,
    nearest,
    perceptual_hash,
    read_fingerprints,
    write_fingerprints,
)


def picture(name, group, pixels):
    return Picture(name, group, perceptual_hash(pixels))


def bits(one, other):
    return int(np.bitwise_count(perceptual_hash(one) ^ perceptual_hash(other)))


def reef(seed, side=96):
    """Blobs of several sizes, like no other seed's."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (9, 9, 3), dtype=np.uint8))
    return np.asarray(small.resize((side, side), Image.Resampling.BICUBIC))


def worn(pixels):
    """Resized, darkened and compressed."""
    file = io.BytesIO()
    Image.fromarray(pixels).resize((70, 70)).point(lambda value: value * 0.85).save(file, "JPEG", quality=50)
    return np.asarray(Image.open(file))


@pytest.mark.parametrize("seed", range(5))
def test_a_copy_that_was_resized_darkened_and_compressed_is_near(seed):
    assert bits(reef(seed), worn(reef(seed))) <= 8


def test_other_pictures_are_far():
    assert min(bits(reef(one), reef(other)) for one in range(12) for other in range(one)) > 8


def test_a_flat_picture_has_no_hash():
    assert perceptual_hash(np.full((40, 40, 3), 90, np.uint8)) is None


def test_each_picture_has_its_nearest_and_the_nearest_come_first():
    left = np.array([0, 0b111], np.uint64)
    right = np.array([0b1, 0b111], np.uint64)
    assert nearest(left, right, most_bits=2) == [(1, 1, 0), (0, 0, 1)]
    assert nearest(left, right, most_bits=2, groups=(["a", "b"], ["c", "b"])) == [(0, 0, 1), (1, 0, 2)]
    assert nearest(left[:0], right) == nearest(left, right[:0]) == []


def test_thousands_of_frames_of_one_scene_take_no_room():
    """Every pair of them is near: nine million here."""
    frames = [Picture(f"{number}.png", str(number), np.uint64(number % 7)) for number in range(3000)]
    tracemalloc.start()
    found = find_twins(frames)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found["near_duplicates"] == 3000
    assert most < 100e6


def test_groups_on_both_sides_and_copies_nobody_wrote_down():
    tested = [picture("a", "site1", reef(1)), picture("b", "site2", reef(2)), picture("c", "site3", reef(3))]
    trained_on = [picture("d", "site1", reef(4)), picture("e", "site9", worn(reef(2)))]
    found = find_leaks(tested, trained_on)
    assert (found["checked"], found["in_shared_groups"], found["shared_groups"]) == (True, 1, ["site1"])
    assert found["near_duplicates"] == 1
    assert (found["examples"][0]["tested"], found["examples"][0]["trained_on"]) == ("b", "e")


def test_without_training_data_nothing_is_said_to_be_checked():
    found = find_leaks([picture("a", "site1", reef(1))], [])
    assert (found["checked"], found["in_shared_groups"], found["near_duplicates"]) == (False, 0, 0)


def test_twins_are_copies_in_different_groups():
    same, other = reef(1), reef(1).copy()
    pictures = [picture("a", "one", same), picture("b", "one", other), picture("c", "two", worn(same))]
    found = find_twins(pictures)
    assert found["near_duplicates"] == 3
    assert {(pair["tested"], pair["trained_on"]) for pair in found["examples"]} == {("a", "c"), ("b", "c")}


def test_a_package_carries_the_hashes_of_what_it_was_trained_on(tmp_path):
    flat = np.full((40, 40, 3), 90, np.uint8)
    write_fingerprints(
        tmp_path, [picture(str(seed), "site", reef(seed)) for seed in range(3)] + [picture("", "", flat)]
    )
    known = read_fingerprints(tmp_path)
    assert {entry.hash for entry in known} == {perceptual_hash(reef(seed)) for seed in range(3)}
    found = find_leaks([picture("copy", "site", worn(reef(1))), picture("new", "site", reef(7))], known)
    assert (found["checked"], found["grouped"], found["in_shared_groups"]) == (True, 0, 0)
    assert found["near_duplicates"] == 1


def test_a_package_need_not_say(tmp_path):
    assert read_fingerprints(tmp_path) == []


def test_a_line_that_is_no_hash_is_named(tmp_path):
    (tmp_path / FINGERPRINTS_NAME).write_text("# hashes\n0123456789abcdef\nno hash\n")
    with pytest.raises(TrainingError, match=r"trained-on\.txt, line 3: 'no hash' is no hash"):
        read_fingerprints(tmp_path)
