import sqlite3
import threading
from contextlib import closing

import pytest
import sqlalchemy as sa

from facies.errors import StoreError
from facies.jobs import database as database_module
from facies.jobs.database import Database
from facies.jobs.sealing import Seal
from facies.jobs.tables import counters


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'facies.db'}"


def test_transactions_that_read_before_they_write_wait_for_each_other(url):
    """As two processes do: each has connections of its own."""
    with closing(Database.open(url, Seal.fresh())) as one, closing(Database.open(url, Seal.fresh())) as two:
        both = threading.Barrier(2)
        failures = []

        def count_up(database):
            both.wait()
            try:
                for _ in range(20):
                    with database.write() as connection:
                        value = connection.execute(sa.select(counters.c.value)).scalar_one()
                        connection.execute(sa.update(counters).values(value=value + 1))
            except StoreError as error:
                failures.append(error)

        threads = [threading.Thread(target=count_up, args=(database,)) for database in (one, two)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with one.read() as connection:
            assert (connection.scalar(sa.select(counters.c.value)), failures) == (40, [])


def test_a_transaction_that_fails_changes_nothing(url):
    def fail_after_writing(database):
        with database.write() as connection:
            connection.execute(sa.update(counters).values(value=7))
            raise ZeroDivisionError

    with closing(Database.open(url, Seal.fresh())) as database:
        with pytest.raises(ZeroDivisionError):
            fail_after_writing(database)
        with database.read() as connection:
            assert connection.scalar(sa.select(counters.c.value)) == 0


def test_sqlite_keeps_what_was_committed_through_a_power_cut(url):
    with closing(Database.open(url, Seal.fresh())) as database, database.write() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL


def test_a_database_that_does_not_answer_gives_nothing_away(url, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_S", 0.05)
    with (
        closing(Database.open(url, Seal.fresh())) as database,
        closing(sqlite3.connect(tmp_path / "facies.db")) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError) as failure, database.write():
            pass
    assert "locked" in caplog.text
    assert "locked" not in str(failure.value)


@pytest.mark.parametrize(
    ("wrong", "because"),
    [
        ("nonsense", "cannot be used"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("sqlite:////proc/nowhere/facies.db", "cannot be opened"),
        ("nosuchdatabase://host/name", "cannot be used"),
    ],
)
def test_a_url_that_cannot_be_opened_is_told_why(wrong, because):
    with pytest.raises(StoreError, match=because):
        Database.open(wrong, Seal.fresh())


def test_a_file_that_is_no_database_is_told_so(url, tmp_path):
    (tmp_path / "facies.db").write_bytes(b"my holiday diary" * 100)
    with pytest.raises(StoreError, match="not a database"):
        Database.open(url, Seal.fresh())
    assert (tmp_path / "facies.db").read_bytes() == b"my holiday diary" * 100


def test_who_watches_sees_what_another_process_wrote(url):
    with closing(Database.open(url, Seal.fresh())) as watching, closing(Database.open(url, Seal.fresh())) as writing:
        watching.has_changed()
        assert not watching.has_changed()
        with writing.read() as connection:
            connection.execute(sa.select(counters.c.value))
        assert not watching.has_changed()
        with writing.write() as connection:
            connection.execute(sa.update(counters).values(value=7))
        assert watching.has_changed()
        assert not watching.has_changed()


@pytest.mark.parametrize("way", ["note", "write_each"])
def test_who_writes_single_statements_keeps_nobody_waiting_between_them(url, monkeypatch, way):
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_S", 0.05)
    with (
        closing(Database.open(url, Seal.fresh())) as one,
        closing(Database.open(url, Seal.fresh())) as two,
        getattr(one, way)() as connection,
    ):
        connection.execute(sa.update(counters).values(value=1))
        with two.write() as other:
            assert other.scalar(sa.select(counters.c.value)) == 1
            other.execute(sa.update(counters).values(value=2))
        assert connection.scalar(sa.select(counters.c.value)) == 2


def test_only_what_nobody_was_told_of_is_left_to_the_disk_to_write_when_it_likes(url):
    levels = {"write": 2, "write_each": 2, "note": 1}  # FULL and NORMAL, as SQLite numbers them
    with closing(Database.open(url, Seal.fresh())) as database:
        for way in ("write", "note", "write", "note", "write_each"):
            with getattr(database, way)() as connection:
                assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == levels[way]
            with database.write(is_synced=False) as connection:
                assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1
