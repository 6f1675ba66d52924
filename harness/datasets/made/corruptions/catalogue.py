"""The nineteen corruptions of CIFAR-10-C: where their code is, and how strong.

Strengths are those of the published generator for 32x32 images (not those it uses for
ImageNet, which on images so small are several times too strong: those are in
`photographs`). A higher severity is
not always a larger change: elastic_transform moves less from level 1 to 5, and saturate
takes colour away at levels 1 and 2 and adds it from 3 on.

References
----------
Hendrycks and Dietterich, ICLR 2019, arXiv:1903.12261; make_cifar_c.py of
https://github.com/hendrycks/robustness (Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.datasets.dataset import Transformation
from harness.errors import UnknownName

SEVERITIES = (1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Corruption:
    """A row of the table.

    Attributes
    ----------
    module
        The module beside this one that has a function of the corruption's name.
    strengths
        Keyword arguments of the five severities, in order.
    """

    module: str
    strengths: tuple[dict[str, Any], ...]


def row(module: str, parameters: str, *strengths: Any) -> Corruption:
    """A row, with names of parameters and, for each severity, what they are."""
    names = parameters.split()
    values = [s if isinstance(s, tuple) else (s,) for s in strengths]
    return Corruption(
        module=module,
        strengths=tuple(dict(zip(names, v, strict=True)) for v in values),
    )


#: Bounds of directions, in degrees; 90 is down.
TO_THE_RIGHT = [-45.0, 45.0]
UPWARDS = [-135.0, -45.0]

# In the published order: the fifteen, then the four that were kept for validation.
CATALOGUE: dict[str, Corruption] = {
    "gaussian_noise": row("noise", "sigma", 0.04, 0.06, 0.08, 0.09, 0.10),
    "shot_noise": row("noise", "photons", 500.0, 250.0, 100.0, 75.0, 50.0),
    "impulse_noise": row("noise", "amount", 0.01, 0.02, 0.03, 0.05, 0.07),
    "defocus_blur": row(
        "blur",
        "radius alias",
        (0.3, 0.4),
        (0.4, 0.5),
        (0.5, 0.6),
        (1.0, 0.2),
        (1.5, 0.1),
    ),
    "glass_blur": row(
        "blur", "sigma rounds", (0.05, 1), (0.25, 1), (0.4, 1), (0.25, 2), (0.4, 2)
    ),
    "motion_blur": row(
        "blur",
        "radius sigma angle",
        (6, 1.0, TO_THE_RIGHT),
        (6, 1.5, TO_THE_RIGHT),
        (6, 2.0, TO_THE_RIGHT),
        (8, 2.0, TO_THE_RIGHT),
        (9, 2.5, TO_THE_RIGHT),
    ),
    "zoom_blur": row("blur", "stop", 1.06, 1.11, 1.16, 1.21, 1.26),
    "snow": row(
        "weather",
        "mean spread zoom threshold radius sigma keep angle",
        (0.1, 0.2, 1.0, 0.6, 8, 3.0, 0.95, UPWARDS),
        (0.1, 0.2, 1.0, 0.5, 10, 4.0, 0.9, UPWARDS),
        (0.15, 0.3, 1.75, 0.55, 10, 4.0, 0.9, UPWARDS),
        (0.25, 0.3, 2.25, 0.6, 12, 6.0, 0.85, UPWARDS),
        (0.3, 0.3, 1.25, 0.65, 14, 12.0, 0.8, UPWARDS),
    ),
    "frost": row(
        "frost",
        "keep ice",
        (1.0, 0.2),
        (1.0, 0.3),
        (0.9, 0.4),
        (0.85, 0.4),
        (0.75, 0.45),
    ),
    "fog": row(
        "weather",
        "strength decay",
        (0.2, 3.0),
        (0.5, 3.0),
        (0.75, 2.5),
        (1.0, 2.0),
        (1.5, 1.75),
    ),
    "brightness": row("digital", "amount", 0.05, 0.1, 0.15, 0.2, 0.3),
    "contrast": row("digital", "factor", 0.75, 0.5, 0.4, 0.3, 0.15),
    "elastic_transform": row(
        "elastic",
        "alpha sigma affine",
        (0.0, 0.0, 0.08),
        (0.05, 0.2, 0.07),
        (0.08, 0.06, 0.06),
        (0.1, 0.04, 0.05),
        (0.1, 0.03, 0.03),
    ),
    "pixelate": row("digital", "scale", 0.95, 0.9, 0.85, 0.75, 0.65),
    "jpeg_compression": row("digital", "quality", 80, 65, 58, 50, 40),
    "speckle_noise": row("noise", "sigma", 0.06, 0.1, 0.12, 0.16, 0.2),
    "gaussian_blur": row("blur", "sigma", 0.4, 0.6, 0.7, 0.8, 1.0),
    "spatter": row(
        "spatter",
        "liquid mean spread sigma threshold amount",
        ("water", 0.62, 0.1, 0.7, 0.7, 0.5),
        ("water", 0.65, 0.1, 0.8, 0.7, 0.5),
        ("water", 0.65, 0.3, 1.0, 0.69, 0.5),
        ("mud", 0.65, 0.1, 0.7, 0.69, 0.6),
        ("mud", 0.65, 0.1, 0.5, 0.68, 0.6),
    ),
    "saturate": row(
        "digital",
        "factor offset",
        (0.3, 0.0),
        (0.1, 0.0),
        (1.5, 0.0),
        (2.0, 0.1),
        (2.5, 0.2),
    ),
}
STANDARD = tuple(CATALOGUE)[:15]
EXTRA = tuple(CATALOGUE)[15:]


def target(name: str) -> str:
    """Where a corruption's function is, for a `Transformation`.

    Raises
    ------
    UnknownName
        If there is no corruption of that name.

    Examples
    --------
    >>> target("contrast")
    'harness.datasets.made.corruptions.digital:contrast'
    """
    return f"harness.datasets.made.corruptions.{_known(name, CATALOGUE).module}:{name}"


def corruption(
    name: str, severity: int, catalogue: Mapping[str, Corruption] = CATALOGUE
) -> Transformation:
    """One of the nineteen at one of five severities.

    Parameters
    ----------
    name, severity
        Which.
    catalogue
        Whose strengths: these, or those for photographs, `photographs.CATALOGUE_224`.

    Raises
    ------
    UnknownName
        If there is no corruption of that name.
    ValueError
        If `severity` is not 1, 2, 3, 4 or 5.

    Examples
    --------
    >>> corruption("contrast", 5).parameters
    {'factor': 0.15}
    >>> corruption("contrast", 6)
    Traceback (most recent call last):
    ...
    ValueError: `severity` must be 1, 2, 3, 4 or 5, got 6
    >>> corruption("contrasts", 1)
    Traceback (most recent call last):
    ...
    harness.errors.UnknownName: unknown corruption 'contrasts'; did you mean ...
    """
    found = _known(name, catalogue)
    if severity not in SEVERITIES:
        raise ValueError(f"`severity` must be 1, 2, 3, 4 or 5, got {severity!r}")
    return Transformation(
        name=f"{name}-{severity}",
        target=target(name),
        parameters=dict(found.strengths[severity - 1]),
    )


def _known(name: str, catalogue: Mapping[str, Corruption]) -> Corruption:
    if name not in catalogue:
        raise UnknownName("corruption", name, catalogue)
    return catalogue[name]
