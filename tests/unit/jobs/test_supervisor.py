import os
import signal
import sys
import time

import psutil
import pytest

from facies.jobs import supervisor as supervisor_module
from facies.jobs.supervisor import FIRST_PAUSE_S, Supervisor
from tests.data.jobs import wait_until

SLEEPER = "import time; time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)"
NOTE = "import os, sys; open(sys.argv[1], 'a').write(sys.argv[3] + ' ' + os.environ.get('GREETING', '') + '\\n')"


@pytest.fixture
def deaths():
    return []


@pytest.fixture
def supervise(deaths):
    started = []

    def supervise(program, *arguments, environment=None, on_death=deaths.append):
        command = [sys.executable, "-c", program, *map(str, arguments)]
        started.append(Supervisor(command, environment or {}, on_death))
        started[-1].start()
        return started[-1]

    yield supervise
    for supervisor in started:
        supervisor.stop()


def wait_for_worker(supervisor, but=None):
    wait_until(lambda: supervisor.worker_pid not in (None, but))
    return supervisor.worker_pid


def test_a_dead_worker_is_reported_by_its_name_and_followed_by_another(supervise, deaths, tmp_path):
    supervisor = supervise(NOTE + "; " + SLEEPER, tmp_path / "names")
    first = wait_for_worker(supervisor)
    wait_until((tmp_path / "names").exists)
    os.kill(first, signal.SIGKILL)
    wait_for_worker(supervisor, but=first)
    wait_until(lambda: len((tmp_path / "names").read_text().split()) == 2)
    names = (tmp_path / "names").read_text().split()
    assert deaths == names[:1]
    assert len(set(names)) == 2
    supervisor.stop()
    assert deaths == names


def test_the_worker_gets_this_environment_and_more(supervise, tmp_path):
    supervise(NOTE + "; " + SLEEPER, tmp_path / "names", environment={"GREETING": "hello"})
    wait_until(lambda: (tmp_path / "names").exists() and (tmp_path / "names").read_text().endswith("hello\n"))


def test_a_worker_that_keeps_dying_is_started_less_and_less_often(supervise, deaths):
    begun_at = time.monotonic()
    supervise("raise SystemExit(3)")
    wait_until(lambda: len(deaths) == 5)
    assert time.monotonic() - begun_at >= (1 + 2 + 4 + 8) * FIRST_PAUSE_S


def test_stopping_ends_the_worker_and_starts_no_other(supervise, deaths):
    supervisor = supervise(SLEEPER)
    worker = psutil.Process(wait_for_worker(supervisor))
    supervisor.stop()
    assert not worker.is_running()
    assert supervisor.worker_pid is None
    assert len(deaths) == 1
    supervisor.stop()


def test_stopping_during_the_pause_starts_no_worker(supervise, deaths, monkeypatch):
    monkeypatch.setattr(supervisor_module, "FIRST_PAUSE_S", 3600.0)  # nobody waits for its end
    supervisor = supervise("raise SystemExit(3)")
    wait_until(lambda: deaths)
    supervisor.stop()
    assert len(deaths) == 1


def test_a_deaf_worker_is_killed_in_the_end(supervise, deaths, monkeypatch):
    monkeypatch.setattr(supervisor_module, "END_S", 0.5)
    supervisor = supervise(DEAF)
    worker = psutil.Process(wait_for_worker(supervisor))
    time.sleep(0.5)
    supervisor.stop()
    assert not worker.is_running()
    assert len(deaths) == 1


def test_a_store_that_does_not_answer_stops_no_supervisor(supervise, caplog):
    def fail(name):
        raise RuntimeError("no store")

    supervisor = supervise(SLEEPER, on_death=fail)
    first = wait_for_worker(supervisor)
    os.kill(first, signal.SIGKILL)
    wait_for_worker(supervisor, but=first)
    assert "no store" in caplog.text


def test_a_command_that_does_not_exist_is_tried_again(deaths, caplog):
    supervisor = Supervisor(["/no/such/program"], {}, deaths.append)
    supervisor.start()
    wait_until(lambda: caplog.text.count("No worker could be started") >= 2)
    supervisor.stop()
    assert deaths == []
