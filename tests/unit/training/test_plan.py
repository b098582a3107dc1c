import tomllib
from pathlib import Path

import pytest

from facies.errors import TrainingError
from facies.training.plan import ImageFolders, Masks, Plan, SyntheticCores, read_plan

PLANS = Path(__file__).parents[3] / "plans"


@pytest.mark.parametrize("path", sorted(PLANS.glob("*.toml")), ids=lambda path: path.stem)
class TestShippedPlans:
    def test_is_valid(self, path):
        assert read_plan(path).package.name == path.stem

    def test_has_its_card_beside_it(self, path):
        assert (path.parent / read_plan(path).package.card).is_file()


def shipped():
    return tomllib.loads((PLANS / "coral-bleaching.toml").read_text())


def test_a_misspelt_key_is_refused(tmp_path):
    text = (PLANS / "coral-bleaching.toml").read_text().replace("probe_penalty", "probe_fine")
    (tmp_path / "plan.toml").write_text(text)
    with pytest.raises(TrainingError, match=r"plan\.toml: schedule\.probe_fine"):
        read_plan(tmp_path / "plan.toml")


def test_no_toml(tmp_path):
    (tmp_path / "plan.toml").write_text("task: coral")
    with pytest.raises(TrainingError, match="not valid TOML"):
        read_plan(tmp_path / "plan.toml")


def test_no_plan(tmp_path):
    with pytest.raises(TrainingError, match="does not exist"):
        read_plan(tmp_path / "plan.toml")


def test_a_share_of_an_unknown_domain_is_refused():
    values = shipped()
    values["schedule"]["domain_shares"] = {"aquarium": 1.0}
    with pytest.raises(ValueError, match="'aquarium'"):
        Plan.model_validate(values)


def test_drawings_to_test_on_must_not_be_trained_on():
    with pytest.raises(ValueError, match="overlap"):
        SyntheticCores(kind="synthetic-cores", count=10, test_count=5, test_first_seed=9)


@pytest.mark.parametrize(("pattern", "problem"), [("(", "is no regular expression"), (".*", "has no group")])
def test_a_group_pattern_must_be_one(pattern, problem):
    with pytest.raises(ValueError, match=problem):
        ImageFolders(kind="image-folders", domain="web", path=".", labels={"a": "a"}, group_pattern=pattern)


def test_a_mask_value_means_one_thing():
    with pytest.raises(ValueError, match="the mask value 254 is both"):
        Masks(kind="masks", domain="columns", path=".", masks="masks", ignore=(254, 255), unknown=(254,))


def test_what_has_no_meaning_for_the_kind_of_data_is_refused():
    with pytest.raises(ValueError, match="scored"):
        ImageFolders(kind="image-folders", domain="web", path=".", labels={"a": "a"}, scored=False)
    with pytest.raises(ValueError, match="upright"):
        Masks(kind="masks", domain="columns", path=".", masks="masks", upright=True)
