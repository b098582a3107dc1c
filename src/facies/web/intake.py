"""From a received photo to a queued job."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from facies.errors import PhotoError
from facies.imaging.header import check_pixels, read_header
from facies.jobs.blobs import PHOTO, Blobs
from facies.jobs.job import Job, NewJob
from facies.jobs.store import Idempotency, JobStore, Submission, Webhook
from facies.models.package import Package
from facies.web.limits import Limits
from facies.web.uploads import Form, Upload, receive_form


@dataclass(frozen=True)
class Order:
    """What is to become of photos, and whose they are.

    Attributes:
        owner: id of the API key, None without one.
        package: looks at them.
        options: of the analysis, JSON values only.
        dialect: which contract they came through.
        metadata: the sender's own words about them, JSON values only.
        webhook: told when a job is over.
    """

    owner: str | None
    package: Package
    options: Mapping[str, Any]
    dialect: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    webhook: Webhook | None = None

    def job(self, upload: Upload, photo_hw: tuple[int, int], batch: str | None) -> NewJob:
        """The job that comes of one photo."""
        return NewJob(
            id=upload.job_id,
            owner=self.owner,
            model=self.package.reference,
            model_sha256=self.package.manifest.weights.sha256,
            options=self.options,
            photo_name=upload.photo_name,
            photo_bytes=upload.photo_bytes,
            photo_hw=photo_hw,
            dialect=self.dialect,
            batch=batch,
            metadata=self.metadata,
        )


@dataclass(frozen=True)
class Intake:
    """Takes photos in for every dialect."""

    store: JobStore
    blobs: Blobs
    limits: Limits

    def receive(
        self, request: Request, photo_field: str, *, digested: bool = False
    ) -> AbstractAsyncContextManager[Form]:
        """Read the form of `request`; see `facies.web.uploads.receive_form`."""
        return receive_form(request, photo_field, self.blobs, self.limits, digested=digested)

    async def submit(self, upload: Upload, order: Order) -> Job:
        """Queue one photo.

        Raises:
            NotAPhotoError: it is something else.
            DamagedPhotoError: its header cannot be read.
            PhotoTooLargeError: it has too many pixels.
            QueueFullError: come back later.
        """
        return await run_in_threadpool(self._submit, upload, order)

    async def submit_all(
        self, uploads: Sequence[Upload], order: Order, request: Idempotency | None = None
    ) -> Submission:
        """Queue photos that came together, all or none; several are a batch.

        Args:
            uploads: at least one.
            order: what is to become of each.
            request: the sender's name for all this. If it came before, nothing is queued and nothing kept.

        Raises:
            PhotoError: one of them cannot be used; the sentence names it.
            QueueFullError: come back later.
            IdempotencyError: the key of `request` was used for another one.
        """
        return await run_in_threadpool(self._submit_all, uploads, order, request)

    def _submit(self, upload: Upload, order: Order) -> Job:
        # Set before the row can appear: a request that is cut off at this moment must not take the job's photo away.
        upload.belongs_to_job = True
        try:
            return self.store.submit(order.job(upload, self._photo_hw(upload), None))
        except Exception:
            upload.belongs_to_job = False
            raise

    def _submit_all(self, uploads: Sequence[Upload], order: Order, request: Idempotency | None) -> Submission:
        batch = str(uuid4()) if len(uploads) > 1 else None
        for upload in uploads:
            upload.belongs_to_job = True
        new: Sequence[NewJob] = ()
        submission: Submission | None = None
        try:
            new = [order.job(upload, self._named_photo_hw(upload, batch), batch) for upload in uploads]
            submission = self.store.submit_all(new, request, order.webhook)
        finally:
            if submission is None or submission.job_ids != tuple(job.id for job in new):
                self._disown(uploads)
        return submission

    def _disown(self, uploads: Sequence[Upload]) -> None:
        for upload in uploads:
            upload.belongs_to_job = False
            self.blobs.remove(upload.job_id)

    def _named_photo_hw(self, upload: Upload, batch: str | None) -> tuple[int, int]:
        try:
            return self._photo_hw(upload)
        except PhotoError as error:
            if batch is None:
                raise
            raise type(error)(f"{upload.photo_name}: {error}") from error

    def _photo_hw(self, upload: Upload) -> tuple[int, int]:
        upload.finish()
        header = read_header(self.blobs.path(upload.job_id, PHOTO))
        check_pixels(header, self.limits.max_pixels)
        return header.height, header.width
