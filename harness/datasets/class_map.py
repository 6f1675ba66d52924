"""ClassMap: which of a network's classes are answers, and to what.

A dataset may have fewer classes than the network that it is shown to: 200 of ImageNet's
1000 (ImageNet-A, ImageNet-R), or 16 and 113 of its own that stand for several each
(model-vs-human, ObjectNet). Classes that stand for nothing are left out of the logits
before the largest is looked for and before a softmax.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import BadData


class Rule(StrEnum):
    """How the classes that stand for one answer speak together."""

    MEAN = "mean"  # by the mean of their probabilities
    MAX = "max"  # by the largest of their logits


@dataclass(frozen=True, slots=True)
class ClassMap:
    """The answers that a network of `width` classes can give.

    Attributes
    ----------
    width
        How many classes the network has: k.
    groups
        The classes of each answer; no class twice.
    names
        What each answer is called.
    rule
        How classes of one answer speak together. `Rule.MEAN`: by the mean of their
        probabilities, a softmax over all k classes (Geirhos et al., NeurIPS 2018 and
        2021; bethgelab/model-vs-human, ``decision_mappings.py``). `Rule.MAX`: by the
        largest of their logits, as when the prediction is the largest logit of all
        that stand for anything (ObjectNet; modestyachts/imagenet-testbed,
        ``objectnet.py``). The same where every answer has one class.
    renumbered
        Labels are the answers' numbers and not those of the base's classes.
    """

    width: int
    groups: tuple[tuple[int, ...], ...]
    names: tuple[str, ...]
    rule: Rule = Rule.MEAN
    renumbered: bool = False

    @classmethod
    def subset(
        cls, names: Sequence[str], chosen: Sequence[int | str], *, of: str = "classes"
    ) -> ClassMap:
        """Some of a base's classes, in its order; each is an answer.

        Parameters
        ----------
        names
            Of all the base's classes, in its order.
        chosen
            Numbers or names of those that are kept.
        of
            What is read, for messages.

        Raises
        ------
        BadData
            If a class is unknown or said twice, or none is left, or only one.

        Examples
        --------
        >>> few = ClassMap.subset(("cat", "dog", "owl"), ["owl", 0])
        >>> few.names, few.restrict(np.array([[1.0, 5.0, 2.0]]))
        (('cat', 'owl'), array([[1., 2.]]))
        """
        numbers = sorted(_number(one, names, of) for one in chosen)
        _check_once(numbers, names, of)
        return cls(
            width=len(names),
            groups=tuple((c,) for c in numbers),
            names=tuple(names[c] for c in numbers),
        )._checked(of)

    @classmethod
    def grouped(
        cls,
        names: Sequence[str],
        groups: Mapping[str, Sequence[int | str]],
        rule: Rule | str = Rule.MEAN,
        *,
        of: str = "classes",
    ) -> ClassMap:
        """Answers that stand for several of a base's classes each, in this order.

        Raises
        ------
        BadData
            If a class is unknown or stands for two answers, an answer has no class,
            there are fewer than two answers, or the rule is unknown.

        Examples
        --------
        >>> names = ("cat", "lion", "dog")
        >>> pets = ClassMap.grouped(names, {"feline": ["cat", "lion"], "dog": [2]})
        >>> bool(pets.answers(np.log([[0.3, 0.3, 0.4]])) == [1])  # 0.3 against 0.4
        True
        """
        if rule not in list(Rule):
            raise BadData(
                f"the rule of {of} must be {' or '.join(Rule)}, got {str(rule)!r}"
            )
        numbers = {
            name: tuple(sorted(_number(one, names, of) for one in chosen))
            for name, chosen in groups.items()
        }
        for name, chosen in numbers.items():
            if not chosen:
                raise BadData(
                    f"every answer of {of} must have at least one class, but {name!r} "
                    "has none; take it away"
                )
        _check_once([c for chosen in numbers.values() for c in chosen], names, of)
        return cls(
            width=len(names),
            groups=tuple(numbers.values()),
            names=tuple(numbers),
            rule=Rule(rule),
            renumbered=True,
        )._checked(of)

    def _checked(self, of: str) -> ClassMap:
        if len(self) < 2:
            raise BadData(
                f"{of} must leave at least two answers to choose from, got {len(self)}"
            )
        return self

    def __len__(self) -> int:
        """Number of answers."""
        return len(self.groups)

    @property
    def one_each(self) -> bool:
        """Whether every answer is one class."""
        return all(len(group) == 1 for group in self.groups)

    def restrict(self, logits: NDArray[Any]) -> NDArray[Any]:
        r"""One logit an answer, up to a constant of the image.

        .. math:: \log \frac{1}{|g|} \sum_{c \in g} e^{z_c}
                  \quad\text{or}\quad \max_{c \in g} z_c

        Parameters
        ----------
        logits : (n, k) array
            Of all the network's classes.

        Returns
        -------
        (n, answers) array
            Their softmax is the distribution over the answers: by `Rule.MEAN` the mean
            probabilities of the answers, divided by their sum.

        Raises
        ------
        ValueError
            If the logits are not of k classes.

        Examples
        --------
        >>> names = ("a", "b", "c", "d")
        >>> logits = np.log([[0.3, 0.1, 0.25, 0.35]])
        >>> mean = ClassMap.grouped(names, {"x": [0, 1], "y": [2]})
        >>> np.exp(mean.restrict(logits)).round(6)  # 0.2 and 0.25
        array([[0.2 , 0.25]])
        >>> largest = ClassMap.grouped(names, {"x": [0, 1], "y": [2]}, "max")
        >>> np.exp(largest.restrict(logits)).round(6)
        array([[0.3 , 0.25]])
        """
        if logits.ndim != 2 or logits.shape[1] != self.width:
            raise ValueError(
                f"`logits` must have shape (n, {self.width}), one column a class of "
                f"the network, got {logits.shape}"
            )
        order = [c for group in self.groups for c in group]
        columns = logits[:, order]
        if self.one_each:
            return columns
        sizes = np.array([len(group) for group in self.groups])
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        top = np.maximum.reduceat(columns, starts, axis=1)
        if self.rule is Rule.MAX:
            return np.asarray(top)
        top = top.astype(np.float64)
        shares = np.exp(columns - np.repeat(top, sizes, axis=1))
        mean = np.add.reduceat(shares, starts, axis=1) / sizes
        return np.asarray(top + np.log(mean))

    def answers(self, logits: NDArray[Any]) -> NDArray[np.int64]:
        """(n,) numbers of the answers given; of tied ones the first."""
        return np.asarray(self.restrict(logits).argmax(axis=1), dtype=np.int64)

    def answer_of(self, classes: NDArray[np.integer]) -> NDArray[np.int64]:
        """(n,) numbers of the answers that classes stand for; -1 for none.

        Examples
        --------
        >>> few = ClassMap.subset(("cat", "dog", "owl"), [0, 2])
        >>> few.answer_of(np.array([0, 1, 2]))
        array([ 0, -1,  1])
        """
        table = np.full(self.width, -1, dtype=np.int64)
        for answer, group in enumerate(self.groups):
            table[list(group)] = answer
        return np.asarray(table[classes])

    def __str__(self) -> str:
        """In words: ``200 of 1000 classes``."""
        used = sum(len(group) for group in self.groups)
        if self.one_each:
            return f"{used} of {self.width} classes"
        how = {Rule.MEAN: "mean probability", Rule.MAX: "largest logit"}[self.rule]
        return f"{len(self)} answers of {used} of {self.width} classes by {how}"

    def identity(self) -> dict[str, Any]:
        """What decides every answer: no names."""
        rule = "" if self.one_each else self.rule.value
        return {"width": self.width, "groups": self.groups, "rule": rule}


def _number(one: int | str, names: Sequence[str], of: str) -> int:
    """The number of a class that is called by its number or its name."""
    if isinstance(one, str) and one in names:
        return list(names).index(one)
    known = isinstance(one, int | np.integer) and not isinstance(one, bool)
    if isinstance(one, str) and len(one) < 10 and one.isascii() and one.isdecimal():
        known, one = True, int(one)
    if not known or not 0 <= int(one) < len(names):
        raise BadData(
            f"{of} must be classes of the base, by name ({names[0]}, ...) or number "
            f"(0 to {len(names) - 1}), got {one!r:.60}"
        )
    return int(one)


def _check_once(numbers: Sequence[int], names: Sequence[str], of: str) -> None:
    counts = np.bincount(np.asarray(numbers, dtype=np.int64), minlength=len(names))
    if (counts > 1).any():
        twice = int(np.argmax(counts > 1))
        raise BadData(
            f"{of} must have each class once, but class {twice} ({names[twice]}) is "
            "there twice"
        )
