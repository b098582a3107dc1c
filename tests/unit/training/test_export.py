"""What an exported network is made of. That it answers as torch does is measured in every training; see test_train."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")

import onnx
from onnx import TensorProto, helper

from facies.training.export import delicate_nodes, forget_origin, grid_step

pytestmark = pytest.mark.train


@pytest.mark.parametrize("rounded", [False, True])
def test_weights_that_were_8_bit_once_have_their_step_found(rounded):
    rng = np.random.default_rng(0)
    weights = 0.0137 * rng.integers(-150, 106, (16, 27))
    weights = weights.astype(np.float16).astype(np.float64) if rounded else weights
    assert grid_step(weights) == pytest.approx(0.0137, rel=1e-3)


def test_weights_of_any_value_lie_on_no_grid():
    assert grid_step(np.random.default_rng(0).normal(0, 0.1, (16, 27))) is None


def test_weights_that_are_all_alike_lie_on_no_grid():
    assert grid_step(np.zeros((4, 9))) is None
    assert grid_step(np.full((4, 9), 0.5)) is None


def test_where_a_node_was_written_is_forgotten(tmp_path):
    node = helper.make_node("Relu", ["x"], ["y"], doc_string="/home/somebody/network.py")
    trace = node.metadata_props.add()
    trace.key, trace.value = "stack_trace", "/home/somebody/network.py, line 3"
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    onnx.save(helper.make_model(helper.make_graph([node], "net", ends[:1], ends[1:])), tmp_path / "net.onnx")
    assert b"somebody" in (tmp_path / "net.onnx").read_bytes()
    forget_origin(tmp_path / "net.onnx")
    assert b"somebody" not in (tmp_path / "net.onnx").read_bytes()
    onnx.checker.check_model(onnx.load(tmp_path / "net.onnx"), full_check=True)


def test_the_first_layers_of_the_texture_encoder_stay_as_they_are_with_their_clips():
    weights = [
        "encoder.steps.0.conv.weight",
        "texture_encoder.steps.1.0.conv.weight",
        "texture_encoder.steps.11.1.conv.weight",
    ]
    nodes = []
    for number, weight in enumerate(weights):
        nodes.append(onnx.NodeProto(op_type="Conv", name=f"conv{number}", input=["x", weight], output=[f"y{number}"]))
        nodes.append(onnx.NodeProto(op_type="Clip", name=f"clip{number}", input=[f"y{number}"], output=[f"z{number}"]))
    assert delicate_nodes(onnx.ModelProto(graph=onnx.GraphProto(node=nodes))) == ["conv1", "clip1"]
