"""Images that a user's function hands over: checked once, then like any other set."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from harness.datasets.dataset import Dataset
from harness.datasets.family import Base
from harness.datasets.images import ArrayImages
from harness.datasets.kept import KEPT
from harness.errors import BadData
from harness.measurement import Domain
from harness.traits import Trait


def own_dataset(
    name: str,
    domain: Domain,
    load: Callable[[], Any],
    base: Base,
    traits: Mapping[str, Trait],
) -> Dataset:
    """A dataset from a function that returns images, or images and labels."""

    key = object()  # a function says nothing of what it returns
    digests: set[str] = set()

    def made() -> ArrayImages:
        got = load()
        pixels, labels = got if isinstance(got, tuple) else (got, None)
        images = checked_images(name, pixels, labels, base, domain)
        digests.add(images.digest)
        if len(digests) > 1:
            raise BadData(
                f"the function that loads {name} must return the same images whenever "
                "it is called, but returned others; seed what it draws"
            )
        return images

    def content() -> ArrayImages:
        return KEPT.get(key, made)

    return Dataset(
        name=name,
        family=name,
        domain=domain,
        load=content,
        labelled=domain is not Domain.TARGET,
        traits=traits,
    )


def checked_images(
    where: str, pixels: Any, labels: Any, base: Base, domain: Domain
) -> ArrayImages:
    """Images fit for a base, or BadData that says what is wrong with `where`."""
    pixels = np.asarray(pixels)
    if pixels.dtype != np.uint8:
        raise BadData(
            f"images of {where} must be uint8 in 0..255, got {pixels.dtype}; "
            "hand over raw pixels, each model normalises by itself"
        )
    if pixels.ndim != 4 or pixels.shape[1:] != base.size or len(pixels) == 0:
        raise BadData(
            f"images of {where} must have shape (n, {', '.join(map(str, base.size))}) "
            f"for base {base.name}, got {pixels.shape}"
        )
    if domain is Domain.TARGET:
        labels = None
    elif labels is None:
        raise BadData(
            f"{where} is in the {domain} domain and must have labels; return "
            "(images, labels), or register it with domain='target'"
        )
    digest = hashlib.sha256(np.ascontiguousarray(pixels).tobytes())
    if labels is not None:
        labels = np.asarray(labels)
        k = len(base.classes)
        if labels.shape != (len(pixels),) or not np.issubdtype(
            labels.dtype, np.integer
        ):
            raise BadData(
                f"labels of {where} must be {len(pixels)} whole numbers, one an image, "
                f"got {labels.dtype} of shape {labels.shape}"
            )
        if not 0 <= labels.min() <= labels.max() < k:
            raise BadData(
                f"labels of {where} must be in 0..{k - 1}, "
                f"got {labels.min()}..{labels.max()}"
            )
        labels = labels.astype(np.int64)
        digest.update(labels.tobytes())
    return ArrayImages(pixels=pixels, labels=labels, digest=digest.hexdigest())
