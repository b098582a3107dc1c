"""From a received photo to a queued job."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from facies.imaging.header import check_pixels, read_header
from facies.jobs.blobs import PHOTO, Blobs
from facies.jobs.job import Job, NewJob
from facies.jobs.store import JobStore
from facies.models.package import Package
from facies.web.limits import Limits
from facies.web.uploads import Upload, receive_upload


@dataclass(frozen=True)
class Intake:
    """Takes photos in for every dialect."""

    store: JobStore
    blobs: Blobs
    limits: Limits

    def receive(self, request: Request, photo_field: str) -> AbstractAsyncContextManager[Upload]:
        """Read the form of `request`; see `facies.web.uploads.receive_upload`."""
        return receive_upload(request, photo_field, self.blobs, self.limits)

    async def submit(
        self, upload: Upload, *, owner: str | None, package: Package, options: Mapping[str, Any], dialect: str
    ) -> Job:
        """Queue the photo of `upload`, which must have one.

        Raises:
            NotAPhotoError: it is something else.
            DamagedPhotoError: its header cannot be read.
            PhotoTooLargeError: it has too many pixels.
            QueueFullError: come back later.
        """
        new = NewJob(
            id=upload.job_id,
            owner=owner,
            model=package.reference,
            model_sha256=package.manifest.weights.sha256,
            options=options,
            photo_name=upload.photo_name or "",
            photo_bytes=upload.photo_bytes,
            photo_hw=await run_in_threadpool(self._photo_hw, upload.job_id),
            dialect=dialect,
        )
        return await run_in_threadpool(self._queue, upload, new)

    def _photo_hw(self, job_id: str) -> tuple[int, int]:
        header = read_header(self.blobs.path(job_id, PHOTO))
        check_pixels(header, self.limits.max_pixels)
        return header.height, header.width

    def _queue(self, upload: Upload, new: NewJob) -> Job:
        # Set before the row can appear: a request that is cut off at this moment must not take the job's photo away.
        upload.belongs_to_job = True
        try:
            return self.store.submit(new)
        except Exception:
            upload.belongs_to_job = False
            raise
