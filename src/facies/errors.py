"""Every error that Facies raises on purpose, each with a code that never changes.

    FaciesError
    ├── PhotoError                  something is wrong with a photo
    │   ├── NotAPhotoError          the bytes are no JPEG, PNG, WebP or TIFF
    │   ├── PhotoTooLargeError      more pixels than the limit allows
    │   └── DamagedPhotoError       the header was readable, the pixels are not
    ├── UploadError                 something is wrong with the request that carries a photo
    │   ├── UploadTooLargeError     more bytes than the limit allows
    │   ├── UploadStalledError      no byte came for too long
    │   ├── FormError               the body is no readable multipart form
    │   ├── MissingFieldError       the form lacks a field it must have
    │   └── ResumableUploadError    something is wrong with an upload in pieces
    │       ├── TusError            the request does not keep to the protocol
    │       ├── UnknownUploadError  no such upload, or it belongs to somebody else
    │       ├── ExpiredUploadError  its time has run out
    │       ├── UploadOffsetError   it goes on at another byte
    │       ├── UploadBusyError     another request writes to it
    │       ├── DamagedPieceError   the piece was damaged on its way
    │       ├── UploadUnfinishedError  a job was asked for before every byte was here
    │       └── TooManyUploadsError one owner has too many open
    ├── OptionError                 an option of an analysis is out of range
    │   └── WebhookError            a webhook cannot be called, or not signed
    ├── PackageError                a model package is incomplete or inconsistent
    │   ├── ChecksumError           the weights are not the ones the manifest names
    │   └── UnknownModelError       no package of that name and version
    ├── JobError
    │   ├── UnknownJobError         no such job, or it belongs to somebody else
    │   │   └── UnknownResultError  the job is there, but has no such file
    │   ├── JobExpiredError         its time has run out, and its results with it
    │   ├── NoResultError           it has no result: not yet, or it never will
    │   ├── PictureTooLargeError    the overlay is too large for one PNG; it is there as a deep zoom
    │   ├── IdempotencyError        the idempotency key was used for another request
    │   ├── QueueFullError          the queue has reached its bound; come back later
    │   ├── LeaseLostError          another worker has the job now; drop the result
    │   └── IllegalMoveError        the job's status does not allow this move
    ├── StoreError                  the job store cannot be opened or does not answer
    ├── AnalysisCancelledError      the caller asked to stop
    ├── TileCoverageError           some pixel of the photo is in no tile
    ├── RuntimeClosedError          tiles were sent to a runtime after close()
    ├── UnknownKeyError             the API key is missing, wrong, revoked or past its time
    ├── ForbiddenError              the API key is good, but not for this
    ├── RateLimitError              the API key has made its requests for this minute
    ├── RenderingError              a picture could not be made of a result
    ├── RemoteError                 a server refused, failed or cannot be reached (in the Python client)
    ├── SettingsError               a setting is missing or cannot be read
    └── TrainingError               a plan or a dataset cannot be used

A message is one sentence for the person at the other end, and names the remedy where there is one. The web maps the
codes to HTTP statuses in one table (`facies.web.problems`).
"""

from typing import ClassVar


class FaciesError(Exception):
    """Base of everything Facies raises on purpose."""

    code: ClassVar[str] = "error"


class PhotoError(FaciesError):
    """Something is wrong with a photo."""

    code = "photo"


class NotAPhotoError(PhotoError):
    """The bytes are no JPEG, PNG, WebP or TIFF."""

    code = "not_a_photo"


class PhotoTooLargeError(PhotoError):
    """The photo has more pixels than the limit allows."""

    code = "photo_too_large"


class DamagedPhotoError(PhotoError):
    """The photo's header was readable, its pixels are not."""

    code = "damaged_photo"


class UploadError(FaciesError):
    """Something is wrong with the request that carries a photo."""

    code = "upload"


class UploadTooLargeError(UploadError):
    """The upload has more bytes than the limit allows."""

    code = "upload_too_large"


class UploadStalledError(UploadError):
    """No byte of the upload came for too long."""

    code = "upload_stalled"


class FormError(UploadError):
    """The body of the request is no readable multipart form."""

    code = "form"


class MissingFieldError(UploadError):
    """The form lacks a field it must have."""

    code = "missing_field"


class ResumableUploadError(UploadError):
    """Something is wrong with an upload that comes in pieces."""

    code = "resumable_upload"


class TusError(ResumableUploadError):
    """The request does not keep to the protocol of resumable uploads, tus 1.0."""

    code = "tus"


class UnknownUploadError(ResumableUploadError):
    """There is no such upload, or it belongs to somebody else."""

    code = "unknown_upload"


class ExpiredUploadError(ResumableUploadError):
    """The upload's time has run out."""

    code = "expired_upload"


class UploadOffsetError(ResumableUploadError):
    """The upload goes on at another byte than the request says."""

    code = "upload_offset"


class UploadBusyError(ResumableUploadError):
    """Another request writes to the upload at this moment."""

    code = "upload_busy"


class DamagedPieceError(ResumableUploadError):
    """A piece has another checksum than its sender announced."""

    code = "damaged_piece"


class UploadUnfinishedError(ResumableUploadError):
    """A job was asked for before every byte of its photo was here."""

    code = "upload_unfinished"


class TooManyUploadsError(ResumableUploadError):
    """One owner has too many uploads open."""

    code = "too_many_uploads"


class OptionError(FaciesError):
    """An option of an analysis is out of range."""

    code = "option"


class WebhookError(OptionError):
    """A webhook cannot be called, or not signed."""

    code = "webhook"


class PackageError(FaciesError):
    """A model package is incomplete or inconsistent."""

    code = "package"


class ChecksumError(PackageError):
    """The weights are not the ones the manifest names."""

    code = "checksum"


class UnknownModelError(PackageError):
    """There is no package of that name and version."""

    code = "unknown_model"


class JobError(FaciesError):
    """Something is wrong with a job."""

    code = "job"


class UnknownJobError(JobError):
    """There is no such job, or it belongs to somebody else."""

    code = "unknown_job"


class UnknownResultError(UnknownJobError):
    """The job is there, but has no such file."""

    code = "unknown_result"


class JobExpiredError(JobError):
    """The job's time has run out, and its photo and results are gone."""

    code = "job_expired"


class NoResultError(JobError):
    """The job has no result: it has not finished, or it failed or was cancelled.

    Attributes:
        retry_after_s: when to come back, seconds; None if it never will have one.
    """

    code = "no_result"

    def __init__(self, message: str, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class PictureTooLargeError(JobError):
    """The overlay is too large for one PNG; it is there as a deep zoom.

    Attributes:
        deep_zoom_url: where the deep zoom is.
    """

    code = "picture_too_large"

    def __init__(self, message: str, deep_zoom_url: str) -> None:
        super().__init__(message)
        self.deep_zoom_url = deep_zoom_url


class IdempotencyError(JobError):
    """The idempotency key was used before, for another request."""

    code = "idempotency"


class QueueFullError(JobError):
    """The queue has reached its bound.

    Attributes:
        retry_after_s: when to come back, seconds.
    """

    code = "queue_full"

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class LeaseLostError(JobError):
    """Another worker has the job now; whatever this one found must be dropped."""

    code = "lease_lost"


class IllegalMoveError(JobError):
    """The job's status does not allow this move."""

    code = "illegal_move"


class StoreError(FaciesError):
    """The job store cannot be opened, or does not answer at the moment."""

    code = "store"


class AnalysisCancelledError(FaciesError):
    """The caller asked to stop, and the analysis stopped."""

    code = "cancelled"


class TileCoverageError(FaciesError):
    """Some pixel of the photo is in no tile."""

    code = "tile_coverage"


class RuntimeClosedError(FaciesError):
    """Tiles were sent to a runtime after it was closed."""

    code = "runtime_closed"


class UnknownKeyError(FaciesError):
    """The API key is missing, wrong, revoked or past its time."""

    code = "unknown_key"


class ForbiddenError(FaciesError):
    """The API key is good, but does not allow this."""

    code = "forbidden"


class RateLimitError(FaciesError):
    """The API key has made as many requests as it may.

    Attributes:
        retry_after_s: when to come back, seconds.
    """

    code = "rate_limit"

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class RenderingError(FaciesError):
    """A picture could not be made of a job's photo and result."""

    code = "rendering"


class RemoteError(FaciesError):
    """A Facies server refused, failed or cannot be reached; raised by the Python client.

    Attributes:
        status: of HTTP; None if no answer came, or the answer was not at fault.
        problem_code: the server's stable name of what went wrong; "" if it gave none.
    """

    code = "remote"

    def __init__(self, message: str, status: int | None = None, problem_code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.problem_code = problem_code


class SettingsError(FaciesError):
    """A setting is missing or cannot be read."""

    code = "settings"


class TrainingError(FaciesError):
    """A training plan or a dataset cannot be used."""

    code = "training"
