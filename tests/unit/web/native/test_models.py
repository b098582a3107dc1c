import io
import json
import zipfile

from facies.models.package import load_package
from tests.unit.web.native.asking import assert_problem

MODELS = "/api/v1/models"


def test_every_package_is_listed(served):
    models = served.client.get(MODELS).json()["models"]
    assert [model["model"] for model in models] == ["test-coral@1.0.0", "test-rock@1.0.0"]
    assert [model["task"] for model in models] == ["tile-classification", "segmentation"]
    assert models[0]["classes"][1] == {"index": 1, "name": "bleached", "rgb": [239, 68, 68]}


def test_a_package_tells_everything(served):
    for reference in ("test-rock", "test-rock@1.0.0"):
        model = served.client.get(f"{MODELS}/{reference}").json()
        assert model["manifest"]["tiling"]["overlap"] == 96
        assert len(model["manifest"]["weights"]["sha256"]) == 64
        assert model["card"].startswith("# Made for tests")
        assert str(served.folder) not in json.dumps(model)


def test_a_package_can_be_taken_away_and_used(served, tmp_path):
    (served.folder / "test-rock" / "trained-on.txt").write_text("0123456789abcdef\n")
    (served.folder / "test-rock" / "notes.txt").write_text("mine")
    model = served.client.get(f"{MODELS}/test-rock").json()
    answer = served.client.get(model["links"]["download"])
    assert answer.headers["content-type"] == "application/zip"
    assert 'filename="test-rock@1.0.0.zip"' in answer.headers["content-disposition"]
    zipfile.ZipFile(io.BytesIO(answer.content)).extractall(tmp_path / "taken")
    package = load_package(tmp_path / "taken" / "test-rock@1.0.0")
    assert package.manifest.weights.sha256 == model["manifest"]["weights"]["sha256"]
    assert (package.path / "trained-on.txt").read_text() == "0123456789abcdef\n"
    assert not (package.path / "notes.txt").exists()
    assert served.client.get(model["links"]["download"]).content == answer.content


def test_unknown_packages_are_told_with_the_known_ones(served):
    for path in ("nothing", "test-rock@9.9.9", "%2e%2e", "nothing/download"):
        assert "test-rock@1.0.0" in assert_problem(served.client.get(f"{MODELS}/{path}"), 404, "unknown_model")


def test_a_damaged_package_is_the_servers_fault(served):
    (served.folder / "test-rock" / "model.onnx").write_bytes(b"changed")
    assert_problem(served.client.get(f"{MODELS}/test-rock"), 500, "checksum")
    assert served.client.get(f"{MODELS}/test-coral").status_code == 200


def test_codes_of_problems_are_explained(served):
    answer = served.client.get("/api/v1/problems/queue_full").json()
    assert (answer["code"], answer["example"]["status"]) == ("queue_full", 429)
    for code in ("http", "internal", "invalid_request", "disk_full", "unknown_upload"):
        assert served.client.get(f"/api/v1/problems/{code}").json()["code"] == code
    assert_problem(served.client.get("/api/v1/problems/nothing"), 404, "http")
