import shutil

import numpy as np
import pytest

from facies.analysis import analyse
from facies.errors import ChecksumError, PackageError
from facies.models.domain import score_tiles
from facies.models.openvino import OpenVinoRuntime, open_features
from facies.models.package import MANIFEST_NAME, load_package, package_files, weights_sha256
from tests.data.networks import SPACE, map_package, tile_package
from tests.data.photos import encode

LIMIT = 1.0
PACKAGES = {"tiles": tile_package, "map": map_package}
GREY = np.full((16, 16, 3), 125, np.uint8)
RED = np.full((16, 16, 3), (255, 0, 0), np.uint8)


@pytest.fixture(params=PACKAGES)
def package(request, tmp_path):
    return PACKAGES[request.param](tmp_path / request.param, domain_limit=LIMIT)


@pytest.fixture
def runtime(package):
    made = OpenVinoRuntime(package, streams=1)
    yield made
    made.close()


def analyse_pixels(tmp_path, pixels, runtime):
    photo = tmp_path / "photo.png"
    photo.write_bytes(encode(pixels))
    return analyse(photo, runtime)


def replace_space(package, content: bytes) -> None:
    before = weights_sha256(package.domain_path)
    package.domain_path.write_bytes(content)
    manifest = package.path / MANIFEST_NAME
    manifest.write_text(manifest.read_text().replace(before, weights_sha256(package.domain_path)))


def test_the_graph_works_out_the_formula(runtime):
    tiles = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), np.uint8)
    tiles[0], tiles[1] = GREY, RED
    features = open_features(runtime.package, "features")(tiles)
    np.testing.assert_allclose(features, tiles.mean(axis=(1, 2)) / 255, atol=1e-5)
    answers = [runtime.submit(tile[None]).result() for tile in tiles]
    found = np.concatenate([answer.domain_scores for answer in answers])
    np.testing.assert_allclose(found, score_tiles(features, SPACE), atol=1e-3)
    assert found[0] < LIMIT < found[1]


def test_a_domain_changes_no_answer(tmp_path):
    tiles = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), np.uint8)
    answers = []
    for name, limit in (("with", LIMIT), ("without", None)):
        runtime = OpenVinoRuntime(tile_package(tmp_path / name, domain_limit=limit), streams=1)
        answers.append(runtime.submit(tiles).result())
        runtime.close()
    np.testing.assert_array_equal(answers[0].probs, answers[1].probs)
    assert answers[0].domain_scores is not None
    assert answers[1].domain_scores is None


def test_a_photo_unlike_the_training_photos_is_flagged(tmp_path, runtime):
    alike = analyse_pixels(tmp_path, np.tile(GREY, (4, 4, 1)), runtime)
    assert alike.summary["domain"] == {"score": alike.domain.to_json()["score"], "limit": LIMIT, "out_of_domain": False}
    strange = analyse_pixels(tmp_path, np.tile(RED, (4, 4, 1)), runtime)
    assert strange.summary["domain"]["out_of_domain"] is True
    assert strange.domain.out_of_domain
    assert strange.domain.score > LIMIT


def test_a_photo_is_the_mean_of_its_tiles_by_their_area(tmp_path):
    runtime = OpenVinoRuntime(tile_package(tmp_path / "tiles", domain_limit=LIMIT), streams=1)
    pixels = np.concatenate([GREY, RED[:, :4]], axis=1)
    found = analyse_pixels(tmp_path, pixels, runtime)
    scores = [row["domain_score"] for row in found.rows]
    assert len(scores) == 2
    assert found.domain.score == pytest.approx((scores[0] * 16 + scores[1] * 4) / 20, abs=1e-3)
    runtime.close()


def test_without_a_domain_nothing_is_said(tmp_path):
    runtime = OpenVinoRuntime(tile_package(tmp_path / "tiles"), streams=1)
    found = analyse_pixels(tmp_path, RED, runtime)
    assert found.domain is None
    assert "domain" not in found.summary
    assert "domain_score" not in found.rows[0]
    runtime.close()


def test_the_domain_belongs_to_the_package(package, tmp_path):
    assert package.domain_path in package_files(package)
    damaged = tmp_path / "damaged"
    shutil.copytree(package.path, damaged)
    (damaged / "domain.npy").write_bytes(b"no array")
    with pytest.raises(ChecksumError, match="domain"):
        load_package(damaged)
    (damaged / "domain.npy").unlink()
    with pytest.raises(PackageError, match=r"domain\.npy"):
        load_package(damaged)


@pytest.mark.parametrize("kind", ["bytes", "objects", "doubles", "nan", "short", "wide"])
def test_what_is_no_domain_is_refused(package, kind, tmp_path):
    arrays = {
        "objects": np.array([[{}, {}, {}]] * 3),
        "doubles": SPACE.astype(float),
        "nan": np.full_like(SPACE, np.nan),
        "short": SPACE[:2],
        "wide": np.ones((3, 5), np.float32),
    }
    content = b"no array"
    if kind in arrays:
        np.save(tmp_path / "array.npy", arrays[kind], allow_pickle=True)
        content = (tmp_path / "array.npy").read_bytes()
    replace_space(package, content)
    with pytest.raises(PackageError, match=r"domain|manifest"):
        OpenVinoRuntime(load_package(package.path), streams=1)
