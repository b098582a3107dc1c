"""A worker: claims jobs and does them, a few at a time, until it is told to end.

    the worker's own thread   claims jobs, starts their threads, writes down how far they are and tells them to stop,
                              renews leases, frees lost jobs
    one thread a job          one decodes or renders while another infers; they share the runtimes
    the sweeper's thread      removes what is past its time, and files without a job

A decoder can hang, so a job's thread is never waited for without a limit. When the worker ends it hands its jobs back,
which takes the leases from the threads; then it waits a little for them to notice. A job of which nothing is heard for
too long is treated as one that crashed: the worker ends, hands back the others, and leaves that one to be freed.
"""

import logging
import os
import signal
import socket
import time
import uuid
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Event, Thread
from types import FrameType
from typing import Final

from facies.analysis import analyse
from facies.errors import LeaseLostError, StoreError
from facies.imaging.sizes import DEFAULT_SIZES, Sizes
from facies.jobs.attempt import Analyse, Attempt, Workplace
from facies.jobs.blobs import Blobs
from facies.jobs.checkpoint import AFTER_S
from facies.jobs.liveness import WAKING, is_dead, this_process
from facies.jobs.parent import supervisor_is_gone, wake_supervisor
from facies.jobs.removal import remove_orphans, sweep
from facies.jobs.store import JobStore
from facies.models.runtime import Runtime

POLL_S: Final = 0.05
"""How often a store that does not tell changes is asked for jobs, and how often running jobs are looked after."""
CANCEL_INTERVAL_S: Final = 0.02
"""How often a store that does not tell changes is asked whether running jobs are still wanted."""
_LOOK_S: Final = 0.002
"""How often a store that tells changes is asked whether anything was written, a job perhaps."""
_BUSY_LOOK_S: Final = 0.01
"""While a job runs it is asked less often: every look stops a thread that works."""
_IDLE_LOOK_S: Final = 0.02
_IDLE_AFTER_S: Final = 2.0
"""Without a job for so long it is asked less often too, for a laptop's battery."""
LEASES_INTERVAL_S: Final = 1.0
SIGN_INTERVAL_S: Final = 5.0
RENEWALS_A_LEASE: Final = 3
SWEEP_INTERVAL_S: Final = 60.0
ORPHANS_INTERVAL_S: Final = 3600.0
HANGS_AFTER_S: Final = 600.0
GRACE_S: Final = 2.0
"""How long jobs' threads may take to notice that the worker ends; a supervisor waits longer before it kills."""

_RETRY_S: Final = 1.0

_log = logging.getLogger(__name__)


class Worker:
    """Does jobs. `run` is called once, in the thread that owns the worker."""

    def __init__(
        self,
        store: JobStore,
        blobs: Blobs,
        get_runtime: Callable[[str], Runtime],
        name: str | None = None,
        *,
        threads: int = 2,
        lease_s: float = 15.0,
        sizes: Sizes = DEFAULT_SIZES,
        analyse: Analyse = analyse,
        sweep_interval_s: float = SWEEP_INTERVAL_S,
        hangs_after_s: float = HANGS_AFTER_S,
        checkpoint_after_s: float = AFTER_S,
    ) -> None:
        """Make it.

        Args:
            store: the job store.
            blobs: photos in, results out.
            get_runtime: gives the runtime of `name@version`; loads it once, and any thread may ask.
            name: of this worker, and of no other; made up if not given.
            threads: how many jobs at a time.
            lease_s: after how long without a sign of life a job goes back to the queue, seconds.
            sizes: from how many pixels on a photo is treated otherwise.
            analyse: does the work.
            sweep_interval_s: between two sweeps, seconds.
            hangs_after_s: after how long without a batch or a file a job is taken to hang, seconds.
            checkpoint_after_s: after how long an attempt begins to write down what it has found, seconds.
        """
        self.name = name or f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._store = store
        self._blobs = blobs
        self._threads = threads
        self._lease_s = lease_s
        self._sweep_interval_s = sweep_interval_s
        self._hangs_after_s = hangs_after_s
        self._workplace = Workplace(
            store, blobs, get_runtime, analyse, sizes, lease_s, checkpoint_after_s, on_end=wake_supervisor
        )
        self._attempts: list[Attempt] = []
        self._busy_at = -_IDLE_AFTER_S
        self._leases_rhythm = _Rhythm(min(LEASES_INTERVAL_S, lease_s / RENEWALS_A_LEASE))
        self._sign_rhythm = _Rhythm(SIGN_INTERVAL_S)
        self._is_told_to_end = False
        self._news: SimpleQueue[None] = SimpleQueue()
        self._has_ended = Event()

    def run(self, is_told_to_end: Callable[[], bool] = lambda: False) -> bool:
        """Work until `stop` is called or a job hangs; then hand the running jobs back, but for one that hangs.

        Args:
            is_told_to_end: asked many times a second; another way to stop.

        Returns:
            whether every thread has come to its end; if not, the process should be ended without waiting for them.
        """
        _log.info("Worker %s is ready; jobs at a time: %d.", self.name, self._threads)
        sweeper = Thread(target=self._sweep_now_and_then, name="sweeper", daemon=True)
        sweeper.start()
        try:
            while not (self._is_told_to_end or is_told_to_end() or self._has_a_job_that_hangs()):
                self._tend()
        finally:
            self._has_ended.set()
            self._hand_back()
            self._sign_off()
            are_over = self._wait_for_threads(sweeper)
        _log.info("Worker %s has ended.", self.name)
        return are_over

    def stop(self) -> None:
        """Have `run` return, within seconds. May be called from any thread and from a signal's handler."""
        self._is_told_to_end = True
        self._news.put(None)  # unlike an Event's set(), safe where the handler interrupts the one that waits

    def run_until_signalled(self) -> None:
        """Work until SIGTERM or SIGINT comes, or the supervisor that started this process is gone.

        To be called in the process's main thread. If a job's thread hangs the process ends here, for Python would wait
        for it: with exit status 1 if that is why the worker ends, so that whatever watches over it starts another.
        """

        def stop(_signal: int, _frame: FrameType | None) -> None:
            self.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        signal.signal(WAKING, lambda _signal, _frame: self._news.put(None))
        if not self.run(is_told_to_end=supervisor_is_gone):
            _log.warning("A job's thread is stuck; worker %s ends without it.", self.name)
            logging.shutdown()
            os._exit(int(self._has_a_job_that_hangs()))

    # --- one round -----------------------------------------------------------------------------------------------

    def _tend(self) -> None:
        try:
            self._attempts = [attempt for attempt in self._attempts if not attempt.is_over]
            if self._leases_rhythm.is_due():
                self._renew_leases()
                self._free_lost_jobs()  # after renewing: a machine that slept keeps its jobs if nobody took them
            if self._sign_rhythm.is_due():
                self._store.note_worker(self.name, this_process())
            for attempt in self._attempts:
                attempt.keep_in_touch()
            self._claim_jobs()
        except StoreError as error:
            _log.error("Worker %s tries again in a moment: %s", self.name, error)
            self._wait_for_news(_RETRY_S)
        self._wait_for_jobs()

    def _wait_for_jobs(self) -> None:
        """As `_wait_for_news`, or until somebody has written to the store; not for long."""
        began_at = time.monotonic()
        if self._attempts:
            self._busy_at = began_at
        look_s, wait_s = self._look_s(began_at - self._busy_at), self._wait_s()
        while time.monotonic() - began_at < wait_s:
            if self._wait_for_news(look_s) or self._store.has_changed():
                return

    def _wait_s(self) -> float:
        if self._store.is_local:  # it tells changes
            return POLL_S if self._attempts else LEASES_INTERVAL_S
        return CANCEL_INTERVAL_S if self._attempts else POLL_S

    def _look_s(self, idle_s: float) -> float:
        if self._attempts:
            return _BUSY_LOOK_S
        return _LOOK_S if idle_s < _IDLE_AFTER_S else _IDLE_LOOK_S

    def _wait_for_news(self, timeout_s: float) -> bool:
        """Until a job's thread has come to its end, or the worker is to look; False when the time is up before."""
        try:
            self._news.get(timeout=timeout_s)
        except Empty:
            return False
        return True

    def _renew_leases(self) -> None:
        for attempt in self._attempts:
            try:
                self._store.renew(attempt.job.id, attempt.lease.token, self._lease_s)
            except LeaseLostError:
                attempt.give_up()

    def _free_lost_jobs(self) -> None:
        if count := self._store.release_dead_workers(is_dead) + self._store.requeue_lost():
            _log.warning("%d jobs were lost by their workers and are free again.", count)

    def _claim_jobs(self) -> None:
        while self._has_room():
            job = self._store.claim(self.name, self._lease_s, alone=not self._attempts)
            if job is None or job.lease is None:
                return
            self._start(Attempt(job, job.lease, self._workplace))

    def _has_room(self) -> bool:
        """A suspect leaves none: if it takes the worker down, it takes no other job with it."""
        return len(self._attempts) < self._threads and not any(attempt.job.is_suspect for attempt in self._attempts)

    def _start(self, attempt: Attempt) -> None:
        def work() -> None:
            attempt.work()
            self._news.put(None)

        self._attempts.append(attempt)
        Thread(target=work, name=f"job-{attempt.job.number}", daemon=True).start()

    def _hangs(self, attempt: Attempt) -> bool:
        return not attempt.is_over and attempt.silent_s > self._hangs_after_s

    def _has_a_job_that_hangs(self) -> bool:
        return any(self._hangs(attempt) for attempt in self._attempts)

    # --- the end -------------------------------------------------------------------------------------------------

    def _hand_back(self) -> None:
        for attempt in self._attempts:
            try:
                if self._hangs(attempt):
                    _log.error("Job %s hangs; it counts as crashed.", attempt.job.id)
                elif not attempt.is_over:
                    self._store.hand_back(attempt.job.id, attempt.lease.token)
                    _log.info("Job %s goes back to the queue.", attempt.job.id)
            except LeaseLostError:
                continue  # it came to its end just now
            except StoreError as error:
                _log.error("Job %s could not be handed back; its lease will run out: %s", attempt.job.id, error)
            finally:
                attempt.give_up()

    def _sign_off(self) -> None:
        try:
            self._store.forget_worker(self.name)
        except StoreError as error:
            _log.error("Worker %s could not sign off; it counts as alive for a moment: %s", self.name, error)

    def _wait_for_threads(self, sweeper: Thread) -> bool:
        """Give the threads a little time. Returns whether all are over."""
        deadline = time.monotonic() + GRACE_S
        for attempt in self._attempts:
            if not self._hangs(attempt):
                attempt.wait(max(0.0, deadline - time.monotonic()))
        sweeper.join(max(0.0, deadline - time.monotonic()))
        return all(attempt.is_over for attempt in self._attempts) and not sweeper.is_alive()

    # --- the sweeper's thread ------------------------------------------------------------------------------------

    def _sweep_now_and_then(self) -> None:
        orphans_rhythm = _Rhythm(ORPHANS_INTERVAL_S)
        while True:
            try:
                sweep(self._store, self._blobs)
                if orphans_rhythm.is_due():
                    remove_orphans(self._store, self._blobs)
            except Exception:
                _log.exception("This sweep failed; the next one will try again.")
            if self._has_ended.wait(self._sweep_interval_s):
                return


class _Rhythm:
    """Is due once in an interval."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._next_at = 0.0

    def is_due(self) -> bool:
        now = time.monotonic()
        if now < self._next_at:
            return False
        self._next_at = now + self._interval_s
        return True
