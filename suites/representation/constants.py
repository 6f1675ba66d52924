"""Constants of the protocols, as the options say them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

import pytest

from harness.errors import HarnessError
from harness.metrics.representation.protocols import KNN_PROTOCOLS

T = TypeVar("T")

#: Sets that are made of others are measured where --harness-families asks for them.
WHOLE_SETS = pytest.mark.harness_datasets(
    lacking=("pool", "corruption", "perturbation", "outside"), unasked=True
)
MAJORITY = "majority"
_FORM = re.compile(r"k([1-9]\d*)-(majority|\d*\.?\d+)-(cosine|euclidean)")
_RECIPE = re.compile(r"([1-9]\d*)-(\d*\.?\d+)")


def neighbours(text: str) -> list[tuple[int, str, str]]:
    """k, T and distance of each way to vote that an option lists, each once.

    Raises
    ------
    HarnessError
        If one is neither a protocol nor written as one.

    Examples
    --------
    >>> neighbours("k1-majority-cosine,lightly")
    [(1, 'majority', 'cosine'), (200, '0.1', 'cosine')]
    """
    found: dict[tuple[int, str, str], None] = {}
    for part in (one.strip() for one in text.split(",")):
        if protocol := KNN_PROTOCOLS.get(part):
            t = MAJORITY if protocol.temperature is None else repr(protocol.temperature)
            found |= {(k, t, protocol.distance): None for k in protocol.ks}
            continue
        form = _FORM.fullmatch(part)
        if form is None or (form[2] != MAJORITY and not float(form[2])):
            raise HarnessError(
                f"`--representation-knn` must be of {', '.join(KNN_PROTOCOLS)} and "
                f"kK-T-DISTANCE, got {part!r}; write for instance k20-0.07-cosine or "
                "k5-majority-euclidean"
            )
        if form[3] == "euclidean" and form[2] != MAJORITY:
            raise HarnessError(
                f"`--representation-knn` must have majorities of euclidean neighbours, "
                f"got {part!r}; write k{form[1]}-majority-euclidean"
            )
        t = form[2] if form[2] == MAJORITY else repr(float(form[2]))
        found[int(form[1]), t, form[3]] = None
    return list(found)


def recipes(text: str) -> list[tuple[int, float]]:
    """Steps and learning rate of each fine-tuning that an option lists, each once.

    Raises
    ------
    HarnessError
        If one is not written as STEPS-RATE.

    Examples
    --------
    >>> recipes("300-0.003, 1000-0.01")
    [(300, 0.003), (1000, 0.01)]
    """
    found: dict[tuple[int, float], None] = {}
    for part in (one.strip() for one in text.split(",")):
        form = _RECIPE.fullmatch(part)
        if form is None or not float(form[2]):
            raise HarnessError(
                "`--representation-fine-tuning` must be of STEPS-RATE, both above 0, "
                f"got {part!r}; write for instance 300-0.003"
            )
        found[int(form[1]), float(form[2])] = None
    return list(found)


def temperature_of(t: str) -> float | None:
    """T as `knn` takes it.

    Examples
    --------
    >>> temperature_of("0.07"), temperature_of("majority")
    (0.07, None)
    """
    return None if t == MAJORITY else float(t)


def whole(option: str, text: str) -> list[int]:
    """The whole numbers from 1 that an option lists.

    Raises
    ------
    HarnessError
        If one is none.

    Examples
    --------
    >>> whole("--representation-k", "1, 10")
    [1, 10]
    """
    return _each(option, text, int, "whole numbers from 1", "1,10", lambda n: n >= 1)


def shares(option: str, text: str) -> list[float]:
    """The shares above 0, of 1 at most, that an option lists.

    Raises
    ------
    HarnessError
        If one is none.

    Examples
    --------
    >>> shares("--representation-shares", "0.01,0.1")
    [0.01, 0.1]
    """
    return _each(
        option, text, float, "shares above 0, 1 at most", "0.01,0.1", _is_share
    )


def _is_share(value: float) -> bool:
    return 0 < value <= 1


def _each(
    option: str,
    text: str,
    kind: Callable[[str], T],
    rule: str,
    example: str,
    fits: Callable[[T], bool],
) -> list[T]:
    parts: Iterable[str] = (one.strip() for one in text.split(","))
    try:
        found = list(dict.fromkeys(kind(one) for one in parts))
        fitting = all(map(fits, found))
    except ValueError:
        fitting = False
    if not fitting:
        raise HarnessError(
            f"`{option}` must be {rule}, parted by commas, got {text!r}; write for "
            f"instance {example}"
        )
    return found
