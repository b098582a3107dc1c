import pytest

from facies.training.drawing.lettering import depth_text, handwriting
from facies.training.drawing.noise import generator


def test_ink_lies_within_the_line():
    ink = handwriting(generator(1), "1234.5 M", 20)
    assert ink.min() == 0
    assert 0.9 < ink.max() <= 1
    assert 20 <= ink.shape[0] <= 32
    assert 0.05 < ink.mean() < 0.5


@pytest.mark.parametrize("text", ["", " ", "é?ß"])
def test_what_has_no_glyph_leaves_no_ink(text):
    assert handwriting(generator(1), text, 12).max() == 0


def test_depths_use_only_letters_that_can_be_written():
    rng = generator(2)
    for text in {depth_text(rng) for _ in range(200)}:
        for letter in set(text) - {" "}:
            assert handwriting(rng, letter, 12).max() > 0, letter
