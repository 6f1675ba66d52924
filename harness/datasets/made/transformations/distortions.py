"""Distortions of a network's weights, of DeepAugment's list.

Each takes (b, maps, maps, 3, 3) weights of the two layers of a residual branch, by
image, output and input, and gives both. Numbers are those of EDSR_distort_imagenet.py
of https://github.com/hendrycks/imagenet-r (MIT). Those that add to weights or convolve
them (8 to 11) are left out: how much they change goes by the size of the published
weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float32]
Both = tuple[Weights, Weights]
Distort = Callable[[Weights, Weights, np.random.Generator], Both]


def _flip_filters(first: Weights, second: Weights, _: np.random.Generator) -> Both:
    """0: filters of both layers in reverse order."""
    return first[:, ::-1], second[:, ::-1]


def _negate_layer(first: Weights, second: Weights, _: np.random.Generator) -> Both:
    """1: the first layer negated."""
    return -first, second


def _zero_layer(first: Weights, second: Weights, _: np.random.Generator) -> Both:
    """2: the first layer zero, so that the branch gives nothing."""
    return np.zeros_like(first), second


def _gelu_weights(first: Weights, second: Weights, _: np.random.Generator) -> Both:
    """3: minus GELU of all weights."""
    return _minus_gelu(first), _minus_gelu(second)


def _minus_gelu(weights: Weights) -> Weights:
    """-w times the share of a standard normal below w."""
    from scipy.special import erf

    below = (1 + erf(weights / math.sqrt(2))) / 2
    found: Weights = (-weights * below).astype(np.float32)
    return found


_EDGES = np.array(
    [
        [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
        [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    ],
    dtype=np.float32,
)


def _edge_kernels(first: Weights, second: Weights, rng: np.random.Generator) -> Both:
    """4 and 5: the first layer's kernels times one that finds edges, of two."""
    chosen = _EDGES[rng.integers(0, 2, size=len(first))]
    return first * chosen[:, None, None], second


def _scale_weights(first: Weights, second: Weights, rng: np.random.Generator) -> Both:
    """6: weights of the second layer times 1 to 5, by up to a range of the image's."""
    reach = rng.random((len(second), 1, 1, 1, 1), dtype=np.float32)
    drawn = rng.random(second.shape, dtype=np.float32)
    return first, second * (1 + 4 * reach * drawn)


def _mirror_kernels(first: Weights, second: Weights, _: np.random.Generator) -> Both:
    """7: the first layer's kernels mirrored, the second layer negated."""
    return first[..., ::-1], -second


def _turn_kernels(first: Weights, second: Weights, rng: np.random.Generator) -> Both:
    """12: kernels of both layers turned by one to three quarters."""
    turns = rng.integers(1, 4, size=len(first))
    turned = [
        np.stack(
            [np.rot90(one, k, (-2, -1)) for one, k in zip(layer, turns, strict=True)]
        )
        for layer in (first, second)
    ]
    return turned[0], turned[1]


def _mask_weights(first: Weights, second: Weights, rng: np.random.Generator) -> Both:
    """13 and 14: half of the first layer's weights negated, or zero."""
    negated = rng.integers(0, 2, size=(len(first), 1, 1, 1, 1))
    kept = rng.integers(0, 2, size=first.shape)
    return np.where(kept == 1, first, -first * negated).astype(np.float32), second


def _negate_filters(first: Weights, second: Weights, rng: np.random.Generator) -> Both:
    """15: filters of the first layer negated that were drawn, half as often as many."""
    maps = first.shape[1]
    drawn = rng.integers(0, maps, size=(len(first), maps // 2, 1))
    negated = (drawn == np.arange(maps)).any(axis=1)
    signs = np.where(negated, -1, 1).astype(np.float32)
    return first * signs[:, :, None, None, None], second


def _keep_largest(first: Weights, second: Weights, _: np.random.Generator) -> Both:
    """16: of each kernel of both layers the largest weight alone."""
    kept = []
    for layer in (first, second):
        largest = layer.max(axis=(-2, -1), keepdims=True)
        kept.append(np.where(layer == largest, layer, np.float32(0)))
    return kept[0], kept[1]


#: By name, in the order of the published list.
DISTORTIONS: dict[str, Distort] = {
    "flip_filters": _flip_filters,
    "negate_layer": _negate_layer,
    "zero_layer": _zero_layer,
    "gelu_weights": _gelu_weights,
    "edge_kernels": _edge_kernels,
    "scale_weights": _scale_weights,
    "mirror_kernels": _mirror_kernels,
    "turn_kernels": _turn_kernels,
    "mask_weights": _mask_weights,
    "negate_filters": _negate_filters,
    "keep_largest": _keep_largest,
}
