"""Many photos in one call: each into its own folder, a broken one reported and the rest done."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facies.analysis import analyse, plan_tiles
from facies.errors import FaciesError, NotAPhotoError
from facies.imaging.header import read_header
from facies.imaging.sizes import Sizes
from facies.models.package import Manifest
from facies.models.runtime import Runtime
from facies.options import Options
from facies.reports.exports import to_csv
from facies.reports.photos import summary_row, summary_table

PHOTO_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"})
SUMMARY_NAME = "summary.csv"
# While one photo is looked at, the next is decoded and the one before is written.
_PHOTOS_IN_HAND = 2


@dataclass(frozen=True)
class Outcome:
    """What became of one photo.

    Attributes:
        photo: the file.
        folder: where its results are; None where it failed.
        summary: its numbers; empty where it failed.
        error: the sentence that says why it failed.
    """

    photo: Path
    folder: Path | None = None
    summary: dict[str, Any] | None = None
    error: str | None = None


def find_photos(paths: Iterable[Path]) -> list[Path]:
    """Photos named by files and folders; a folder stands for the photos right inside it, by name. Each comes once.

    Raises:
        NotAPhotoError: a path does not exist, or a folder holds no photo.
    """
    photos: list[Path] = []
    for path in paths:
        if not path.exists():
            raise NotAPhotoError(f"{path} does not exist.")
        inside = sorted(file for file in path.iterdir() if _looks_like_photo(file)) if path.is_dir() else [path]
        if not inside:
            raise NotAPhotoError(f"The folder {path} holds no photo ({', '.join(sorted(PHOTO_ENDINGS))}).")
        photos.extend(inside)
    return list(dict.fromkeys(photos))


def count_tiles(photo: Path, manifest: Manifest) -> int:
    """How many tiles a photo will have; 0 where its header cannot be read, which its analysis will report."""
    try:
        header = read_header(photo)
    except (FaciesError, OSError):
        return 0
    return len(plan_tiles((header.height, header.width), manifest.tiling)[1])


def analyse_all(
    photos: Sequence[Path],
    runtime: Runtime,
    out: Path,
    options: Options,
    sizes: Sizes,
    on_tiles: Callable[[int], None],
) -> Iterator[Outcome]:
    """Analyse photos and write their results.

    Args:
        photos: files.
        runtime: the compiled model.
        out: gets one folder a photo, named as the photo without its ending, and `summary.csv`.
        options: the user's choices.
        sizes: from how many pixels on a photo is treated otherwise.
        on_tiles: called with the number of tiles done since the last call, from several threads.

    Yields:
        one outcome a photo, as they come.
    """

    def analyse_one(photo: Path, folder: Path) -> Mapping[str, Any]:
        done_before = 0

        def on_progress(done: int, total: int) -> None:  # noqa: ARG001 - the signature of analyse()
            nonlocal done_before
            on_tiles(done - done_before)
            done_before = done

        found = analyse(photo, runtime, options, sizes=sizes, on_progress=on_progress)
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in found.files():
            with (folder / name).open("wb") as file:
                file.writelines(content)
        return found.summary

    yield from into_folders(photos, out, analyse_one, _PHOTOS_IN_HAND)


def into_folders(
    photos: Sequence[Path], out: Path, work: Callable[[Path, Path], Mapping[str, Any]], photos_in_hand: int
) -> Iterator[Outcome]:
    """Do something with every photo that leaves results in a folder; one that fails is reported, the others are done.

    Args:
        photos: files.
        out: gets the folders, named as the photos without their endings, and `summary.csv`.
        work: given a photo and its folder, writes the results and returns the summary; called from several threads.
        photos_in_hand: how many at a time.

    Yields:
        one outcome a photo, as they come.

    Raises:
        OSError: nothing can be written to `out`; said before any work is done.
    """
    folders = {photo: out / name for photo, name in zip(photos, _folder_names(photos), strict=True)}

    def do_one(photo: Path) -> Outcome:
        try:
            return Outcome(photo, folders[photo], dict(work(photo, folders[photo])))
        except (FaciesError, OSError) as error:
            return Outcome(photo, error=str(error))

    out.mkdir(parents=True, exist_ok=True)
    outcomes: dict[Path, Outcome] = {}
    threads = ThreadPoolExecutor(photos_in_hand)
    try:
        for future in as_completed([threads.submit(do_one, photo) for photo in folders]):
            outcome = future.result()
            outcomes[outcome.photo] = outcome
            yield outcome
    finally:
        threads.shutdown(wait=False, cancel_futures=True)  # a Ctrl-C does not wait for the photos that have not begun
    (out / SUMMARY_NAME).write_bytes(to_csv(summary_rows([outcomes[photo] for photo in folders])))


def summary_rows(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """One row a photo, failed ones included: the table of `summary.csv`."""
    return summary_table([summary_row(outcome.photo.name, outcome.error, outcome.summary) for outcome in outcomes])


def _looks_like_photo(file: Path) -> bool:
    return file.is_file() and file.suffix.lower() in PHOTO_ENDINGS and not file.name.startswith(".")


def _folder_names(photos: Sequence[Path]) -> Iterator[str]:
    """The photos' names without endings; a name that is taken already gets a number."""
    taken: set[str] = set()
    for photo in photos:
        name, number = photo.stem, 2
        while name in taken:
            name, number = f"{photo.stem}-{number}", number + 1
        taken.add(name)
        yield name
