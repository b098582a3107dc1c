"""Many photos through a server in one call: each sent, watched and fetched into its own folder."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from facies.batch import Outcome, into_folders
from facies.client import Client, RemoteJob

# The server's workers set the pace; a few photos are on their way while others are looked at.
_PHOTOS_IN_HAND = 4


class Watcher(Protocol):
    """Is told how far a photo is, from several threads."""

    def sent(self, photo: Path, done: int, total: int) -> None:
        """So many of its bytes are at the server."""
        ...

    def changed(self, photo: Path, job: RemoteJob) -> None:
        """Its job went on."""
        ...

    def over(self, photo: Path) -> None:
        """Nothing more will come of it."""
        ...


def submit_all(
    photos: Sequence[Path], client: Client, model: str, options: Mapping[str, Any], out: Path, watcher: Watcher
) -> Iterator[Outcome]:
    """Have a server analyse photos, and write their results.

    Args:
        photos: files.
        client: the server.
        model: `name` or `name@version`.
        options: of the analysis, by name.
        out: gets one folder a photo, named as the photo without its ending, and `summary.csv`.
        watcher: told how far each photo is.

    Yields:
        one outcome a photo, as they come.
    """

    def submit_one(photo: Path, folder: Path) -> Mapping[str, Any]:
        try:
            told = lambda done, total: watcher.sent(photo, done, total)  # noqa: E731
            job = client.submit(photo, model, options=options, on_sent=told)
            for job in client.watch(job):  # noqa: B020 - the job as it is by then
                watcher.changed(photo, job)
            result = client.result(job)
            result.save(folder)
        finally:
            watcher.over(photo)
        return result.summary

    yield from into_folders(photos, out, submit_one, _PHOTOS_IN_HAND)
