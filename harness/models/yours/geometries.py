"""Geometries that networks and published weights declare."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from numbers import Integral
from typing import TYPE_CHECKING, Any

from harness.datasets.geometry import INTERPOLATIONS, Geometry
from harness.errors import HarnessError

if TYPE_CHECKING:
    import torch

    from harness.datasets.family import Base


def geometry_of(
    network: torch.nn.Module, published: Geometry | None, base: Base, name: str
) -> Geometry | None:
    """What a network gets pictures of a base at; None for the base's own size.

    Parameters
    ----------
    network
        May have attributes `resize` (pixels of the shorter side), `size` (of the crop),
        `interpolation` and `antialias`; see `Geometry`.
    published
        What came with its weights.
    base
        Only of one whose pictures have any size networks may ask for theirs.
    name
        Of the model, for messages.

    Raises
    ------
    HarnessError
        If the attributes are no geometry.
    """
    if base.geometry is None or published is not None:
        return published if base.geometry else None
    resize, crop = getattr(network, "resize", None), getattr(network, "size", None)
    # Layers and methods bear these names, too.
    if not (isinstance(resize, Integral) and isinstance(crop, Integral)):
        return None
    facts = {
        fact: getattr(network, fact)
        for fact in ("interpolation", "antialias")
        if hasattr(network, fact)
    }
    try:
        return Geometry(resize=int(resize), crop=int(crop), **facts)
    except HarnessError as error:
        raise HarnessError(
            f"attributes of model {name} must say how pictures are prepared: {error}"
        ) from error


def at_its_size(base: Base, geometry: Geometry | None) -> Base:
    """The base with images as a network of that geometry gets them."""
    if geometry is None:
        return base
    size = (geometry.crop, geometry.crop, base.size[2])
    return replace(base, size=size, geometry=geometry)


def of_torchvision(transform: Any) -> Geometry | None:
    """Of weights' transforms in torchvision; None where they are not of pictures."""
    try:
        (resize,), (crop,) = transform.resize_size, transform.crop_size
    except (AttributeError, ValueError):
        return None
    return Geometry(
        resize=resize, crop=crop, interpolation=transform.interpolation.value
    )


def of_timm(facts: Mapping[str, Any]) -> Geometry | None:
    """Of timm's facts of pretrained weights; None where it does no central crop."""
    _, height, width = facts.get("input_size", (0, 0, 0))
    interpolation = facts.get("interpolation", "")
    known = height == width > 0 and interpolation in INTERPOLATIONS
    if not known or facts.get("crop_mode", "center") != "center":
        return None
    share = facts.get("crop_pct") or 0.875
    return Geometry(
        resize=math.floor(height / share), crop=height, interpolation=interpolation
    )
