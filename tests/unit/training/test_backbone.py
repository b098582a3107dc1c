"""Start weights out of ONNX files, as several exporters write them."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="needs the train extra")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from facies.errors import TrainingError  # noqa: E402
from facies.training.backbone import read_layers  # noqa: E402

pytestmark = pytest.mark.train

RNG = np.random.default_rng(0)
WEIGHT = RNG.normal(size=(4, 3, 3, 3)).astype(np.float32)
GAMMA, BETA, MEAN = RNG.uniform(0.5, 1.5, (3, 4)).astype(np.float32)
VARIANCE = RNG.uniform(0.5, 1.5, 4).astype(np.float32)
EPSILON = 1e-3
NORMALISE = helper.make_node("BatchNormalization", ["y", "gamma", "beta", "mean", "variance"], ["z"], epsilon=EPSILON)
NORMALISED = {"gamma": GAMMA, "beta": BETA, "mean": MEAN, "variance": VARIANCE}
SCALE = GAMMA / np.sqrt(VARIANCE + EPSILON)


def write(path, nodes, values):
    """A 3×3 convolution from x to y, with its own bias where there is one, what follows it up to z, and a ReLU."""
    own = ["own"] if "own" in values else []
    nodes = [helper.make_node("Conv", ["x", "w", *own], ["y"]), *nodes, helper.make_node("Relu", ["z"], ["out"])]
    tensors = [numpy_helper.from_array(value, name) for name, value in {"w": WEIGHT, **values}.items()]
    shapes = {"x": [1, 3, 8, 8], "out": [1, 4, 6, 6]}
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    graph = helper.make_graph(nodes, "net", ends[:1], ends[1:], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def channels(values):
    return values.reshape(1, 4, 1, 1)


@pytest.mark.parametrize(
    ("nodes", "values", "scale", "shift"),
    [
        ([helper.make_node("Identity", ["y"], ["z"])], {"own": BETA}, 1.0, BETA),
        ([NORMALISE], NORMALISED | {"own": GAMMA}, SCALE, BETA + (GAMMA - MEAN) * SCALE),
        ([helper.make_node("Add", ["y", "b"], ["z"])], {"b": channels(BETA)}, 1.0, BETA),
        ([helper.make_node("Add", ["b", "y"], ["z"])], {"b": channels(BETA)}, 1.0, BETA),
        ([NORMALISE], NORMALISED, SCALE, BETA - MEAN * SCALE),
        (
            [helper.make_node("Mul", ["y", "s"], ["t"]), helper.make_node("Sub", ["t", "b"], ["z"])],
            {"s": channels(GAMMA), "b": channels(BETA)},
            GAMMA,
            -BETA,
        ),
        ([helper.make_node("Div", ["y", "s"], ["z"])], {"s": channels(GAMMA)}, 1 / GAMMA, 0.0),
    ],
    ids=[
        "own bias",
        "own bias and normalisation",
        "bias",
        "bias first",
        "normalisation",
        "scale and shift",
        "division",
    ],
)
def test_what_follows_a_convolution_is_folded_into_it(tmp_path, nodes, values, scale, shift):
    (layer,) = read_layers(write(tmp_path / "start.onnx", nodes, values))
    np.testing.assert_allclose(layer.weight, WEIGHT * np.reshape(scale, (-1, 1, 1, 1)), rtol=1e-5)
    np.testing.assert_allclose(layer.bias, np.broadcast_to(shift, 4), rtol=1e-5)


def test_a_shortcut_is_no_bias(tmp_path):
    """Exporters leave out a bias of zeros; then what is added next comes from another convolution."""
    nodes = [helper.make_node("Conv", ["x", "w"], ["other"]), helper.make_node("Add", ["y", "other"], ["z"])]
    layers = read_layers(write(tmp_path / "start.onnx", nodes, {}))
    assert [layer.bias.any() for layer in layers] == [False, False]


def test_a_file_that_is_no_network(tmp_path):
    (tmp_path / "start.onnx").write_text("no network")
    with pytest.raises(TrainingError, match=r"start\.onnx is no network that can be read"):
        read_layers(tmp_path / "start.onnx")
