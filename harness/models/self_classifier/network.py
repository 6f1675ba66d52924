"""The network of Self-Classifier: a backbone, a projection, and heads of cosines."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from harness.code import resolve


class SelfClassifierNetwork(nn.Module):
    """Logits of the first head; the others are there for training.

    A projection of two layers with batch norm and leaky ReLU makes an embedding of
    length 1. Heads are linear without bias, with rows of length 1 to start with, so
    that logits are cosines.

    Parameters
    ----------
    backbone
        (b, c, h, w) images to (b, d) features.
    features
        d.
    heads
        Number of classes of each.
    hidden, embedding
        Widths of the projection.
    used
        Which head `forward` gives the logits of.

    References
    ----------
    Amrani et al. 2022, section 4.1; elad-amrani/self-classifier, ``src/model.py``.
    """

    def __init__(
        self,
        backbone: nn.Module,
        features: int,
        *,
        heads: tuple[int, ...],
        hidden: int,
        embedding: int,
        used: int = 0,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.projection = nn.Sequential(
            nn.Linear(features, hidden, bias=False),
            nn.BatchNorm1d(hidden),
            nn.LeakyReLU(inplace=True),
            nn.Linear(hidden, embedding),
        )
        self.heads = nn.ModuleList(_cosines(embedding, classes) for classes in heads)
        self.used = used

    def embed(self, images: torch.Tensor) -> torch.Tensor:
        """(b, e) of length 1."""
        found = self.projection(self.backbone(images))
        return nn.functional.normalize(found, dim=1, eps=1e-7)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(b, C) cosines with the classes of the head that is used.

        All run, so that those of each can be taken as of any layer.
        """
        embedded = self.embed(images)
        logits: list[torch.Tensor] = [head(embedded) for head in self.heads]
        return logits[self.used]


def _cosines(embedding: int, classes: int) -> nn.Module:
    layer: Any = weight_norm(nn.Linear(embedding, classes, bias=False))
    with torch.no_grad():
        layer.parametrizations.weight.original0.fill_(1.0)
    made: nn.Module = layer
    return made


def self_classifier(
    build: str,
    head: str,
    arguments: dict[str, Any] | None = None,
    *,
    heads: tuple[int, ...] = (10,),
    hidden: int = 256,
    embedding: int = 128,
    used: int = 0,
) -> SelfClassifierNetwork:
    """A Self-Classifier over what enters the last linear layer of another network.

    Parameters
    ----------
    build, arguments
        Target of a function that makes that network, and what it is called with.
    head
        Dotted name of its last linear layer, which is left out.
    heads, hidden, embedding, used
        As of `SelfClassifierNetwork`.
    """
    backbone = resolve(build)(**(arguments or {}))
    features = backbone.get_submodule(head).in_features
    backbone.set_submodule(head, nn.Identity())
    return SelfClassifierNetwork(
        backbone,
        features,
        heads=tuple(heads),
        hidden=hidden,
        embedding=embedding,
        used=used,
    )
