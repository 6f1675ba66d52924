"""The network of a pretext training: an encoder, and what answers from its features."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from harness.code import resolve
from harness.models.pretext import colours
from harness.models.pretext.options import (
    Colorization,
    Context,
    Inpainting,
    Jigsaw,
    Pretext,
    Rotation,
    pretext_options,
)


class PretextNetwork(nn.Module):
    """Features of images; `solver` is there for training.

    Parameters
    ----------
    backbone
        (b, c, h, w) images to (b, d) features.
    solver
        From features to the answer of one task.
    """

    def __init__(self, backbone: nn.Module, solver: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone
        self.solver = solver

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(b, d)."""
        features: torch.Tensor = self.backbone(images).flatten(1)
        return features


class Joined(nn.Module):
    """Logits from the features of several pieces of one image, in their order.

    A layer of each piece by itself, the same for all, and two over what they give
    together: the published networks have theirs so.

    Parameters
    ----------
    features, pieces, hidden, classes
        Of one piece; how many; width; how many answers.
    """

    def __init__(self, features: int, pieces: int, hidden: int, classes: int) -> None:
        super().__init__()
        self.each = nn.Sequential(nn.Linear(features, hidden), nn.ReLU())
        self.all = nn.Sequential(
            nn.Linear(pieces * hidden, hidden), nn.ReLU(), nn.Linear(hidden, classes)
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(b, p, d) to (b, t)."""
        logits: torch.Tensor = self.all(self.each(features).flatten(1))
        return logits


class Painter(nn.Module):
    """Pixels of a whole image from its features, and what doubts them.

    Parameters
    ----------
    features, hidden
        Of the encoder; width between.
    size
        (height, width, channels) of an image.
    doubted
        Whether there is a discriminator of squares.
    """

    def __init__(
        self, features: int, hidden: int, size: tuple[int, int, int], *, doubted: bool
    ) -> None:
        super().__init__()
        height, width, channels = size
        self.paint = nn.Sequential(
            nn.Linear(features, hidden),
            nn.ReLU(),
            nn.Linear(hidden, channels * height * width),
            nn.Unflatten(1, (channels, height, width)),
        )
        self.doubt = _discriminator(channels) if doubted else nn.Identity()

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(b, d) to (b, c, h, w)."""
        images: torch.Tensor = self.paint(features)
        return images


def _discriminator(channels: int) -> nn.Module:
    """A logit of each square: large where it looks like a photograph's own."""
    return nn.Sequential(
        nn.Conv2d(channels, 16, 3, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(16, 32, 3, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 1),
    )


class Colourist(nn.Module):
    """Distributions over bins of colour, one a cell, from an image's features.

    Parameters
    ----------
    features, hidden, grid
        Of the encoder; width between; cells along a side.
    """

    shares: torch.Tensor

    def __init__(self, features: int, hidden: int, grid: int) -> None:
        super().__init__()
        self.colour = nn.Sequential(
            nn.Linear(features, hidden),
            nn.ReLU(),
            nn.Linear(hidden, grid**2 * colours.BINS),
            nn.Unflatten(1, (grid**2, colours.BINS)),
        )
        #: Of each bin in the training images, once they have been looked at.
        self.register_buffer("shares", torch.zeros(colours.BINS, dtype=torch.float64))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(b, d) to (b, cells, bins) logarithms; 0 of bins that do not occur."""
        logits: torch.Tensor = self.colour(features)
        absent = self.shares == 0
        known = logits.masked_fill(absent, -torch.inf).log_softmax(dim=2)
        return known.masked_fill(absent, 0.0)


def solver_of(options: Pretext, features: int, size: tuple[int, int, int]) -> nn.Module:
    """What answers from features of images of a size, as the options have it."""
    side = size[0]
    match options:
        case Rotation():
            return nn.Linear(features, 4)
        case Jigsaw():
            orders = len(options.orders(side))
            return Joined(features, options.tiles(side).count, options.hidden, orders)
        case Context():
            return Joined(features, 2, options.hidden, 8)
        case Inpainting():
            return Painter(
                features, options.hidden, size, doubted=options.adversarial > 0
            )
        case Colorization():
            return Colourist(features, options.hidden, options.grid(side))


def encoder(build: str, head: str, arguments: dict[str, Any] | None = None) -> Any:
    """Another entry's network without its last linear layer, and what entered that.

    Parameters
    ----------
    build, arguments
        Target of a function that makes it, and what it is called with.
    head
        Dotted name of the last linear layer.
    """
    network = resolve(build)(**(arguments or {}))
    network.set_submodule(head, nn.Identity())
    return network


def pretext_network(
    build: str,
    head: str,
    arguments: dict[str, Any] | None = None,
    *,
    task: str,
    size: tuple[int, int, int],
    options: dict[str, Any] | None = None,
) -> PretextNetwork:
    """A network to train for a task, over what enters another's last linear layer.

    Parameters
    ----------
    build, head, arguments
        As of `encoder`.
    task, options
        Which, and its options where they are not the usual ones.
    size
        (height, width, channels) of the images.
    """
    network = resolve(build)(**(arguments or {}))
    features = network.get_submodule(head).in_features
    network.set_submodule(head, nn.Identity())
    chosen = pretext_options(task, options or {})
    height, width, channels = size
    solver = solver_of(chosen, features, (height, width, channels))
    return PretextNetwork(network, solver)
