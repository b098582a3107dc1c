import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from facies.errors import TrainingError  # noqa: E402
from facies.training.backbone import Layer  # noqa: E402
from facies.training.network import MobileNetV1, MobileNetV2, PixelClassifier, TileClassifier, load_start  # noqa: E402

pytestmark = pytest.mark.train


def pixels(side=64, count=2):
    return torch.from_numpy(np.random.default_rng(0).integers(0, 255, (count, side, side, 3), np.uint8))


def layers_of(network):
    convolutions = [module for module in network.encoder.modules() if isinstance(module, torch.nn.Conv2d)]
    return [Layer(module.weight.detach().numpy() + 1, module.bias.detach().numpy() - 1) for module in convolutions]


def test_a_tile_classifier_gives_logits_and_features():
    logits, features = TileClassifier(MobileNetV2(), 2, domains=3).eval()(pixels())
    assert logits.shape == (2, 2)
    assert features.shape == (2, 1280)


def test_a_pixel_classifier_gives_logits_of_the_size_of_the_picture():
    logits, features = PixelClassifier(12).eval()(pixels(96))
    assert logits.shape == (2, 12, 96, 96)
    assert features.shape == (2, 320)


def test_a_picture_is_judged_alone():
    network = TileClassifier(MobileNetV2(), 2).train(False)
    two = pixels()
    assert torch.allclose(network(two)[0][:1], network(two[:1])[0], atol=1e-6)


def test_the_gate_chooses_the_head():
    network = TileClassifier(MobileNetV1(), 2, domains=2).eval()
    with torch.no_grad():
        network.gate.weight.zero_()
        network.gate.bias.copy_(torch.tensor([-50.0, 50.0]))
    logits, features = network(pixels())
    heads, _ = network.judge(features)
    assert torch.allclose(logits, heads[:, 1])


def test_lower_and_upper_part_together_are_the_whole():
    network = TileClassifier(MobileNetV2(), 2).eval()
    features = network.pool(network.encoder.lower(pixels(), 13), 13)
    assert torch.allclose(features, network(pixels())[1], atol=1e-5)


def test_start_weights_are_laid_over_the_encoder():
    network = TileClassifier(MobileNetV2(), 2)
    layers = layers_of(network)
    load_start(network.encoder, layers)
    assert np.allclose(layers_of(network)[7].weight, layers[7].weight + 1)


def test_start_weights_of_another_network_are_refused():
    network = TileClassifier(MobileNetV2(), 2)
    layers = layers_of(network)
    layers[3] = Layer(layers[3].weight[:5], layers[3].bias[:5])
    with pytest.raises(TrainingError, match="Layer 4"):
        load_start(network.encoder, layers)
    with pytest.raises(TrainingError, match="2 layers"):
        load_start(network.encoder, layers[:2])
