"""Checkpoints in Hugging Face's layout, with random weights: what transformers computes of them is what we compute."""

import json

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("transformers", reason="needs the train extra")

import torch

from facies.errors import TrainingError
from facies.training.encoders import MobileNetV1, MobileNetV2, load_start
from facies.training.hub import read_start
from tests.data.checkpoints import write_checkpoint

pytestmark = pytest.mark.train


@pytest.mark.parametrize(("kind", "encoder"), [("v1", MobileNetV1), ("v2", MobileNetV2)])
def test_the_encoder_says_what_the_checkpoint_says(tmp_path, kind, encoder):
    model = write_checkpoint(tmp_path / "some" / "checkpoint", kind)
    ours = encoder()
    load_start(ours, read_start("hub:some/checkpoint", tmp_path))
    pixels = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3), dtype=np.uint8))
    with torch.inference_mode():
        expected = model(pixels.permute(0, 3, 1, 2).float() / 127.5 - 1).pooler_output
        found = ours.upper(ours.lower(pixels, 0), 0)[:, -expected.shape[1] :]
    assert expected.std() > 0.01
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)


def test_the_older_file_format_is_read_too(tmp_path):
    model = write_checkpoint(tmp_path / "checkpoint", "v2")
    (tmp_path / "checkpoint" / "model.safetensors").unlink()
    torch.save(model.state_dict(), tmp_path / "checkpoint" / "pytorch_model.bin")
    layers = read_start("hub:checkpoint", tmp_path)
    assert len(layers) == 52
    assert layers[0].weight.shape == (32, 3, 3, 3)


def test_another_architecture_is_named(tmp_path):
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "config.json").write_text(json.dumps({"model_type": "resnet"}))
    with pytest.raises(TrainingError, match="is a resnet; a start can be one of: mobilenet_v1, mobilenet_v2"):
        read_start("hub:checkpoint", tmp_path)


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_weights_that_are_cut_off(tmp_path, name):
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "config.json").write_text(json.dumps({"model_type": "mobilenet_v2"}))
    (tmp_path / "checkpoint" / name).write_bytes(b"\x80\x02cut off")
    with pytest.raises(TrainingError, match="checkpoint are damaged, or no weights"):
        read_start("hub:checkpoint", tmp_path)


def test_a_stranger_s_code_is_never_run(tmp_path):
    """A checkpoint may bring Python, and pickles that call anything; neither is looked at."""
    trap = tmp_path / "trapped"

    class Trap:
        def __reduce__(self):
            return trap.touch, ()

    folder = tmp_path / "checkpoint"
    folder.mkdir()
    config = {"model_type": "mobilenet_v2", "auto_map": {"AutoModel": "trap.Trap", "AutoConfig": "trap.Trap"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "trap.py").write_text(f"open({str(trap)!r}, 'w')")
    torch.save({"weight": Trap()}, folder / "pytorch_model.bin")
    with pytest.raises(TrainingError):
        read_start("hub:checkpoint", tmp_path)
    assert not trap.exists()


def test_a_checkpoint_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(TrainingError, match="put the repository's files into a folder"):
        read_start("hub:nobody/nothing", tmp_path)


def test_from_scratch_there_are_no_layers(tmp_path):
    assert read_start(None, tmp_path) == []
