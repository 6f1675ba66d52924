"""What is true of the images that saved outputs are about."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.datasets.class_map import ClassMap, Rule
from harness.datasets.own_truth import (
    check_labelled,
    chosen_classes,
    refuse_one_each,
)
from harness.datasets.truth import Truth
from harness.errors import BadData
from harness.measurement import Domain

if TYPE_CHECKING:
    from harness.settings import OwnData

Sets = NDArray[np.bool_] | tuple[tuple[int, ...], ...]


def label_sets(
    path: Path, labels: NDArray[Any], counts: NDArray[Any] | None, n: int
) -> Sets | None:
    """Labels of an image as a set, where they are saved so; None for one an image.

    Parameters
    ----------
    labels
        (n, k) truth values; or with `counts` the labels of all images one after
        another.
    counts
        (n,) how many labels each image has.

    Raises
    ------
    BadData
        If `counts` are not n whole numbers, or their sum is not the number of labels.
    """
    if counts is None:
        return labels if labels.ndim == 2 else None
    whole = np.issubdtype(counts.dtype, np.integer)
    if counts.shape != (n,) or not whole or counts.min() < 0:
        raise BadData(
            f"`label_counts` in {path} must be {n} whole numbers, how many labels each "
            f"image has, got {counts.dtype} of shape {counts.shape}"
        )
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise BadData(
            f"`labels` in {path} must be whole numbers, those of all images one after "
            f"another, got {labels.dtype} of shape {labels.shape}"
        )
    each = counts.tolist()
    if len(labels) != sum(each):
        raise BadData(
            f"`labels` in {path} must be {sum(each)}, as `label_counts` says, got "
            f"{len(labels)}"
        )
    numbers = iter(labels.tolist())
    return tuple(tuple(islice(numbers, count)) for count in each)


def saved_truth(
    own: OwnData,
    path: Path,
    labels: NDArray[np.int64] | None,
    sets: Sets | None,
    models: Mapping[str, NDArray[Any]],
    classes: int,
    told: ClassMap | None = None,
) -> Truth | None:
    """The truth of a file of outputs; None where it is one class an image, or unknown.

    Parameters
    ----------
    own
        What was said about the file.
    labels, sets
        (n,) classes or answers; or sets of those.
    models
        By name: (n, k) logits, or (n,) predicted classes.
    classes
        k, of all files together.
    told
        Which classes are answers, as the file itself says; what was said goes first.

    Raises
    ------
    HarnessError
        If the labels do not fit, what was said has no effect, or a model's predicted
        classes do not say which of the answers it would give.
    """
    chosen = chosen_classes(own, tuple(map(str, range(classes)))) or told
    if chosen is not None and chosen.width != classes:
        raise BadData(
            f"{path} says which of {chosen.width} classes are answers, but outputs are "
            f"of {classes}; save it again"
        )
    check_labelled(own, labelled=labels is not None or sets is not None)
    if own.role == Domain.TARGET:
        return None
    if sets is None and own.several:
        refuse_one_each(path)
    if sets is None and (chosen is None or labels is None):
        return None
    if own.role == "test":
        raise BadData(
            f"{path} must have one label of all classes an image for role=test, which "
            "calibrations and thresholds are fitted on; leave role=test out"
        )
    known = classes if chosen is None else chosen
    of = f"`labels` in {path}"
    if chosen is not None:
        _check_models(path, models, chosen)
    if sets is None:
        return Truth.one(labels, known, of=of)
    return Truth.sets(sets, known, several=own.several, of=of)


def _check_models(
    path: Path, models: Mapping[str, NDArray[Any]], chosen: ClassMap
) -> None:
    """Refuse predicted classes that do not say what is largest among the answers."""
    for name, array in models.items():
        if array.ndim == 2:
            continue
        outside = int((chosen.answer_of(array) < 0).sum())
        if outside:
            why = f"{outside} of {len(array)} predicted classes are no answer"
        elif not chosen.one_each and chosen.rule is Rule.MEAN:
            why = "mapping=mean is of probabilities"
        else:
            continue
        raise BadData(
            f"outputs of model {name} in {path} must be logits for {chosen}: {why}; "
            "save logits, or leave classes= out"
        )
