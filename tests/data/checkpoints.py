"""Checkpoints of MobileNets in Hugging Face's layout, with random weights."""

import torch
import transformers


def write_checkpoint(folder, kind):
    """Write a checkpoint ("v1" or "v2") whose normalisation does something, and return its network."""
    torch.manual_seed(0)
    config, network = {
        "v1": (transformers.MobileNetV1Config, transformers.MobileNetV1Model),
        "v2": (transformers.MobileNetV2Config, transformers.MobileNetV2Model),
    }[kind]
    model = network(config()).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.05)
            module.running_var.uniform_(0.5, 1.5)
            torch.nn.init.uniform_(module.weight, 0.8, 1.2)
            torch.nn.init.normal_(module.bias, 0.1, 0.1)
    model.save_pretrained(folder)
    return model
