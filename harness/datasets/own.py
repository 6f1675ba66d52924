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
from harness.datasets.label_numbers import check_numbers
from harness.datasets.truth import KnownTruth, Truth
from harness.errors import BadData
from harness.measurement import Domain
from harness.traits import Trait


def own_dataset(
    name: str,
    domain: Domain,
    load: Callable[[], Any],
    base: Base,
    traits: Mapping[str, Trait],
    truth: Truth | None = None,
) -> Dataset:
    """A dataset from a function that returns images, or images and labels.

    Parameters
    ----------
    truth
        In place of the labels that the function returns.
    """
    if truth is not None:
        _check_truth(name, truth, base, domain)
    key = object()  # a function says nothing of what it returns
    digests: set[str] = set()
    truths = {"now": truth}

    def made() -> ArrayImages:
        got = load()
        pixels, labels = got if isinstance(got, tuple) else (got, None)
        if domain is not Domain.TARGET:
            truths["now"] = _truth_of(name, labels, truth, base)
        images = checked_images(name, pixels, labels, base, domain, truths["now"])
        known = truths["now"]
        digests.add(images.digest + ("" if known is None else known.digest()))
        if len(digests) > 1:
            raise BadData(
                f"the function that loads {name} must return the same images whenever "
                "it is called, but returned others; seed what it draws"
            )
        return images

    def content() -> ArrayImages:
        return KEPT.get(key, made)

    def read() -> Truth | None:
        if truth is None:
            content()
        return truths["now"]

    return Dataset(
        name=name,
        family=name,
        domain=domain,
        load=content,
        labelled=domain is not Domain.TARGET,
        traits=traits,
        known=None
        if domain is Domain.TARGET
        else KnownTruth(read, None if truth is None else truth.classes),
    )


def _check_truth(name: str, truth: Truth, base: Base, domain: Domain) -> None:
    if domain is Domain.TARGET:
        raise BadData(
            f"`truth` of {name} must not be given with domain='target', whose labels "
            "nobody looks at; leave one of them out"
        )
    if truth.width != len(base.classes):
        raise BadData(
            f"`truth` of {name} must be of the {len(base.classes)} classes of base "
            f"{base.name}, got {truth.width}"
        )


def _truth_of(name: str, labels: Any, truth: Truth | None, base: Base) -> Truth | None:
    """What was declared, or what labels say that are not one an image; else None."""
    if truth is not None:
        if labels is not None:
            raise BadData(
                f"{name} must have its labels from its function or from `truth`, got "
                "both; return the images alone"
            )
        return truth
    rows = isinstance(labels, list | tuple) and any(
        isinstance(row, list | tuple | np.ndarray) for row in labels
    )
    if rows or (isinstance(labels, np.ndarray) and labels.ndim == 2):
        return Truth.sets(labels, len(base.classes), of=f"labels of {name}")
    return None


def checked_images(
    where: str,
    pixels: Any,
    labels: Any,
    base: Base,
    domain: Domain,
    truth: Truth | None = None,
) -> ArrayImages:
    """Images fit for a base, or BadData that says what is wrong with `where`.

    Labels are left alone where there is another truth.
    """
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
    if truth is not None and len(truth) != len(pixels):
        raise BadData(f"{where} holds {len(pixels)} images but {len(truth)} labels")
    if domain is Domain.TARGET or truth is not None:
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
        check_numbers(f"labels of {where}", labels, k)
        labels = labels.astype(np.int64)
        digest.update(labels.tobytes())
    return ArrayImages(pixels=pixels, labels=labels, digest=digest.hexdigest())
