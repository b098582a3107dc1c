"""From a job to what the native API says of it. Reads a little from the disk, so it runs in a thread."""

from collections.abc import Mapping
from typing import Any

from facies.errors import OptionError, PackageError, UnknownJobError
from facies.jobs.blobs import PHOTO, Blobs
from facies.jobs.job import Job, Status
from facies.options import Options
from facies.web.dialects.native.room import PREFIX, Room
from facies.web.dialects.native.schemas import (
    AcceptedJob,
    JobDocument,
    JobError,
    PhotoFacts,
    Progress,
    moment,
    optional_moment,
    progress_of,
)
from facies.web.results import SUMMARY, load_json

_RESULTS = {
    "summary": "summary.json",
    "overlay": "overlay.png",
    "labels": "labels.png",
    "confidence": "confidence.png",
    "intervals_csv": "intervals.csv",
    "labels_tif": "labels.tif",
    "confidence_tif": "confidence.tif",
    "tiles_csv": "tiles.csv",
}
"""Links to results that are blobs under the same name."""


def job_url(job_id: str) -> str:
    """Where a job is."""
    return f"{PREFIX}/jobs/{job_id}"


def batch_url(batch: str) -> str:
    """Where a batch is."""
    return f"{PREFIX}/batches/{batch}"


def accepted(job_id: str) -> AcceptedJob:
    """A job in short."""
    return AcceptedJob(id=job_id, url=job_url(job_id))


def current_progress(room: Room, job: Job) -> Progress:
    """Where a job is now."""
    position = room.store.queue_position(job) if job.status is Status.QUEUED else None
    return progress_of(job, position, room.store.now())


def job_document(room: Room, job: Job) -> JobDocument:
    """Everything about a job.

    Args:
        room: where it is.
        job: as the store knows it.
    """
    progress, summary = current_progress(room, job), _summary(room.blobs, job)
    height, width = job.photo_hw
    return JobDocument(
        **progress.model_dump(),
        id=job.id,
        number=job.number,
        cancel_requested=job.cancel_requested,
        attempts=job.attempts,
        model=job.model,
        model_sha256=job.model_sha256,
        options=dict(job.options),
        parameters=_parameters(room, job),
        metadata=dict(job.metadata),
        photo=PhotoFacts(name=job.photo_name, bytes=job.photo_bytes, width=width, height=height),
        batch=job.batch,
        dialect=job.dialect,
        created_at=moment(job.created_at),
        started_at=optional_moment(job.started_at),
        finished_at=optional_moment(job.finished_at),
        expires_at=moment(job.expires_at),
        timings_s=_timings_s(room, job) | summary.get("timings_s", {}),
        error=_error(job),
        domain=summary.get("domain"),
        links=_links(room.blobs, job),
    )


def _parameters(room: Room, job: Job) -> dict[str, Any]:
    """The options of a job, and in place of those that were not named what its package says."""
    try:
        options = Options.from_json(job.options)
        manifest = options.applied_to(room.catalogue.get(job.model).manifest)
    except (OptionError, PackageError):  # the package was taken away or replaced since
        return dict(job.options)
    if manifest.task == "segmentation":
        return {**options.to_json(), "overlap": manifest.tiling.overlap}
    decision = manifest.decision
    if manifest.positive_index is None:
        return options.to_json()
    return {**options.to_json(), "threshold": decision.threshold, "unsure_band": decision.unsure_band}


def _timings_s(room: Room, job: Job) -> dict[str, float]:
    now = room.store.now()
    until = job.started_at or job.finished_at or now
    timings = {"queued": until - job.created_at}
    if job.started_at is not None:
        timings["running"] = (job.finished_at or now) - job.started_at
    return {step: round(max(0.0, seconds), 3) for step, seconds in timings.items()}


def _summary(blobs: Blobs, job: Job) -> Mapping[str, Any]:
    """What was found on the photo of a finished job; nothing of any other."""
    if job.status is not Status.FINISHED:
        return {}
    try:
        summary: dict[str, Any] = load_json(blobs, job.id, SUMMARY)
    except UnknownJobError:  # deleted this moment
        return {}
    return summary


def _error(job: Job) -> JobError | None:
    if job.error_code is None:
        return None
    return JobError(code=job.error_code, message=job.error_message or "")


def _links(blobs: Blobs, job: Job) -> dict[str, str]:
    own = job_url(job.id)
    links = {"self": own, "events": f"{own}/events"}
    if job.batch is not None:
        links["batch"] = batch_url(job.batch)
    if not job.status.is_over:
        links["cancel"] = f"{own}/cancel"
    if blobs.exists(job.id, PHOTO):
        links |= {"photo": f"{own}/photo", "thumbnail": f"{own}/thumbnail.jpg", "photo_dzi": f"{own}/photo.dzi"}
    if job.status is Status.FINISHED:
        links |= {name: f"{own}/{blob}" for name, blob in _RESULTS.items() if blobs.exists(job.id, blob)}
        links["overlay_dzi"] = f"{own}/overlay.dzi"
        if "overlay" not in links:
            links["overlay_zip"] = f"{own}/overlay.dzi.zip"
        if "tiles_csv" in links:
            links["tiles_geojson"] = f"{own}/tiles.geojson"
    return links
