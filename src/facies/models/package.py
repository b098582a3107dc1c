"""A model package: a folder with a manifest, weights and a card. Data only; nothing in it is ever executed.

package.toml   what `Manifest` describes
model.onnx     or .tflite, or OpenVINO IR (.xml beside .bin)
model-int8.onnx optional: the same network in 8 bits
CARD.md        trained on, tested on, where it fails
domain.npy     optional: where the features of training photos lie, for the domain score
trained-on.txt optional: perceptual hashes of the training pictures, for `facies evaluate`
self-test.png  optional: what `facies models verify` shows the network
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from facies.errors import ChecksumError, PackageError
from facies.models.toml_file import read_toml

MANIFEST_NAME = "package.toml"
CARD_NAME = "CARD.md"
FINGERPRINTS_NAME = "trained-on.txt"
MOST_CLASSES = 10_000
MOST_MAP_CLASSES = 255

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Version = Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Channel = Annotated[int, Field(ge=0, le=255)]
Pixels = Annotated[int, Field(ge=1, le=16384)]
Task = Literal["tile-classification", "segmentation"]
Precision = Literal["f32", "bf16", "int8"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Level = Annotated[float, Field(allow_inf_nan=False)]
Spread = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class WeightsFile(_Frozen):
    """The same network in another file, in the format of the first."""

    file: FileName
    sha256: Sha256


class Weights(_Frozen):
    """The weights file and its checksum.

    `precision` is the fastest arithmetic in which the package was measured to answer as well as in f32; a runtime whose
    processor does not have it, or answers otherwise in it than was measured, takes f32. The weights of an int8 package
    have quantised layers; where they are in a file of their own, `int8`, the other file is what f32 is run with.
    """

    file: FileName
    format: Literal["onnx", "tflite", "openvino"]
    sha256: Sha256
    precision: Precision = "f32"
    int8: WeightsFile | None = None

    @model_validator(mode="after")
    def _int8_is_for_int8(self) -> Self:
        if self.int8 is not None and self.precision != "int8":
            raise ValueError('weights.int8 belongs to precision = "int8", and to no other')
        return self


class Input(_Frozen):
    """What the network takes.

    A network with `dtype = "uint8"` normalises inside; for `float32` the runtime feeds `(x - mean) / std`, mean and std
    on the 0–255 scale of the pixels, in the order of `colour`.
    """

    size_hw: tuple[Pixels, Pixels]
    layout: Literal["NHWC", "NCHW"] = "NHWC"
    dtype: Literal["uint8", "float32"] = "uint8"
    colour: Literal["RGB", "BGR"] = "RGB"
    mean: tuple[Level, Level, Level] = (0.0, 0.0, 0.0)
    std: tuple[Spread, Spread, Spread] = (1.0, 1.0, 1.0)
    resize: Literal["bilinear", "bicubic"] = "bilinear"


class Output(_Frozen):
    """What the network gives: the tensor's name, and whether softmax has been applied in it already.

    Classification: (N, C). Segmentation: (N, C, h, w), or (N, h, w, C) where `layout` says so, with h, w the input's
    size.
    """

    name: str | None = None
    kind: Literal["logits", "probs"] = "logits"
    layout: Literal["NHWC", "NCHW"] = "NCHW"


class Tiling(_Frozen):
    """How a photo is cut.

    Attributes:
        tile_hw: the tile's size on the (normalised) photo, pixels.
        overlap: pixels shared by neighbouring tiles. 0 cuts a plain grid whose last row and column are smaller.
        normalised_width: the photo is first resized so that its shorter side has this many pixels; 0 leaves it.
    """

    tile_hw: tuple[Pixels, Pixels]
    overlap: Annotated[int, Field(ge=0)] = 0
    normalised_width: Annotated[int, Field(ge=0, le=16384)] = 0

    @model_validator(mode="after")
    def _overlap_fits(self) -> Self:
        if self.overlap >= min(self.tile_hw):
            raise ValueError(f"overlap {self.overlap} must be smaller than the tile {self.tile_hw}")
        return self


class ClassEntry(_Frozen):
    """One class: index in the network's output, name, colour, and its label in a dialect where that differs."""

    index: Annotated[int, Field(ge=0)]
    name: str
    rgb: tuple[Channel, Channel, Channel]
    label: dict[str, str] = {}

    def label_for(self, dialect: str) -> str:
        """The class's label in `dialect`, its name where the dialect has no other."""
        return self.label.get(dialect, self.name)


class Decision(_Frozen):
    """How logits become probabilities and probabilities a label.

    `probs = softmax((logits + offset) / temperature)`. With two classes, a tile is `positive` when
    `probs[positive] >= threshold`; otherwise the label is the arg-max, and where the positive class is the less likely
    the temperature is `temperature_below`, if there is one. Probabilities of the positive class inside `unsure_band`
    are reported as *unsure* (off by default); so are pixels of a map whose confidence is below `min_confidence`.
    """

    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5
    temperature: Annotated[float, Field(gt=0)] = 1.0
    temperature_below: Annotated[float, Field(gt=0)] | None = None
    offset: tuple[float, ...] = ()
    positive: str | None = None
    background: str | None = None
    unsure_band: tuple[float, float] | None = None
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.0


class HeldOut(_Frozen):
    """What the positive class was given on pictures that the network had not seen; see `facies.models.conformal`.

    Attributes:
        of: the pictures, for people: "646 tiles of 23 survey photos".
        probs: by the class that a picture is of, one number a picture.
    """

    of: str
    probs: dict[str, tuple[Annotated[float, Field(ge=0, le=1)], ...]]


class Domain(_Frozen):
    """Where the photos lie that the package is for; see `facies.models.domain`.

    Attributes:
        file: NumPy's format, the space of the features.
        output: the network's tensor of features, (N, F).
        of: the photos it was fitted on, for people: "reef survey photos".
        limit: a photo whose score is above it is out of the domain.
    """

    file: FileName = "domain.npy"
    sha256: Sha256
    output: str = "features"
    of: str
    limit: Annotated[float, Field(gt=0)]


class SelfTest(_Frozen):
    """A picture and what the network said of it when the package was made; see `facies.models.self_test`.

    Attributes:
        picture: PNG, some tiles of the input's size below one another.
        probs: one row a tile, one number a class, in f32.
        served: the same in the precision of the weights, where that is another. A machine that answers so answers as
            it was measured.
        tolerance: how far any number may be off on another machine.
    """

    picture: FileName = "self-test.png"
    probs: Annotated[tuple[tuple[float, ...], ...], Field(min_length=1)]
    served: tuple[tuple[float, ...], ...] | None = None
    tolerance: Annotated[float, Field(gt=0, lt=1)] = 0.05

    @property
    def rows_match(self) -> bool:
        """Whether both answers are about the same tiles and classes."""
        return [len(row) for row in self.served or ()] == [len(row) for row in self.probs]


class Source(_Frozen):
    """A source of training data and what its licence allows."""

    name: str
    licence: str
    url: str = ""
    used_for: str = ""


class Manifest(_Frozen):
    """`package.toml`, checked."""

    format_version: Literal[1]
    name: Name
    version: Version
    task: Task
    title: str
    description: str
    authors: tuple[str, ...]
    licence: str
    weights: Weights
    input: Input
    output: Output = Output()
    tiling: Tiling
    classes: Annotated[tuple[ClassEntry, ...], Field(min_length=2, max_length=MOST_CLASSES)]
    decision: Decision = Decision()
    held_out: HeldOut | None = None
    domain: Domain | None = None
    sources: tuple[Source, ...] = ()
    metrics: dict[str, Any] = {}
    self_test: SelfTest | None = None

    @model_validator(mode="after")
    def _classes_are_consistent(self) -> Self:
        if [entry.index for entry in self.classes] != list(range(len(self.classes))):
            raise ValueError("classes must be listed in order with indices 0, 1, 2, …")
        names = {entry.name for entry in self.classes}
        if len(names) != len(self.classes):
            raise ValueError("two classes have the same name")
        for role in (self.decision.positive, self.decision.background):
            if role is not None and role not in names:
                raise ValueError(f"decision names the class {role!r}, which is not listed")
        if self.decision.positive is not None and len(self.classes) != 2:
            raise ValueError("a positive class makes sense with exactly two classes")
        if self.decision.temperature_below is not None and self.decision.positive is None:
            raise ValueError("decision.temperature_below needs a positive class")
        if self.decision.offset and len(self.decision.offset) != len(self.classes):
            raise ValueError("decision.offset needs one number a class")
        if self.held_out and (self.decision.positive is None or set(self.held_out.probs) != names):
            raise ValueError("held_out needs a positive class, and the numbers of each class")
        if self.self_test and any(len(row) != len(self.classes) for row in self.self_test.probs):
            raise ValueError("self_test.probs needs one number a class in every row")
        if self.self_test and self.self_test.served is not None and not self.self_test.rows_match:
            raise ValueError("self_test.served needs the shape of self_test.probs")
        return self

    @model_validator(mode="after")
    def _tiling_suits_the_task(self) -> Self:
        tiling = self.tiling
        if self.task == "segmentation" and (tiling.tile_hw != self.input.size_hw or not tiling.overlap):
            raise ValueError("a segmentation package needs tiling.tile_hw equal to input.size_hw, and an overlap")
        if self.task == "segmentation" and len(self.classes) > MOST_MAP_CLASSES:
            raise ValueError(f"a label map holds at most {MOST_MAP_CLASSES} classes")
        if self.task == "tile-classification" and (tiling.overlap or tiling.normalised_width):
            raise ValueError("a tile-classification package has neither tiling.overlap nor tiling.normalised_width")
        return self

    @property
    def reference(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"

    def index_of(self, class_name: str) -> int:
        """Index of the class called `class_name`."""
        return next(entry.index for entry in self.classes if entry.name == class_name)

    @property
    def background_index(self) -> int | None:
        """Index of the class that is never painted or listed, if there is one."""
        return None if self.decision.background is None else self.index_of(self.decision.background)

    @property
    def positive_index(self) -> int | None:
        """Index of the class whose probability is thresholded, if there is one."""
        return None if self.decision.positive is None else self.index_of(self.decision.positive)


@dataclass(frozen=True)
class Package:
    """A checked package on disk."""

    path: Path
    manifest: Manifest

    @property
    def reference(self) -> str:
        """`name@version`."""
        return self.manifest.reference

    @property
    def weights_path(self) -> Path:
        """The weights file."""
        return self.path / self.manifest.weights.file

    @property
    def domain_path(self) -> Path | None:
        """The space of the features of training photos, if the package has one."""
        domain = self.manifest.domain
        return self.path / domain.file if domain else None

    @property
    def int8_path(self) -> Path | None:
        """The weights in 8 bits, if the package has them."""
        int8 = self.manifest.weights.int8
        return self.path / int8.file if int8 else None

    @property
    def card(self) -> str:
        """The model card, Markdown."""
        return (self.path / CARD_NAME).read_text(encoding="utf-8")


def read_manifest(path: Path) -> Manifest:
    """Read and check `package.toml`.

    Raises:
        PackageError: it is missing, no TOML, or does not hold what a manifest must.
    """
    missing = f"{path} is missing: a model package is a folder with a {MANIFEST_NAME}."
    return read_toml(path, Manifest, PackageError, missing)


def load_package(folder: Path) -> Package:
    """Read a package and check that its weights are the ones the manifest names.

    Raises:
        PackageError: a file is missing or the manifest is wrong.
        ChecksumError: the weights have been changed or damaged.
    """
    package = Package(folder.resolve(), read_manifest(folder / MANIFEST_NAME))
    domain = package.manifest.domain
    checked = {package.weights_path: (package.manifest.weights.sha256, "weights")}
    int8 = package.manifest.weights.int8
    if int8 is not None:
        checked[package.path / int8.file] = (int8.sha256, "8-bit weights")
    if domain is not None:
        checked[package.path / domain.file] = (domain.sha256, "domain")
    for required in (*checked, package.path / CARD_NAME):
        if not required.is_file():
            raise PackageError(f"The package {package.reference} has no {required.name}; get a complete copy of it.")
    for path, (expected, what) in checked.items():
        found = weights_sha256(path)
        if found != expected:
            raise ChecksumError(
                f"The {what} of {package.reference} do not match their checksum (found {found[:12]}…); "
                "the file is damaged or was replaced. Install the package again."
            )
    return package


def weights_files(weights: Path) -> tuple[Path, ...]:
    """The files that hold a network: one, or for OpenVINO's own format the .xml and the .bin beside it."""
    return (weights, weights.with_suffix(".bin")) if weights.suffix == ".xml" else (weights,)


def weights_sha256(weights: Path) -> str:
    """SHA-256 over the files of `weights_files`, one after the other, lower-case hex.

    Raises:
        PackageError: one of them is missing.
    """
    digest = hashlib.sha256()
    for path in weights_files(weights):
        try:
            with path.open("rb") as file:
                hashlib.file_digest(file, lambda: digest)
        except FileNotFoundError:
            raise PackageError(
                f"{path} is missing: the network in {weights.name} is not complete without it."
            ) from None
    return digest.hexdigest()


def package_files(package: Package) -> list[Path]:
    """Everything that belongs to a package, and nothing else that may lie in its folder."""
    self_test = package.manifest.self_test
    picture = [package.path / self_test.picture] if self_test else []
    domain = [package.domain_path] if package.domain_path else []
    int8 = weights_files(package.int8_path) if package.int8_path else ()
    weights = (*weights_files(package.weights_path), *int8)
    fingerprints = package.path / FINGERPRINTS_NAME
    optional = [*domain, *picture, *([fingerprints] if fingerprints.is_file() else [])]
    return [package.path / MANIFEST_NAME, *weights, package.path / CARD_NAME, *optional]
