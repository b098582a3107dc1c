"""What a person sees on the terminal: bars, tables, and the lines a server starts with.

Progress and notes go to standard error, so that standard output can be piped.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from facies.batch import Outcome
from facies.bench import CORES, Timing
from facies.jobs.key import Key
from facies.models.package import Manifest

if TYPE_CHECKING:
    from facies.client import RemoteJob

notes = Console(stderr=True, highlight=False, soft_wrap=True)
output = Console(highlight=False)

_MOST_NAMES = 12
_LEAST_PERCENT = 0.005
"""What would be rounded to 0% is there all the same."""


@contextmanager
def tiles_bar(total: int) -> Iterator[Progress]:
    """A bar that counts tiles; its first task is the one to advance."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=notes) as progress:
        progress.add_task("tiles", total=total)
        yield progress


class PhotoBars:
    """A bar a photo that is on its way: its bytes while it is sent, then its tiles. A `facies.submit.Watcher`."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[Path, TaskID] = {}
        self._lock = Lock()

    def sent(self, photo: Path, done: int, total: int) -> None:
        """So many of its bytes are at the server."""
        self._progress.update(self._task(photo), stage="sending", completed=done, total=total)

    def changed(self, photo: Path, job: "RemoteJob") -> None:
        """Its job went on."""
        waiting = job.status == "queued"
        stage = "waiting" if waiting and job.queue_position is None else f"place {job.queue_position}"
        self._progress.update(
            self._task(photo), stage=stage if waiting else "tiles", completed=job.done, total=job.total or None
        )

    def over(self, photo: Path) -> None:
        """Nothing more will come of it."""
        self._progress.remove_task(self._task(photo))
        self._progress.advance(self._progress.task_ids[0])

    def _task(self, photo: Path) -> TaskID:
        with self._lock:
            if photo not in self._tasks:
                self._tasks[photo] = self._progress.add_task(escape(photo.name), total=None, stage="")
            return self._tasks[photo]


@contextmanager
def photo_bars(total: int) -> Iterator[PhotoBars]:
    """A bar for all photos, and one for each that is on its way."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[stage]}"))
    with Progress(*columns, console=notes) as progress:
        progress.add_task("photos", total=total, stage="")
        yield PhotoBars(progress)


def show_outcomes(outcomes: Sequence[Outcome], out: Path) -> None:
    """A row a photo that was analysed, then a line a photo that was not."""
    done = [outcome for outcome in outcomes if outcome.summary is not None]
    if done:
        table = Table("photo", "size", "found", "results", box=None, pad_edge=False, header_style="bold")
        for outcome in done:
            summary = outcome.summary or {}
            size = f"{summary['width']} × {summary['height']}"
            table.add_row(Text(outcome.photo.name), size, _findings(summary), Text(str(outcome.folder)))
        output.print(table)
    for outcome in done:
        _warn_of_domain(outcome.photo.name, (outcome.summary or {}).get("domain"))
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    for outcome in failed:
        notes.print(Text.assemble(("failed ", "bold red"), f"{outcome.photo}: {outcome.error}"))
    notes.print(f"{len(done)} of {len(outcomes)} photos analysed; the table of all of them is {out / 'summary.csv'}")


def _warn_of_domain(photo: str, domain: Mapping[str, Any] | None) -> None:
    if domain is not None and domain["out_of_domain"]:
        notes.print(
            Text.assemble(
                ("unlike the training photos ", "bold yellow"),
                f"{photo}: its domain score is {domain['score']:.2f} where {domain['limit']:.2f} is the limit. "
                "Nothing is known of how right its result is; do not rely on it.",
            )
        )


def _findings(summary: dict[str, Any]) -> Text:
    if "tiles" in summary:
        counts = summary["tiles"]["by_class"]
        if len(counts) > _MOST_NAMES:
            counts = dict(sorted(((name, count) for name, count in counts.items() if count), key=lambda item: -item[1]))
        return Text(
            f"{summary['tiles']['total']} tiles: " + _listed([f"{count} {name}" for name, count in counts.items()])
        )
    areas = sorted(summary["classes"], key=lambda area: -area["share"])
    return Text(", ".join(f"{area['name']} {_percent(area['share'])}" for area in areas) or "no rock found")


def _percent(share: float) -> str:
    return "<1%" if 0 < share < _LEAST_PERCENT else f"{share:.0%}"


def _listed(words: Sequence[str]) -> str:
    """The words, or the first of them and how many more there are."""
    more = len(words) - _MOST_NAMES
    return ", ".join(words) if more <= 0 else f"{', '.join(words[:_MOST_NAMES])} and {more} more"


def show_models(manifests: Sequence[Manifest]) -> None:
    """A row a package."""
    table = Table("model", "task", "classes", "what it is", box=None, pad_edge=False, header_style="bold")
    table.columns[0].no_wrap = table.columns[1].no_wrap = True  # what is typed again is not cut off
    table.columns[0].overflow = table.columns[1].overflow = "fold"
    for manifest in manifests:
        classes = _listed([entry.name for entry in manifest.classes])
        table.add_row(manifest.reference, manifest.task, Text(classes), Text(manifest.title))
    output.print(table)


def show_card(card: str) -> None:
    """A package's card."""
    output.print(Markdown(card))


def show_domain(manifest: Manifest) -> None:
    """Which photos a package is for, and how well it tells others."""
    if manifest.domain is None:
        output.print("It has no domain score: it cannot tell whether a photo is like those it was trained on.")
        return
    output.print(Text.assemble(("domain  ", "bold"), f"{manifest.domain.of}, scores up to {manifest.domain.limit:.2f}"))
    strangers = manifest.metrics.get("domain", {}).get("strangers", {})
    for name, told in strangers.items():
        auroc = told["auroc"]
        interval = f"{auroc['value']:.3f} ({auroc['low']:.3f}–{auroc['high']:.3f})"
        output.print(Text(f"        told from {name}: AUROC {interval}, {told['flagged']:.0%} beyond the limit"))


def show_check(package: str, problem: str | None) -> None:
    """Whether a package is sound, and what is wrong with it otherwise."""
    if problem is None:
        output.print(Text.assemble(("sound   ", "green"), package))
    else:
        output.print(Text.assemble(("damaged ", "bold red"), f"{package}: {problem}"))


def show_error(message: str) -> None:
    """Why a command could not do what it was asked."""
    notes.print(Text.assemble(("error ", "bold red"), message))


def show_keys(keys: Sequence[Key]) -> None:
    """A row a key: name, first characters, what it opens, how often, and when it was made, ends or was revoked."""
    columns = ("name", "begins with", "opens", "a minute", "created", "ends", "revoked")
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for key in keys:
        dates = (_moment(moment) for moment in (key.created_at, key.expires_at, key.revoked_at))
        rate = "" if key.requests_per_minute is None else str(key.requests_per_minute)
        table.add_row(Text(key.name), Text(key.prefix + "…"), ", ".join(sorted(key.scopes)), rate, *dates)
    output.print(table)


def show_server(
    address: str, manifests: Sequence[Manifest], data_dir: Path, needs_key: Mapping[str, bool], first_key: str | None
) -> None:
    """The lines a server starts with: packages, data, what needs a key, the first one if it was just made, address."""
    for manifest in manifests:
        classes = _listed([entry.name for entry in manifest.classes if entry.name != manifest.decision.background])
        notes.print(Text.assemble(("model    ", "dim"), (manifest.reference, "bold"), f"  {manifest.task}: {classes}"))
    notes.print(Text.assemble(("data     ", "dim"), str(data_dir)))
    closed, open_doors = ([door for door, needs in needs_key.items() if needs is wanted] for wanted in (True, False))
    notes.print(Text.assemble(("keys     ", "dim"), f"for {', '.join(closed)}"))
    if open_doors:
        notes.print(Text.assemble(("no key   ", "dim"), f"for {', '.join(open_doors)}"))
    if first_key is not None:
        notes.print(Text.assemble(("API key  ", "dim"), (first_key, "bold"), "  (shown only now, so keep it)"))
    notes.print(Text.assemble(("address  ", "dim"), (address, "bold")))


def _moment(unix_s: float | None) -> str:
    return "" if unix_s is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(unix_s))


def show_timings(timings: Sequence[Timing]) -> None:
    """A column a photo: core-milliseconds of the parts, milliseconds of the whole, and how far it is from the limit."""
    table = Table("milliseconds", *(escape(timing.photo) for timing in timings), box=None, header_style="bold")
    for column in table.columns[1:]:
        column.justify = "right"
    for part in timings[0].core_s:
        table.add_row(f"{part}, one core", *(_milliseconds(timing.core_s[part]) for timing in timings))
    table.add_row(f"bare: inference on {CORES} cores", *(_milliseconds(timing.bare_s) for timing in timings))
    table.add_row(f"limit: all of these on {CORES} cores", *(_milliseconds(timing.limit_s) for timing in timings))
    table.add_row("analyse: file to files", *(_milliseconds(timing.analyse_s) for timing in timings))
    table.add_row("analyse / limit", *(f"{timing.analyse_s / timing.limit_s:.2f}" for timing in timings), style="bold")
    output.print(table)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f}"
