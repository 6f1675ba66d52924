"""Traits: facts of a dataset as data, ``{"corruption": "fog", "severity": 3}``.

What belongs together is read from them and never from a name: ``photos-2023`` and
``photos-2024`` may well be two things.
"""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from harness.errors import HarnessError

Trait: TypeAlias = str | int | float

_NAME = re.compile(r"[A-Za-z][\w-]*")


#: The trait that names what was done to the images, one after the other.
TRANSFORMATIONS = "transformations"
# What tells that images were made of a split, or chosen from many, and are not it.
_MADE_OF_IT = ("corruption", "pool", "member", TRANSFORMATIONS)
_JOINED = ", "


def together(names: Iterable[str]) -> str:
    """Names as one trait; `kinds` takes them apart."""
    return _JOINED.join(names)


def kinds(traits: Mapping[str, Trait]) -> tuple[str, ...]:
    """What was done to the images: transformations, or the corruption; or nothing.

    The same kind at other strengths, of another pool or to other images is one kind.

    Examples
    --------
    >>> kinds({"pool": "a", "transformations": "affine, fog"}), kinds({"split": "test"})
    (('affine', 'fog'), ())
    >>> kinds({"corruption": "fog", "severity": 3})
    ('fog',)
    """
    done = str(traits.get(TRANSFORMATIONS, traits.get("corruption", "")))
    return tuple(dict.fromkeys(filter(None, done.split(_JOINED))))


def is_test_split(traits: Mapping[str, Trait]) -> bool:
    """Whether they are those of a test split as it is.

    Examples
    --------
    >>> is_test_split({"split": "test"}), is_test_split({"split": "test", "pool": "a"})
    (True, False)
    """
    return traits.get("split") == "test" and traits.keys().isdisjoint(_MADE_OF_IT)


def read_trait(text: str) -> Trait:
    """The number that a text writes, or the text.

    Examples
    --------
    >>> read_trait("3"), read_trait("0.5"), read_trait("fog"), read_trait("nan")
    (3, 0.5, 'fog', 'nan')
    """
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        if math.isfinite(number):
            return number
    return text


def checked_traits(of: str, traits: Mapping[str, Any]) -> dict[str, Trait]:
    """Traits that every report can carry.

    Parameters
    ----------
    of
        The dataset, for messages.
    traits
        By name.

    Raises
    ------
    HarnessError
        If a name is no word, or a value is neither a text nor a finite number.

    Examples
    --------
    >>> checked_traits("cam", {"weather": "fog", "severity": 3})
    {'weather': 'fog', 'severity': 3}
    """
    for name, value in traits.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise HarnessError(
                f"the name of a trait of {of} must be a word of letters, digits, _ "
                f"and -, got {name!r}; for instance weather"
            )
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (number and math.isfinite(value)) and not isinstance(value, str):
            raise HarnessError(
                f"trait {name} of {of} must be a text or a finite number, got "
                f"{value!r}; write it as a text"
            )
    return dict(traits)
