import pytest

from facies.errors import ChecksumError, PackageError, UnknownModelError
from facies.models.package import load_package
from facies.models.registry import SHIPPED, Registry
from tests.data.networks import map_package, tile_package


@pytest.fixture
def folder(tmp_path):
    return tile_package(tmp_path / "tiles").path


def edit(folder, old, new):
    manifest = folder / "package.toml"
    text = manifest.read_text()
    assert old in text
    manifest.write_text(text.replace(old, new, 1))


def test_a_package_knows_its_roles(folder):
    manifest = load_package(folder).manifest
    assert manifest.reference == "tiles@1.0.0"
    assert manifest.positive_index == 1
    assert manifest.background_index is None
    assert manifest.classes[0].label_for("coral") == "healthy"


def test_changed_weights_are_refused(folder):
    with (folder / "model.xml").open("a") as file:
        file.write("\n")
    with pytest.raises(ChecksumError, match="Install the package again"):
        load_package(folder)


@pytest.mark.parametrize("name", ["model.xml", "CARD.md", "package.toml"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(PackageError, match=name):
        load_package(folder)


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('file = "model.xml"', 'file = "../model.xml"', "weights.file"),
        ('file = "model.xml"', 'file = "/etc/passwd"', "weights.file"),
        ("index = 1", "index = 2", "order"),
        ('name = "bleached"', 'name = "healthy"', "same name"),
        ('positive = "bleached"', 'positive = "pale"', "pale"),
        ("rgb = [34, 197, 94]", "rgb = [34, 197, 256]", "rgb"),
        ('task = "tile-classification"', 'task = "guessing"', "task"),
        ("tile_hw = [16, 16]", "tile_hw = [16, 16]\noverlap = 16", "overlap"),
        ("tile_hw = [16, 16]", "tile_hw = [16, 16]\noverlap = 4", "overlap"),
        ("[tiling]", "[tilling]", "tiling"),
        ("[tiling]", "[tiling", "TOML"),
    ],
)
def test_what_is_wrong_with_a_manifest_is_said(folder, old, new, where):
    edit(folder, old, new)
    with pytest.raises(PackageError, match=where):
        load_package(folder)


def test_the_newest_version_is_meant_by_a_name_alone(tmp_path):
    folders = [tmp_path / "old", tmp_path / "new", tmp_path / "between"]
    for folder, version in zip(folders, ("1.0.0", "1.10.0", "1.9.0"), strict=True):
        edit(tile_package(folder / "tiles").path, 'version = "1.0.0"', f'version = "{version}"')
    registry = Registry(folders)
    assert registry.get("tiles").reference == "tiles@1.10.0"
    assert registry.get("tiles@1.9.0").reference == "tiles@1.9.0"
    with pytest.raises(UnknownModelError, match=r"known are: tiles@1\.0\.0, tiles@1\.9\.0, tiles@1\.10\.0"):
        registry.get("tiles@2.0.0")


def test_verify_reports_every_package(tmp_path):
    sound, broken = tile_package(tmp_path / "tiles").path, map_package(tmp_path / "map").path
    (broken / "model.xml").write_text("")
    found = Registry([tmp_path]).verify()
    assert found[str(sound)] is None
    assert "checksum" in found[str(broken)]


def test_the_shipped_packages_are_sound():
    found = Registry([SHIPPED]).verify()
    assert {folder.rsplit("/", 1)[-1] for folder in found} == {"coral-bleaching", "rock-types"}
    assert set(found.values()) == {None}
