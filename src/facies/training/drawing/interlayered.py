"""Alternations of coarse and fine sediment: sand with mud, silt with mud."""

from facies.training.drawing.bedding import cracks, cross_laminae, depth, laminae, lenses
from facies.training.drawing.clastic import MUDS, SANDS, SILTS, sand_grains
from facies.training.drawing.noise import F32, Rng, chance, fractal, ramp, smooth, uniform, white
from facies.training.drawing.paint import Colour, Surface, mixed, mottled, pick, scaled, scatter, shade, tint


def sand_and_mud(rng: Rng, hw: tuple[int, int], grain: float) -> Surface:
    """Millimetres to centimetres of sand and mud in turn: wavy, lenticular or flaser, rippled, burrowed."""
    position = depth(rng, hw, uniform(rng, -0.18, 0.18), uniform(rng, 0.8, 2.2))
    ground = _mud_share(rng, position, grain, uniform(rng, 1.5, 3.0), uniform(rng, 7, 22))
    if chance(rng, 0.55):
        ground = _burrowed(rng, ground, grain)
    ground = ground + fractal(rng, hw, (4, 7), 3, 0.7) * uniform(rng, 0.03, 0.14)
    mud = ramp(ground, -0.12, 0.12)
    planes, sand_colour = _pair(rng, hw, mud, SANDS)
    ripples = cross_laminae(rng, position, (4 * grain, 12 * grain), (0.7 * grain, 1.8 * grain))
    shade(planes, 1 + ripples * (1 - mud) * uniform(rng, 0.03, 0.1))
    grains = sand_grains(rng, hw, grain * uniform(rng, 0.5, 0.9), chance(rng, 0.15))
    shade(planes, 1 + grains * ((1 - mud) * uniform(rng, 0.02, 0.07) + 0.006))
    if chance(rng, 0.3):
        stain = ramp(fractal(rng, hw, (20, 50), 3), 0.6, 1.8) * (1 - mud)
        tint(planes, (sand_colour[0] * 0.75, sand_colour[1] * 0.6, sand_colour[2] * 0.4), stain * 0.6)
    splits = cracks(rng, position, uniform(rng, 25, 90) * grain) * mud
    shade(planes, 1 - splits * 0.5)
    return Surface(planes, grains * (1 - mud) * 0.15 - splits)


def silt_and_mud(rng: Rng, hw: tuple[int, int], grain: float) -> Surface:
    """Pinstripes of silt and mud, thinner, smoother and lower in contrast than with sand; small faults and loads."""
    position = depth(rng, hw, uniform(rng, -0.15, 0.15), uniform(rng, 0.4, 1.3))
    if chance(rng, 0.3):
        position = position + ramp(smooth(rng, hw, (90, 60)), -0.05, 0.05) * (uniform(rng, 2, 5) * grain)
    ground = _mud_share(rng, position, grain, uniform(rng, 0.5, 0.9), uniform(rng, 2.0, 5.5))
    ground = ground + fractal(rng, hw, (1.6, 9), 3, 0.7) * 0.09
    mud = ramp(ground, -0.16, 0.16)
    planes, _ = _pair(rng, hw, mud, SILTS)
    fine = laminae(rng, position, (0.5 * grain, 1.6 * grain), 0.3)
    shade(planes, 1 + fine * uniform(rng, 0.02, 0.05))
    dust = white(rng, hw)
    shade(planes, 1 + dust * uniform(rng, 0.005, 0.016))
    splits = cracks(rng, position, uniform(rng, 15, 70) * grain) * mud
    shade(planes, 1 - splits * 0.5)
    return Surface(planes, dust * 0.04 - splits)


def _mud_share(rng: Rng, position: F32, grain: float, thinnest: float, thickest: float) -> F32:
    """Above 0 where mud lies: layers, torn into lenses and streaks."""
    balance = uniform(rng, -0.9, 0.6)
    layered = laminae(rng, position, (thinnest * grain, thickest * grain), uniform(rng, 0.05, 0.35))
    lens = thickest * grain
    torn = lenses(rng, position, (uniform(rng, 0.25, 0.5) * lens, uniform(rng, 2, 7) * lens))
    mixture = uniform(rng, 0.1, 0.75)
    return layered * (1 - mixture) + torn * (mixture * 0.9) + balance * 0.6


def _pair(rng: Rng, hw: tuple[int, int], mud: F32, coarse: list[Colour]) -> tuple[F32, Colour]:
    """Paint the two members, the mud always the darker."""
    light, dark = pick(rng, coarse), pick(rng, MUDS)
    contrast = uniform(rng, 0.07, 0.3)
    dark = mixed(dark, light, max(0.0, 1 - 3 * contrast / max(0.01, sum(light) - sum(dark))))
    if sum(dark) > sum(light) - 0.2:
        dark = scaled(light, 0.75)
    planes = mottled(rng, hw, light, uniform(rng, 0.02, 0.06), uniform(rng, 40, 120))
    fine = mottled(rng, hw, dark, uniform(rng, 0.02, 0.06), uniform(rng, 30, 100))
    planes += (fine - planes) * mud
    return planes, light


def _burrowed(rng: Rng, ground: F32, grain: float) -> F32:
    """Animals have mixed it: sand-filled and mud-filled tubes cross the layers."""
    burrowed = ground.copy()
    count = int(ground.size / (uniform(rng, 300, 1500) * grain * grain)) + 1
    for stamp in scatter(rng, ground.shape, count, (0.7 * grain, 3.2 * grain), (1, 4), 0.6, margin=1.2):
        inside = ramp(stamp.distance(), 1.05, 0.85)
        fill = uniform(rng, 0.3, 0.9) * (1 if chance(rng, 0.5) else -1)
        burrowed[stamp.window] += (fill - burrowed[stamp.window]) * inside
    return burrowed
