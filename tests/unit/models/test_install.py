import os
import stat
import zipfile

import pytest

from facies.errors import ChecksumError, PackageError
from facies.models import install as room
from facies.models.install import install
from tests.data.networks import tile_package


def accept(_package):
    """Finds nothing wrong."""


@pytest.fixture
def folder(tmp_path):
    return tile_package(tmp_path / "tiles").path


@pytest.fixture
def models(tmp_path):
    return tmp_path / "models"


def zipped(folder, path, top="", **more):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, top + file.name)
        for name, content in more.items():
            archive.writestr(name, content)
    return path


def nothing_is_left(models):
    return not models.exists() or not list(models.iterdir())


def test_a_folder_is_copied(folder, models):
    package = install(folder, models, accept)
    assert package.path == models / "tiles-1.0.0"
    assert sorted(path.name for path in models.iterdir()) == ["tiles-1.0.0"]
    assert folder.is_dir()


@pytest.mark.parametrize("top", ["", "tiles/", "a/b/"])
def test_a_zip_is_unpacked_wherever_its_files_lie_together(folder, models, tmp_path, top):
    package = install(zipped(folder, tmp_path / "p.zip", top), models, accept)
    assert {path.name for path in package.path.iterdir()} == {path.name for path in folder.iterdir()}


def test_what_operating_systems_leave_behind_is_left_out(folder, models, tmp_path):
    (folder / ".DS_Store").write_bytes(b"x")
    source = zipped(folder, tmp_path / "p.zip", "tiles/", **{"__MACOSX/tiles/._model.xml": "x"})
    assert not (install(source, models, accept).path / ".DS_Store").exists()


def test_a_version_is_never_replaced(folder, models):
    install(folder, models, accept)
    with pytest.raises(PackageError, match="never replaced"):
        install(folder, models, accept)
    assert len(list(models.iterdir())) == 1


def test_what_the_check_refuses_is_not_installed(folder, models):
    def refuse(package):
        raise PackageError(f"{package.reference} is not welcome")

    with pytest.raises(PackageError, match="not welcome"):
        install(folder, models, refuse)
    assert nothing_is_left(models)


def test_what_the_check_finds_is_said_of_the_source(folder, models):
    def refuse(package):
        raise PackageError(f"{package.path / 'self-test.png'} is too small")

    with pytest.raises(PackageError) as refused:
        install(folder, models, refuse)
    assert str(refused.value) == f"{folder / 'self-test.png'} is too small"


def test_what_is_wrong_is_said_of_the_source(folder, models):
    (folder / "package.toml").unlink()
    with pytest.raises(PackageError, match=f"^{folder}/package.toml is missing"):
        install(folder, models, accept)
    assert nothing_is_left(models)


def test_changed_weights_are_not_installed(folder, models):
    (folder / "model.bin").write_bytes(b"changed")
    with pytest.raises(ChecksumError):
        install(folder, models, accept)
    assert nothing_is_left(models)


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "tiles/../../evil",
        "/etc/evil",
        "C:/evil",
        "..\\evil",
        "tiles/sub/more",
        "other/file",
        "tiles/.hidden",
    ],
)
def test_a_zip_with_a_path_to_somewhere_else(folder, models, tmp_path, name):
    source = zipped(folder, tmp_path / "p.zip", "tiles/", **{name: "evil"})
    with pytest.raises(PackageError):
        install(source, models, accept)
    assert nothing_is_left(models)
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_a_zip_with_a_link_or_a_device(folder, models, tmp_path, kind):
    source = zipped(folder, tmp_path / "p.zip")
    with zipfile.ZipFile(source, "a") as archive:
        link = zipfile.ZipInfo("more.bin")
        link.external_attr = (kind | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(PackageError, match="link or no plain file"):
        install(source, models, accept)
    assert nothing_is_left(models)


def test_a_folder_with_a_link(folder, models):
    (folder / "more.bin").symlink_to("/etc/passwd")
    with pytest.raises(PackageError, match="no plain file"):
        install(folder, models, accept)
    assert nothing_is_left(models)


def test_a_folder_with_a_pipe_is_refused_and_not_waited_for(folder, models):
    os.mkfifo(folder / "more.bin")
    with pytest.raises(PackageError, match="no plain file"):
        install(folder, models, accept)


def test_bytes_are_counted_as_they_come(folder, models, tmp_path, monkeypatch):
    monkeypatch.setattr(room, "MOST_BYTES", 1_000_000)
    source = zipped(folder, tmp_path / "p.zip", **{"bomb.bin": bytes(2_000_000)})
    assert source.stat().st_size < 100_000
    with pytest.raises(PackageError, match="larger than 1000000 bytes"):
        install(source, models, accept)
    assert nothing_is_left(models)


def test_files_are_counted(folder, models, tmp_path):
    source = zipped(folder, tmp_path / "p.zip", **{f"file{number}": "" for number in range(room.MOST_FILES)})
    with pytest.raises(PackageError, match="at most 64 files"):
        install(source, models, accept)


def test_a_zip_with_a_long_table_of_contents_is_not_read(folder, models, tmp_path):
    source = zipped(folder, tmp_path / "p.zip", **{f"file{number}": "" for number in range(5000)})
    with pytest.raises(PackageError, match="far more files"):
        install(source, models, accept)


def test_a_zip_for_more_than_4_gib_is_not_read(folder, models, tmp_path):
    source = zipped(folder, tmp_path / "p.zip")
    content = bytearray(source.read_bytes())
    end = content.rindex(b"PK\x05\x06")
    source.write_bytes(content[:end] + b"PK\x06\x07" + bytes(16) + content[end:])
    with pytest.raises(PackageError, match="far more files"):
        install(source, models, accept)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_is_there_twice(folder, models, tmp_path):
    source = zipped(folder, tmp_path / "p.zip", **{"CARD.md": "another"})
    with pytest.raises(PackageError, match="twice"):
        install(source, models, accept)


def test_a_zip_that_says_it_is_encrypted(folder, models, tmp_path):
    source = zipped(folder, tmp_path / "p.zip")
    content = bytearray(source.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    source.write_bytes(content)
    with pytest.raises(PackageError, match="encrypted"):
        install(source, models, accept)


def test_a_damaged_zip(folder, models, tmp_path):
    source = zipped(folder, tmp_path / "p.zip")
    content = bytearray(source.read_bytes())
    content[content.index(b"model.xml") + 100] ^= 0xFF
    source.write_bytes(content)
    with pytest.raises(PackageError, match=r"sound zip|unknown|checksum"):
        install(source, models, accept)
    assert nothing_is_left(models)


def test_what_is_no_zip(models, tmp_path):
    (tmp_path / "p.zip").write_text("no zip")
    with pytest.raises(PackageError, match="neither a package's folder nor a sound zip"):
        install(tmp_path / "p.zip", models, accept)


@pytest.mark.parametrize("count", [0, 2])
def test_a_zip_without_a_package_or_with_two(folder, models, tmp_path, count):
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
        for number in range(count):
            archive.write(folder / "package.toml", f"{number}/package.toml")
    with pytest.raises(PackageError, match=f"it holds {count}"):
        install(path, models, accept)


def test_an_address_is_not_fetched(models):
    from pathlib import Path

    told = r"https://example\.org/package\.zip is an address, .* never fetched from the network"
    with pytest.raises(PackageError, match=told):
        install(Path("https://example.org/package.zip"), models, accept)
