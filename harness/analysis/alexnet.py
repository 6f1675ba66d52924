"""AlexNet's published errors, and the numbers of other networks in units of them.

The denominators of ImageNet-C and ImageNet-P are not measured anew: published numbers
are comparable because all divide by the same table. A table of one's own takes out most
of what another resize does, and is another number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from harness.traits import Trait

#: Of numbers and the traits that tell them apart, all of which differ.
Members = Sequence[tuple[Mapping[str, Trait], float]]

SEVERITIES = (1, 2, 3, 4, 5)

#: Top-1 error on the clean validation images: torchvision's AlexNet, 56.522 %.
CLEAN_ERROR = 0.43478

#: Top-1 error by corruption, the mean over five severities: google-research/augmix,
#: ``imagenet.py``, and bethgelab/game-of-noise. The fifteen of the benchmark.
CORRUPTION_ERRORS: dict[str, float] = {
    "gaussian_noise": 0.886428,
    "shot_noise": 0.894468,
    "impulse_noise": 0.92264,
    "defocus_blur": 0.81988,
    "glass_blur": 0.826268,
    "motion_blur": 0.785948,
    "zoom_blur": 0.79836,
    "snow": 0.866816,
    "frost": 0.826572,
    "fog": 0.819324,
    "brightness": 0.564592,
    "contrast": 0.853204,
    "elastic_transform": 0.646056,
    "pixelate": 0.71784,
    "jpeg_compression": 0.6065,
}
#: Of the other four, which validate and are in no mean over the fifteen:
#: clovaai/assembled-cnn, ``mce/eval_robustness.py``, which does average all nineteen.
EXTRA_CORRUPTION_ERRORS: dict[str, float] = {
    "speckle_noise": 0.8454,
    "gaussian_blur": 0.7871,
    "spatter": 0.7175,
    "saturate": 0.6583,
}
#: Flip probability by perturbation, of the same file; the ten of ImageNet-P. CIFAR-10-P
#: has spatter in place of snow, and no such table.
FLIP_PROBABILITIES: dict[str, float] = {
    "gaussian_noise": 0.23653,
    "shot_noise": 0.30062,
    "motion_blur": 0.09297,
    "zoom_blur": 0.05942,
    "snow": 0.11928,
    "brightness": 0.04889,
    "translate": 0.11007,
    "rotate": 0.13104,
    "tilt": 0.0705,
    "scale": 0.23531,
}

_ERRORS = CORRUPTION_ERRORS | EXTRA_CORRUPTION_ERRORS


def corruption_error(members: Members) -> float:
    r"""Return the CE of one corruption, from accuracies at its severities.

    .. math:: \mathrm{CE}_c = \sum_s E_{s,c} \Big/ \sum_s E^{\mathrm{AlexNet}}_{s,c}

    1 is AlexNet. Severities are averaged inside the ratio. They need not be in order of
    error: elastic transforms and snow are not.

    Examples
    --------
    >>> fog = [({"corruption": "fog", "severity": s}, 0.180676) for s in range(1, 6)]
    >>> round(corruption_error(fog), 9)
    1.0
    """
    ((name, error),) = _errors(members).items()
    return error / _ERRORS[name]


def relative_corruption_error(members: Members, clean: float) -> float:
    r"""Return how much one corruption costs, against what it costs AlexNet.

    .. math:: \sum_s (E_{s,c} - E_{\mathrm{clean}}) \Big/
        \sum_s (E^{\mathrm{AlexNet}}_{s,c} - E^{\mathrm{AlexNet}}_{\mathrm{clean}})

    Parameters
    ----------
    members
        As of `corruption_error`.
    clean
        The accuracy on the clean images.

    Examples
    --------
    >>> fog = [({"corruption": "fog", "severity": s}, 0.180676) for s in range(1, 6)]
    >>> round(relative_corruption_error(fog, 0.56522), 9)
    1.0
    >>> relative_corruption_error([({"corruption": "fog"}, 0.75)], 0.75)
    0.0
    """
    ((name, error),) = _errors(members).items()
    return (error - (1 - clean)) / (_ERRORS[name] - CLEAN_ERROR)


def mean_corruption_error(members: Members) -> float:
    """Return the mCE: the mean over corruptions of the CE of each.

    Examples
    --------
    >>> fog, snow = {"corruption": "fog"}, {"corruption": "snow"}
    >>> round(mean_corruption_error([(fog, 0.590338), (snow, 0.133184)]), 9)
    0.75
    """
    errors = _errors(members)
    return mean(error / _ERRORS[name] for name, error in errors.items())


def relative_mean_corruption_error(members: Members, clean: float) -> float:
    """Return the relative mCE: the mean of the relative CE of each corruption.

    Examples
    --------
    >>> fog, snow = {"corruption": "fog"}, {"corruption": "snow"}
    >>> members = [(fog, 0.180676), (snow, 0.56522)]
    >>> round(relative_mean_corruption_error(members, 0.56522), 9)
    0.5
    """
    return mean(
        (error - (1 - clean)) / (_ERRORS[name] - CLEAN_ERROR)
        for name, error in _errors(members).items()
    )


def mean_error(members: Members) -> float:
    """Return the mean error over corruptions and severities, in units of nothing.

    ImageNet-C's own ``test.py`` calls it mCE (unnormalized); of CIFAR-10-C it is the
    mean corruption error as published.

    Examples
    --------
    >>> fog, snow = {"corruption": "fog"}, {"corruption": "snow"}
    >>> mean_error([(fog, 0.75), (snow, 0.25)])
    0.5
    """
    return mean(_errors(members).values())


def over(denominators: Mapping[str, float]) -> Callable[[Members], float]:
    """The mean over perturbations of a number by that of AlexNet.

    Parameters
    ----------
    denominators
        By perturbation, above 0.

    Examples
    --------
    >>> flip_rate = over({"tilt": 0.0705, "scale": 0.23531})
    >>> tilt, scale = {"perturbation": "tilt"}, {"perturbation": "scale"}
    >>> round(flip_rate([(tilt, 0.03525), (scale, 0.0)]), 9)
    0.25
    """

    def rate(members: Members) -> float:
        return mean(v / denominators[str(t["perturbation"])] for t, v in members)

    return rate


def mean(values: Iterable[float]) -> float:
    """The sum is exact, so that the order of members decides nothing."""
    found = list(values)
    return math.fsum(found) / len(found)


def _errors(members: Members) -> dict[str, float]:
    """By corruption, the mean error over its severities."""
    found: dict[str, list[float]] = {}
    for traits, accuracy in members:
        found.setdefault(str(traits["corruption"]), []).append(1 - accuracy)
    return {name: mean(errors) for name, errors in found.items()}
