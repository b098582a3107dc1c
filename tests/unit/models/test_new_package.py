import os
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from facies.errors import PackageError
from facies.models import self_test
from facies.models.new_package import Wish, new_package, read_class_names, read_numbers
from facies.models.openvino import OpenVinoRuntime
from tests.data.networks import expected_logits, map_package, tile_package

TILES = np.random.default_rng(3).integers(0, 256, (5, 16, 16, 3), dtype=np.uint8)
BACKBONES = Path(os.environ.get("FACIES_DATA", Path(__file__).parents[4] / "shared" / "data")) / "backbones"


def wish(*classes, **more):
    return Wish("mine", "1.2.3", classes or ("dark", "pale"), **more)


def answers(package, tiles=TILES):
    runtime = OpenVinoRuntime(package, streams=1)
    try:
        batches = [tiles[first : first + runtime.batch_size] for first in range(0, len(tiles), runtime.batch_size)]
        return np.concatenate([runtime.submit(batch).result().probs for batch in batches])
    finally:
        runtime.close()


def softmax(logits):
    spread = np.exp(logits - logits.max(axis=1, keepdims=True))
    return spread / spread.sum(axis=1, keepdims=True)


def save(folder, photo, result):
    folder.mkdir()
    ov.save_model(ov.Model([ops.result(result)], [photo], "net"), folder / "net.xml", compress_to_fp16=False)
    return folder / "net.xml"


def red_logits(photo):
    """∓8 · (red − 0.5) of a uint8 NHWC photo: (N, 2)."""
    level = ops.reduce_mean(ops.divide(ops.convert(photo, "f32"), np.float32(255)), np.array([1, 2]))
    red = ops.gather(level, np.array([0]), np.int64(1))
    return ops.multiply(ops.subtract(red, np.float32(0.5)), np.array([[-8, 8]], np.float32))


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_the_input_is_read_from_the_network(tmp_path, layout, dtype):
    weights = tile_package(tmp_path / "theirs", layout=layout, dtype=dtype).path / "model.xml"
    normalised = {"mean": (0.0,), "std": (255.0,)} if dtype == "float32" else {}
    package = new_package(weights, tmp_path / "out" / "mine", wish(**normalised))
    read = package.manifest.input
    assert (read.size_hw, read.layout, read.dtype) == ((16, 16), layout, dtype)
    assert (package.manifest.task, package.manifest.output.kind) == ("tile-classification", "logits")
    np.testing.assert_allclose(answers(package), softmax(expected_logits(TILES, 2, by_pixel=False)), atol=1e-5)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]


def test_a_network_that_answers_for_every_pixel_is_a_segmenter(tmp_path):
    weights = map_package(tmp_path / "theirs").path / "model.xml"
    package = new_package(weights, tmp_path / "mine", wish("gap", "sand", "silt", background="gap"))
    assert package.manifest.task == "segmentation"
    assert (package.manifest.tiling.tile_hw, package.manifest.tiling.overlap) == ((16, 16), 4)
    np.testing.assert_allclose(answers(package), softmax(expected_logits(TILES, 3, by_pixel=True)), atol=1e-5)


def test_a_segmenter_whose_classes_come_last(tmp_path):
    photo = ops.parameter([-1, 16, 16, 3], ov.Type.u8, name="photo")
    scaled = ops.divide(ops.convert(photo, "f32"), np.float32(255))
    red = ops.subtract(ops.gather(scaled, np.array([0]), np.int64(3)), np.float32(0.5))
    weights = save(tmp_path / "theirs", photo, ops.multiply(red, np.array([-8, 0, 8], np.float32)))
    package = new_package(weights, tmp_path / "mine", wish("gap", "sand", "silt"))
    assert package.manifest.output.layout == "NHWC"
    np.testing.assert_allclose(answers(package), softmax(expected_logits(TILES, 3, by_pixel=True)), atol=1e-5)


def test_softmax_inside_the_network_is_noticed(tmp_path):
    photo = ops.parameter([-1, 16, 16, 3], ov.Type.u8, name="photo")
    weights = save(tmp_path / "theirs", photo, ops.softmax(red_logits(photo), 1))
    package = new_package(weights, tmp_path / "mine", wish())
    assert package.manifest.output.kind == "probs"
    np.testing.assert_allclose(answers(package), softmax(expected_logits(TILES, 2, by_pixel=False)), atol=1e-5)


@pytest.mark.parametrize("kind", ["logits", "probs"])
def test_a_quantised_output_is_taken_before_it_is_rounded(tmp_path, kind):
    photo = ops.parameter([-1, 16, 16, 3], ov.Type.u8, name="photo")
    scores = red_logits(photo) if kind == "logits" else ops.softmax(red_logits(photo), 1)
    low, high = (np.float32(-8), np.float32(8)) if kind == "logits" else (np.float32(0), np.float32(1))
    rounded = ops.fake_quantize(scores, low, high, np.float32(0), np.float32(255), 256)
    weights = save(tmp_path / "theirs", photo, ops.convert(rounded, "u8"))
    package = new_package(weights, tmp_path / "mine", wish())
    assert package.manifest.output.kind == kind
    np.testing.assert_allclose(answers(package), softmax(expected_logits(TILES, 2, by_pixel=False)), atol=1e-5)


def test_a_network_that_takes_one_tile_at_a_time(tmp_path):
    photo = ops.parameter([1, 16, 16, 3], ov.Type.u8, name="photo")
    weights = save(tmp_path / "theirs", photo, ops.reshape(red_logits(photo), np.array([1, 2]), special_zero=False))
    package = new_package(weights, tmp_path / "mine", wish())
    np.testing.assert_allclose(answers(package), softmax(expected_logits(TILES, 2, by_pixel=False)), atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "kind", "sentence"),
    [
        ([1, 16, 16, 4], ov.Type.u8, "for photos takes"),
        ([1, 16, 16, 3], ov.Type.i8, "takes i8"),
        ([-1, -1, -1, 3], ov.Type.u8, "any size"),
    ],
)
def test_a_network_that_is_not_for_photos(tmp_path, shape, kind, sentence):
    photo = ops.parameter(shape, kind, name="photo")
    weights = save(tmp_path / "theirs", photo, ops.reduce_mean(ops.convert(photo, "f32"), np.array([1, 2])))
    with pytest.raises(PackageError, match=sentence):
        new_package(weights, tmp_path / "mine", wish())
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"classes": ("a", "b", "c")}, "tells 2 classes apart; 3 are named"),
        ({"name": "No Name"}, "name: "),
        ({"positive": "blue"}, "the package: decision names the class 'blue'"),
        ({"classes": ("a", "a")}, "same name"),
    ],
)
def test_a_wish_that_does_not_fit(tmp_path, changes, sentence):
    weights = tile_package(tmp_path / "theirs").path / "model.xml"
    asked = {"name": "mine", "version": "1.0.0", "classes": ("dark", "pale")}
    with pytest.raises(PackageError, match=sentence):
        new_package(weights, tmp_path / "mine", Wish(**asked | changes))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["theirs"]


def test_float_networks_need_their_normalising(tmp_path):
    weights = tile_package(tmp_path / "theirs", dtype="float32").path / "model.xml"
    with pytest.raises(PackageError, match="--mean and --std"):
        new_package(weights, tmp_path / "mine", wish())


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ({"mean": (1.0, 2.0), "std": (1.0,)}, "--mean has 2 numbers; give one, or one for each"),
        ({"mean": (0.0,), "std": (0.0,)}, "input.std.0: "),
        ({"mean": (0.0,), "std": (float("nan"),)}, "input.std.0: "),
        ({"mean": (float("inf"),), "std": (1.0,)}, "input.mean.0: "),
    ],
)
def test_normalising_that_makes_no_numbers(tmp_path, numbers, sentence):
    weights = tile_package(tmp_path / "theirs", dtype="float32").path / "model.xml"
    with pytest.raises(PackageError, match=sentence):
        new_package(weights, tmp_path / "mine", wish(**numbers))


def test_a_network_that_answers_with_no_numbers(tmp_path):
    photo = ops.parameter([-1, 16, 16, 3], ov.Type.u8, name="photo")
    broken = ops.multiply(red_logits(photo), np.float32(np.nan))
    with pytest.raises(PackageError, match="answers with what is no number"):
        new_package(save(tmp_path / "theirs", photo, broken), tmp_path / "mine", wish())


def test_what_is_no_network(tmp_path):
    (tmp_path / "a.onnx").write_text("no network")
    with pytest.raises(PackageError, match="no network that can be read"):
        new_package(tmp_path / "a.onnx", tmp_path / "mine", wish())
    with pytest.raises(PackageError, match=r"weights are one of \.onnx"):
        new_package(tmp_path / "a.pt", tmp_path / "mine", wish())


def test_class_names_from_a_line_or_a_file(tmp_path):
    assert read_class_names("dark, pale") == ["dark", "pale"]
    (tmp_path / "names.txt").write_text("  0  background\n  1  tench, Tinca tinca\n  2  crane\n 3 crane\n")
    assert read_class_names(str(tmp_path / "names.txt")) == ["background", "tench, Tinca tinca", "crane", "crane (2)"]


def test_more_class_names_than_a_path_may_have_letters():
    names = [f"class {number}" for number in range(1001)]
    assert read_class_names(",".join(names)) == names


def test_numbers_from_a_line():
    assert read_numbers("1,2.5") == [1.0, 2.5]
    assert read_numbers("") == []
    with pytest.raises(PackageError, match="'1;2' is no number"):
        read_numbers("1;2")


@pytest.mark.skipif(not BACKBONES.is_dir(), reason="needs the ImageNet networks")
@pytest.mark.parametrize("name", ["mobilenet_v2_1.0_224_quant", "tf2_mobilenet_v2_1.0_224_ptq"])
def test_quantised_imagenet_networks(tmp_path, name):
    names = read_class_names(str(BACKBONES / "imagenet_labels.txt"))
    package = new_package(BACKBONES / f"{name}.tflite", tmp_path / "imagenet", wish(*names))
    assert (package.manifest.output.kind, len(package.manifest.classes)) == ("probs", 1001)
    runtime = OpenVinoRuntime(package, streams=1)
    try:
        assert self_test.run(package, runtime) < 1e-3
        probs = runtime.submit(np.full((1, 224, 224, 3), 128, np.uint8)).result().probs
    finally:
        runtime.close()
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-5)
