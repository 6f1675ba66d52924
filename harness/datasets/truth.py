"""Truth: what is known of a dataset's images, and what that makes of an answer.

One label an image; a set of labels of which each is right (ReaL); several labels that
all hold (Pascal VOC). Beside it a `ClassMap` may say which of the network's classes are
answers at all. Every part goes with every other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.datasets.class_map import ClassMap
from harness.datasets.label_numbers import check_numbers
from harness.errors import BadData, UndefinedMetricError

Labels = NDArray[np.int64]
Sets = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """The right answers of n images.

    Make one with `Truth.one` or `Truth.sets`.

    Attributes
    ----------
    given
        (n,) number of the one right answer, or (n, answers) whether each is right.
    width
        k, the number of the network's classes.
    classes
        Which of them are answers; None where all are, each to itself.
    several
        Labels of one image hold all at once, so that the whole set can be asked for;
        otherwise any of them will do.
    """

    given: Labels | Sets
    width: int
    classes: ClassMap | None = None
    several: bool = False

    @classmethod
    def one(
        cls, labels: Any, classes: int | ClassMap, *, of: str = "`labels`"
    ) -> Truth:
        """One label an image.

        Parameters
        ----------
        labels : (n,) whole numbers
            Classes of the base, also where only some of them are answers. Of a map to
            other answers: the answers' numbers.
        classes
            How many classes the base has, or which of them are answers.
        of
            What is read, for messages.

        Raises
        ------
        BadData
            If they are not n whole numbers, or one is no class or no answer.

        Examples
        --------
        >>> few = ClassMap.subset(("cat", "dog", "owl"), [0, 2])
        >>> Truth.one([2, 0], few).right(np.array([[1.0, 9.0, 2.0], [0.0, 9.0, 2.0]]))
        array([ True, False])
        """
        array = np.asarray(labels)
        if array.ndim != 1 or not _whole(array) or len(array) == 0:
            raise BadData(
                f"{of} must be one whole number an image, got {array.dtype} of shape "
                f"{array.shape}"
            )
        known = _labels_known(classes)
        check_numbers(of, array, known)
        given = array.astype(np.int64)
        if isinstance(classes, ClassMap) and not classes.renumbered:
            given = _answers_of(given, classes, of)
        return cls(given=given, **_classes(classes))

    @classmethod
    def sets(
        cls,
        rows: Any,
        classes: int | ClassMap,
        *,
        several: bool = False,
        of: str = "`labels`",
    ) -> Truth:
        """Several labels an image, or none.

        Parameters
        ----------
        rows : (n, k) bool array, or n lists of whole numbers
            Which classes of the base are right; columns and numbers as in `Truth.one`.
            A label that is no answer is left out: nothing can be right by it.
        classes, of
            As in `Truth.one`.
        several
            All labels of an image hold at once (Pascal VOC), instead of any being
            acceptable (ReaL).

        Raises
        ------
        BadData
            If the shape is wrong, a number is no class, or no image has an answer.

        Examples
        --------
        >>> real = Truth.sets([[0, 1], [], [2]], 3)
        >>> real.right(np.array([1, 1, 1])), real.accuracy(np.array([1, 1, 1]))
        (array([ True, False, False]), 0.5)
        """
        known = _labels_known(classes)
        array = _bool_rows(rows, known, of)
        if isinstance(classes, ClassMap) and not classes.renumbered:
            array = array[:, [group[0] for group in classes.groups]]
        if not array.any():
            raise BadData(f"{of} must have a label for some image, but none has any")
        return cls(given=array, several=several, **_classes(classes))

    def __len__(self) -> int:
        """Number of images."""
        return len(self.given)

    @property
    def answers(self) -> int:
        """How many answers there are to choose from."""
        return self.width if self.classes is None else len(self.classes)

    @property
    def counted(self) -> NDArray[np.bool_]:
        """(n,) which images have a right answer; the others are left out of accuracy.

        So ReaL has it (Beyer et al. 2020, arXiv:2006.07159): what no answer can be
        right on says nothing of a network that has to give one.
        """
        if self.given.ndim == 1:
            return np.ones(len(self), dtype=np.bool_)
        return np.asarray(self.given.any(axis=1))

    @property
    def single(self) -> Labels | None:
        """(n,) the one right answer of each image; None where some have not one.

        Numbers as those of `restrict`'s columns.
        """
        return None if self.given.ndim == 2 else self.given.astype(np.int64)

    def labels(self) -> Labels | None:
        """(n,) the one right class of the base; None where there is no such thing."""
        single = self.single
        if single is None or self.classes is None:
            return single
        if not self.classes.one_each:
            return None
        return np.array([c for (c,) in self.classes.groups], dtype=np.int64)[single]

    def restrict(self, logits: NDArray[Any]) -> NDArray[Any]:
        """(n, answers) logits of the answers; see `ClassMap.restrict`."""
        if self.classes is not None:
            return self.classes.restrict(logits)
        _check_logits(logits, self.width)
        return logits

    def right(self, said: NDArray[Any], top: int = 1) -> NDArray[np.bool_]:
        """Whether each image was answered rightly.

        Parameters
        ----------
        said : (n, k) logits, or (n,) whole numbers
            Of all the base's classes. Logits are restricted to the answers first;
            predicted classes are taken as they are, and one that is no answer is wrong
            (the `full` reading, without a mask).
        top
            How many answers a network may give: whether any of the largest is right.
            Of tied ones the first are taken.

        Returns
        -------
        (n,) bool array
            With several labels an image, right is an answer that is any of them (1
            less the one-error of Schapire and Singer 2000, section 3). An image without
            a right answer is never answered rightly; see `counted`.

        Raises
        ------
        ValueError
            If the shape is wrong, a value is not finite, or `top` is impossible.

        Examples
        --------
        >>> logits = np.array([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0]])
        >>> Truth.one([0, 1], 3).right(logits), Truth.one([0, 1], 3).right(logits, 2)
        (array([ True, False]), array([ True,  True]))
        """
        if said.ndim == 1:
            return self._right_classes(said, top)
        restricted = self.restrict(said)
        self._check_length(restricted)
        if not 1 <= top <= self.answers:
            raise ValueError(f"`top` must be in 1..{self.answers}, got {top!r}")
        if not np.isfinite(restricted).all():
            raise ValueError("`logits` must be finite, got nan or infinity")
        if top == 1:
            return self.right_answers(restricted.argmax(axis=1))
        order = np.argsort(-restricted, axis=1, kind="stable")[:, :top]
        if self.given.ndim == 1:
            return np.asarray((order == self.given[:, None]).any(axis=1))
        return np.asarray(np.take_along_axis(self.given, order, axis=1).any(axis=1))

    def _right_classes(self, predicted: NDArray[Any], top: int) -> NDArray[np.bool_]:
        if top != 1:
            raise ValueError(
                f"`top` must be 1 where only predicted classes are known, got {top!r}"
            )
        if not _whole(predicted):
            raise ValueError(
                f"`predicted` must be whole numbers, got {predicted.dtype}"
            )
        if len(predicted) and not 0 <= predicted.min() <= predicted.max() < self.width:
            raise ValueError(
                f"`predicted` must be in 0..{self.width - 1}, got "
                f"{predicted.min()}..{predicted.max()}"
            )
        if self.classes is None:
            return self.right_answers(predicted)
        return self.right_answers(self.classes.answer_of(predicted))

    def right_answers(self, answers: NDArray[Any]) -> NDArray[np.bool_]:
        """(n,) whether the answers of these numbers are right; -1 is none.

        Numbers as those of `restrict`'s columns.
        """
        self._check_length(answers)
        if self.given.ndim == 1:
            return np.asarray(answers == self.given)
        found = np.take_along_axis(self.given, np.maximum(answers, 0)[:, None], axis=1)
        return np.asarray(np.logical_and(found[:, 0], answers >= 0))

    def best(self, logits: NDArray[Any]) -> Labels:
        """(n,) of the right answers of each image the one of the largest logit.

        Of tied ones the first; 0 where there is none. It is among the k first answers
        if and only if any right one is.

        Examples
        --------
        >>> Truth.sets([[0, 2], [1, 2]], 3).best(np.array([[1.0, 3.0, 2.0]] * 2))
        array([2, 1])
        """
        restricted = self.restrict(logits)
        self._check_length(restricted)
        if self.given.ndim == 1:
            return self.given.astype(np.int64)
        masked = np.where(self.given, restricted, -np.inf)
        return np.asarray(masked.argmax(axis=1), dtype=np.int64)

    def accuracy(self, said: NDArray[Any], top: int = 1) -> float:
        """Share of the counted images that are answered rightly, in [0, 1].

        Parameters are those of `right`.

        Raises
        ------
        UndefinedMetricError
            If no image is counted: of a sample, say.

        Examples
        --------
        >>> few = Truth.one([0, 2], ClassMap.subset(("cat", "dog", "owl"), [0, 2]))
        >>> logits = np.array([[1.0, 9.0, 0.0], [0.0, 1.0, 2.0]])
        >>> few.accuracy(logits), few.accuracy(logits.argmax(axis=1))  # masked, full
        (1.0, 0.5)
        """
        return self._share(self.right(said, top))

    def answers_accuracy(self, answers: NDArray[Any]) -> float:
        """`accuracy` of answers by their numbers; see `right_answers`."""
        return self._share(self.right_answers(answers))

    def _share(self, right: NDArray[np.bool_]) -> float:
        if self.given.ndim == 1:
            return float(right.mean())
        counted = self.counted
        if not counted.any():
            raise UndefinedMetricError(
                f"none of the {len(self)} images has a right answer"
            )
        return float(right[counted].mean())

    def exact(self, logits: NDArray[Any]) -> NDArray[np.bool_]:
        """(n,) whether exactly the labels that hold have a logit above 0.

        That is a sigmoid above one half. Images without a label count: they are right
        if no logit is above 0. (The published code of learning order counts them right
        whatever is said.)

        Raises
        ------
        ValueError
            If not `several`.

        Examples
        --------
        >>> voc = Truth.sets([[0, 2], []], 3, several=True)
        >>> voc.exact(np.array([[1.0, -1.0, 2.0], [-1.0, 1.0, -1.0]]))
        array([ True, False])
        """
        if not self.several:
            raise ValueError(
                "exact match asks for labels that all hold, and any label is "
                "acceptable here"
            )
        restricted = self.restrict(logits)
        self._check_length(restricted)
        return np.asarray(((restricted > 0) == self.given).all(axis=1))

    def chance(self, top: int = 1) -> float:
        r"""The accuracy expected of answers drawn at random, each as likely.

        .. math:: 1 - \binom{a - s_i}{t} / \binom{a}{t}

        over the counted images, of :math:`a` answers :math:`s_i` right ones.

        Examples
        --------
        >>> Truth.one([0, 1], 4).chance(), Truth.sets([[0, 1], []], 4).chance()
        (0.25, 0.5)
        >>> Truth.one([0, 1], 4).chance(top=2)
        0.5
        """
        if not 1 <= top <= self.answers:
            raise ValueError(f"`top` must be in 1..{self.answers}, got {top!r}")
        if self.given.ndim == 1:
            return top / self.answers
        right = self.given[self.counted].sum(axis=1)
        missed = np.ones(len(right))
        for drawn in range(top):
            missed *= np.maximum(self.answers - right - drawn, 0)
            missed /= self.answers - drawn
        return float((1 - missed).mean())

    def take(self, rows: NDArray[np.integer] | slice) -> Truth:
        """The truth of some of the images."""
        return replace(self, given=self.given[rows])

    def digest(self) -> str:
        """sha256 over all that decides which answers are right."""
        what = {
            "shape": self.given.shape,
            "width": self.width,
            "classes": None if self.classes is None else self.classes.identity(),
            "several": self.several,
        }
        found = hashlib.sha256(json.dumps(what, sort_keys=True).encode())
        found.update(np.ascontiguousarray(self.given).data)
        return found.hexdigest()

    def __str__(self) -> str:
        """In words: ``any of several labels; 200 of 1000 classes``."""
        kind = "one label"
        if self.given.ndim == 2:
            kind = "several labels" if self.several else "any of several labels"
        left_out = int((~self.counted).sum())
        parts = [kind, *([str(self.classes)] if self.classes else [])]
        if left_out:
            have = "has" if left_out == 1 else "have"
            parts.append(f"{left_out} of {len(self)} images {have} none, left out")
        return "; ".join(parts)

    def _check_length(self, rows: NDArray[Any]) -> None:
        if len(rows) != len(self):
            raise ValueError(
                f"what was said must be of the {len(self)} images of the truth, got "
                f"{len(rows)} rows"
            )


class KnownTruth:
    """A dataset's truth that is not one class of the base an image, read when needed.

    Parameters
    ----------
    read
        Returns it; None where it turns out that there is one class an image, which is
        with the images.
    classes
        Which classes are answers: no label is looked at to know them.
    look
        Is called whenever somebody looks.
    """

    def __init__(
        self,
        read: Callable[[], Truth | None],
        classes: ClassMap | None = None,
        look: Callable[[], None] = lambda: None,
    ) -> None:
        self._read = read
        self.classes = classes
        self._look = look

    def __call__(self) -> Truth | None:
        """The truth, and a note of the look."""
        self._look()
        return self._read()

    def digest(self) -> str:
        """Of what decides which answers are right; empty where `read` has none."""
        found = self._read()
        return "" if found is None else found.digest()

    def watched(self, look: Callable[[], None]) -> KnownTruth:
        """The same, whose looks are told to somebody."""
        return KnownTruth(self._read, self.classes, look)


def _whole(array: NDArray[Any]) -> bool:
    return np.issubdtype(array.dtype, np.integer)


def _labels_known(classes: int | ClassMap) -> int:
    """How many numbers a label may have: classes of the base, or answers of several."""
    if isinstance(classes, ClassMap):
        return len(classes) if classes.renumbered else classes.width
    return classes


def _classes(classes: int | ClassMap) -> dict[str, Any]:
    if isinstance(classes, ClassMap):
        return {"width": classes.width, "classes": classes}
    return {"width": classes}


def _answers_of(labels: Labels, classes: ClassMap, of: str) -> Labels:
    answers = classes.answer_of(labels)
    outside = labels[answers < 0]
    if len(outside):
        within = (
            "; they look as if numbered among those alone: use the base's numbers"
            if labels.max() < len(classes)
            else ""
        )
        raise BadData(
            f"{of} must be among the {classes}, got {outside[0]}"
            f" ({len(outside)} of {len(labels)} are not){within}"
        )
    return answers


def _bool_rows(rows: Any, known: int, of: str) -> Sets:
    """(n, known) bool from such an array, or from n lists of numbers."""
    if isinstance(rows, np.ndarray):
        if rows.ndim != 2 or rows.dtype != np.bool_ or rows.shape[1] != known:
            raise BadData(
                f"{of} must be ({len(rows) if rows.ndim else 'n'}, {known}) truth "
                f"values, one column a class, got {rows.dtype} of shape {rows.shape}; "
                "save them as bool, or one whole number an image"
            )
        if len(rows) == 0:
            raise BadData(f"{of} must be of at least one image, got none")
        return rows
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not len(rows):
        raise BadData(f"{of} must be a list with a list of labels an image")
    found = np.zeros((len(rows), known), dtype=np.bool_)
    for i, row in enumerate(rows):
        if isinstance(row, np.ndarray):
            row = row.tolist()
        if not isinstance(row, Sequence) or isinstance(row, str):
            raise BadData(
                f"{of} must be a list of labels an image, got {row!r:.60} for image {i}"
            )
        for label in row:
            whole = isinstance(label, int | np.integer) and not isinstance(label, bool)
            if not whole or not 0 <= label < known:
                raise BadData(
                    f"{of} must be whole numbers in 0..{known - 1}, got {label!r:.60} "
                    f"for image {i}"
                )
            found[i, label] = True
    return found


def _check_logits(logits: NDArray[Any], width: int) -> None:
    if logits.ndim != 2 or logits.shape[1] != width:
        raise ValueError(
            f"`logits` must have shape (n, {width}), one column a class, got "
            f"{logits.shape}"
        )
