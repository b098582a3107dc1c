import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from facies.errors import TrainingError  # noqa: E402
from facies.training.backbone import Layer  # noqa: E402
from facies.training.encoders import MobileNetV1, MobileNetV2, load_start  # noqa: E402
from facies.training.pixel_network import PixelClassifier, texture_map, tone_features, tone_map  # noqa: E402
from facies.training.tile_network import TileClassifier  # noqa: E402

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
    logits, features = PixelClassifier(MobileNetV2(), MobileNetV1(), 12, probed=(1, 3, 5)).eval()(pixels(96))
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


def typed_network(brown_is=1):
    """Its decoder sees core in the left half and knows no type; its tone probe takes a red tone for type `brown_is`."""
    network = PixelClassifier(MobileNetV2(), MobileNetV1(), 4, probed=(1, 3)).eval()
    with torch.no_grad():
        network.tone_probe.weight[(1, 3).index(brown_is), 0] = 50
        network.gate.bias.fill_(20)
    return network


def plain():
    """A feature map and a texture that say nothing."""
    return torch.zeros(1, 320, 2, 2), torch.zeros(1, 512, 2, 2)


def halves():
    """A decoder sure of the outline, and sure that what is core is of type 1 or 3."""
    decoded = torch.zeros(1, 4, 16, 16)
    decoded[:, 0, :, 8:] = 20
    decoded[:, 0, :, :8] = -20
    decoded[:, 2] = -20
    return decoded


def test_the_probes_decide_the_type_and_the_decoder_the_outline():
    reddish = torch.full((1, 64, 64, 3), 60, dtype=torch.uint8)
    reddish[..., 0] = 200
    found = typed_network(brown_is=3).combine(halves(), *plain(), tone_map(reddish)).argmax(1)
    assert (found[:, :, :8] == 3).all()
    assert (found[:, :, 8:] == 0).all()


def test_the_decoder_decides_where_the_window_is_unlike_the_photos_of_the_probes():
    network, red = typed_network(brown_is=3), torch.full((1, 64, 64, 3), 200, dtype=torch.uint8)
    torch.nn.init.constant_(network.gate.bias, -20)
    decoded = halves()
    decoded[:, 1] += 3
    found = network.combine(decoded, *plain(), tone_map(red)).argmax(1)
    assert (found[:, :, :8] == 1).all()


def test_a_type_without_labelled_photos_is_not_answered_where_the_window_looks_like_these():
    network, red = typed_network(brown_is=3), torch.full((1, 64, 64, 3), 200, dtype=torch.uint8)
    decoded = halves()
    decoded[:, 2, :, :8] = 20
    like = network.combine(decoded, *plain(), tone_map(red)).argmax(1)
    torch.nn.init.constant_(network.gate.bias, -20)
    unlike = network.combine(decoded, *plain(), tone_map(red)).argmax(1)
    assert (like[:, :, :8] == 3).all()
    assert (unlike[:, :, :8] == 2).all()
    assert (torch.cat([like, unlike])[:, :, 8:] == 0).all()


def network_that_goes_by_texture():
    """Its first two channels of texture speak for the first two types; tone says nothing."""
    network = typed_network()
    with torch.no_grad():
        network.tone_probe.weight.zero_()
        network.texture_probe.weight[0, 0] = 50
        network.texture_probe.weight[1, 1] = 50
    return network


def test_texture_that_is_not_core_says_nothing_of_the_type():
    network = network_that_goes_by_texture()
    top, texture = plain()
    texture[:, 0, :, 0] = 1
    texture[:, 1, :, 1] = 2
    found = network.combine(halves(), top, texture, torch.zeros(1, 4, 16, 16)).argmax(1)
    assert (found[:, :, :8] == 1).all()


def test_what_may_be_core_at_even_odds_says_nothing_of_the_type():
    network = network_that_goes_by_texture()
    decoded = halves()
    decoded[..., 8:, :8] = torch.tensor([0.5, 0.25, 1e-6, 0.25]).log()[:, None, None]
    top, texture = plain()
    texture[:, 0, 0, 0] = 1
    texture[:, 1, 1, 0] = 3
    found = network.combine(decoded, top, texture, torch.zeros(1, 4, 16, 16)).argmax(1)
    assert (found[:, :8, :8] == 1).all()


def test_texture_is_seen_at_half_the_size_so_grain_of_single_pixels_is_not():
    flat = torch.full((1, 64, 64, 3), 100, dtype=torch.uint8)
    grainy = flat.clone()
    grainy[:, ::2, ::2] = grainy[:, 1::2, 1::2] = 120
    grainy[:, 1::2, ::2] = grainy[:, ::2, 1::2] = 80
    encoder = MobileNetV1().requires_grad_(False)
    found = [texture_map(encoder, each) for each in (flat, grainy, pixels(64, 1))]
    assert found[0].shape == (1, 512, 2, 2)
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_what_is_not_core_does_not_colour_the_tone():
    pixels_ = torch.full((1, 64, 64, 3), 60, dtype=torch.uint8)
    red_box = pixels_.clone()
    red_box[:, :, 32:, 0] = 250
    core = torch.zeros(1, 1, 16, 16)
    core[..., :8] = 1
    assert torch.allclose(tone_features(tone_map(pixels_), core), tone_features(tone_map(red_box), core), atol=1e-3)


def test_combined_probabilities_sum_to_one():
    network = typed_network()
    found = network.combine(
        torch.randn(2, 4, 16, 16), torch.randn(2, 320, 2, 2), torch.randn(2, 512, 2, 2), torch.rand(2, 4, 16, 16)
    )
    assert torch.allclose(found.exp().sum(1), torch.ones(2, 16, 16), atol=1e-4)
