"""What is true of a user's own folder: its labels, under the facts said about it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from harness.datasets.class_folders import check_twins, labels_of
from harness.datasets.class_map import ClassMap
from harness.datasets.passed_over import classes_missing
from harness.datasets.readers.arrays import read_npy
from harness.datasets.truth import KnownTruth, Truth
from harness.datasets.truth_files import (
    LABEL_SETS,
    read_class_map,
    read_label_rows,
    read_picture_labels,
)
from harness.errors import BadData

if TYPE_CHECKING:
    from harness.settings import OwnData

LABELS = "labels.npy"


def chosen_classes(own: OwnData, names: Sequence[str]) -> ClassMap | None:
    """Which of a base's classes are answers, if that was said; else None.

    Raises
    ------
    HarnessError
        If what was said of the truth has no effect, or the file is not there or wrong.
    """
    said = [
        f"{fact}={value}"
        for fact, value in (
            ("classes", own.classes),
            ("mapping", own.mapping),
            ("labels", "several" if own.several else ""),
        )
        if value
    ]
    if said and own.role == "target":
        raise BadData(
            f"{said[0]} of {own.path} says which answers are right, but with "
            "role=target no label is looked at; leave one of them out"
        )
    if own.classes is None:
        if own.mapping:
            raise BadData(
                f"{said[0]} of {own.path} says how classes stand for one answer "
                "together; name a file of such answers with classes=FILE"
            )
        return None
    return read_class_map(own.classes, names, own.mapping)


def check_labelled(own: OwnData, *, labelled: bool) -> None:
    """Refuse facts about labels where there are none."""
    if not labelled and (own.classes or own.several) and own.role != "target":
        fact = f"classes={own.classes}" if own.classes else "labels=several"
        raise BadData(
            f"{own.path} has no labels, which {fact} is about; leave it out to have "
            "the accuracy predicted"
        )


def array_truth(
    own: OwnData,
    known: int | ClassMap,
    leaf: Path,
    files: Collection[str],
    n: int,
) -> Truth | None:
    """The truth of an array of n images; None where it is one class of the base each.

    Parameters
    ----------
    known
        How many classes the base has, or which of them are answers.
    leaf, files
        The folder of ``data.npy``, and its files of labels.
    """
    if LABEL_SETS in files and LABELS in files:
        raise BadData(
            f"{leaf} holds both {LABELS} and {LABEL_SETS}, and one of them alone can "
            "be the truth; take one away"
        )
    of = f"labels in {leaf}"
    if LABEL_SETS in files:
        rows = read_label_rows(leaf / LABEL_SETS)
        truth = Truth.sets(rows, known, several=own.several, of=of)
    else:
        labels = np.asarray(read_npy(leaf / LABELS))
        if labels.ndim == 2:
            truth = Truth.sets(labels, known, several=own.several, of=of)
        elif own.several:
            refuse_one_each(leaf)
        elif isinstance(known, int):
            return None
        else:
            truth = Truth.one(labels, known, of=of)
    if len(truth) != n:
        raise BadData(f"{leaf} holds {n} images but {len(truth)} labels")
    return truth


def refuse_one_each(path: Path) -> NoReturn:
    """Say that labels cannot hold together where an image has one."""
    raise BadData(
        f"labels=several is for several labels an image, but {path} has one each; "
        "leave it out"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelling:
    """What is known of pictures: one class of the base each, or another truth."""

    labels: tuple[int, ...] | None = None
    truth: Truth | None = None
    notes: tuple[str, ...] = ()

    @property
    def labelled(self) -> bool:
        """Whether anything is known."""
        return self.labels is not None or self.truth is not None


def by_name(
    own: OwnData, names: Sequence[str], classes: ClassMap | None, files: Sequence[Path]
) -> Labelling:
    """Labels of pictures by the folder's `LABEL_SETS`."""
    path = own.path / LABEL_SETS
    rows, spare = read_picture_labels(path, own.path, files)
    known = len(names) if classes is None else classes
    truth = Truth.sets(rows, known, several=own.several, of=f"labels in {path}")
    others = (
        (f"{LABEL_SETS} names {spare} other{'s' if spare > 1 else ''}",)
        if spare
        else ()
    )
    return Labelling(truth=truth, notes=(*notes_of(truth, names), *others))


def by_folder(
    own: OwnData,
    names: Sequence[str],
    classes: ClassMap | None,
    files: Sequence[Path],
    again: Iterable[tuple[Path, Path]],
) -> Labelling:
    """Labels of pictures by the folders of classes that they lie in.

    Parameters
    ----------
    names
        Of the base's classes: folders are called so, or as the answers of a map.
    again
        Links to the same pictures, and what is read in their place.
    """
    if own.several:
        refuse_one_each(own.path)
    called = classes.names if classes is not None and classes.renumbered else names
    labels = labels_of(own.path, files, called)
    check_twins(own.path, again, called)
    if classes is None:
        return Labelling(labels=labels, notes=classes_missing(set(labels), names))
    truth = Truth.one(labels, classes, of=f"class folders of {own.path}")
    return Labelling(truth=truth, notes=notes_of(truth, names))


def notes_of(truth: Truth, names: Sequence[str]) -> tuple[str, ...]:
    """What people should know: classes without an image, images without a label."""
    if truth.classes is not None:
        names = truth.classes.names
    present: Any = (
        np.unique(truth.given)
        if truth.given.ndim == 1
        else np.flatnonzero(truth.given.any(axis=0))
    )
    left_out = int((~truth.counted).sum())
    return (
        *classes_missing(present.tolist(), names),
        *(
            (f"{left_out} without a label, left out of the accuracy",)
            if left_out
            else ()
        ),
    )


def always(truth: Truth | None) -> KnownTruth | None:
    """A truth that is at hand, if one is."""
    return None if truth is None else KnownTruth(lambda: truth, truth.classes)
