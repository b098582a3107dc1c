"""A training plan: one TOML file from which a package can be made again.

    format_version = 1
    seed = 1
    [package]     what goes into the manifest as it is: name, classes, tiling, sources, …
    [[data]]      where the labelled pictures are, relative to the data folder
    [start]       the weights to start from
    [schedule]    how long, how fast, how augmented
    [split]       how the folds are made that the scores come from
    [domain]      which photos the package is for, and which it must tell from them

What is measured (scores, calibration, checksum) is not in the plan; training writes it into the package.
"""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from facies.errors import TrainingError
from facies.models.package import ClassEntry, FileName, Input, Name, Source, Task, Tiling, Version
from facies.models.toml_file import read_toml

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
Colour = Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$")]
MaskValue = Annotated[int, Field(ge=0, le=255)]


def _has_a_group(pattern: str) -> str:
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
    if not groups:
        raise ValueError(f"{pattern!r} has no group in parentheses, which would be the picture's")
    return pattern


Labels = Annotated[dict[str, str], Field(min_length=1)]
GroupPattern = Annotated[str, AfterValidator(_has_a_group)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PackagePlan(_Frozen):
    """What the manifest says that no training changes.

    Attributes:
        card: the card's template beside the plan; `$name` in it stands for a measured score.
        positive: the class whose probability is thresholded, for two classes.
        background: the class that is never painted, for segmentation.
    """

    name: Name
    version: Version
    task: Task
    title: str
    description: str
    authors: tuple[str, ...]
    licence: str
    card: FileName
    input: Input
    tiling: Tiling
    classes: tuple[ClassEntry, ...]
    positive: str | None = None
    background: str | None = None
    sources: tuple[Source, ...] = ()

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes, in order."""
        return tuple(entry.name for entry in self.classes)


class Rule(_Frozen):
    """Rows of a table with these values in these columns are of class `label`."""

    where: dict[str, str]
    label: str


class _Data(_Frozen):
    """What all kinds of data have.

    Attributes:
        domain: pictures that look alike by origin; batches are balanced between domains and each is scored apart.
    """

    path: str
    domain: str


class _TileData(_Data):
    """What data with a label a picture have.

    Attributes:
        upright: the pictures have an up, so they are mirrored left and right only.
    """

    upright: bool = False


class _PhotoData(_Data):
    """What data with a label a pixel have.

    Attributes:
        scored: whether the folds score it. What is not scored is only ever trained on.
        draws: how often `schedule.views` windows are drawn of each photo.
    """

    scored: bool = True
    draws: Annotated[int, Field(ge=1)] = 1


class TileTable(_TileData):
    """A CSV file with a row a picture and columns of 0 and 1. The first rule that holds gives the class.

    Attributes:
        pictures: the folder of the pictures.
        picture_column, group_column: the columns with the picture's file name and with its group.
        rules: from columns to classes; "neither" marks pictures that show none of them.
    """

    kind: Literal["tile-table"]
    pictures: str
    picture_column: str = "tile"
    group_column: str = "photo"
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]


class ImageFolders(_TileData):
    """A folder for each class.

    Attributes:
        labels: from the folder's name to the class.
        group_pattern: a regular expression on the file's name without ending; its first group is the picture's group.
    """

    kind: Literal["image-folders"]
    labels: Labels
    group_pattern: GroupPattern = "(.*)"


class NoaaPatches(_TileData):
    """NOAA's bleaching patches: `train/CORAL_BL/FFS-B013_2019_15_1024.PNG` is of site, year, photo and patch.

    The published split has patches of one photo, and of one site, on both sides; here all parts are one pool, and sites
    are kept together.

    Attributes:
        parts: the folders to read.
        labels: from the folder in a part to the class.
        group_by: what is kept together.
    """

    kind: Literal["noaa"]
    path: str = "."
    parts: Annotated[tuple[str, ...], Field(min_length=1)] = ("train", "validation", "test")
    labels: Labels = {"CORAL": "healthy", "CORAL_BL": "bleached"}
    group_by: Literal["site", "photo"] = "site"


class CoralNetPoints(_TileData):
    """A CoralNet export: a CSV file with the columns Name, Row, Column and Label code (once: Label), a row a point.

    Attributes:
        pictures: the folder of the photos.
        crop: side of the square round a point, pixels.
        labels: from CoralNet's label to the class.
        others: the class of points with any other label, or "neither"; without it they are left out.
        group_pattern: a regular expression on the photo's name without ending; its first group is the point's group.
    """

    kind: Literal["coralnet"]
    pictures: str = "."
    crop: Annotated[int, Field(ge=16)] = 244
    labels: Labels
    others: str | None = None
    group_pattern: GroupPattern = "(.*)"


class Masks(_PhotoData):
    """Pictures with a mask of the same name and size: PNG, each pixel the index of a class.

    Attributes:
        path: the folder of the pictures.
        masks: the folder of the masks.
        group_pattern: a regular expression on the file's name without ending; its first group is the picture's group.
        mask_suffix: what the mask's name has after the picture's.
        pictures_ending: take only pictures whose names end so.
        ignore: mask values to leave out.
        unknown: mask values that mean "some class, not the background".
        colours: for masks that are painted: from "#rrggbb" to the mask's value. A palette needs none.
        corrections: a CSV beside the plan of places where the masks are wrong, see `facies.training.corrections`.
    """

    kind: Literal["masks"]
    masks: str
    group_pattern: GroupPattern = "(.*)"
    mask_suffix: str = ""
    pictures_ending: str = ""
    ignore: tuple[MaskValue, ...] = (255,)
    unknown: tuple[MaskValue, ...] = ()
    colours: dict[Colour, MaskValue] = {}
    corrections: FileName | None = None

    @model_validator(mode="after")
    def _values_mean_one_thing(self) -> Self:
        if both := set(self.ignore) & set(self.unknown):
            raise ValueError(f"the mask value {min(both)} is both to be ignored and of unknown class")
        return self


class Coco(_PhotoData):
    """Labels in COCO's format: polygons or runs of pixels in one JSON file.

    Attributes:
        path: the JSON file.
        pictures: the folder that its file names start from.
        labels: from the category's name to the class. Other categories are "some class, not the background"; crowds
            are left out.
        unlabelled: the class of pixels in no shape; without it they are left out.
        group_pattern: a regular expression on the photo's name without ending; its first group is the photo's group.
    """

    kind: Literal["coco"]
    pictures: str = "."
    labels: Labels
    unlabelled: str | None = None
    group_pattern: GroupPattern = "(.*)"


class SyntheticCores(_Frozen):
    """Core photos drawn by `facies.training.synth_cores`, with their masks.

    Attributes:
        count: how many to train on.
        first_seed: photo k is drawn with the seed `first_seed + k`.
        height: of a photo, pixels.
        test_count, test_first_seed: others, of which the final network sees none, to score it on.
        draws: how often `schedule.views` windows are drawn of each.
    """

    kind: Literal["synthetic-cores"]
    domain: str = "synthetic"
    count: Count
    first_seed: Count = 0
    height: Annotated[int, Field(ge=64)] = 1536
    test_count: Count = 0
    test_first_seed: Count = 1_000_000
    draws: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _seeds_are_apart(self) -> Self:
        apart = self.test_first_seed >= self.first_seed + self.count
        if self.test_count and not (apart or self.test_first_seed + self.test_count <= self.first_seed):
            raise ValueError("the seeds of test photos overlap those of training photos")
        return self


Data = Annotated[
    TileTable | ImageFolders | NoaaPatches | CoralNetPoints | Masks | Coco | SyntheticCores, Field(discriminator="kind")
]


class StartPlan(_Frozen):
    """Where the encoder's weights come from.

    Attributes:
        architecture: of the encoder; segmentation has MobileNetV2 always.
        weights: of that network (width 1.0): a .tflite or .onnx file in the data folder, or `hub:` and the name of a
            checkpoint on the hub, or of a folder of its files in the data folder; none starts from scratch.
        texture_weights: the same for the texture encoder of a segmentation, a MobileNetV1 (width 1.0).
    """

    architecture: Literal["mobilenet-v1", "mobilenet-v2"] = "mobilenet-v2"
    weights: str | None = None
    texture_weights: str | None = None


class Augmentation(_Frozen):
    """How pictures are varied in training.

    Attributes:
        gamma, brightness, channel_gain, contrast: standard deviations, of logarithms.
        grey_share: share of views without colour.
        soft_share: share of windows that are scaled down and up again, as photos from afar are.
        filler_share: share of windows with foam, card, wood or a plug laid over a stretch of core.
    """

    gamma: Annotated[float, Field(ge=0)] = 0.12
    brightness: Annotated[float, Field(ge=0)] = 0.08
    channel_gain: Annotated[float, Field(ge=0)] = 0.04
    contrast: Annotated[float, Field(ge=0)] = 0.1
    grey_share: Share = 0.0
    soft_share: Share = 0.0
    filler_share: Share = 0.0


class Schedule(_Frozen):
    """How the network is trained.

    Attributes:
        views: augmented views (or windows) drawn of each picture. They are drawn once, so that what the frozen part
            of the network says of them is computed once.
        frozen_blocks: the encoder's first blocks that keep their start weights; for segmentation all do.
        probe_penalty: for tiles, the L2 penalty of the heads that are fitted before fine-tuning.
        texture_penalty, tone_penalty: for segmentation, the L2 penalties of the probes for the type.
        epochs: passes of fine-tuning (tiles) or of training the decoder (segmentation).
        steps: batches in an epoch.
        batch_size: views (or windows) in a batch.
        head_rate, encoder_rate: learning rates of what is new and of what was pre-trained.
        weight_decay: AdamW's.
        average_decay: of the running average of the weights, a step.
        domain_shares: how much of a batch each domain makes up; none of it that is not named; evenly without any.
        neither_share: how much of a domain's part shows none of the classes; trained on as not positive.
        dropout: share of features dropped.
        decision_at: the calibrated probability that is served as 0.5; below 0.5 finds more positives. See
            `calibration.fit_two_classes`.
    """

    views: Annotated[int, Field(ge=1)] = 24
    frozen_blocks: Annotated[int, Field(ge=0, le=17)] = 13
    probe_penalty: Positive = 1.0
    texture_penalty: Positive = 0.3
    tone_penalty: Positive = 0.03
    epochs: Count = 10
    steps: Annotated[int, Field(ge=1)] = 20
    batch_size: Annotated[int, Field(ge=1)] = 64
    head_rate: Positive = 1e-4
    encoder_rate: Positive = 1e-4
    weight_decay: Annotated[float, Field(ge=0)] = 1e-2
    average_decay: Share = 0.98
    domain_shares: dict[str, Share] = {}
    neither_share: Share = 0.0
    dropout: Share = 0.2
    decision_at: Annotated[float, Field(gt=0, lt=1)] | None = None
    augmentation: Augmentation = Augmentation()


class SplitPlan(_Frozen):
    """How records are dealt into folds.

    Attributes:
        kind: "random" ignores groups, and everything written says so on top.
    """

    kind: Literal["grouped", "random"] = "grouped"
    folds: Annotated[int, Field(ge=2)] = 5


class DomainPlan(_Frozen):
    """Which photos the package is for; see `facies.training.domain`.

    Attributes:
        origins: the `domain`s of the data that they come from.
        of: what they are, for people: "reef survey photos".
        output: the network's tensor of features.
        strangers: from a name to a folder of pictures, relative to the data folder, that it is measured to tell from
            them. Generated noise always is.
    """

    origins: Annotated[tuple[str, ...], Field(min_length=1)]
    of: str
    output: str = "features"
    strangers: dict[str, str] = {}


class Plan(_Frozen):
    """A whole plan, checked."""

    format_version: Literal[1]
    seed: Count
    package: PackagePlan
    data: Annotated[tuple[Data, ...], Field(min_length=1)]
    start: StartPlan = StartPlan()
    schedule: Schedule = Schedule()
    split: SplitPlan = SplitPlan()
    domain: DomainPlan | None = None

    @model_validator(mode="after")
    def _domains_are_known(self) -> Self:
        known = {data.domain for data in self.data}
        for domain in self.schedule.domain_shares:
            if domain not in known:
                raise ValueError(f"the schedule names {domain!r}, no data is of that domain")
        for origin in self.domain.origins if self.domain else ():
            if origin not in known:
                raise ValueError(f"the domain names {origin!r}, no data is of that domain")
        return self


def read_plan(path: Path) -> Plan:
    """Read and check a plan.

    Raises:
        TrainingError: it is missing, no TOML, or does not hold what a plan must.
    """
    return read_toml(path, Plan, TrainingError, f"The plan {path} does not exist.")
