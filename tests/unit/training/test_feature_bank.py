import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from facies.training import feature_bank  # noqa: E402
from facies.training.progress import silent  # noqa: E402

pytestmark = pytest.mark.train


@pytest.mark.parametrize(
    ("said", "raised"),
    [("Converting input model\nKeyboardInterrupt: <EMPTY MESSAGE>", KeyboardInterrupt), ("no such op", RuntimeError)],
)
def test_ctrl_c_in_the_converter_is_ctrl_c(monkeypatch, said, raised):
    def convert(_module, **_more):
        raise RuntimeError(said)

    monkeypatch.setattr(feature_bank.ov, "convert_model", convert)
    with pytest.raises(raised):
        feature_bank.compile_frozen(torch.nn.Identity(), np.zeros((1, 3), np.float32))


class InterruptedByTestError(Exception):
    pass


def fill(folder, until=None):
    """Banks of 250 records, each of two views that say their number; and which records were looked at."""
    seen = []

    def views_of(record):
        if record == until:
            raise InterruptedByTestError
        seen.append(record)
        return np.full((2, 3), record, np.float32)

    paths = [folder / "a.npy", folder / "b.npy"]
    banks = feature_bank.build_banks(Pair(), views_of, 250, paths, silent, "looking")
    return [np.array(bank) for bank in banks], seen


class Pair(torch.nn.Module):
    def forward(self, x):
        return x + 1, x.sum(1)


def test_looking_goes_on_where_it_was_interrupted(tmp_path):
    (tmp_path / "interrupted").mkdir()
    (tmp_path / "other").mkdir()
    with pytest.raises(InterruptedByTestError):
        fill(tmp_path / "interrupted", until=230)
    found, seen = fill(tmp_path / "interrupted")
    assert seen == [0, *range(200, 250)]  # the first is looked at to know the shapes
    expected, _ = fill(tmp_path / "other")
    assert all(np.array_equal(one, other) for one, other in zip(found, expected, strict=True))
    assert expected[0][7].tolist() == [[8, 8, 8], [8, 8, 8]]
    assert {path.name for path in (tmp_path / "interrupted").iterdir()} == {"a.npy", "b.npy"}


def test_what_was_looked_at_is_not_looked_at_again(tmp_path):
    first, _ = fill(tmp_path)
    again, seen = fill(tmp_path)
    assert seen == []
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))
