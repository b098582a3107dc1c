"""The network that says which class a tile shows.

pixels uint8 (N, h, w, 3) ──▶ encoder ──▶ mean over the picture ──┬─▶ a head a domain ──▶ logits (N, C)
                                                                  └─▶ gate between them
"""

from torch import Tensor, nn

from facies.training.encoders import Encoder


class TileClassifier(nn.Module):
    """Which class a tile shows. Each domain has a head of its own, and a gate that tells how much each one counts.

    What is pale in a diver's close-up is not what is pale in a scene from the web: one linear head for both does
    worse on each. The gate is a classifier of the domain, so a tile is judged by the head that was trained on its like.

    Args:
        encoder: what the features come from.
        classes: how many.
        domains: how many heads.
        dropout: share of the features dropped while training.
    """

    def __init__(self, encoder: Encoder, classes: int, *, domains: int = 1, dropout: float = 0.2) -> None:
        super().__init__()
        self.classes = classes
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.Linear(encoder.features, domains * classes)
        self.gate = nn.Linear(encoder.features, domains)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Pixels uint8 (N, H, W, 3) to logits (N, C) and features (N, F)."""
        features = self.pool(self.encoder.lower(pixels, 0), 0)
        return self.weigh(*self.judge(features)), features

    def pool(self, x: Tensor, from_block: int) -> Tensor:
        """What `encoder.lower(pixels, from_block)` gave, to features (N, F)."""
        return self.encoder.upper(x, from_block)

    def judge(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Features (N, F) to the heads' logits (N, domains, C) and the gate's (N, domains)."""
        features = self.dropout(features)
        return self.heads(features).reshape(len(features), -1, self.classes), self.gate(features)

    @staticmethod
    def weigh(heads: Tensor, gate: Tensor) -> Tensor:
        """The heads' logits (N, domains, C), each by the gate's share for it, to logits (N, C)."""
        return (heads * gate.softmax(1)[:, :, None]).sum(1)


class Features(nn.Module):
    """From pixels to the features that the heads see; for training with a frozen encoder."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, pixels: Tensor) -> Tensor:
        """Pixels uint8 (N, H, W, 3) to features (N, F)."""
        return self.encoder.upper(self.encoder.lower(pixels, 0), 0)


class Lower(nn.Module):
    """The frozen part of a tile classifier: normalising, the stem and the first blocks."""

    def __init__(self, encoder: Encoder, until_block: int) -> None:
        super().__init__()
        self.encoder, self.until_block = encoder, until_block

    def forward(self, pixels: Tensor) -> Tensor:
        """Pixels uint8 (N, H, W, 3) to the feature map after the last frozen block."""
        return self.encoder.lower(pixels, self.until_block)


class Upper(nn.Module):
    """The other part: from that feature map to features (N, F)."""

    def __init__(self, encoder: Encoder, from_block: int) -> None:
        super().__init__()
        self.encoder, self.from_block = encoder, from_block

    def forward(self, x: Tensor) -> Tensor:
        """The feature map after the last frozen block to features (N, F)."""
        return self.encoder.upper(x, self.from_block)
