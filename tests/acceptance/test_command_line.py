"""The command line as a person uses it: real processes, real files."""

import csv
import dataclasses
import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from typer.main import get_command

from facies import cli
from facies.options import Options
from tests.data.networks import map_package, tile_package
from tests.data.photos import encode, noise

OPTION_NAMES = [option.name for option in dataclasses.fields(Options)]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    tile_package(folder / "pale")
    map_package(folder / "beds")
    return folder


@pytest.fixture
def facies(tmp_path, models):
    def run(*arguments, **environment):
        plain = {name: value for name, value in os.environ.items() if not name.startswith("FACIES_")}
        settings = {"FACIES_MODELS_DIR": str(models), "FACIES_DATA_DIR": str(tmp_path / "data"), "COLUMNS": "200"}
        return subprocess.run(
            [sys.executable, "-m", "facies", *map(str, arguments)],
            cwd=tmp_path,
            env={**plain, **settings, **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


@pytest.fixture
def here(tmp_path, models, monkeypatch, capsys):
    """`facies` in this process, which spares its start: for what ends before any work is done."""
    for name in [name for name in os.environ if name.startswith("FACIES_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FACIES_MODELS_DIR", str(models))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["facies", *arguments])
        with pytest.raises(SystemExit) as left:
            cli.main()
        return subprocess.CompletedProcess(arguments, left.value.code, *capsys.readouterr())

    return run


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "dive 1"
    folder.mkdir()
    for name, content in {
        "a.jpg": encode(noise(40, 50), "JPEG"),
        "b.png": encode(noise(30, 70, seed=1)),
        "b.tif": encode(noise(16, 16, seed=2), "TIFF"),
        "notes.txt": b"no photo",
    }.items():
        (folder / name).write_bytes(content)
    return folder


def table_of(path):
    return list(csv.DictReader(io.StringIO(path.read_text())))


def opened(path):
    return Image.open(io.BytesIO(path.read_bytes()))


def test_a_folder_of_photos_goes_through_in_one_call(facies, photos, tmp_path):
    done = facies("analyse", photos, "--model", "pale", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "3 of 3 photos analysed" in done.stderr
    assert "a.jpg" in done.stdout
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a", "b", "b-2", "summary.csv"]
    for name, size in {"a": (50, 40), "b": (70, 30), "b-2": (16, 16)}.items():
        folder = tmp_path / "out" / name
        assert opened(folder / "overlay.png").size == size
        summary = json.loads((folder / "summary.json").read_text())
        assert (summary["width"], summary["height"]) == size
        rows = table_of(folder / "tiles.csv")
        assert list(rows[0]) == ["x", "y", "width", "height", "probability", "label"]
        assert len(rows) == summary["tiles"]["total"] == -(-size[0] // 16) * -(-size[1] // 16)
    table = table_of(tmp_path / "out" / "summary.csv")
    assert [row["photo"] for row in table] == ["a.jpg", "b.png", "b.tif"]
    assert {row["model"] for row in table} == {"pale@1.0.0"}


def test_segmentation_leaves_a_map_of_indices_and_a_log(facies, photos, tmp_path):
    asked = ("--model", "beds@1.0.0", "--out", "out", "--opacity", "1", "--depth-top", "120", "--depth-base", "121")
    done = facies("analyse", photos / "b.png", *asked)
    assert done.returncode == 0, done.stderr
    log = table_of(tmp_path / "out" / "b" / "intervals.csv")
    assert log
    assert all(120 <= float(row["top_m"]) < float(row["base_m"]) <= 121 for row in log)
    labels = opened(tmp_path / "out" / "b" / "labels.png")
    assert labels.mode == "P"
    overlay = np.asarray(opened(tmp_path / "out" / "b" / "overlay.png"))
    rock = np.asarray(labels) > 0
    np.testing.assert_array_equal(overlay[rock], np.asarray(labels.convert("RGB"))[rock])


def test_every_option_of_an_analysis_has_a_flag(facies, photos, tmp_path):
    asked = ("--threshold", "0.9", "--unsure-band", "0.2", "0.8", "--opacity", "0.3")
    done = facies("analyse", photos / "a.jpg", "--model", "pale", "--out", "out", *asked)
    assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "out" / "a" / "summary.json").read_text())
    assert summary["options"] == {"opacity": 0.3, "threshold": 0.9, "unsure_band": [0.2, 0.8]}
    for row in table_of(tmp_path / "out" / "a" / "tiles.csv"):
        probability = float(row["probability"])
        assert (row["label"] == "unsure") == (0.2 < probability < 0.8)
    asked = ("--overlap", "4", "--min-confidence", "1")
    done = facies("analyse", photos / "b.png", "--model", "beds", "--out", "out", *asked)
    assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "out" / "b" / "summary.json").read_text())
    assert summary["options"] == {"opacity": 0.5, "overlap": 4, "min_confidence": 1.0}
    for command in ("analyse", "submit"):
        told = facies(command, "--help").stdout
        assert all(f"--{name.replace('_', '-').removesuffix('-m')}" in told for name in OPTION_NAMES)


def test_the_table_on_the_screen_has_the_photos_as_they_were_given(facies, photos):
    (photos / "large.png").write_bytes(encode(noise(900, 900)))
    given = ["large.png", "b.tif", "a.jpg", "b.png"]
    done = facies("analyse", *(photos / name for name in given), "--model", "pale")
    shown = [line.split()[0] for line in done.stdout.splitlines()]
    assert shown == ["photo", *given]


def test_a_broken_photo_is_reported_and_the_rest_is_done(facies, photos, tmp_path):
    whole = (photos / "a.jpg").read_bytes()
    (photos / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (photos / "pdf.jpg").write_bytes(b"%PDF-1.7")
    done = facies("analyse", photos, "--model", "pale", "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "3 of 5 photos analysed" in done.stderr
    assert "cut.jpg" in done.stderr
    table = {row["photo"]: row["error"] for row in table_of(tmp_path / "out" / "summary.csv")}
    assert "damaged" in table["cut.jpg"]
    assert "not a photo" in table["pdf.jpg"]
    assert table["a.jpg"] == ""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("analyse", ".", "--model", "pale"), "holds no photo"),
        (("analyse", "dive 1/a.jpg", "--model", "gold"), "known are: beds@1.0.0"),
        (("analyse", "dive 1/a.jpg", "--model", "pale", "--opacity", "2"), "between 0 and 1"),
        (("analyse", "dive 1/a.jpg", "--model", "beds", "--threshold", "0.4"), "no meaning for beds@1.0.0"),
        (("analyse", "dive 1/a.jpg", "--model", "pale", "--unsure-band", "0.4"), "2 arguments"),
        (("submit", "dive 1", "--model", "beds", "--depth-top", "1", "--depth-base", "2"), "those of one photo"),
        (("analyse", ".", "--model", "beds", "--depth-top", "1"), "give both or none"),
        (("analyse", "dive 1", "--model", "beds", "--depth-top", "1", "--depth-base", "2"), "those of one photo"),
        (("analyse", "dive 1/a.jpg"), "--model"),
        (("analyse", "dive 1/a.jpg", "--model", "pale", "--runtime", "abacus"), "runtime"),
        (("analyse", "dive 1/a.jpg", "--model", "pale", "--out", "dive 1/a.jpg"), "dive 1/a.jpg cannot be used"),
        (("serve", "--port", "-1"), "port"),
        (("serve", "--port", "0", "--data-dir", "dive 1/a.jpg"), "Choose another with --data-dir"),
        (("keys", "list", "--data-dir", "dive 1/a.jpg/data"), "Choose another with --data-dir"),
        (("keys", "create", " "), "A key needs a name"),
        (("models", "show", "gold"), "no model 'gold'"),
        (("dig",), "dig"),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_code_2(here, photos, arguments, sentence):
    done = here(*arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_process_that_is_used_wrongly_ends_with_2(facies):
    done = facies("analyse", "missing.jpg", "--model", "pale")
    assert (done.returncode, done.stdout) == (2, "")
    assert "missing.jpg does not exist" in done.stderr
    assert "Traceback" not in done.stderr


def words_of(command, *before):
    """A command and all below it, each as what is typed after `facies`."""
    yield before
    for name, below in getattr(command, "commands", {}).items():
        yield from words_of(below, *before, name)


@pytest.mark.parametrize("words", list(words_of(get_command(cli.app))), ids=" ".join)
def test_every_command_has_help(here, words):
    done = here(*words, "--help")
    assert done.returncode == 0
    assert "Usage:" in done.stdout


def test_models_are_listed_shown_and_verified(facies, models):
    listed = facies("models", "list")
    assert "pale@1.0.0" in listed.stdout
    assert "beds@1.0.0" in listed.stdout
    manifest = json.loads(facies("models", "show", "pale", "--json").stdout)
    assert manifest["path"] == str(models / "pale")
    assert manifest["classes"][1]["name"] == "bleached"
    assert "A test" in facies("models", "show", "pale").stdout
    assert facies("models", "verify").returncode == 0


def test_verify_finds_changed_weights(facies, tmp_path):
    folder = tile_package(tmp_path / "mine" / "pale").path
    (folder / "model.xml").write_text("changed")
    done = facies("models", "verify", FACIES_MODELS_DIR=str(tmp_path / "mine"))
    assert done.returncode == 1
    assert "checksum" in done.stdout


def test_weights_become_a_package_that_is_installed_once(facies, tmp_path):
    weights = tile_package(tmp_path / "theirs").path / "model.xml"
    new = ("models", "new", "--from", weights, "--name", "pale-rock", "--classes", "dark,pale")
    made = facies(*new)
    assert made.returncode == 0, made.stderr
    folder = made.stdout.strip()
    empty = {"FACIES_MODELS_DIR": str(tmp_path / "installed")}
    added = facies("models", "add", folder, **empty)
    assert added.stdout.strip() == str(tmp_path / "installed" / "pale-rock-1.0.0")
    assert "pale-rock@1.0.0" in facies("models", "list", **empty).stdout
    assert facies("models", "verify", **empty).returncode == 0
    again = facies("models", "add", folder, **empty)
    assert (again.returncode, again.stdout) == (2, "")
    assert "never replaced" in again.stderr


def test_a_package_that_answers_otherwise_than_its_self_test_says_is_found(facies, tmp_path):
    weights = tile_package(tmp_path / "theirs").path / "model.xml"
    new = (
        "models",
        "new",
        "--from",
        weights,
        "--name",
        "pale-rock",
        "--classes",
        "dark,pale",
        "--out",
        tmp_path / "mine",
    )
    manifest = tmp_path / "mine" / "pale-rock-1.0.0" / "package.toml"
    assert facies(*new).returncode == 0
    manifest.write_text(manifest.read_text().replace('colour = "RGB"', 'colour = "BGR"'))
    done = facies("models", "verify", FACIES_MODELS_DIR=str(tmp_path / "mine"))
    assert done.returncode == 1
    assert "self-test" in done.stdout


def test_a_package_is_evaluated_on_labelled_pictures(facies, tmp_path, models):
    for name, level in {"healthy": 60, "bleached": 200}.items():
        (tmp_path / "reef" / name).mkdir(parents=True)
        for number in range(3):
            pixels = noise(16, 16, seed=number) // 8 + level
            (tmp_path / "reef" / name / f"{number}.png").write_bytes(encode(pixels.astype(np.uint8)))
    done = facies("evaluate", models / "pale", "--data", tmp_path / "reef", "--out", tmp_path / "out")
    assert (done.returncode, done.stdout.strip()) == (0, str(tmp_path / "out" / "evaluation.html")), done.stderr
    found = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert found["confusion"]["counts"] == [[3, 0], [0, 3]]
    wrong = facies("evaluate", "pale", "--data", tmp_path / "reef", "--split", "lucky")
    assert (wrong.returncode, "grouped, random" in wrong.stderr) == (2, True)


def test_an_analysis_is_timed_beside_the_limit(facies, tmp_path, models):
    (tmp_path / "reef.png").write_bytes(encode(noise(64, 48)))
    done = facies(
        "bench", "--model", models / "pale", tmp_path / "reef.png", "--repeats", 1, "--out", tmp_path / "b.json"
    )
    assert done.returncode == 0, done.stderr
    assert "analyse / limit" in done.stdout
    found = json.loads((tmp_path / "b.json").read_text())
    assert found["model"] == "pale@1.0.0"
    assert found["machine"]["cores"] >= 1
    assert [photo["photo"] for photo in found["photos"]] == ["reef.png"]


def test_answers_that_are_made_up_are_not_scored(facies, tmp_path):
    (tmp_path / "reef" / "healthy").mkdir(parents=True)
    refused = facies("evaluate", "pale", "--data", tmp_path / "reef", FACIES_RUNTIME="fake")
    assert refused.returncode == 2
    assert "The fake runtime makes its answers up" in refused.stderr


def test_cores_are_drawn_and_a_package_is_evaluated_on_them(facies, tmp_path, models):
    size = ("--count", 2, "--seed", 7, "--height", 200, "--width", 96)
    drawn = facies("data", "synth-cores", "--out", tmp_path / "cores", *size)
    assert (drawn.returncode, drawn.stdout.strip()) == (0, str(tmp_path / "cores"))
    assert [path.name for path in sorted((tmp_path / "cores").rglob("*.*"))] == [
        "core-000007.jpg",
        "core-000008.jpg",
        "core-000007.png",
        "core-000008.png",
    ]
    evaluate = ("evaluate", "beds", "--data", tmp_path / "cores", "--out", tmp_path / "out")
    refused = facies(*evaluate)
    assert (refused.returncode, "it is no class; say in `ignore` or `unknown`" in refused.stderr) == (2, True)
    masks = (
        'kind = "masks"\ndomain = "drawn"\npath = "images"\nmasks = "masks"\nunknown = [3, 4, 5, 6, 7, 8, 9, 10, 11]'
    )
    (tmp_path / "layout.toml").write_text(f"[[data]]\n{masks}\n")
    done = facies(*evaluate, "--layout", tmp_path / "layout.toml")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "out" / "evaluation.json").read_text())["data"]["pictures"] == 2


def test_keys_are_made_listed_and_revoked(facies, tmp_path):
    made = facies("keys", "create", "core shed")
    assert made.returncode == 0
    key = made.stdout.strip()
    assert made.stdout == f"{key}\n"
    assert len(key) > 40
    assert "core shed" in facies("keys", "list").stdout
    assert facies("keys", "create", "guest", "--scope", "models", "--days", "7", "--rate", "60").returncode == 0
    assert "models" in facies("keys", "list").stdout
    assert facies("keys", "create", "nobody", "--scope", "everything").returncode == 2
    assert key not in facies("keys", "list").stdout
    for path in (tmp_path / "data").rglob("*"):
        assert not path.is_file() or key.encode() not in path.read_bytes()
    assert facies("keys", "revoke", "core shed").returncode == 0
    assert facies("keys", "revoke", "nobody's").returncode == 2


def test_the_library_is_three_lines(models, tmp_path):
    (tmp_path / "core.png").write_bytes(encode(noise(90, 40)))
    script = (
        "import facies\n"
        "result = facies.analyse('core.png', model='beds')\n"
        "print(result.overlay().shape, result.label_map.shape, sorted(result.summary))\n"
    )
    environment = {**os.environ, "FACIES_MODELS_DIR": str(models), "FACIES_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("(90, 40, 3) (90, 40) [")
