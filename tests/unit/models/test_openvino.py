import shutil
import subprocess
import sys
from concurrent.futures import CancelledError
from contextlib import closing

import numpy as np
import pytest

from facies.errors import ChecksumError, PackageError
from facies.models import self_test
from facies.models.openvino import OpenVinoRuntime, available_precision
from facies.models.package import load_package, weights_sha256
from facies.models.registry import SHIPPED, Registry
from tests.data.jobs import wait_until
from tests.data.networks import expected_logits, map_package, tile_package

TILES = np.random.default_rng(3).integers(0, 256, (4, 16, 16, 3), dtype=np.uint8)


def softmax(logits):
    spread = np.exp(logits - logits.max(axis=1, keepdims=True))
    return spread / spread.sum(axis=1, keepdims=True)


def answer(package, tiles):
    runtime = OpenVinoRuntime(package)
    try:
        return np.concatenate([runtime.submit(tile[None]).result().probs for tile in tiles])
    finally:
        runtime.close()


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("colour", ["RGB", "BGR"])
def test_any_network_gets_its_input_as_it_wants_it(tmp_path, layout, dtype, colour):
    package = tile_package(tmp_path / "tiles", layout=layout, dtype=dtype, colour=colour)
    expected = softmax(expected_logits(TILES, 2, by_pixel=False))
    np.testing.assert_allclose(answer(package, TILES), expected, atol=1e-5)


def test_calibration_is_part_of_the_graph(tmp_path):
    package = tile_package(tmp_path / "tiles", decision="temperature = 2.5\noffset = [0.3, -0.4]")
    offset = np.array([0.3, -0.4])
    expected = softmax((expected_logits(TILES, 2, by_pixel=False) + offset) / 2.5)
    np.testing.assert_allclose(answer(package, TILES), expected, atol=1e-5)


def test_the_temperature_may_differ_on_either_side_of_the_decision(tmp_path):
    package = tile_package(
        tmp_path / "tiles", decision="temperature = 2.5\ntemperature_below = 0.5\noffset = [0.0, 0.1]"
    )
    logits = expected_logits(TILES, 2, by_pixel=False) + np.array([0.0, 0.1])
    below = logits[:, :1] > logits[:, 1:]
    assert 0 < below.sum() < len(TILES)
    np.testing.assert_allclose(answer(package, TILES), softmax(logits / np.where(below, 0.5, 2.5)), atol=1e-5)


def test_a_temperature_below_needs_a_positive_class(tmp_path):
    manifest = tile_package(tmp_path / "tiles", decision="temperature_below = 0.5").path / "package.toml"
    manifest.write_text(manifest.read_text().replace('positive = "bleached"', ""))
    with pytest.raises(PackageError, match="needs a positive class"):
        load_package(manifest.parent)


def test_calibration_of_every_pixel(tmp_path):
    package = map_package(tmp_path / "map", decision="temperature = 0.5\noffset = [0.1, 0.2, -0.3]")
    offset = np.array([0.1, 0.2, -0.3]).reshape(1, 3, 1, 1)
    expected = softmax((expected_logits(TILES, 3, by_pixel=True) + offset) / 0.5)
    np.testing.assert_allclose(answer(package, TILES), expected, atol=1e-5)


def test_weights_that_are_no_network_are_a_package_error(tmp_path):
    folder = tile_package(tmp_path / "tiles").path
    (folder / "model.xml").write_text("no network")
    manifest = folder / "package.toml"
    lines = manifest.read_text().splitlines()
    lines = [
        f'sha256 = "{weights_sha256(folder / "model.xml")}"' if line.startswith("sha256") else line for line in lines
    ]
    manifest.write_text("\n".join(lines))
    with pytest.raises(PackageError, match=r"tiles@1.0.0"):
        OpenVinoRuntime(load_package(folder))


def test_a_network_with_other_classes_than_the_manifest_is_a_package_error(tmp_path):
    folder = tile_package(tmp_path / "tiles").path
    manifest = (folder / "package.toml").read_text().replace('positive = "bleached"', "")
    (folder / "package.toml").write_text(manifest + '[[classes]]\nindex = 2\nname = "dead"\nrgb = [1, 2, 3]\n')
    with pytest.raises(PackageError, match=r"tiles@1\.0\.0"):
        OpenVinoRuntime(load_package(folder))


def test_the_first_calls_of_a_process_may_come_together(tmp_path):
    """They once waited for each other for ever, in about one process of ten."""
    package = tile_package(tmp_path / "tiles")
    script = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from facies.models.openvino import OpenVinoRuntime; from facies.models.package import load_package\n"
        "runtime = OpenVinoRuntime(load_package(Path(sys.argv[1])))\n"
        "tiles = np.zeros((1, 16, 16, 3), np.uint8)\n"
        "for future in [runtime.submit(tiles) for _ in range(8)]: future.result()\n"
        "runtime.close()\n"
    )
    for _ in range(5):
        subprocess.run([sys.executable, "-c", script, package.path], check=True, timeout=30)


class FakeCore:
    def __init__(self, *capabilities):
        self.capabilities = list(capabilities)

    def get_property(self, device, name):
        assert (device, name) == ("CPU", "OPTIMIZATION_CAPABILITIES")
        return self.capabilities


def test_arithmetic_that_the_processor_lacks_becomes_f32():
    assert available_precision(FakeCore("FP32", "BF16", "INT8"), "bf16") == "bf16"
    assert available_precision(FakeCore("FP32", "BF16", "INT8"), "int8") == "int8"
    assert available_precision(FakeCore("FP32"), "bf16") == "f32"
    assert available_precision(FakeCore("FP32"), "int8") == "f32"


@pytest.mark.parametrize("precision", ["f32", "bf16", "int8"])
def test_every_precision_of_a_manifest_is_run(tmp_path, precision):
    folder = tile_package(tmp_path / "tiles").path
    manifest = folder / "package.toml"
    manifest.write_text(manifest.read_text().replace("[weights]", f'[weights]\nprecision = "{precision}"'))
    expected = softmax(expected_logits(TILES, 2, by_pixel=False))
    np.testing.assert_allclose(answer(load_package(folder), TILES), expected, atol=0.03)


def in_int8(folder):
    """A package whose 8-bit weights look at another channel, so that a test sees which file was run."""
    package = tile_package(folder)
    other = tile_package(folder.parent / "other", colour="BGR")
    for ending in (".xml", ".bin"):
        shutil.copy(other.weights_path.with_suffix(ending), folder / f"int8{ending}")
    manifest = folder / "package.toml"
    int8 = f'precision = "int8"\n[weights.int8]\nfile = "int8.xml"\nsha256 = "{weights_sha256(folder / "int8.xml")}"\n'
    manifest.write_text(manifest.read_text().replace("[input]", f"{int8}[input]"))
    package = load_package(folder)
    f32, int8 = OpenVinoRuntime(package, 1, "f32"), OpenVinoRuntime(package, 1)
    try:
        return self_test.make(package, f32, served=int8)
    finally:
        f32.close()
        int8.close()


@pytest.mark.parametrize(("precision", "seen"), [("int8", slice(None, None, -1)), ("f32", slice(None))])
def test_8_bits_have_a_file_of_their_own_and_the_self_test_knows_both(tmp_path, precision, seen):
    package = in_int8(tmp_path / "tiles")
    runtime = OpenVinoRuntime(package, 1, precision)
    try:
        assert self_test.run(package, runtime) < 1e-4
        probs = runtime.submit(TILES[:1]).result().probs
    finally:
        runtime.close()
    np.testing.assert_allclose(probs, softmax(expected_logits(TILES[:1, ..., seen], 2, by_pixel=False)), atol=1e-5)


def test_damaged_8_bit_weights_are_refused(tmp_path):
    folder = in_int8(tmp_path / "tiles").path
    (folder / "int8.bin").write_bytes(b"damaged")
    with pytest.raises(ChecksumError, match=r"8-bit weights of tiles@1\.0\.0"):
        load_package(folder)


def test_8_bit_weights_that_nothing_runs_are_no_manifest(tmp_path):
    manifest = in_int8(tmp_path / "tiles").path / "package.toml"
    manifest.write_text(manifest.read_text().replace('precision = "int8"', 'precision = "bf16"'))
    with pytest.raises(PackageError, match=r"weights\.int8 belongs to"):
        load_package(manifest.parent)


def test_a_batch_is_cancelled_in_the_middle_and_the_next_one_is_answered_as_ever():
    package = Registry([SHIPPED]).get("coral-bleaching")
    with closing(OpenVinoRuntime(package, streams=1)) as runtime:
        tiles = np.random.default_rng(5).integers(
            0, 256, (runtime.batch_size, *package.manifest.input.size_hw, 3), np.uint8
        )
        expected = runtime.submit(tiles).result().probs
        cancelled = [runtime.submit(tiles) for _ in range(2)]
        wait_until(cancelled[0].running)
        while not all(future.done() for future in cancelled):
            for future in cancelled:
                future.cancel()
        for future in cancelled:
            with pytest.raises(CancelledError):
                future.result()
        np.testing.assert_array_equal(runtime.submit(tiles).result().probs, expected)
