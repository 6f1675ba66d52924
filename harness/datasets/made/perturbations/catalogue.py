"""The perturbations of ImageNet-P and CIFAR-10-P: where their code is, how strong.

Strengths are those of the published generators at the first difficulty. The ten of
CIFAR-10-P have spatter in the place of snow.

References
----------
make_imagenet_p.py and make_cifar_p.py of https://github.com/hendrycks/robustness
(Apache-2.0); which ten: ImageNet-P/test.py and cifar-p-eval.py there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch

from harness.code import resolve, source_digest


class Perturb(Protocol):
    """What a perturbation's code must be."""

    def __call__(
        self,
        image: torch.Tensor,
        size: tuple[int, int],
        rng: np.random.Generator,
        *,
        frames: int,
        **parameters: Any,
    ) -> torch.Tensor:
        """(frames, c, h, w) uint8 of one (c, H, W) uint8 image on the processor.

        Parameters
        ----------
        size
            (h, w) of a frame; the image may be larger, which is seen where it moves.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Perturbation:
    """A row of a table.

    Attributes
    ----------
    name
        As published.
    module
        The one beside this that has a function of that name.
    frames
        How many a sequence has.
    parameters
        Keyword arguments of the function; plain JSON values.
    """

    name: str
    module: str
    frames: int = 31
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def target(self) -> str:
        """``package.module:function``."""
        return f"harness.datasets.made.perturbations.{self.module}:{self.name}"

    def __call__(
        self, image: torch.Tensor, size: tuple[int, int], rng: np.random.Generator
    ) -> torch.Tensor:
        """(frames, c, h, w) of an image."""
        perturb: Perturb = resolve(self.target)
        found = perturb(image, size, rng, frames=self.frames, **self.parameters)
        expected = self.frames, len(image), *size
        if found.shape != expected or found.dtype != torch.uint8:
            raise ValueError(
                f"perturbation {self.name} must give uint8 {expected}, got "
                f"{found.dtype} {tuple(found.shape)}"
            )
        return found

    def identity(self) -> dict[str, Any]:
        """What a dataset's digest says of it."""
        return {
            "target": self.target,
            "frames": self.frames,
            "parameters": self.parameters,
            "source": source_digest(self.target),
        }


#: In the order that draws are keyed by.
NAMES = (
    *("gaussian_noise", "shot_noise", "motion_blur", "zoom_blur", "snow", "spatter"),
    *("brightness", "translate", "rotate", "tilt", "scale"),
)


def _table(*rows: Perturbation) -> Mapping[str, Perturbation]:
    return {row.name: row for row in rows}


def _row(name: str, module: str, frames: int = 31, **parameters: Any) -> Perturbation:
    return Perturbation(name=name, module=module, frames=frames, parameters=parameters)


#: Of photographs, cut to 224x224.
IMAGENET_P = _table(
    _row("gaussian_noise", "still", sigma=0.03),
    _row("shot_noise", "still", photons=300.0),
    _row("motion_blur", "still", radius=10, sigma=3.0, turn=4.0),
    _row("zoom_blur", "moves", step=0.004),
    _row(
        "snow",
        "still",
        mean=0.05,
        spread=0.3,
        zoom=3.0,
        threshold=0.5,
        radius=14,
        sigma=4.0,
        keep=0.85,
        start=-150.0,
        turn=4.0,
    ),
    _row("brightness", "still", step=0.02),
    _row("translate", "moves", 41, first=-20),
    _row("rotate", "moves"),
    _row("tilt", "moves", step=1.0),
    _row("scale", "moves", first=40, step=2.5),
)

#: Of images of 32x32.
CIFAR10_P = _table(
    _row("gaussian_noise", "still", sigma=0.02),
    _row("shot_noise", "still", photons=700.0),
    _row("motion_blur", "still", 21, radius=6, sigma=1.8, turn=9.0),
    _row("zoom_blur", "moves", step=0.004),
    _row(
        "spatter",
        "still",
        mean=0.6,
        spread=0.265,
        sigma=1.75,
        threshold=0.7,
        amount=0.6,
        stays=0.2,
    ),
    _row("brightness", "still", step=0.015),
    _row("translate", "moves", 16, first=-7),
    _row("rotate", "moves"),
    _row("tilt", "moves", step=0.75),
    _row("scale", "moves", first=70, step=2),
)
