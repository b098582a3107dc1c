"""OpenVINO: the runtime for CPUs. Reads ONNX, TFLite and its own format.

Normalising and calibration are part of the compiled graph; `uint8` tiles go in, probabilities and domain scores come
out. Two threads call the graph for every stream that OpenVINO has, so that each is kept busy, and an error reaches the
caller's future.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from threading import BoundedSemaphore, Lock

import numpy as np
import numpy.typing as npt
import openvino as ov
from openvino import opset13 as ops

from facies.cores import count_cores
from facies.errors import PackageError, RuntimeClosedError
from facies.models.domain import Features, Space, read_space
from facies.models.package import Manifest, Package, Precision
from facies.models.runtime import Answers, Batch, Tiles

# Small tiles go several at a time: with two in a call instead of four a photo took a sixth longer, for every call takes
# and gives the interpreter's lock. More than four gained nothing, and a photo of few tiles leaves cores idle.
_BATCH_SIZE = {"tile-classification": 4, "segmentation": 1}
_CAPABILITY: dict[Precision, str] = {"f32": "FP32", "bf16": "BF16", "int8": "INT8"}
# OpenVINO's Python binding looks up NumPy at its first call, and two first calls at once wait for each other for ever.
_first_call = Lock()
# While one batch is looked at, the tiles of the next are laid out: with one request a stream, a tenth of it stood idle.
_REQUESTS_PER_STREAM = 2
# Batches waiting beside those in hand: enough to hide the caller's own work, few enough to bound memory.
_WAITING_PER_REQUEST = 1


class OpenVinoRuntime:
    """A package compiled for the CPU; may be shared by threads.

    Attributes:
        package: what it runs.
        batch_size: how many tiles it likes in one call.
        precision: the arithmetic it uses, which is f32 where this processor does not have the package's.
    """

    def __init__(self, package: Package, streams: int = 0, precision: Precision | None = None) -> None:
        """Compile.

        Args:
            package: what to run.
            streams: batches looked at side by side; 0 takes one a core.
            precision: other arithmetic than the manifest wishes.

        Raises:
            PackageError: OpenVINO cannot read the weights, or they are not what the manifest describes.
        """
        self.package = package
        core = ov.Core()
        self.precision = available_precision(core, precision or package.manifest.weights.precision)
        compiled, self.batch_size = _compile(core, package, streams, self.precision)
        count = _REQUESTS_PER_STREAM * compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
        self._requests: SimpleQueue[_Request] = SimpleQueue()
        for _ in range(count):
            self._requests.put(_Request(compiled.create_infer_request()))
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="openvino")
        self._room = BoundedSemaphore(count * (1 + _WAITING_PER_REQUEST))
        self._lock = Lock()
        self._closed = False
        self._try_out()

    def submit(self, tiles: Tiles | Batch) -> "Future[Answers]":
        """Send a batch; see `facies.models.runtime.Runtime`."""
        self._room.acquire()
        try:
            with self._lock:
                if self._closed:
                    raise RuntimeClosedError(f"The runtime of {self.package.reference} is closed.")
                future = _Looking()
                self._threads.submit(self._look, tiles, future)
        except BaseException:
            self._room.release()
            raise
        future.add_done_callback(lambda _: self._room.release())
        return future

    def close(self) -> None:
        """Finish what was submitted and free the model."""
        with self._lock:
            self._closed = True
        self._threads.shutdown(wait=True)
        self._requests = SimpleQueue()

    def _try_out(self) -> None:
        """Look at one black tile, so that what does not fit shows now and the first photo is not the slow one."""
        manifest = self.package.manifest
        with _first_call:
            probs, scores = self._infer(np.zeros((1, *manifest.input.size_hw, 3), dtype=np.uint8), _Looking())
        by_pixel = manifest.input.size_hw if manifest.task == "segmentation" else ()
        expected = (1, len(manifest.classes), *by_pixel)
        if probs.shape != expected:
            raise PackageError(
                f"The network of {manifest.reference} gives {probs.shape} where {expected} is described."
            )
        if scores is not None and not np.isfinite(scores).all():
            raise PackageError(f"The domain of {manifest.reference} gives {scores.tolist()} for a black tile.")

    def _look(self, tiles: Tiles | Batch, future: "_Looking") -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            answers = self._infer(tiles, future)
        except Exception as error:
            future.set_exception(error)
        else:
            future.set_result(answers)

    def _infer(self, tiles: Tiles | Batch, future: "_Looking") -> Answers:
        request = self._requests.get()
        try:
            with future.interruptible(request):
                return Answers(*request.infer(tiles))
        finally:
            self._requests.put(request)


class _Looking(Future[Answers]):
    """What a batch will be answered. Cancelling has effect in the middle of it, too: its stream is free for others."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self._request: _Request | None = None
        self._is_unwanted = False

    def cancel(self) -> bool:
        """See `concurrent.futures.Future`; one that is being looked at ends a little later, with `CancelledError`."""
        with self._lock:
            self._is_unwanted = True
            if self._request is not None:
                self._request.stop()
        return super().cancel()

    @contextmanager
    def interruptible(self, request: "_Request") -> Iterator[None]:
        """While the block runs, `cancel` stops the request.

        Raises:
            CancelledError: it did.
        """
        with self._lock:
            self._request = request
        try:
            yield
        except RuntimeError as error:
            if self._is_unwanted:
                raise CancelledError from error
            raise
        finally:
            with self._lock:  # the request is another's from here on
                self._request = None


class _Request:
    """A place to infer in, with the memory of its input and its outputs; for one thread at a time."""

    def __init__(self, request: ov.InferRequest) -> None:
        self._request = request
        self._pixels: Tiles = request.get_input_tensor(0).data
        self._outputs: list[npt.NDArray[np.float32]] = [tensor.data for tensor in request.output_tensors]

    def infer(self, tiles: Tiles | Batch) -> list[npt.NDArray[np.float32]]:
        """Copies of the outputs. The graph takes whole batches: behind a short one lies what was there before."""
        count = len(tiles)
        if isinstance(tiles, Batch):
            tiles.fill(self._pixels)
        else:
            self._pixels[:count] = tiles
        self._request.infer(share_outputs=True)
        return [values[:count].copy() for values in self._outputs]

    def stop(self) -> None:
        """Have `infer`, on another thread, raise RuntimeError soon; it goes on if it has not quite begun."""
        self._request.cancel()


def _fill_batch(tiles: Tiles, batch_size: int) -> Tiles:
    """The compiled graph takes whole batches only: repeat the last tile of a short one."""
    missing = batch_size - len(tiles)
    if not missing:
        return np.ascontiguousarray(tiles)
    return np.concatenate([tiles, np.repeat(tiles[-1:], missing, axis=0)])


def _compile(core: ov.Core, package: Package, streams: int, precision: Precision) -> tuple[ov.CompiledModel, int]:
    """The graph, and how many tiles it takes in one call."""
    return _compile_outputs(core, package, streams, precision, lambda model: _with_answers(model, package))


def _compile_outputs(
    core: ov.Core,
    package: Package,
    streams: int,
    precision: Precision,
    with_outputs: Callable[[ov.Model], ov.Model],
) -> tuple[ov.CompiledModel, int]:
    manifest = package.manifest
    try:
        quantised = package.int8_path if precision == "int8" else None
        model = core.read_model(quantised or package.weights_path)
        batch_size = _set_batch(model, manifest)
        model = _with_input(with_outputs(model), manifest)
        return core.compile_model(model, "CPU", _properties(streams, precision)), batch_size
    except RuntimeError as error:
        raise PackageError(
            f"The weights of {package.reference} are not what its manifest describes: {_last_line(error)}"
        ) from error


def _set_batch(model: ov.Model, manifest: Manifest) -> int:
    """Let the network take a batch, or one tile at a time where a shape inside it is fixed to that."""
    for batch_size in (_BATCH_SIZE[manifest.task], 1):
        shape = _batched_shape(model, manifest, batch_size)
        try:
            model.reshape(shape)
        except RuntimeError:
            if batch_size == 1:
                raise
        else:
            break
    return batch_size


def _batched_shape(model: ov.Model, manifest: Manifest, batch_size: int) -> ov.PartialShape:
    height, width = manifest.input.size_hw
    shape = [batch_size, height, width, 3] if manifest.input.layout == "NHWC" else [batch_size, 3, height, width]
    if len(model.inputs) != 1:
        raise PackageError(f"The network of {manifest.reference} has {len(model.inputs)} inputs; it must have one.")
    return ov.PartialShape(shape)


def _with_answers(model: ov.Model, package: Package) -> ov.Model:
    """Leave the probabilities and, where the package has a domain, the domain scores."""
    manifest, space = package.manifest, read_space(package)
    results = [ops.result(_probs(model, manifest))]
    if manifest.domain is not None and space is not None:
        results.append(ops.result(_domain_scores(_named(model, manifest.domain.output), space)))
    return ov.Model(results, model.get_parameters(), manifest.name)


def _named(model: ov.Model, name: str) -> ov.Output:
    """What the network gives under this name, as float32."""
    return ops.convert(model.output(name).get_node().input_value(0), "f32").output(0)


def _domain_scores(features: ov.Output, space: Space) -> ov.Output:
    """Append the formula of `facies.models.domain`: float32 (N,)."""
    roots = ops.multiply(ops.sign(features), ops.power(ops.abs(features), np.float32(1 / 3)))
    u = ops.multiply(ops.subtract(roots, space[:1]), space[1:2])
    along = ops.matmul(u, space[2:], transpose_a=False, transpose_b=True)
    squares = [ops.reduce_sum(ops.multiply(part, part), np.array([1])) for part in (u, along)]
    return ops.sqrt(ops.relu(ops.subtract(*squares))).output(0)


def _probs(model: ov.Model, manifest: Manifest) -> ov.Output:
    """Append the calibration: softmax((logits + offset) / temperature); see `facies.models.package.Decision`."""
    name = manifest.output.name
    scores = unrounded((model.output(name) if name else model.output(0)).get_node().input_value(0))
    scores = ops.convert(scores, "f32").output(0)
    if manifest.output.layout == "NHWC" and scores.get_partial_shape().rank.get_length() == 4:
        scores = ops.transpose(scores, np.array([0, 3, 1, 2])).output(0)
    if manifest.output.kind == "logits":
        rank = scores.get_partial_shape().rank.get_length()
        offset = np.zeros(len(manifest.classes), dtype=np.float32)
        offset[: len(manifest.decision.offset)] = manifest.decision.offset
        shifted = ops.add(scores, offset.reshape(1, -1, *[1] * (rank - 2)))
        scores = ops.softmax(ops.divide(shifted, _temperature(shifted.output(0), manifest)), 1).output(0)
    return scores


def _temperature(logits: ov.Output, manifest: Manifest) -> ov.Node:
    """The temperature, which may be another where the positive class is the less likely: a number, or one a row."""
    decision, positive = manifest.decision, manifest.positive_index
    above = ops.constant(np.float32(decision.temperature))
    if decision.temperature_below is None or positive is None:
        return above
    sides = np.array([[-1.0], [1.0]] if positive else [[1.0], [-1.0]], np.float32)
    margin = ops.matmul(logits, sides, transpose_a=False, transpose_b=False)
    below = ops.constant(np.float32(decision.temperature_below))
    return ops.select(ops.greater_equal(margin, np.float32(0)), above, below)


def open_features(package: Package, output: str, streams: int = 0) -> Callable[[Tiles], Features]:
    """A function from tiles to the features that the network has of them, in the precision in which it is served.

    Args:
        package: what to run.
        output: the network's tensor of features, (N, F).
        streams: see `OpenVinoRuntime`.

    Returns:
        A function from uint8 (N, h, w, 3) to float32 (N, F); N is any number.

    Raises:
        PackageError: OpenVINO cannot read the weights, or there is no such output.
    """
    core = ov.Core()
    precision = available_precision(core, package.manifest.weights.precision)

    def with_features(model: ov.Model) -> ov.Model:
        return ov.Model([ops.result(_named(model, output))], model.get_parameters(), output)

    compiled, batch_size = _compile_outputs(core, package, streams, precision, with_features)

    def look(tiles: Tiles) -> Features:
        found = [
            compiled([_fill_batch(tiles[first : first + batch_size], batch_size)])[0][: len(tiles) - first].copy()
            for first in range(0, len(tiles), batch_size)
        ]
        return np.concatenate(found)

    return look


def unrounded(scores: ov.Output) -> ov.Output:
    """What a quantised network gives before it is rounded to whole numbers: real logits or probabilities."""
    if not scores.get_element_type().is_integral():
        return scores
    while scores.get_node().get_type_name() in ("Convert", "FakeQuantize"):
        scores = scores.get_node().input_value(0)
    return scores


def read_network(path: Path) -> ov.Model:
    """Read weights.

    Raises:
        PackageError: OpenVINO cannot read them.
    """
    try:
        return ov.Core().read_model(path)
    except RuntimeError as error:
        raise PackageError(f"{path} is no network that can be read: {_last_line(error)}") from error


def _with_input(model: ov.Model, manifest: Manifest) -> ov.Model:
    """Let the graph take uint8 (N, h, w, 3) RGB whatever the network takes."""
    steps = ov.preprocess.PrePostProcessor(model)
    network, source = manifest.input, steps.input()
    source.tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
    source.model().set_layout(ov.Layout(network.layout))
    if network.colour == "BGR":
        source.tensor().set_color_format(ov.preprocess.ColorFormat.RGB)
        source.preprocess().convert_color(ov.preprocess.ColorFormat.BGR)
    if network.dtype == "float32":
        source.preprocess().convert_element_type(ov.Type.f32).mean(list(network.mean)).scale(list(network.std))
    return steps.build()


def available_precision(core: ov.Core, wanted: Precision) -> Precision:
    """The wanted arithmetic where this processor is made for it, else f32; 8-bit weights are then widened."""
    capabilities: list[str] = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return wanted if _CAPABILITY[wanted] in capabilities else "f32"


def _properties(streams: int, precision: Precision) -> dict[str, object]:
    return {
        "PERFORMANCE_HINT": "THROUGHPUT",
        # An 8-bit network says itself which of its layers are 8-bit; this is for the others.
        "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
        # Left to itself OpenVINO takes half as many, which cost a sixth more time for MobileNetV2 on four cores.
        "NUM_STREAMS": streams or count_cores(),
        # Two processes would keep to the same cores, and a stream would wait for its own core while others are free.
        "ENABLE_CPU_PINNING": False,
    }


def _last_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1]
