"""Networks for pictures of ImageNet's size, as torchvision and timm make them."""

from __future__ import annotations

from torch import nn


def torchvision_network(name: str, *, classes: int = 1000) -> nn.Module:
    """torchvision's own of that name, with random weights."""
    from torchvision.models import get_model

    network: nn.Module = get_model(name, weights=None, num_classes=classes)
    return network


def timm_network(name: str, *, classes: int = 1000) -> nn.Module:
    """timm's own of that name, with random weights; needs timm."""
    import timm

    network: nn.Module = timm.create_model(name, pretrained=False, num_classes=classes)
    return network
