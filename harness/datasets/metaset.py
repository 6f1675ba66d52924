"""Interior meta-sets: three of seven transformations a set, drawn per image.

The recipe of Deng and Zheng, "Are Labels Always Necessary for Classifier Accuracy
Evaluation?", CVPR 2021, arXiv:2007.02915. Their choice of three was not seeded, so
their sets cannot be made again; these can.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.datasets.dataset import Transformation

TAKEN = 3  # of the pool, for each set


def _entry(module: str, name: str, **parameters: Any) -> Transformation:
    target = f"harness.datasets.transformations.{module}:{name}"
    return Transformation(name=name, target=target, parameters=parameters)


_AUTOCONTRAST = _entry("tone", "autocontrast", cutoff=[0, 20])
_MULTIPLY = _entry("tone", "multiply", factor=[0.1, 1.9], per_channel=0.2)
_COLOR = _entry("tone", "enhance_color", factor=[0.0, 3.0])
_SOLARIZE = _entry("tone", "solarize", probability=0.5, threshold=[32.0, 128.0])
_CONTRAST = _entry("tone", "linear_contrast", alpha=[0.5, 2.0], per_channel=0.5)
_AFFINE = _entry(
    "space",
    "affine",
    probability=0.5,
    scale=[0.8, 1.2],
    translate=[-0.2, 0.2],
    rotate=[-30.0, 30.0],
)
_SHARPEN = _entry("space", "sharpen", alpha=[0.1, 1.0], lightness=[0.8, 1.2])

DEFAULT_POOL = (
    _AUTOCONTRAST,
    _MULTIPLY,
    _COLOR,
    _SOLARIZE,
    _CONTRAST,
    _AFFINE,
    _SHARPEN,
)

# Grey images have no colour to change; they are blurred instead, with the parameters of
# the second of the authors' other pools.
GREY_POOL = (
    _AUTOCONTRAST,
    _MULTIPLY,
    _entry("space", "gaussian_blur", sigma=[0.0, 3.0]),
    _SOLARIZE,
    _CONTRAST,
    _AFFINE,
    _SHARPEN,
)


def metaset(
    seed: int, index: int, pool: tuple[Transformation, ...] = DEFAULT_POOL
) -> tuple[Transformation, ...]:
    """The transformations of set `index`: three different ones, in a random order.

    A function of seed, index and pool alone: the same set however many are made.
    """
    rng = np.random.default_rng(np.random.SeedSequence((seed, index)))
    return tuple(pool[i] for i in rng.permutation(len(pool))[:TAKEN])
