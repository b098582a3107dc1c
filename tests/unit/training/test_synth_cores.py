import os
import platform
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from facies.errors import TrainingError
from facies.training import synth_cores
from facies.training.drawing.rocks import COLOURS, NAMES, ROCK_TYPES

SMALL = {"height": 420, "width": 128}


def test_same_seed_gives_the_same_bytes_and_another_seed_another_photo():
    one, again, other = (synth_cores.draw(seed, **SMALL) for seed in (7, 7, 8))
    assert one.photo.tobytes() == again.photo.tobytes()
    assert one.label_map.tobytes() == again.label_map.tobytes()
    assert one.photo.tobytes() != other.photo.tobytes()


@pytest.mark.parametrize(("height", "width"), [(64, 64), (301, 97), (500, 384)])
def test_photo_and_label_map_have_the_size_asked_for(height, width):
    core = synth_cores.draw(3, height=height, width=width)
    assert core.photo.shape == (height, width, 3)
    assert core.photo.dtype == np.uint8
    assert core.label_map.shape == (height, width)
    assert core.label_map.dtype == np.uint8


def test_labels_are_background_and_the_types_asked_for():
    for seed in range(8):
        core = synth_cores.draw(seed, **SMALL, rock_types=[3, 9])
        assert set(np.unique(core.label_map)) <= {0, 3, 9}
        assert {3, 9} <= set(np.unique(core.label_map))


@pytest.mark.parametrize("kind", ROCK_TYPES)
def test_every_rock_type_can_be_drawn_alone(kind):
    core = synth_cores.draw(kind, height=300, width=96, rock_types=[kind])
    rock = core.label_map == kind
    assert 0.3 < rock.mean() <= 1
    assert core.photo[rock].std() > 0


def test_all_eleven_types_fit_into_one_core():
    core = synth_cores.draw(1, height=1400, width=128, rock_types=list(ROCK_TYPES))
    assert set(np.unique(core.label_map)) - {0} == set(ROCK_TYPES)


def test_without_a_choice_all_types_come_up_in_the_long_run():
    seen = set()
    for seed in range(24):
        seen |= set(np.unique(synth_cores.draw(seed, height=700, width=64).label_map))
    assert seen == set(range(12))


@pytest.mark.parametrize("rock_types", [[], [0], [12], [1, 99]])
def test_unknown_types_are_refused(rock_types):
    with pytest.raises(TrainingError, match="1 to 11"):
        synth_cores.draw(1, **SMALL, rock_types=rock_types)


def test_a_photo_too_small_to_show_rock_is_refused():
    with pytest.raises(TrainingError, match="64 x 64"):
        synth_cores.draw(1, height=63, width=128)


def test_textured_keeps_the_background_of_the_photo_and_repaints_the_core():
    photo = np.full((200, 96, 3), 40, np.uint8)
    label_map = np.zeros((200, 96), np.uint8)
    label_map[20:180, 20:70] = 6
    painted = synth_cores.textured(5, label_map, photo)
    assert painted.shape == photo.shape
    assert painted.dtype == np.uint8
    far = np.ones(label_map.shape, bool)
    far[8:192, 8:82] = False
    assert np.abs(painted[far].astype(int) - 40).mean() < 12
    assert painted[40:160, 30:60].mean() > 80
    assert painted.tobytes() == synth_cores.textured(5, label_map, photo).tobytes()


def test_textured_without_a_photo_draws_a_box_around_the_core():
    label_map = np.zeros((150, 80), np.uint8)
    label_map[10:140, 10:70] = 2
    assert synth_cores.textured(5, label_map).shape == (150, 80, 3)


def test_textured_refuses_what_does_not_fit():
    with pytest.raises(TrainingError, match="0 to 11"):
        synth_cores.textured(1, np.full((80, 80), 254, np.uint8))
    with pytest.raises(TrainingError, match="label map"):
        synth_cores.textured(1, np.zeros((80, 80), np.uint8), np.zeros((80, 81, 3), np.uint8))


def test_lay_beds_stays_within_the_shape():
    shape = np.zeros((600, 90), bool)
    shape[50:550, 10:80] = True
    label_map = synth_cores.lay_beds(4, shape, [1, 5, 10])
    assert set(np.unique(label_map[shape])) == {1, 5, 10}
    assert not label_map[~shape].any()


def test_write_leaves_pairs_named_by_seed(tmp_path):
    told = []
    synth_cores.write(tmp_path, 2, 41, height=160, width=96, on_written=lambda done, total: told.append((done, total)))
    names = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*"))
    assert names == [
        "images/core-000041.jpg",
        "images/core-000042.jpg",
        "masks/core-000041.png",
        "masks/core-000042.png",
    ]
    assert told == [(1, 2), (2, 2)]
    mask = Image.open(tmp_path / "masks/core-000042.png")
    assert mask.mode == "P"
    assert np.array_equal(np.array(mask), synth_cores.draw(42, height=160, width=96).label_map)


def test_names_and_colours_cover_background_and_all_types():
    assert len(NAMES) == len(COLOURS) == len(ROCK_TYPES) + 1
    assert len(set(COLOURS)) == len(COLOURS)


@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="the names of vector units are x86's")
def test_a_processor_without_vector_units_draws_the_same_bytes():
    script = (
        "import hashlib; from facies.training import synth_cores;"
        "core = synth_cores.draw(7, height=200, width=96);"
        "print(hashlib.sha256(core.photo.tobytes() + core.label_map.tobytes()).hexdigest())"
    )
    plain = os.environ | {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR AVX2 FMA3 AVX512F"}
    answers = {
        subprocess.run([sys.executable, "-W", "ignore", "-c", script], env=env, capture_output=True, check=True).stdout
        for env in (os.environ, plain)
    }
    assert len(answers) == 1
