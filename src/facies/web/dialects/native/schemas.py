"""What the native API says, as types: they check the answers and describe them in the OpenAPI document.

What stands below a field is its description there.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from facies.jobs.job import Job, Status
from facies.models.package import Manifest, Task
from facies.web.dialects.native.parameters import EXAMPLE_ID
from facies.web.dialects.native.problems import ProblemDocument
from facies.web.dialects.native.shipped import CORAL, ROCK

StatusWord = Literal["queued", "started", "finished", "failed", "cancelled"]

_BATCH_ID = "db271b94-9481-4bec-98ab-081a0bc7ae80"
_JOB_EXAMPLE: dict[str, Any] = {
    "id": EXAMPLE_ID,
    "number": 1052,
    "status": "started",
    "cancel_requested": False,
    "done": 412,
    "total": 1204,
    "tiles_per_s": 188.4,
    "eta_s": 4.2,
    "queue_position": None,
    "attempts": 1,
    "model": CORAL.reference,
    "model_sha256": CORAL.weights.sha256,
    "options": {"threshold": 0.4},
    "parameters": {"opacity": 0.5, "threshold": 0.4, "unsure_band": None},
    "metadata": {"site": "North Bay", "dive": 12},
    "photo": {"name": "transect-3.jpg", "bytes": 8123456, "width": 6000, "height": 4000},
    "batch": None,
    "dialect": "native",
    "created_at": "2026-03-01T09:30:00.120000Z",
    "started_at": "2026-03-01T09:30:00.180000Z",
    "finished_at": None,
    "expires_at": "2026-03-02T09:30:00.120000Z",
    "timings_s": {"queued": 0.06, "running": 2.19},
    "domain": None,
    "error": None,
    "links": {
        "self": f"/api/v1/jobs/{EXAMPLE_ID}",
        "events": f"/api/v1/jobs/{EXAMPLE_ID}/events",
        "cancel": f"/api/v1/jobs/{EXAMPLE_ID}/cancel",
        "photo": f"/api/v1/jobs/{EXAMPLE_ID}/photo",
    },
}

_SUMMARY_EXAMPLE: dict[str, Any] = {
    "model": ROCK.reference,
    "model_sha256": ROCK.weights.sha256,
    "task": "segmentation",
    "width": 384,
    "height": 2405,
    "options": {"opacity": 0.5, "depth_top_m": 1204.5, "depth_base_m": 1205.5},
    "classes": [
        {"index": 1, "name": "sandstone", "rgb": [174, 199, 232], "pixels": 77900, "share": 0.1066},
        {"index": 5, "name": "limestone", "rgb": [197, 176, 213], "pixels": 652800, "share": 0.8934},
    ],
    "covered_share": 0.7912,
    "core_axis": "y",
    "intervals": [
        {
            "top_m": 1204.5,
            "base_m": 1204.606,
            "length_m": 0.106,
            "index": 1,
            "name": "sandstone",
            "share": 0.9722,
            "confidence": 0.4795,
            "top_px": 0,
            "base_px": 255,
        }
    ],
    "timings_s": {"analyse": 0.412, "render": 0.095},
}


_BATCH_EXAMPLE: dict[str, Any] = {
    "id": _BATCH_ID,
    "total": 2,
    "counts": {"queued": 0, "started": 1, "finished": 1, "failed": 0, "cancelled": 0},
    "jobs": [
        {"id": EXAMPLE_ID, "url": f"/api/v1/jobs/{EXAMPLE_ID}"},
        {
            "id": "0217c12c-0592-4cd8-bc7d-ab7dbc1b0d55",
            "url": "/api/v1/jobs/0217c12c-0592-4cd8-bc7d-ab7dbc1b0d55",
        },
    ],
    "links": {
        "self": f"/api/v1/batches/{_BATCH_ID}",
        "summary": f"/api/v1/batches/{_BATCH_ID}/summary.csv",
        "jobs": f"/api/v1/jobs?batch={_BATCH_ID}",
    },
}
_MODEL_EXAMPLE: dict[str, Any] = {
    "model": CORAL.reference,
    "task": "tile-classification",
    "title": "Bleached and healthy coral on reef photos",
    "description": "Says of every 244-pixel chunk of a reef photo whether the coral on it is bleached.",
    "licence": "Apache-2.0",
    "classes": [
        {"index": 0, "name": "healthy", "rgb": [34, 197, 94]},
        {"index": 1, "name": "bleached", "rgb": [239, 68, 68]},
    ],
    "links": {
        "self": f"/api/v1/models/{CORAL.reference}",
        "download": f"/api/v1/models/{CORAL.reference}/download",
    },
}
_MANIFEST_EXAMPLE: dict[str, Any] = {
    "format_version": 1,
    "name": CORAL.name,
    "version": CORAL.version,
    **{name: _MODEL_EXAMPLE[name] for name in ("task", "title", "description", "licence", "classes")},
    "authors": ["Facies contributors"],
    "weights": {"file": "model.onnx", "format": "onnx", "sha256": _JOB_EXAMPLE["model_sha256"]},
    "input": {"size_hw": [224, 224], "layout": "NHWC", "dtype": "uint8"},
    "tiling": {"tile_hw": [244, 244]},
    "decision": {"threshold": 0.5, "positive": "bleached"},
}
_ERROR_CODE_EXAMPLE: dict[str, Any] = {
    "code": "queue_full",
    "meaning": "The queue has reached its bound.",
    "example": {
        "type": "/api/v1/problems/queue_full",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "The queue is full; try again in 4 s.",
        "code": "queue_full",
    },
}


class PhotoFacts(BaseModel):
    """The photo as it was sent; width and height in pixels, as its header says."""

    name: str
    bytes: int
    width: int
    height: int


class JobError(BaseModel):
    """Why a job failed: a stable code, and a sentence."""

    code: str
    message: str


class DomainDocument(BaseModel):
    """How far a photo lies from those the model was trained on: about 1 for photos like them."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    score: float
    limit: float
    """Above it the photo is out of the domain: nothing is known of how right its result is."""
    out_of_domain: bool


class JobDocument(BaseModel):
    """A job."""

    model_config = ConfigDict(use_attribute_docstrings=True, json_schema_extra={"examples": [_JOB_EXAMPLE]})

    id: str
    number: int
    """Counts up from 1; never given twice."""
    status: StatusWord
    cancel_requested: bool
    """Whether it was asked to stop."""
    done: int
    """Tiles looked at."""
    total: int
    """Tiles in all, 0 until they are counted."""
    tiles_per_s: float | None
    """How fast it goes, while it runs."""
    eta_s: float | None
    """How much longer it will take at that pace, seconds."""
    queue_position: int | None
    """How many jobs have their turn before it, while it waits."""
    attempts: int
    """How many goes it took."""
    model: str
    model_sha256: str
    options: dict[str, Any]
    """What was asked for."""
    parameters: dict[str, Any]
    """Every parameter of the analysis, those that the package sets too."""
    metadata: dict[str, Any]
    """As it was sent."""
    photo: PhotoFacts
    batch: str | None
    """Id of the batch it belongs to."""
    dialect: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime
    """When job and results will be gone."""
    timings_s: dict[str, float]
    """How long each step took so far, seconds."""
    error: JobError | None
    """Why it failed."""
    domain: DomainDocument | None = None
    """Whether the photo is of the kind that the model is for; null until that is known, or where it cannot tell."""
    links: dict[str, str]
    """Where everything about it is; results are listed once they are there."""


class TileCounts(BaseModel):
    """Tiles in all and by label, those that no tile has too."""

    total: int
    by_class: dict[str, int]


class AreaDocument(BaseModel):
    """The pixels of one class, and their share of all that are not background."""

    index: int
    name: str
    rgb: tuple[int, int, int]
    pixels: int
    share: float


class IntervalDocument(BaseModel):
    """A stretch of one class along a core."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    top_m: float | None
    """Depth in the hole, metres; null unless the job named the photo's depths."""
    base_m: float | None
    length_m: float | None
    index: int
    name: str
    share: float
    """Of the class among the pixels here that are not background."""
    confidence: float
    """Mean probability of its pixels."""
    top_px: int
    """Pixels of the photo along the core."""
    base_px: int


class SummaryDocument(BaseModel):
    """What was found, as numbers: `tiles` of a tile classification, the others of a segmentation."""

    model_config = ConfigDict(
        use_attribute_docstrings=True,
        protected_namespaces=(),
        extra="allow",
        json_schema_extra={"examples": [_SUMMARY_EXAMPLE]},
    )

    model: str
    model_sha256: str
    task: Task
    width: int
    """Of the photo, upright as its EXIF says, pixels."""
    height: int
    options: dict[str, Any]
    tiles: TileCounts | None = None
    classes: list[AreaDocument] | None = None
    """Those that at least one pixel has, in class order; the background is left out."""
    covered_share: float | None = None
    """Pixels that are not background, of all."""
    core_axis: Literal["x", "y"] | None = None
    """Along which side of the photo the core runs."""
    intervals: list[IntervalDocument] | None = None
    """The core from its top down: the photo's upper end, or the left one where it runs along x. Gaps are left out."""
    domain: DomainDocument | None = None
    """Whether the photo is like those the model was trained on; absent where the model cannot tell."""
    unsure_band: tuple[float, float] | None = None
    """Probabilities between which a tile is unsure; absent where there is no such band."""
    timings_s: dict[str, float]
    """How long each step took, seconds."""


class JobPage(BaseModel):
    """Some jobs, the newest first, and where the older ones are; null on the last page."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"jobs": [_JOB_EXAMPLE], "next": "/api/v1/jobs?limit=1&cursor=YmVmb3JlOjQ"}]}
    )

    jobs: list[JobDocument]
    next: str | None


class AcceptedJob(BaseModel):
    """A job that was queued."""

    id: str
    url: str


class Accepted(BaseModel):
    """What came of a request: a job a photo, in their order. `batch` is where several are told of together."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"jobs": [{"id": EXAMPLE_ID, "url": f"/api/v1/jobs/{EXAMPLE_ID}"}], "batch": None, "url": None}
            ]
        }
    )

    jobs: list[AcceptedJob]
    batch: str | None
    url: str | None


class Progress(BaseModel):
    """What an event tells: where a job is."""

    status: StatusWord
    done: int
    total: int
    tiles_per_s: float | None
    eta_s: float | None
    queue_position: int | None


class BatchDocument(BaseModel):
    """The jobs of one request together."""

    model_config = ConfigDict(use_attribute_docstrings=True, json_schema_extra={"examples": [_BATCH_EXAMPLE]})

    id: str
    total: int
    """How many jobs."""
    counts: dict[StatusWord, int]
    """How many have each status."""
    jobs: list[AcceptedJob]
    links: dict[str, str]
    """Where its jobs are listed, and the table of all of them."""


class ClassDocument(BaseModel):
    """One class: its index in label maps, its name and its colour."""

    index: int
    name: str
    rgb: tuple[int, int, int]


class ModelSummary(BaseModel):
    """A package in short."""

    model_config = ConfigDict(protected_namespaces=(), json_schema_extra={"examples": [_MODEL_EXAMPLE]})

    model: Annotated[str, Field(examples=[CORAL.reference])]
    task: Task
    title: str
    description: str
    licence: str
    classes: list[ClassDocument]
    links: dict[str, str]


class ModelDocument(ModelSummary):
    """A package: its manifest, and its card in Markdown."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{**_MODEL_EXAMPLE, "manifest": _MANIFEST_EXAMPLE, "card": "# Bleached or healthy\n"}]
        }
    )

    manifest: Manifest
    card: str


class ModelList(BaseModel):
    """Every package, by name and version."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"models": [_MODEL_EXAMPLE]}]})

    models: list[ModelSummary]


class ErrorCode(BaseModel):
    """What the code of a problem means."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ERROR_CODE_EXAMPLE]})

    code: str
    meaning: str
    example: ProblemDocument


def class_documents(manifest: Manifest) -> list[ClassDocument]:
    """The classes of a package."""
    return [ClassDocument(index=entry.index, name=entry.name, rgb=entry.rgb) for entry in manifest.classes]


def moment(unix_s: float) -> datetime:
    """A point in time, UTC."""
    return datetime.fromtimestamp(unix_s, UTC)


def optional_moment(unix_s: float | None) -> datetime | None:
    """A point in time that may not have come yet, UTC."""
    return None if unix_s is None else moment(unix_s)


def progress_of(job: Job, queue_position: int | None, now: float) -> Progress:
    """Where a job is, `now` in Unix seconds."""
    rate = _tiles_per_s(job, now)
    return Progress(
        status=job.status.value,
        done=job.done,
        total=job.total,
        tiles_per_s=None if rate is None else round(rate, 2),
        eta_s=round((job.total - job.done) / rate, 1) if rate else None,
        queue_position=queue_position,
    )


def _tiles_per_s(job: Job, now: float) -> float | None:
    if job.status is not Status.STARTED or job.started_at is None or not job.done or now <= job.started_at:
        return None
    return job.done / (now - job.started_at)
