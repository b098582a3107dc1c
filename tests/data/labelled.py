"""Tiny fake data in the layouts that the readers know, drawn from a seed."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

RNG = np.random.default_rng


def draw_tile(rng: np.random.Generator, pale: bool, side: int = 64) -> Image.Image:
    """Noise about a dark green, or about white."""
    base = np.array([210, 215, 205] if pale else [60, 90, 40])
    pixels = base + rng.normal(0, 12, (side, side, 3))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def write_tile_table(folder: Path, photos: int = 6, tiles: int = 4, seed: int = 0) -> None:
    """`labels.csv` and `tiles/`: a quarter compromised, a half healthy, a quarter neither."""
    rng = RNG(seed)
    (folder / "tiles").mkdir(parents=True)
    lines = ["tile,photo,healthy,compromised,labelled"]
    for photo in range(photos):
        for tile in range(tiles):
            name = f"{photo:02}_{tile}.png"
            pale = tile % 4 == 0
            draw_tile(rng, pale).save(folder / "tiles" / name)
            healthy = int(tile % 4 in (1, 2))
            lines.append(f"{name},{photo:02},{healthy},{int(pale)},1")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_image_folders(folder: Path, pictures: int = 6, seed: int = 1) -> None:
    """`bleached/` and `healthy/`."""
    rng = RNG(seed)
    for name in ("bleached", "healthy"):
        (folder / name).mkdir(parents=True)
        for number in range(pictures):
            draw_tile(rng, name == "bleached").save(folder / name / f"{name}-{number}.png")


def write_noaa_patches(folder: Path, sites: int = 4, patches: int = 4, seed: int = 3) -> None:
    """`train|validation|test/CORAL|CORAL_BL/SITE_YEAR_PHOTO_PATCH.PNG`: every site is in every part, as published."""
    rng = RNG(seed)
    for part in ("train", "validation", "test"):
        for name in ("CORAL", "CORAL_BL"):
            (folder / part / name).mkdir(parents=True)
            for site in range(sites):
                for patch in range(patches):
                    file = f"FFS-B{site:03}_2019_{patch % 2}_{rng.integers(10**6)}.PNG"
                    draw_tile(rng, name == "CORAL_BL").save(folder / part / name / file)


def write_coralnet_points(folder: Path, photos: int = 3, seed: int = 4) -> None:
    """`annotations.csv` and `photos/`: left half pale, right half green, six points on each photo."""
    rng = RNG(seed)
    (folder / "photos").mkdir(parents=True)
    lines = ["Name,Row,Column,Label"]
    for photo in range(photos):
        picture = Image.new("RGB", (200, 120))
        picture.paste(draw_tile(rng, pale=True, side=120), (0, 0))
        picture.paste(draw_tile(rng, pale=False, side=120), (100, 0))
        name = f"site{photo}_{photo:02}.png"
        picture.save(folder / "photos" / name)
        points = [(5, 5, "BL_Por"), (60, 40, "BL_Por"), (119, 30, "Sand"), (60, 160, "Porit"), (0, 199, "Porit")]
        lines += [f"{name},{row},{column},{label}" for row, column, label in points]
    (folder / "annotations.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_coco(folder: Path, seed: int = 5) -> None:
    """`labels.json` and `photos/`: the same sand and mud on three photos, as polygons, runs, and packed runs."""
    rng = RNG(seed)
    (folder / "photos").mkdir(parents=True)
    table: dict = {"images": [], "annotations": [], "categories": [{"id": 5, "name": "sand"}, {"id": 7, "name": "mud"}]}
    for number, kind in enumerate(("polygons", "runs", "packed"), start=1):
        name = f"hole{number - 1}_{'abc'[number - 1]}.png"
        draw_tile(rng, pale=False, side=40).crop((0, 0, 30, 40)).save(folder / "photos" / name)
        table["images"].append({"id": number, "file_name": name, "height": 40, "width": 30})
        for place, (category, top, bottom) in enumerate(((5, 10, 20), (7, 25, 35)), start=1):
            runs = _runs_of_box(top, 5, bottom, 25, height=40, width=30)
            shapes = {
                "polygons": [[5, top, 24, top, 24, bottom - 1, 5, bottom - 1]],
                "runs": {"counts": runs, "size": [40, 30]},
                "packed": {"counts": _packed(runs), "size": [40, 30]},
            }
            annotation = {"id": number * 10 + place, "image_id": number, "category_id": category}
            table["annotations"].append(annotation | {"segmentation": shapes[kind]})
    (folder / "labels.json").write_text(json.dumps(table, indent=1), encoding="utf-8")


def _runs_of_box(top: int, left: int, bottom: int, right: int, *, height: int, width: int) -> list[int]:
    """Lengths of runs outside and inside a box by turns, down the columns."""
    first = left * height + top
    between = [bottom - top, height - (bottom - top)] * (right - left - 1)
    rest = height * width - first - (right - left - 1) * height - (bottom - top)
    return [first, *between, bottom - top, rest]


def _packed(runs: list[int]) -> str:
    """As the COCO API writes them: from the fourth on as the difference to the one before last, five bits a letter."""
    text = ""
    for number, run in enumerate(runs):
        value = run - runs[number - 2] if number > 2 else run
        while True:
            bits, value = value & 0x1F, value >> 5
            is_last = value == (-1 if bits & 0x10 else 0)
            text += chr((bits if is_last else bits | 0x20) + 48)
            if is_last:
                break
    return text


def write_masks(folder: Path, boxes: int = 4, columns: int = 2, seed: int = 2) -> None:
    """`images/` and `masks/`: brown rock (1) or grey rock (3) between dark margins; a row of 255 on top."""
    rng = RNG(seed)
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
    for box in range(boxes):
        for column in range(columns):
            rock = (1, 3)[box % 2]
            mask = np.zeros((128, 64), np.uint8)
            mask[8:120, 12:52] = rock
            mask[0] = 255
            base = np.where((mask == rock)[..., None], [150, 120, 70] if rock == 1 else [90, 90, 95], [20, 15, 10])
            pixels = (base + rng.normal(0, 6, (128, 64, 3))).clip(0, 255).astype(np.uint8)
            name = f"box{box}_x{column}"
            Image.fromarray(pixels).save(folder / "images" / f"{name}.png")
            Image.fromarray(mask).save(folder / "masks" / f"{name}.png")
