import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from facies.training import feature_bank  # noqa: E402

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
