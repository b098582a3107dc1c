import tomllib

import pytest
import tomli_w

from facies import assembly
from facies.errors import PackageError
from facies.models import openvino, self_test
from facies.models.package import load_package, weights_sha256
from facies.settings import Settings
from tests.data.networks import map_package, tile_package
from tests.data.packages import coral_package


@pytest.fixture
def half_precise(tmp_path, monkeypatch):
    """A package that wishes bf16 and has a self-test, on a processor that has it."""
    monkeypatch.setitem(openvino._CAPABILITY, "bf16", "FP32")
    folder = tile_package(tmp_path / "tiles").path
    manifest = folder / "package.toml"
    manifest.write_text(manifest.read_text().replace("[weights]", '[weights]\nprecision = "bf16"'))
    runtime = openvino.OpenVinoRuntime(load_package(folder), streams=1)
    package = self_test.make(runtime.package, runtime)
    runtime.close()
    return package


def precision_of(package):
    runtime = assembly.load_runtime(package, Settings())
    runtime.close()
    return runtime.precision


def test_a_package_gets_the_precision_it_wishes(half_precise):
    assert precision_of(half_precise) == "bf16"


def test_a_precision_that_answers_otherwise_on_this_processor_is_not_used(half_precise, monkeypatch):
    wrong = [row[::-1] for row in half_precise.manifest.self_test.probs]
    test = half_precise.manifest.self_test.model_copy(update={"probs": wrong})
    manifest = half_precise.manifest.model_copy(update={"self_test": test})
    assert precision_of(type(half_precise)(half_precise.path, manifest)) == "f32"


def test_models_are_loaded_before_anybody_asks_and_a_broken_one_stops_none(tmp_path, caplog):
    packages = tmp_path / "models"
    for name in ("broken", "sound"):
        coral_package(packages / name)
    (packages / "broken" / "model.onnx").write_bytes(b"other weights")
    loaded = []
    runtimes = assembly.Runtimes(
        Settings(models_dir=packages, runtime="fake"), on_load=lambda model, _seconds: loaded.append(model)
    )
    runtimes.load_ahead(["broken", "missing", "sound"])
    assert loaded == ["sound@1.0.0"]
    assert "broken could not be loaded ahead" in caplog.text
    runtimes.get("sound@1.0.0")
    assert loaded == ["sound@1.0.0"]
    runtimes.close()
    runtimes.load_ahead(["sound"])
    assert loaded == ["sound@1.0.0"]


def test_both_networks_of_a_package_are_checked(tmp_path, monkeypatch):
    """Damage to the file for f32 would show on processors without 8 bits only."""
    monkeypatch.setitem(openvino._CAPABILITY, "int8", "FP32")
    folder, other = tile_package(tmp_path / "tiles").path, map_package(tmp_path / "map").path
    manifest = folder / "package.toml"
    for ending in ("xml", "bin"):
        (folder / f"model-int8.{ending}").write_bytes((folder / f"model.{ending}").read_bytes())
    table = tomllib.loads(manifest.read_text())
    table["weights"] |= {"precision": "int8", "int8": {"file": "model-int8.xml", "sha256": table["weights"]["sha256"]}}
    manifest.write_text(tomli_w.dumps(table))
    assembly.check_package(load_package(folder))
    for ending in ("xml", "bin"):
        (folder / f"model.{ending}").write_bytes((other / f"model.{ending}").read_bytes())
    table["weights"]["sha256"] = weights_sha256(folder / "model.xml")
    manifest.write_text(tomli_w.dumps(table))
    with pytest.raises(PackageError):
        assembly.check_package(load_package(folder))
