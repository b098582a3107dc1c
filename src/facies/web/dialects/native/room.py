"""What the routes of the native API share."""

from dataclasses import dataclass

from fastapi import Request

from facies.errors import JobExpiredError, UnknownJobError
from facies.jobs.blobs import Blobs
from facies.jobs.job import Job, Owner
from facies.jobs.store import JobStore
from facies.jobs.uploads import Uploads
from facies.web.dialects.native.catalogue import Catalogue
from facies.web.intake import Intake
from facies.web.lookups import look_up

PREFIX = "/api/v1"
NAME = "native"


@dataclass(frozen=True)
class Room:
    """The jobs, their files, and the packages.

    Attributes:
        intake: takes photos in, several at a time.
        catalogue: the packages that can be asked for.
        uploads: photos that came in pieces; None where they are not taken.
        private_webhooks: whether webhooks may go to addresses that are not public.
    """

    intake: Intake
    catalogue: Catalogue
    uploads: Uploads | None = None
    private_webhooks: bool = False

    @property
    def store(self) -> JobStore:
        """The jobs."""
        return self.intake.store

    @property
    def blobs(self) -> Blobs:
        """Photos and results."""
        return self.intake.blobs

    async def job(self, request: Request, job_id: str) -> Job:
        """The job of that id, if whoever asks may see it.

        Raises:
            JobExpiredError: there was one.
            UnknownJobError: there is none.
        """
        return await look_up(self.store, self._find, job_id.lower(), request.state.sees)

    def _find(self, job_id: str, owner: Owner) -> Job:
        try:
            return self.store.get(job_id, owner)
        except UnknownJobError:
            if self.store.has_expired(job_id, owner):
                raise JobExpiredError(
                    "The time of this job has run out, and its photo and results are gone; send the photo again."
                ) from None
            raise
