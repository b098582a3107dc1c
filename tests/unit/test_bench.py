import pytest
from PIL import Image

from facies import bench
from facies.errors import PhotoTooLargeError
from facies.imaging.sizes import Sizes
from facies.models.fake import FakeRuntime
from tests.data.networks import map_package, tile_package
from tests.data.photos import noise

DELAY_S = 0.01


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(noise(64, 48)).save(path)
    return path


@pytest.mark.parametrize("make", [tile_package, map_package])
def test_the_parts_and_the_whole_are_timed(tmp_path, photo, make):
    package, closed = make(tmp_path / "package"), []

    class Runtime(FakeRuntime):
        def close(self):
            closed.append(self)
            super().close()

    [timing] = bench.time_photos([photo], lambda streams: Runtime(package, DELAY_S), repeats=1)
    assert set(timing.core_s) == {"decode", "resize", "compositing", "png", "inference"}
    assert all(seconds > 0 for seconds in timing.core_s.values())
    batches = -(-timing.tiles // FakeRuntime(package).batch_size)
    assert timing.bare_s >= batches * DELAY_S
    assert timing.limit_s > timing.bare_s
    assert timing.analyse_s >= batches * DELAY_S
    document = timing.to_json()
    assert (document["width"], document["height"], document["tiles"]) == (48, 64, timing.tiles)
    assert document["analyse_to_limit"] == pytest.approx(timing.analyse_s / timing.limit_s, abs=1e-3)
    assert len(closed) == (2 if bench.CORES > 1 else 1)


def test_a_photo_that_is_never_in_memory_whole_is_refused(tmp_path, photo, monkeypatch):
    monkeypatch.setattr(bench, "DEFAULT_SIZES", Sizes(kept=1000))
    with pytest.raises(PhotoTooLargeError, match="smaller photo"):
        list(bench.time_photos([photo], lambda streams: FakeRuntime(tile_package(tmp_path / "package")), repeats=1))


def test_the_machine_is_described_without_libraries_that_are_missing():
    machine = bench.describe_machine(["no-such-library"])
    assert machine["processor"]
    assert machine["cores"] == bench.CORES
    assert "numpy" in machine["versions"]
    assert "no-such-library" not in machine["versions"]
