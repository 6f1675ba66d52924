"""Layers: where features are taken inside a network, and how maps become vectors.

A layer's name tells the whole protocol, so that two protocols never meet in one column:
``stage2`` is averaged over positions, ``stage2-max``, ``stage2-grid`` and
``stage2-grid4`` are not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import isqrt
from typing import TYPE_CHECKING

from harness.errors import is_pattern

if TYPE_CHECKING:
    import torch

#: What enters the head of a classifier, or what an encoder gives, as it is.
HEAD = "head"
#: Numbers in a vector that ``-grid`` makes of a map, at most.
GRID_NUMBERS = 9_000
#: Numbers in a vector of any layer but the head, at most.
LARGEST = 2**16
_POOL = re.compile(r"max|grid([1-9]\d?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A place inside a network that tests may ask for the features of.

    Attributes
    ----------
    name
        What tests and options call it.
    module
        Dotted name of the part whose output it is.
    """

    name: str
    module: str


def stages(*modules: str) -> tuple[Layer, ...]:
    """Layers called stage1, stage2, ... in the order that they run.

    Examples
    --------
    >>> [layer.name for layer in stages("layer1", "layer2")]
    ['stage1', 'stage2']
    """
    return tuple(
        Layer(name=f"stage{i}", module=module)
        for i, module in enumerate(modules, start=1)
    )


def split_layer(text: str) -> tuple[str, str]:
    """The layer's name and how its maps are pooled: "avg", "max", "grid" or "grid4".

    Examples
    --------
    >>> split_layer("stage2"), split_layer("stage2-grid4")
    (('stage2', 'avg'), ('stage2', 'grid4'))
    """
    name, _, pool = text.rpartition("-")
    return (name, pool) if name and _POOL.fullmatch(pool) else (text, "avg")


def chosen_layers(patterns: Sequence[str], known: Iterable[str]) -> tuple[str, ...]:
    """The layers of a model that names or wildcards choose, in the model's order.

    Parameters
    ----------
    patterns
        Each may end in ``-max``, ``-grid`` or ``-gridN``; of one layer the average
        comes first.
    known
        Names of the model's layers in the order that they run, without the head.

    Examples
    --------
    >>> chosen_layers(["head", "stage*"], ["stage1", "stage2"])
    ('stage1', 'stage2', 'head')
    >>> chosen_layers(["stage?-max", "stage2"], ["stage1", "stage2"])
    ('stage1-max', 'stage2', 'stage2-max')
    """
    wanted = [split_layer(pattern) for pattern in patterns]
    pools = sorted({pool for _, pool in wanted}, key=_rank)

    def fits(name: str, pattern: str) -> bool:
        return name == pattern or (is_pattern(pattern) and fnmatchcase(name, pattern))

    found = [
        name if pool == "avg" else f"{name}-{pool}"
        for name in known
        for pool in pools
        if any(fits(name, pattern) and pool == asked for pattern, asked in wanted)
    ]
    if any(fits(HEAD, pattern) and asked == "avg" for pattern, asked in wanted):
        found.append(HEAD)
    return tuple(found)


def _rank(pool: str) -> tuple[int, int]:
    """The average first, the finest grid of few cells last."""
    name = pool.rstrip("0123456789")
    return ("avg", "max", "grid").index(name), int(pool.removeprefix(name) or 0)


def pooled(output: torch.Tensor, pool: str) -> torch.Tensor:
    """(n, d) float32 of what a layer gave for n images.

    Vectors stay as they are. Maps (n, c, h, w) are pooled over positions, sequences of
    tokens (n, t, c) over tokens.

    Parameters
    ----------
    output
        (n, d), (n, t, c) or (n, c, h, w).
    pool
        "avg": the mean; "max": the largest; "grid": of maps the largest in each cell of
        a g x g grid, g as large as the map has room for and c·g² <= 9,000 allows, as
        linear probes of every layer have it; "grid4": in a 4 x 4 grid, or one as large
        as a smaller map has room for.

    Raises
    ------
    ValueError
        If the output is of no such shape, or makes vectors of more than 65,536 numbers.

    References
    ----------
    Gidaris, Singh, Komodakis, "Unsupervised Representation Learning by Predicting Image
    Rotations", ICLR 2018, arXiv:1803.07728: adaptive max pooling, to between 9,216 and
    9,600 numbers. Kolesnikov, Zhai, Beyer, "Revisiting Self-Supervised Visual
    Representation Learning", CVPR 2019, arXiv:1901.09005: to at most 9,000.
    """
    shape = tuple(output.shape)
    if output.ndim == 4:
        found = _of_maps(output.float(), pool)
    elif output.ndim == 3 and pool in _TOKENS:
        found = _TOKENS[pool](output.float())
    elif output.ndim == 2:
        found = output
    else:
        cure = "; tokens have no grid" if output.ndim == 3 else ""
        raise ValueError(
            "must give one vector, a sequence of vectors or a map an image, "
            f"(n, d), (n, t, c) or (n, c, h, w), got shape {shape}{cure}"
        )
    if found.shape[1] > LARGEST:
        raise ValueError(
            f"must give at most {LARGEST:,} numbers an image, got shape {shape}; name "
            "a layer before the map is flattened, which is then pooled"
        )
    return found


def _of_maps(maps: torch.Tensor, pool: str) -> torch.Tensor:
    import torch

    if pool == "avg":
        return maps.mean(dim=(2, 3))
    if pool == "max":
        return maps.amax(dim=(2, 3))
    channels, height, width = maps.shape[1:]
    asked = pool.removeprefix("grid")
    most = int(asked) if asked else max(1, isqrt(GRID_NUMBERS // channels))
    size = min(height, width, most)
    return torch.nn.functional.adaptive_max_pool2d(maps, size).flatten(1)


_TOKENS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "avg": lambda tokens: tokens.mean(dim=1),
    "max": lambda tokens: tokens.amax(dim=1),
}
