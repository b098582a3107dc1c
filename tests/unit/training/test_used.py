import json
import logging

import pytest

pytest.importorskip("torch", reason="needs the train extra")

from facies.training.plan import read_plan
from facies.training.readers import read_tiles
from facies.training.used import USED_NAME, describe_used, take_up
from tests.data.labelled import write_tile_table
from tests.unit.training.test_train import TILE_PLAN

pytestmark = pytest.mark.train

PLAN = TILE_PLAN[: TILE_PLAN.index('[[data]]\nkind = "image-folders"')] + "[schedule]\ndecision_at = 0.4\n"


@pytest.fixture
def data(tmp_path):
    write_tile_table(tmp_path / "data" / "survey")
    return tmp_path / "data"


@pytest.fixture
def work(tmp_path, data):
    """What a run has left."""
    take_up(tmp_path / "work", used(data))
    (tmp_path / "work" / "fold 1.checkpoint").touch()
    return tmp_path / "work"


def used(data, plan=PLAN):
    path = data.parent / "plan.toml"
    path.write_text(plan)
    found = read_plan(path)
    records = [record for part in found.data for record in read_tiles(part, data, found.package.class_names)]
    return describe_used(path, found, data, records)


def goes_on(work, what):
    take_up(work, what)
    assert json.loads((work / USED_NAME).read_text()) == what
    return (work / "fold 1.checkpoint").exists()


def test_a_run_goes_on_where_it_was(work, data):
    assert goes_on(work, used(data))


def test_a_run_goes_on_with_data_that_were_moved(work, data):
    (data.parent / "elsewhere").mkdir()
    assert goes_on(work, used(data.rename(data.parent / "elsewhere" / "data")))


@pytest.mark.parametrize("change", [('title = "Tiny"', 'title = "Small"'), ("decision_at = 0.4", "decision_at = 0.5")])
def test_a_run_goes_on_when_its_plan_says_other_words(work, data, change):
    assert goes_on(work, used(data, PLAN.replace(*change)))


@pytest.mark.parametrize(
    "change", [("seed = 3", "seed = 4"), ("[32, 32]", "[48, 48]"), ("decision_at = 0.4", "views = 3")]
)
def test_a_run_starts_anew_when_its_plan_trains_otherwise(work, data, change, caplog):
    with caplog.at_level(logging.WARNING):
        assert not goes_on(work, used(data, PLAN.replace(*change)))
    assert "training starts anew" in caplog.text


@pytest.mark.parametrize("file", ["survey/labels.csv", "survey/tiles/00_0.png"])
def test_a_run_starts_anew_when_its_data_were_corrected(work, data, file):
    with (data / file).open("ab") as content:
        content.write(b"\n")
    assert not goes_on(work, used(data))


def test_the_start_weights_are_part_of_what_was_used(work, data):
    text = PLAN + '[start]\nweights = "start.onnx"\n'
    (data / "start.onnx").write_bytes(b"one")
    first = used(data, text)
    (data / "start.onnx").write_bytes(b"two")
    assert first["start"]["start.onnx"] != used(data, text)["start"]["start.onnx"]
    assert not goes_on(work, first)
