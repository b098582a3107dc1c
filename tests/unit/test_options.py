import pytest

from facies.errors import OptionError
from facies.options import Options
from tests.data.packages import coral_package, rock_package


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"opacity": 1.5}, "opacity"),
        ({"opacity": float("nan")}, "opacity"),
        ({"opacity": True}, "opacity"),
        ({"opacity": "0.5"}, "opacity"),
        ({"threshold": 0}, "threshold"),
        ({"unsure_band": [0.6, 0.4]}, "unsure_band"),
        ({"unsure_band": 0.4}, "unsure_band"),
        ({"unsure_band": [0.1, None]}, "unsure_band"),
        ({"overlap": 0}, "overlap"),
        ({"overlap": 1.5}, "overlap"),
        ({"depth_top_m": 3.0}, "depth_base_m"),
        ({"depth_top_m": 3.0, "depth_base_m": 2.0}, "depth_base_m"),
        ({"depth_top_m": -1, "depth_base_m": 2.0}, "depth_base_m"),
        ({"min_confidence": 1.1}, "min_confidence"),
        ({"min_confidence": "high"}, "min_confidence"),
        ({"error_rate": 0}, "error_rate"),
        ({"error_rate": 0.6}, "error_rate"),
        ({"error_rate": 0.1, "unsure_band": [0.4, 0.6]}, "error_rate"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(values, named):
    with pytest.raises(OptionError, match=named):
        Options.from_json(values)


def test_options_survive_json():
    options = Options(opacity=0.25, threshold=0.4, unsure_band=(0.3, 0.6))
    assert options.to_json() == {"opacity": 0.25, "threshold": 0.4, "unsure_band": [0.3, 0.6]}
    assert Options.from_json(options.to_json()) == options
    assert Options.from_json({"overlap": None}) == Options()


def test_they_take_the_place_of_what_the_package_says(tmp_path):
    coral, rock = coral_package(tmp_path / "coral").manifest, rock_package(tmp_path / "rock").manifest
    decision = Options(threshold=0.4, unsure_band=(0.3, 0.6)).applied_to(coral).decision
    assert (decision.threshold, decision.unsure_band, decision.positive) == (0.4, (0.3, 0.6), "bleached")
    assert Options(overlap=32, depth_top_m=1, depth_base_m=2).applied_to(rock).tiling.overlap == 32
    assert Options().applied_to(coral) == coral


@pytest.mark.parametrize(
    ("task", "values"),
    [
        ("coral", {"overlap": 10}),
        ("coral", {"depth_top_m": 1, "depth_base_m": 2}),
        ("rock", {"threshold": 0.4}),
        ("rock", {"unsure_band": [0.4, 0.6]}),
        ("rock", {"overlap": 384}),
        ("rock", {"error_rate": 0.1}),
        ("coral", {"min_confidence": 0.5}),
    ],
)
def test_they_must_suit_the_package(tmp_path, task, values):
    package = {"coral": coral_package, "rock": rock_package}[task](tmp_path / task)
    with pytest.raises(OptionError):
        Options.from_json(values).applied_to(package.manifest)
