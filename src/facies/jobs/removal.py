"""How a job and its files disappear, with nothing left behind whoever dies in between.

The row goes last: first it is marked, then its files are removed, then it is forgotten. Whatever stops half-way is
finished by the next sweep. While a worker runs a job its files are the worker's, and so is removing them.
"""

import logging
import time
from collections.abc import Callable
from typing import Final

from facies.jobs.blobs import Blobs
from facies.jobs.job import Job, Owner, Status
from facies.jobs.store import JobStore

ORPHANED_AFTER_S: Final = 3600.0
"""Files without a job are left alone for so long: their upload may still be on its way."""

_log = logging.getLogger(__name__)


def delete_job(store: JobStore, blobs: Blobs, job_id: str, owner: Owner) -> None:
    """Delete a job. It is unknown at once; the files go with it, or as soon as its worker has let go.

    Raises:
        UnknownJobError: there is none.
    """
    job = store.delete(job_id, owner)
    if job.status is not Status.STARTED:
        remove_files(store, blobs, job_id)
    elif job.lease is not None:
        store.wake_worker(job.lease.worker)


def cancel_job(store: JobStore, blobs: Blobs, job_id: str, owner: Owner) -> Job:
    """Cancel a job: at once while it waits, soon while it runs. Its files go too.

    Returns:
        the job as it is now.

    Raises:
        UnknownJobError: there is none.
        IllegalMoveError: it has finished or failed.
    """
    job = store.cancel(job_id, owner)
    if job.status is Status.CANCELLED:
        remove_files(store, blobs, job_id)
    elif job.lease is not None:
        store.wake_worker(job.lease.worker)
    return job


def remove_files(store: JobStore, blobs: Blobs, job_id: str) -> None:
    """Remove the files of a job that was deleted or ended without a result, and nobody runs.

    A folder that cannot be removed now is logged and stays marked for the next sweep.
    """
    try:
        blobs.remove(job_id)
    except OSError:
        _log.exception("The files of job %s could not be removed; the next sweep will try again.", job_id)
    else:
        store.forget(job_id)


def sweep(store: JobStore, blobs: Blobs) -> None:
    """Remove the jobs whose time has run out, and the files of those that are deleted or ended without a result.

    Workers that ended without a word are forgotten as well. Several workers may sweep at once.
    """
    if expired := store.expire():
        _log.info("%d jobs are past their time and go.", expired)
    for job_id in store.spent():
        remove_files(store, blobs, job_id)
    store.forget_lost_workers()


def remove_orphans(store: JobStore, blobs: Blobs, clock: Callable[[], float] = time.time) -> None:
    """Remove old files that no job can have, and what writers that died left half-written.

    It looks at every file there is, so it is not for every minute. Several workers may do it at once.
    """
    before = clock() - ORPHANED_AFTER_S
    for job_id, touched_at in blobs.jobs():
        if touched_at < before and not store.may_have_files(job_id):
            _log.info("The files of %s belong to no job and go.", job_id)
            blobs.remove(job_id)
    blobs.remove_half_written(before)
