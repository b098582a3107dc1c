"""One go of a worker at a job: photo in, results out, and every end it can come to.

    analysed and published      finished
    asked to stop               cancelled, its files removed
    an error of facies.errors   failed, with the error's code and sentence
    any other exception         failed, with a sentence that gives nothing away; the traceback is logged
    the lease went to another   nothing: whatever was found is dropped
    the worker gave it up       nothing: the worker has handed the job back

Every end is written with the lease's token, so only one attempt at a job can come to one. While it works the job's
thread asks the store nothing: the worker's own thread does (`Attempt.keep_in_touch`), for whoever asks waits for the
disk and for the interpreter, and the tiles would wait with it.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Final, Protocol

from facies.errors import (
    AnalysisCancelledError,
    ChecksumError,
    FaciesError,
    LeaseLostError,
    PackageError,
    StoreError,
    UnknownJobError,
)
from facies.findings import Analysis
from facies.imaging.photo import Photo
from facies.imaging.sizes import Sizes
from facies.jobs.blobs import PHOTO, Blobs, SeveralBlobs
from facies.jobs.checkpoint import AFTER_S, JobCheckpoint
from facies.jobs.job import ANY_OWNER, Job, Lease, Status
from facies.jobs.removal import remove_files
from facies.jobs.store import JobStore
from facies.models.recall import Checkpoint
from facies.models.runtime import Runtime
from facies.options import Options
from facies.rendering import THUMBNAIL, quick_thumbnail

PROGRESS_INTERVAL_S: Final = 0.1
"""Progress is written no more often."""

_UNEXPECTED_CODE: Final = "internal"
_UNEXPECTED_MESSAGE: Final = (
    "Something went wrong in the server while it analysed this photo. "
    "The server's log tells more; please give the job's id to whoever runs it."
)

_log = logging.getLogger(__name__)


class Analyse(Protocol):
    """`facies.analysis.analyse`, or what stands in for it."""

    def __call__(
        self,
        photo: Path,
        runtime: Runtime,
        options: Options,
        *,
        sizes: Sizes,
        checkpoint: Checkpoint,
        on_progress: Callable[[int, int], None],
        is_cancelled: Callable[[], bool],
    ) -> Analysis:
        """Analyse a photo."""
        ...


@dataclass(frozen=True)
class Workplace:
    """What every attempt of a worker shares.

    Attributes:
        store: the job store.
        blobs: photos in, results out.
        get_runtime: gives the runtime of `name@version`; loads it once, and any thread may ask.
        analyse: does the work.
        sizes: from how many pixels on a photo is treated otherwise.
        lease_s: how long a renewal lasts, seconds.
        checkpoint_after_s: after how long an attempt begins to write down what it has found, seconds.
        on_end: called when the store knows of a job's end, whatever that is.
    """

    store: JobStore
    blobs: Blobs
    get_runtime: Callable[[str], Runtime]
    analyse: Analyse
    sizes: Sizes
    lease_s: float
    checkpoint_after_s: float = AFTER_S
    on_end: Callable[[], None] = lambda: None


class Attempt:
    """A claimed job on its way to an end.

    Attributes:
        job: as it was claimed.
        lease: the right to it.
    """

    def __init__(self, job: Job, lease: Lease, workplace: Workplace) -> None:
        self.job = job
        self.lease = lease
        self._at = workplace
        self._began_at = time.monotonic()
        self._given_up = False
        self._is_wanted = True
        self._over = Event()
        self._sign_of_life_at = self._began_at
        self._unwritten: tuple[int, int] | None = None
        self._written_at = -PROGRESS_INTERVAL_S  # time.monotonic() starts anywhere from 0
        self._is_counted = False
        self._checkpoint = JobCheckpoint(workplace.blobs, job, workplace.checkpoint_after_s)

    @property
    def is_over(self) -> bool:
        """Whether `work` has returned, or is about to."""
        return self._over.is_set()

    @property
    def silent_s(self) -> float:
        """For how long nothing has been heard of it, seconds: no batch, no file."""
        return time.monotonic() - self._sign_of_life_at

    def wait(self, timeout_s: float) -> bool:
        """Wait until it is over, at most `timeout_s` seconds. Returns whether it is."""
        return self._over.wait(timeout_s)

    def give_up(self) -> None:
        """Have it end at the next chance, without touching the job: the worker no longer holds the lease."""
        self._given_up = True

    def keep_in_touch(self) -> None:
        """Write down how far it is, and learn whether it is still wanted. Raises nothing, but may wait for the store.

        To be called many times a second by a thread that has nothing better to do.
        """
        try:
            self._is_wanted = self._at.store.is_wanted(self.job.id, self.lease.token)
            self._write_progress()  # afterwards, for whoever writes may wait
        except LeaseLostError:  # to another, or because it has just come to its end
            self.give_up()
        except StoreError as error:  # silence asks nobody to stop, and the end is what has to be written
            _log.warning("The store could not be asked about job %s: %s", self.job.id, error)

    def _write_progress(self) -> None:
        """Say how far it is where that is due."""
        progress, now = self._unwritten, time.monotonic()
        if progress is not None and now - self._written_at >= PROGRESS_INTERVAL_S:
            self._unwritten, self._written_at = None, now
            self._at.store.report_progress(self.job.id, self.lease.token, *progress)

    def work(self) -> None:
        """Bring the job to an end. Raises nothing; if the end cannot be written down, the lease runs out."""
        try:
            self._reach_an_end()
        except LeaseLostError:
            _log.warning("Job %s went to another worker or back to the queue; its result is dropped.", self.job.id)
        except Exception:
            _log.exception("The end of job %s could not be written down; its lease will run out.", self.job.id)
        finally:
            try:
                self._leave_no_stale_checkpoint()
            finally:
                self._over.set()

    def _leave_no_stale_checkpoint(self) -> None:
        """Whoever was frozen may have written on after another had finished the job and removed the checkpoints."""
        try:
            self._checkpoint.close()
            if not self._checkpoint.is_begun:
                return
            status = self._status()
            if status is None or status.is_over:
                self._checkpoint.discard()
        except (StoreError, OSError) as error:  # it goes with the job
            _log.warning("The checkpoint of job %s is left where it is: %s", self.job.id, error)

    def _status(self) -> Status | None:
        """As the store has it, None of a job that was deleted."""
        try:
            return self._at.store.get(self.job.id, ANY_OWNER).status
        except UnknownJobError:
            return None

    def _reach_an_end(self) -> None:
        if not self._has_worked():
            self._stop()

    def _has_worked(self) -> bool:
        """Whether it came to an end and was not cancelled. What the error held, a decoder perhaps, is let go then."""
        try:
            self._publish(self._analyse())
        except AnalysisCancelledError:
            return False
        except (LeaseLostError, StoreError):
            raise
        except FaciesError as error:
            _log.warning("Job %s failed: %s", self.job.id, error)
            self._fail(error.code, _sentence(self.job, error))
        except Exception:
            _log.exception("Job %s failed unexpectedly.", self.job.id)
            self._fail(_UNEXPECTED_CODE, _UNEXPECTED_MESSAGE)
        return True

    def _analyse(self) -> Analysis:
        runtime = self._at.get_runtime(self.job.model)
        _check_model(self.job, runtime)
        return self._at.analyse(
            self._at.blobs.path(self.job.id, PHOTO),
            runtime,
            Options.from_json(self.job.options),
            sizes=self._at.sizes,
            checkpoint=self._checkpoint,
            on_progress=self._report_progress,
            is_cancelled=self._is_cancelled,
        )

    def _report_progress(self, done: int, total: int) -> None:
        self._sign_of_life_at = time.monotonic()
        self._unwritten = (done, total)
        if not self._is_counted:  # from the start whoever asks knows how much there is to do
            self._is_counted = True
            self.keep_in_touch()

    def _is_cancelled(self) -> bool:
        return self._given_up or not self._is_wanted

    def _publish(self, analysis: Analysis) -> None:
        """Write the results, then end the job. Nothing appears once the lease is another's."""
        with self._at.blobs.create_several(self.job.id) as results:
            self._write_results(analysis, results)
            self._make_sure_it_is_wanted()
        if self._at.store.finish(self.job.id, self.lease.token):
            self._at.on_end()
            _log.info("Job %s finished after %.1f s.", self.job.id, time.monotonic() - self._began_at)
            self._checkpoint.discard()
            self._leave_thumbnail(analysis.photo)
        else:
            self._remove_files()

    def _write_results(self, analysis: Analysis, results: SeveralBlobs) -> None:
        with_legend = analysis.manifest.task == "segmentation"
        for name, content in analysis.files(legend=with_legend):
            with results.create(name) as blob:
                for piece in content:
                    blob.write(piece)
                    self._sign_of_life_at = time.monotonic()
                    self._stop_if_cancelled()

    def _leave_thumbnail(self, photo: Photo) -> None:
        """Lists of jobs show many; made on demand each is a process of its own. Nobody waits: the job is over."""
        try:
            thumbnail = quick_thumbnail(photo)
            if thumbnail is not None and not self._at.blobs.exists(self.job.id, THUMBNAIL):
                with self._at.blobs.create(self.job.id, THUMBNAIL) as blob:
                    blob.write(thumbnail)
                if self._status() is None:
                    self._remove_files()
        except Exception:
            _log.exception("The thumbnail of job %s could not be left; it is made when it is asked for.", self.job.id)

    def _stop_if_cancelled(self) -> None:
        if self._is_cancelled():
            raise AnalysisCancelledError("The job was asked to stop.")

    def _make_sure_it_is_wanted(self) -> None:
        """The last moment before the files appear; and the lease is good for a whole term from here."""
        if self._given_up or not self._at.store.renew(self.job.id, self.lease.token, self._at.lease_s):
            raise AnalysisCancelledError("The job was asked to stop.")

    def _stop(self) -> None:
        if self._given_up:
            return
        self._at.store.confirm_cancelled(self.job.id, self.lease.token)
        self._at.on_end()
        _log.info("Job %s was cancelled.", self.job.id)
        self._remove_files()

    def _fail(self, code: str, message: str) -> None:
        self._at.store.fail(self.job.id, self.lease.token, code, message)
        self._at.on_end()
        self._remove_files()

    def _remove_files(self) -> None:
        remove_files(self._at.store, self._at.blobs, self.job.id)


def _check_model(job: Job, runtime: Runtime) -> None:
    """The job names the weights it was sent for; others would give other results under the same name.

    Raises:
        ChecksumError: the runtime has others.
    """
    weights = runtime.package.manifest.weights
    if weights.sha256 != job.model_sha256:
        raise ChecksumError(f"{job.model} has the weights {weights.sha256}, the job was sent for {job.model_sha256}.")


def _sentence(job: Job, error: FaciesError) -> str:
    """What the sender is told: the error's own sentence, unless that speaks to whoever runs the server."""
    if isinstance(error, PackageError):
        return f"The model {job.model} cannot be used on this server at the moment; please tell whoever runs it."
    return str(error)
