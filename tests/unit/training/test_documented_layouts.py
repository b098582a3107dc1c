"""What docs/data.md shows is what the readers take."""

import re
from pathlib import Path
from typing import get_args

import pytest

from facies.training.evaluation.sources import read_layout
from facies.training.plan import Data

DOCUMENT = (Path(__file__).parents[3] / "docs" / "data.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL)
KINDS = {kind.model_fields["kind"].annotation.__args__[0]: kind for kind in get_args(get_args(Data)[0])}


def kind_of(example):
    return re.search(r'kind = "(.+)"', example)[1]


@pytest.mark.parametrize("example", EXAMPLES, ids=kind_of)
def test_an_example_is_a_layout(tmp_path, example):
    (tmp_path / "layout.toml").write_text(example.replace("scored = false", "scored = true"))
    assert [data.kind for data in read_layout(tmp_path / "layout.toml").data] == [kind_of(example)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_shown_with_all_it_takes(kind):
    (example,) = (example for example in EXAMPLES if kind_of(example) == kind)
    shared = {"scored", "draws", "upright", "height", "pictures_ending"}
    assert {name for name in KINDS[kind].model_fields if f"{name} = " not in example} <= shared
