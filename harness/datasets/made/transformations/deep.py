"""DeepAugment: images through an image-to-image network whose weights are distorted.

Hendrycks et al. send images through a super-resolution network (EDSR) or an autoencoder
(CAE) with published weights, of which some were flipped, negated, turned or masked.
Those weights do not come with the harness, so the network here is one of its own, an
autoencoder that gives every image back: its encoder takes patches of 3x3 pixels to 32
maps and adds residual branches to either half of these from the other; its decoder
takes the same branches away in reverse (reversible residual blocks, Gomez et al. 2017).
Its weights are random, and always the same. What is distorted are the decoder's: it
then takes away what was never added, and how an image changes goes by what is in it.

References
----------
Hendrycks, Basart, Mu, Kadavath, Wang, Dorundo, Desai, Zhu, Parajuli, Guo, Song,
Steinhardt, Gilmer, "The Many Faces of Robustness", ICCV 2021, arXiv:2006.16241;
EDSR_distort_imagenet.py of https://github.com/hendrycks/imagenet-r (MIT).
Gomez, Ren, Urtasun, Grosse, "The Reversible Residual Network", NeurIPS 2017,
arXiv:1707.04585.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from harness.datasets.made.corruptions.pixels import like
from harness.datasets.made.transformations.distortions import DISTORTIONS, Weights
from harness.datasets.made.transformations.pixels import rounded

MAPS = 32
HALF = MAPS // 2
BRANCHES = 4
#: Of what a branch adds: how large it is beside the maps that it is made of, by
#: channels. Grey images have no colours that change, and take more.
STRENGTH = {1: 1.0, 3: 0.7}
_PATCH = 3
_AT_ONCE = 2**20  # pixels of images that are in memory with all their maps


@dataclass(frozen=True, slots=True)
class Network:
    """Weights of the network for images of c channels.

    Attributes
    ----------
    patches : (MAPS, c, 3, 3) tensor
        Orthonormal: what they take apart they put together.
    first, second : (BRANCHES, HALF, HALF, 3, 3) array
        Of the two layers of each branch, with a ReLU between them.
    """

    patches: torch.Tensor
    first: Weights
    second: Weights


@cache
def network(channels: int) -> Network:
    """The network for images of so many channels."""
    rng = np.random.Generator(np.random.Philox(20211011 + channels))
    patches, _ = np.linalg.qr(rng.standard_normal((MAPS, channels * _PATCH**2)))
    shape = (BRANCHES, HALF, HALF, _PATCH, _PATCH)
    inputs = HALF * _PATCH**2
    first = rng.standard_normal(shape) * np.sqrt(2 / inputs)
    second = rng.standard_normal(shape) * np.sqrt(1 / inputs) * STRENGTH[channels]
    return Network(
        torch.from_numpy(patches.reshape(MAPS, channels, _PATCH, _PATCH)).float(),
        first.astype(np.float32),
        second.astype(np.float32),
    )


def deep_augment(
    images: torch.Tensor, rng: np.random.Generator, *, distortions: Sequence[str]
) -> torch.Tensor:
    """Send each image through the network with weights of its own.

    Parameters
    ----------
    distortions
        Names in `DISTORTIONS`, in turn; each falls on a branch that is drawn for each
        image. Without any the images come back.
    """
    b, c, h, w = images.shape
    net = network(c)
    first = np.repeat(net.first[None], b, axis=0)
    second = np.repeat(net.second[None], b, axis=0)
    for name in distortions:
        branch = np.arange(b), rng.integers(0, BRANCHES, size=b)
        one, two = DISTORTIONS[name](first[branch], second[branch], rng)
        first[branch], second[branch] = one, two
    chunk = max(1, _AT_ONCE // (h * w))
    return torch.cat(
        [
            _through(
                images[i : i + chunk], net, first[i : i + chunk], second[i:][:chunk]
            )
            for i in range(0, b, chunk)
        ]
    )


def _through(
    images: torch.Tensor, net: Network, first: Weights, second: Weights
) -> torch.Tensor:
    """(b, c, h, w) uint8 encoded, and decoded with (b, BRANCHES, ...) weights."""
    patches = net.patches.to(images.device)
    seen = F.pad(images.float() / 255 - 0.5, (2, 2, 2, 2), mode="replicate")
    halves = list(torch.split(F.conv2d(seen, patches), HALF, dim=1))
    for k in range(BRANCHES):
        weights = (like(own[k], images) for own in (net.first, net.second))
        halves[k % 2] = halves[k % 2] + _branch(halves[1 - k % 2], *weights, groups=1)
    b = len(images)
    for k in reversed(range(BRANCHES)):
        weights = (like(own[:, k], images).flatten(0, 1) for own in (first, second))
        halves[k % 2] = halves[k % 2] - _branch(halves[1 - k % 2], *weights, groups=b)
    # Each pixel is in nine patches.
    back = F.conv_transpose2d(torch.cat(halves, dim=1), patches) / _PATCH**2
    return rounded((back[..., 2:-2, 2:-2] + 0.5) * 255)


def _branch(
    maps: torch.Tensor, first: torch.Tensor, second: torch.Tensor, *, groups: int
) -> torch.Tensor:
    """What is made of (b, HALF, h, w) maps; of `groups` images each has its weights."""
    shape = maps.shape
    if groups > 1:
        maps = maps.reshape(1, -1, *shape[2:])
    inner = F.conv2d(maps, first, padding=1, groups=groups).relu_()
    return F.conv2d(inner, second, padding=1, groups=groups).view(shape)
