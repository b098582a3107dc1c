from pathlib import Path

import pytest

from facies import terminal
from facies.batch import Outcome


def shown(capsys, by_class):
    summary = {"width": 10, "height": 20, "tiles": {"total": sum(by_class.values()), "by_class": by_class}}
    terminal.show_outcomes([Outcome(Path("a.jpg"), Path("out/a"), summary, None)], Path("out"))
    return " ".join(capsys.readouterr().out.split())


@pytest.fixture(autouse=True)
def wide(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "300")


def test_few_classes_are_all_listed_with_zeros(capsys):
    assert "5 tiles: 0 healthy, 5 bleached" in shown(capsys, {"healthy": 0, "bleached": 5})


def test_of_many_classes_only_those_found_are_listed_most_frequent_first(capsys):
    found = shown(capsys, {f"class{number}": number for number in range(20)})
    assert "190 tiles: 19 class19, 18 class18" in found
    assert found.count("class") == 12
    assert "and 7 more" in found


def test_a_rock_type_that_is_there_has_no_share_of_nothing(capsys):
    areas = [{"name": name, "share": share} for name, share in {"sandstone": 0.994, "crust": 0.004}.items()]
    terminal.show_outcomes(
        [Outcome(Path("a.jpg"), Path("out/a"), {"width": 10, "height": 20, "classes": areas}, None)], Path("out")
    )
    assert "sandstone 99%, crust <1%" in capsys.readouterr().out
