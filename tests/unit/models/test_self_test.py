import numpy as np
import pytest
from PIL import Image

from facies.errors import PackageError
from facies.models import self_test
from facies.models.openvino import OpenVinoRuntime
from facies.models.package import load_package
from tests.data.networks import map_package, tile_package


def with_self_test(package, tolerance=0.02):
    runtime = OpenVinoRuntime(package, streams=1)
    try:
        return self_test.make(package, runtime, tolerance)
    finally:
        runtime.close()


def run(package):
    runtime = OpenVinoRuntime(package, streams=1)
    try:
        return self_test.run(package, runtime)
    finally:
        runtime.close()


@pytest.mark.parametrize("make", [tile_package, map_package])
def test_a_package_says_what_it_said(tmp_path, make):
    package = with_self_test(make(tmp_path / "package"))
    assert load_package(package.path) == package
    assert run(package) < 1e-4
    rows = np.array(package.manifest.self_test.probs)
    assert rows.shape == (4, len(package.manifest.classes))
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-3)
    assert len(np.unique(rows[:, 0])) == 4


def test_the_picture_is_the_same_whoever_draws_it(tmp_path):
    first, second = (with_self_test(tile_package(tmp_path / name)) for name in ("a", "b"))
    assert (first.path / "self-test.png").read_bytes() == (second.path / "self-test.png").read_bytes()


def test_another_calibration_is_noticed(tmp_path):
    package = with_self_test(tile_package(tmp_path / "package"))
    manifest = package.path / "package.toml"
    manifest.write_text(manifest.read_text().replace("[decision]", "[decision]\ntemperature = 3.0"))
    with pytest.raises(PackageError, match=r"self-test of package@1\.0\.0 failed: a probability is off by"):
        run(load_package(package.path))


def test_a_map_that_is_turned_is_noticed(tmp_path):
    package = with_self_test(map_package(tmp_path / "package"), tolerance=1e-3)
    path = package.path / "self-test.png"
    tiles = np.asarray(Image.open(path)).reshape(-1, 16, 16, 3)
    Image.fromarray(tiles[:, :, ::-1].reshape(-1, 16, 3)).save(path)
    with pytest.raises(PackageError, match="is off by"):
        run(package)


@pytest.mark.parametrize("content", [b"", b"no picture", None])
def test_a_picture_that_is_none_or_missing(tmp_path, content):
    package = with_self_test(tile_package(tmp_path / "package"))
    path = package.path / "self-test.png"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(PackageError, match="cannot be read"):
        run(package)


def test_a_picture_of_another_size(tmp_path):
    package = with_self_test(tile_package(tmp_path / "package"))
    Image.new("RGB", (16, 16)).save(package.path / "self-test.png")
    with pytest.raises(PackageError, match=r"\(16, 64\) belong"):
        run(package)


def test_a_package_without_one(tmp_path):
    with pytest.raises(PackageError, match="has no self-test"):
        run(tile_package(tmp_path / "package"))
