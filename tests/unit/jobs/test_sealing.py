import stat
import threading

import pytest

from facies.errors import SettingsError
from facies.jobs.sealing import Seal

SECRET = bytes(range(64))


def test_what_was_closed_is_opened_with_the_same_key_only(tmp_path):
    closed = Seal.of_file(tmp_path / "new" / "secret.key").close(SECRET)
    assert Seal.of_file(tmp_path / "new" / "secret.key").open(closed) == SECRET
    assert Seal.fresh().open(closed) is None
    assert Seal.fresh().open("") is None


def test_the_key_is_its_owner_s_alone(tmp_path):
    Seal.of_file(tmp_path / "secret.key")
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_those_who_start_at_once_have_one_key(tmp_path):
    together, closed = threading.Barrier(8), []

    def start():
        together.wait()
        closed.append(Seal.of_file(tmp_path / "secret.key").close(SECRET))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [Seal.of_file(tmp_path / "secret.key").open(text) for text in closed] == [SECRET] * 8


def test_a_file_that_holds_something_else_is_named(tmp_path):
    (tmp_path / "secret.key").write_text("hello")
    with pytest.raises(SettingsError, match=r"secret\.key holds no key"):
        Seal.of_file(tmp_path / "secret.key")
