"""Figures about the jobs for whoever watches over a server: how many wait, how long they wait and run, how they end.

Jobs run in other processes than the one that is asked, on other machines perhaps, and their rows go after a while. So
what counts up is counted in the store, in the transaction that ends the job: no end is missed or counted twice, nothing
is lost when a process dies, and any server on the store can answer for all.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from facies.jobs.job import Status
from facies.jobs.tables import JOB_NUMBER, counters, figures, jobs, workers

WAIT_BOUNDS_S: Final = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
RUN_BOUNDS_S: Final = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0)

ALIVE_S: Final = 20.0
"""A worker that was heard of within so long is alive; it reports more often."""

_WAIT: Final = "wait_s"
_RUN: Final = "run_s"
_TILES: Final = "tiles"
_ENDED: Final = "ended"
_LOAD: Final = "load_s"
_SUM: Final = "sum"


@dataclass(frozen=True)
class Histogram:
    """How many observations fell where.

    Attributes:
        bounds_s: upper bounds, seconds, ascending; each belongs to its bucket.
        counts: observations in each bucket, and last those above every bound.
        sum_s: of all observations, seconds.
    """

    bounds_s: tuple[float, ...]
    counts: tuple[int, ...]
    sum_s: float


@dataclass(frozen=True)
class Figures:
    """What the store knows about its jobs as a whole.

    Attributes:
        submitted: jobs ever sent.
        waiting: jobs in the queue now.
        running: jobs with a worker now.
        oldest_waiting_s: how long the oldest job in the queue has been there, seconds; 0 if none is.
        workers: how many are alive.
        ended: jobs that ended with a worker, by status and code of error ("" without one), ever.
        wait: from being sent to the beginning of the last attempt, of the jobs that ended.
        run: of the last attempt, of the jobs that ended.
        tiles: analysed by the jobs that finished, ever.
        load_s: how long a model last took to load, seconds, by `name@version`.
    """

    submitted: int
    waiting: int
    running: int
    oldest_waiting_s: float
    workers: int
    ended: Mapping[tuple[Status, str], int]
    wait: Histogram
    run: Histogram
    tiles: int
    load_s: Mapping[str, float]


def count_ends(connection: sa.Connection, ended: Iterable[sa.RowMapping]) -> None:
    """Count jobs that have just ended with a worker, in the transaction that ends them."""
    increments: defaultdict[tuple[str, str], float] = defaultdict(float)
    for row in ended:
        for figure, increment in _increments_of(row).items():
            increments[figure] += increment
    if not increments:
        return
    # In one order everywhere, so that two transactions never wait for each other.
    rows = [{"name": name, "label": label, "value": value} for (name, label), value in sorted(increments.items())]
    connection.execute(_ADD[connection.dialect.name], rows)


def note_load_time(connection: sa.Connection, model: str, seconds: float) -> None:
    """Write down how long a model took to load."""
    statement = _insert(connection, figures).values(name=_LOAD, label=model, value=seconds)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[figures.c.name, figures.c.label], set_={"value": statement.excluded.value}
        )
    )


def note_worker(connection: sa.Connection, name: str, process: str | None, now: float) -> None:
    """Write down that a worker is alive."""
    statement = _insert(connection, workers).values(name=name, process=process, started_at=now, seen_at=now)
    connection.execute(statement.on_conflict_do_update(index_elements=[workers.c.name], set_={"seen_at": now}))


def count_workers(connection: sa.Connection, now: float) -> int:
    """How many workers are alive."""
    query = sa.select(sa.func.count()).select_from(workers).where(workers.c.seen_at > now - ALIVE_S)
    return connection.execute(query).scalar_one()


def read_figures(connection: sa.Connection, now: float) -> Figures:
    """All of them."""
    values = {(row.name, row.label): row.value for row in connection.execute(sa.select(figures))}
    by_status = {row[0]: row for row in connection.execute(_JOBS_NOW)}
    _, waiting, oldest = by_status.get(Status.QUEUED, (None, 0, now))
    _, running, _ = by_status.get(Status.STARTED, (None, 0, now))
    return Figures(
        submitted=connection.execute(_SUBMITTED).scalar_one(),
        waiting=waiting,
        running=running,
        oldest_waiting_s=max(0.0, now - oldest),
        workers=count_workers(connection, now),
        ended={_split(label): int(value) for (name, label), value in values.items() if name == _ENDED},
        wait=_histogram(values, _WAIT, WAIT_BOUNDS_S),
        run=_histogram(values, _RUN, RUN_BOUNDS_S),
        tiles=int(values.get((_TILES, ""), 0)),
        load_s={label: value for (name, label), value in values.items() if name == _LOAD},
    )


_SUBMITTED: Final = sa.select(counters.c.value).where(counters.c.name == JOB_NUMBER)
_JOBS_NOW: Final = (
    sa.select(jobs.c.status, sa.func.count(), sa.func.min(jobs.c.created_at))
    .where(jobs.c.status.in_([Status.QUEUED, Status.STARTED]))
    .group_by(jobs.c.status)
)


def _adding(insert: sqlite.Insert | postgresql.Insert) -> sa.Insert:
    return insert.on_conflict_do_update(
        index_elements=[figures.c.name, figures.c.label], set_={"value": figures.c.value + insert.excluded.value}
    )


_ADD: Final = {"sqlite": _adding(sqlite.insert(figures)), "postgresql": _adding(postgresql.insert(figures))}
"""Adds to figures, made once: others wait for the transaction."""


def _insert(connection: sa.Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can say what to do with a row that is there already; each database has its own."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def _increments_of(row: sa.RowMapping) -> Mapping[tuple[str, str], float]:
    wait_s = max(0.0, row["started_at"] - row["created_at"])
    run_s = max(0.0, row["finished_at"] - row["started_at"])
    return {
        (_ENDED, f"{row['status']} {row['error_code'] or ''}"): 1,
        (_WAIT, _bucket(wait_s, WAIT_BOUNDS_S)): 1,
        (_WAIT, _SUM): wait_s,
        (_RUN, _bucket(run_s, RUN_BOUNDS_S)): 1,
        (_RUN, _SUM): run_s,
        (_TILES, ""): row["done"] if row["status"] == Status.FINISHED else 0,
    }


def _bucket(seconds: float, bounds_s: tuple[float, ...]) -> str:
    return str(bisect_left(bounds_s, seconds))


def _histogram(values: Mapping[tuple[str, str], float], name: str, bounds_s: tuple[float, ...]) -> Histogram:
    counts = tuple(int(values.get((name, str(index)), 0)) for index in range(len(bounds_s) + 1))
    return Histogram(bounds_s, counts, values.get((name, _SUM), 0.0))


def _split(label: str) -> tuple[Status, str]:
    status, _, code = label.partition(" ")
    return Status(status), code
