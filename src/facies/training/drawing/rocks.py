"""The eleven rock types by number, and how each is drawn."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from facies.training.drawing import chemical, clastic, interlayered
from facies.training.drawing.noise import Rng
from facies.training.drawing.paint import Surface

Draw = Callable[[Rng, tuple[int, int], float], Surface]

NAMES = (
    "background", "sandstone", "siltstone", "mudstone", "dolomite", "limestone", "anhydrite",
    "interlayered sandstones and mudstones", "interlayered siltstones and mudstones", "conglomerate", "crust",
    "marl rock",
)  # fmt: skip
COLOURS = (
    (31, 119, 180), (174, 199, 232), (255, 187, 120), (152, 223, 138), (255, 152, 150), (197, 176, 213), (140, 86, 75),
    (227, 119, 194), (127, 127, 127), (188, 189, 34), (23, 190, 207), (158, 218, 229),
)  # fmt: skip
ROCK_TYPES: Mapping[int, Draw] = MappingProxyType(
    {
        1: clastic.sandstone,
        2: clastic.siltstone,
        3: clastic.mudstone,
        4: chemical.dolomite,
        5: chemical.limestone,
        6: chemical.anhydrite,
        7: interlayered.sand_and_mud,
        8: interlayered.silt_and_mud,
        9: clastic.conglomerate,
        10: chemical.crust,
        11: chemical.marl_rock,
    }
)
