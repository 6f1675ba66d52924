"""Pools of transformations that sets of the interior choose from.

The default is that of Deng and Zheng, "Are Labels Always Necessary for Classifier
Accuracy Evaluation?", CVPR 2021, arXiv:2007.02915. A and B are the other two groups
that the authors' generator lists (https://github.com/Simon4Yan/Meta-set), C is that of
Deng, Gould and Zheng, "What Does Rotation Prediction Tell Us about Classifier Accuracy
under Varying Testing Environments?", ICML 2021, arXiv:2106.05961. Parameters that the
lists leave out are the defaults of the library they use, imgaug 0.4.

The groups are called disjoint. A shares nothing with the default pool or B; B has a
weaker linear contrast than the default's. C does share: the default's autocontrast,
colour and solarisation, A's grey scale, and sharpening and brightness in other
strengths. The lists are kept whole here: without what they share, C would be too few to
choose three from. C's authors draw one to three entries for a set; three are drawn
here, as from the others.

D is DeepAugment, of Hendrycks et al., "The Many Faces of Robustness", ICCV 2021,
arXiv:2006.16241: its entries are ways to distort the weights of one network that images
go through, and the three of a set fall on the same weights, as published for EDSR. It
shares nothing with the others.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from harness.datasets.dataset import Transformation
from harness.datasets.made.transformations.distortions import DISTORTIONS


def _entry(module: str, name: str, **parameters: Any) -> Transformation:
    target = f"harness.datasets.made.transformations.{module}:{name}"
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
_BLUR = _entry("space", "gaussian_blur", sigma=[0.0, 3.0])
_GRAYSCALE = _entry("colour", "grayscale", alpha=[0.0, 0.5])

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
    _BLUR,
    _SOLARIZE,
    _CONTRAST,
    _AFFINE,
    _SHARPEN,
)

# A's inversion falls on each channel by itself: of RGB images one in seven is touched.
GREY_POOL_A = (
    _entry("warp", "elastic", alpha=[0.5, 2.5], sigma=[0.25, 0.5]),
    _entry("warp", "piecewise_affine", scale=[0.01, 0.05], points=[2, 4]),
    _entry("levels", "invert", probability=0.05),
    _entry("filters", "filter_blur"),
    _entry("levels", "enhance_brightness", factor=[0.5, 1.5]),
    _entry(
        "weather",
        "fog",
        brightness=[220.0, 255.0],
        thickness=[0.7, 0.9],
        density=[0.4, 0.9],
    ),
    _entry("storage", "additive_noise", sigma=[0.0, 6.375], per_channel=0.5),
)
POOL_A = (_GRAYSCALE, *GREY_POOL_A)

_WEAKER_CONTRAST = _entry("tone", "linear_contrast", alpha=[0.5, 1.5], per_channel=0.5)
_RAIN = _entry(
    "weather",
    "rain",
    layers=[1, 3],
    density=[0.03, 0.14],
    uniformity=[0.8, 1.0],
    size=[0.01, 0.02],
    angle=[-15.0, 15.0],
    speed=[0.1, 0.5],
)
_JPEG = _entry("storage", "jpeg", compression=[70.0, 99.0])
_SHARPNESS = _entry("filters", "enhance_sharpness", factor=[0.0, 2.0])
_EMBOSS = _entry("filters", "emboss", alpha=[0.0, 0.5], strength=[0.5, 1.5])

POOL_B = (
    _WEAKER_CONTRAST,
    _RAIN,
    _JPEG,
    _BLUR,
    _SHARPNESS,
    _entry("colour", "multiply_hue", factor=[0.5, 1.5]),
    _EMBOSS,
    _entry("colour", "add_to_saturation", amount=[-50, 50]),
)
# Without the blur, which the grey default pool has borrowed.
GREY_POOL_B = (_WEAKER_CONTRAST, _RAIN, _JPEG, _SHARPNESS, _EMBOSS)

_SHARPEN_FROM_NONE = _entry("space", "sharpen", alpha=[0.0, 1.0], lightness=[0.8, 1.2])
_WEAKER_MULTIPLY = _entry("tone", "multiply", factor=[0.8, 1.2], per_channel=0.2)

POOL_C = (
    _COLOR,
    _SHARPEN_FROM_NONE,
    _entry("colour", "change_temperature", kelvin=[1100.0, 5000.0]),
    _entry("levels", "equalize"),
    _SOLARIZE,
    _WEAKER_MULTIPLY,
    _AUTOCONTRAST,
    _GRAYSCALE,
)
# Without equalisation too: it leaves images as small as the digits as they are.
GREY_POOL_C = (_SHARPEN_FROM_NONE, _SOLARIZE, _WEAKER_MULTIPLY, _AUTOCONTRAST)


def _distortion(name: str) -> Transformation:
    target = "harness.datasets.made.transformations.deep:deep_augment"
    return Transformation(name=name, target=target, parameters={"distortions": [name]})


POOL_D = tuple(map(_distortion, DISTORTIONS))

# By the family's letter: the pool for RGB images, then that for grey ones.
OTHER_POOLS = {
    "a": (POOL_A, GREY_POOL_A),
    "b": (POOL_B, GREY_POOL_B),
    "c": (POOL_C, GREY_POOL_C),
    "d": (POOL_D, POOL_D),
}


def in_one_pass(made: tuple[Transformation, ...]) -> tuple[Transformation, ...]:
    """The same, where distortions of one network's weights are of one pass.

    Examples
    --------
    >>> [one.parameters for one in in_one_pass(POOL_D[:2])]
    [{'distortions': ['flip_filters', 'negate_layer']}]
    >>> in_one_pass(POOL_A[:3]) == POOL_A[:3]
    True
    """
    if not all(one in POOL_D for one in made):
        return made
    names = [name for one in made for name in one.parameters["distortions"]]
    parameters = {"distortions": names}
    return (replace(made[0], name="deep_augment", parameters=parameters),)
