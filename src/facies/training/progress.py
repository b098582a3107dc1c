"""How training tells what it is doing: a call a step, and bars on the terminal, or lines in a file."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

_LINE_EVERY_S = 30.0


class Report(Protocol):
    """Told of every step."""

    def __call__(self, name: str, done: int, total: int, loss: float | None = None) -> None:
        """Say that `done` of `total` steps of `name` are done, and the loss where there is one."""


def silent(name: str, done: int, total: int, loss: float | None = None) -> None:
    """A `Report` that says nothing."""


@contextmanager
def bars(console: Console | None = None) -> Iterator[Report]:
    """Show a bar for everything that is reported, with the loss and the time left.

    Where the console is no terminal, a line is written now and then instead, and one at every end.
    """
    if console is not None and not console.is_terminal:
        yield lines(console)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[loss]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        tasks: dict[str, TaskID] = {}

        def report(name: str, done: int, total: int, loss: float | None = None) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total, loss="")
            progress.update(tasks[name], completed=done, total=total, loss=_told(loss))

        yield report


def lines(console: Console, every_s: float = _LINE_EVERY_S) -> Report:
    """Write what is reported as lines.

    Args:
        console: written to.
        every_s: least time between two lines about one thing, but for its last.
    """
    begun: dict[str, tuple[float, int]] = {}
    written: dict[str, float] = {}

    def report(name: str, done: int, total: int, loss: float | None = None) -> None:
        now = time.monotonic()
        begun_at, before = begun.setdefault(name, (now, done))
        if done < total and now - written.setdefault(name, begun_at) < every_s:
            return
        written[name] = now
        facts = [f"{done}/{total}", _told(loss)]
        if before < done < total:
            left_s = (now - begun_at) / (done - before) * (total - done)
            facts.append(f"{timedelta(seconds=round(left_s))} left")
        console.print(f"{name}: {', '.join(filter(None, facts))}", markup=False, highlight=False, soft_wrap=True)

    return report


def _told(loss: float | None) -> str:
    return "" if loss is None else f"loss {loss:.3f}"
