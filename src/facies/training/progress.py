"""How training tells what it is doing: a call a step, and bars on the terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


class Report(Protocol):
    """Told of every step."""

    def __call__(self, name: str, done: int, total: int, loss: float | None = None) -> None:
        """Say that `done` of `total` steps of `name` are done, and the loss where there is one."""


def silent(name: str, done: int, total: int, loss: float | None = None) -> None:
    """A `Report` that says nothing."""


@contextmanager
def bars(console: Console | None = None) -> Iterator[Report]:
    """Show a bar for everything that is reported, with the loss and the time left."""
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
            shown = "" if loss is None else f"loss {loss:.3f}"
            progress.update(tasks[name], completed=done, total=total, loss=shown)

        yield report
