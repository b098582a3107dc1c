"""The database under the store: opening it, bringing it up to date, transactions.

SQLite runs in WAL mode, so readers never wait for the writer, and with `synchronous=FULL`: a commit is on the disk
before the web says that a job was accepted. `NORMAL` would be faster and would survive a killed process as well, but
after a power cut the newest jobs could be missing, and their senders were told they are safe. What nobody was told
of, progress and signs of life, is written with it.
"""

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import Any, Final, Self, cast

import alembic.command
import sqlalchemy as sa
from alembic.config import Config
from alembic.util import CommandError

from facies.errors import StoreError
from facies.jobs.sealing import Seal

BUSY_TIMEOUT_S: Final = 15.0
_BUSY_PAUSE_S: Final = 0.001
# As many as threads of the web server ask at once: opening one more takes longer than what it is asked.
_CONNECTIONS: Final = 40
_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_MIGRATION_LOCK: Final = 0xFAC1E5  # any number that nothing else in the same PostgreSQL database locks
_SYNCHRONOUS: Final = "facies_synchronous"
_TOGETHER: Final = "facies_together"

_log = logging.getLogger(__name__)


class Database:
    """Connections to one database, shared by threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._writer = engine.execution_options(**{_SYNCHRONOUS: "FULL", _TOGETHER: True})
        self._loose_writer = engine.execution_options(**{_SYNCHRONOUS: "NORMAL", _TOGETHER: True})
        self._each_writer = engine.execution_options(**{_SYNCHRONOUS: "FULL"})
        self._noter = engine.execution_options(**{_SYNCHRONOUS: "NORMAL"})
        # SQLite has one writer at a time, and who waits for it sleeps and asks again, ever longer. The threads of this
        # process wait for each other here instead, where the next is woken at once.
        self._turn: AbstractContextManager[object] = Lock() if engine.dialect.name == "sqlite" else nullcontext()
        self._watch: sqlite3.Connection | None = None
        self._watched_version = 0

    @classmethod
    def open(cls, url: str, seal: Seal) -> Self:
        """Connect, and bring the tables up to date. Several processes may do so at the same moment.

        Args:
            url: an SQLAlchemy URL.
            seal: closes secrets that an older Facies left open.

        Raises:
            StoreError: it cannot be opened, or was written by a newer Facies.
        """
        database = cls(_create_engine(url))
        try:
            database._bring_up_to_date(seal)
        except BaseException:
            database.close()
            raise
        return database

    def _bring_up_to_date(self, seal: Seal) -> None:
        try:
            with self._writer.begin() as connection:
                _migrate(connection, seal)
        except CommandError as error:
            raise StoreError("The job store was written by a newer Facies; install that version.") from error
        except sa.exc.SQLAlchemyError as error:
            raise StoreError(f"The job store cannot be opened: {_reason(error)}.") from error

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection for reading. On SQLite each statement sees the newest commit and blocks nobody.

        Raises:
            StoreError: the database does not answer.
        """
        with _translated_errors(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, *, is_synced: bool = True) -> Iterator[sa.Connection]:
        """A transaction for writing, committed on a clean exit and rolled back on an exception.

        Args:
            is_synced: whether to wait for the disk; if not, a power cut may take it.

        Raises:
            StoreError: the database does not answer.
        """
        writer = self._writer if is_synced else self._loose_writer
        with _translated_errors(), self._turn, writer.begin() as connection:
            yield connection

    @contextmanager
    def write_each(self) -> Iterator[sa.Connection]:
        """As `write`, but on SQLite every statement is a transaction of its own, and none may say RETURNING.

        So it has the one write lock for as long as the database takes, and not until the thread has its turn again: in
        a worker, which lets everybody go first, that can take long, and every sender would wait.

        Raises:
            StoreError: the database does not answer.
        """
        with _translated_errors(), self._turn, self._each_writer.begin() as connection:
            yield connection

    @contextmanager
    def note(self) -> Iterator[sa.Connection]:
        """As `write_each`, for what a power cut may take: progress, signs of life. Nobody waits for the disk then.

        Raises:
            StoreError: the database does not answer.
        """
        with _translated_errors(), self._turn, self._noter.begin() as connection:
            yield connection

    @property
    def is_local(self) -> bool:
        """Whether it is a file of this machine: it tells a row, and in `has_changed` a change, within microseconds."""
        return self._engine.dialect.name == "sqlite"

    def has_changed(self) -> bool:
        """Whether anybody wrote since this was asked last; for one thread, which may ask all the time.

        SQLite tells without a query. Others do not, and the answer is always False (`is_local`).
        """
        if not self.is_local:
            return False
        try:
            if self._watch is None:
                self._watch = sqlite3.connect(str(self._engine.url.database), check_same_thread=False)
            version: int = self._watch.execute("PRAGMA data_version").fetchone()[0]
        except sqlite3.Error:
            return True  # whoever looks then meets the error where it is dealt with
        self._watched_version, before = version, self._watched_version
        return version != before

    def close(self) -> None:
        """Close every connection."""
        if self._watch is not None:
            self._watch.close()
        self._engine.dispose()


@contextmanager
def _translated_errors() -> Iterator[None]:
    """The reason is for the log only: it can tell of hosts and users, and the sentence may go to a stranger."""
    try:
        yield
    except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError, sqlite3.OperationalError) as error:
        _log.error("The job store does not answer: %s", _reason(error))
        raise StoreError("The job store does not answer at the moment; try again soon.") from error


def _reason(error: Exception) -> str:
    """What the driver said, without the statement around it."""
    return str(getattr(error, "orig", None) or error)


def _create_engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() != "sqlite":
            return sa.create_engine(parsed, pool_pre_ping=True)
    except sa.exc.ArgumentError as error:
        raise StoreError(f"The database URL cannot be used: {error}.") from error
    except ImportError as error:
        raise StoreError(f"The database's driver is missing ({error}); install facies[postgres].") from error
    return _create_sqlite_engine(parsed)


def _create_sqlite_engine(url: sa.URL) -> sa.Engine:
    if not url.database or url.database == ":memory:":
        raise StoreError("The job store needs a file that several processes can open, not a database in memory.")
    _switch_to_wal(Path(url.database))
    # The connection that was given back last is taken first: it still holds the pages that others would have to read.
    pool = {"pool_size": _CONNECTIONS, "pool_use_lifo": True}
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S}, **pool)
    sa.event.listen(engine, "connect", _prepare_connection)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _switch_to_wal(path: Path) -> None:
    """Make WAL the file's mode, which it keeps.

    Switching needs the file alone and SQLite does not wait for that, whatever its time-out; so this does.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S)
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                return
            finally:
                connection.close()
        except (sqlite3.Error, OSError) as error:
            is_busy = isinstance(error, sqlite3.OperationalError) and "locked" in str(error)
            if not is_busy or time.monotonic() > deadline:
                raise StoreError(f"The job store {path} cannot be opened: {error}.") from error
            time.sleep(0.01)


def _prepare_connection(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where _begin says, not where the driver guesses
    connection.execute("PRAGMA synchronous=FULL")


def _begin(connection: sa.Connection) -> None:
    """What `Database.write` and its kin promise; nothing for reading.

    The driver is spoken to itself: for these few words SQLAlchemy would take as long as for a job's row.
    """
    options = connection.get_execution_options()
    if synchronous := options.get(_SYNCHRONOUS):
        driver = cast("sqlite3.Connection", connection.connection.driver_connection)
        driver.execute(f"PRAGMA synchronous={synchronous}")
        if options.get(_TOGETHER):
            _begin_immediate(driver)


def _begin_immediate(driver: sqlite3.Connection) -> None:
    """Take the write lock first: a transaction that read before it wrote could otherwise only give up.

    While another process has it SQLite would sleep ever longer, up to 0.1 s, for what is over in milliseconds.
    """
    driver.execute("PRAGMA busy_timeout=0")
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    try:
        while not _has_begun(driver, is_last_try=time.monotonic() > deadline):
            time.sleep(_BUSY_PAUSE_S)
    finally:
        driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_S * 1000:.0f}")


def _has_begun(driver: sqlite3.Connection, *, is_last_try: bool) -> bool:
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if is_last_try or error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def _migrate(connection: sa.Connection, seal: Seal) -> None:
    if connection.dialect.name == "postgresql":  # on SQLite the transaction holds the write lock already
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
    config = Config(attributes={"connection": connection, "seal": seal})
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    alembic.command.upgrade(config, "head")
