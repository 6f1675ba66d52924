"""Frost: a frozen pane in front of the image, from textures that are made here.

The published images have photographs of frozen panes in front, which are not ours to
pass on. These textures share their brightness, spread, tint and how fast neighbouring
pixels part, but they are not photographs: results are like CIFAR-10-C's, no more.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

from harness.datasets.made.corruptions.matrices import smoothing
from harness.datasets.made.corruptions.pixels import check_side, grey, like

# Mean of red, green and blue, and spread, in grey levels: near those of the five
# photographs that the published generator takes, two of which are the same.
PANES = (
    ((80.0, 150.0, 165.0), 18.0),
    ((201.0, 205.0, 214.0), 22.0),
    ((201.0, 205.0, 214.0), 22.0),
    ((138.0, 153.0, 166.0), 29.0),
    ((112.0, 123.0, 135.0), 43.0),
)
LEAST_PANE = 128


def frost(
    images: torch.Tensor,
    rng: np.random.Generator,
    *,
    keep: float,
    ice: float,
    grain: int = 1,
) -> torch.Tensor:
    """Add `ice` times a random part of one of five panes to `keep` times the image.

    `grain` is how much larger than for images of 32x32 the ice is: the published
    generator shrinks its photographs to a fifth for these.
    """
    check_side(images)
    b, _, h, w = images.shape
    side = max(LEAST_PANE * grain, 1 << (2 * max(h, w) - 1).bit_length())
    made = panes(side, grain)
    which = rng.integers(0, len(made), size=b)
    top = rng.integers(0, made.shape[1] - h, size=b)[:, None] + np.arange(h)
    left = rng.integers(0, made.shape[2] - w, size=b)[:, None] + np.arange(w)
    parts = made[which[:, None, None], top[:, :, None], left[:, None, :]]
    layer = like(parts, images).permute(0, 3, 1, 2).double()
    if images.shape[1] == 1:
        layer = grey(layer)
    return (keep * images.double() + ice * layer).clamp(0, 255).to(torch.uint8)


@lru_cache(maxsize=4)
def panes(side: int, grain: int = 1) -> NDArray[np.uint8]:
    """(5, side, side, 3) textures; always the same, and not to be written to."""
    made = np.empty((len(PANES), side, side, 3), dtype=np.uint8)
    for number, (colour, spread) in enumerate(PANES):
        rng = np.random.default_rng((number, side))
        ice = _crystals(rng, side) if grain == 1 else _enlarged(rng, side, grain)
        layer = ice[:, :, None] * spread + np.array(colour)
        made[number] = layer.clip(0, 255)
    made.flags.writeable = False
    return made


def _enlarged(rng: np.random.Generator, side: int, grain: int) -> NDArray[np.float64]:
    """(side, side) of mean 0 and variance 1: crystals `grain` times as large, and rime.

    Shares of the variance by how fast the photographs' own pixels part: 0.85 of it is
    common to neighbours, 0.6 to pixels 5 apart, 0.5 to those 10 apart.
    """
    small = _crystals(rng, -(-side // grain))
    places = (np.arange(side) + 0.5) / grain - 0.5
    low = np.clip(places.astype(int), 0, len(small) - 2)
    share = np.clip(places - low, 0, 1)
    matrix = np.zeros((side, len(small)))
    matrix[np.arange(side), low] = 1 - share
    matrix[np.arange(side), low + 1] = share
    large = _standard(matrix @ small @ matrix.T)
    return _standard(0.78**0.5 * large + 0.22**0.5 * _noise(rng, side, 0.5))


def _crystals(rng: np.random.Generator, side: int) -> NDArray[np.float64]:
    """(side, side) texture of mean 0 and variance 1.

    Grains of ice, each with needles in three directions 60 degrees apart, bent by a
    slow noise; bright seams between them; thin and thick places; rime on top.
    """
    from scipy.spatial import cKDTree

    y, x = np.mgrid[:side, :side].astype(float)
    grains = max(4, side * side // 24**2)
    seeds = rng.uniform(0, side, size=(grains, 2))
    distance, nearest = cKDTree(seeds).query(np.stack([y, x], -1), k=2)
    grain = nearest[:, :, 0]
    axis = rng.uniform(0, np.pi / 3, size=grains)[grain]
    period = rng.uniform(3, 6, size=grains)[grain]
    bend = 3 * _noise(rng, side, 4.0)
    needles = np.zeros((side, side))
    for turn in range(3):
        angle = axis + turn * np.pi / 3
        across = x * np.cos(angle) + y * np.sin(angle) + bend
        needles = np.maximum(needles, 1 - np.abs(np.sin(np.pi * across / period)))
    seams = np.exp(-(distance[:, :, 1] - distance[:, :, 0]))
    # Shares of the variance, chosen by how fast the photographs' neighbours part.
    layer = (
        0.30**0.5 * _noise(rng, side, 14.0)
        + 0.10**0.5 * _noise(rng, side, 4.0)
        + 0.10**0.5 * _standard(rng.normal(size=grains)[grain])
        + 0.25**0.5 * _standard(needles**2)
        + 0.05**0.5 * _standard(seams)
        + 0.20**0.5 * _noise(rng, side, 0.5)
    )
    return _standard(layer)


def _noise(rng: np.random.Generator, side: int, sigma: float) -> NDArray[np.float64]:
    """(side, side) normal noise, smooth over `sigma` pixels."""
    matrix = smoothing(side, sigma)
    return _standard(matrix @ rng.standard_normal((side, side)) @ matrix.T)


def _standard(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of mean 0 and variance 1."""
    scaled: NDArray[np.float64] = (values - values.mean()) / values.std()
    return scaled
