"""Errors that are the user's to mend; the plugin turns them into usage errors."""

import difflib
import fnmatch
from collections.abc import Iterable, Sequence

from harness.printable import printable


class HarnessError(Exception):
    """Something the user asked for cannot be; the message says what and what to do."""

    def __str__(self) -> str:
        """With nothing in it, from a file's content or name, that a terminal obeys."""
        return printable(super().__str__(), keep="\n")


class UnknownName(HarnessError):
    """A model, family, base or metric that no registry knows."""

    def __init__(
        self, kind: str, name: str, known: Iterable[str], cure: str = ""
    ) -> None:
        names = sorted(known)
        close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(close)}? " if close else ""
        listed = ", ".join(names[:30]) + (", ..." if len(names) > 30 else "")
        super().__init__(
            f"unknown {kind} {name!r}; {hint}known: {listed or 'none'}"
            + (f"; {cure}" if cure else "")
        )


class UnknownBase(UnknownName):
    """A base that no registry knows, and no folder is."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        cure = "a folder of your own with test/ in it (and train/) is a base, too"
        super().__init__("base", name, known, cure)


class MissingData(HarnessError):
    """Files that are not where they were looked for."""

    def __init__(self, what: str, looked_at: Iterable[object], cure: str) -> None:
        self.what = what
        self.looked_at = tuple(looked_at)
        self.cure = cure
        places = ", ".join(str(place) for place in self.looked_at)
        super().__init__(f"{what} not found; looked at {places or 'nothing'}; {cure}")


class BadData(HarnessError):
    """A file that is there but does not hold what it should."""


class UndefinedMetricError(ValueError):
    """The arrays are valid, but the metric has no value on them; the message says why.

    The variance of one image, the spread between the classes of a model that predicts
    only one class. A caller can tell it from a mistake in the arrays.
    """


class UndefinedAsYet(UndefinedMetricError):
    """No value for want of what may come with model, data and code as they are.

    A file that is not here, names of images that do not fit. A cell is skipped for it
    as for any other reason, and is tried again in every run.
    """


def is_pattern(text: str) -> bool:
    """Whether a selector is a wildcard rather than a name."""
    return any(mark in text for mark in "*?[")


def select(
    kind: str, patterns: Sequence[str], known: Sequence[str], cure: str = ""
) -> tuple[str, ...]:
    """Names matched by any pattern, in the order of `known`.

    Parameters
    ----------
    cure
        What to do where one matches nothing, if more can be said than what is known.

    Raises
    ------
    UnknownName
        If a pattern matches nothing.
    """
    for pattern in patterns:
        if not fnmatch.filter(known, pattern):
            raise UnknownName(kind, pattern, known, cure)
    return tuple(n for n in known if any(fnmatch.fnmatchcase(n, p) for p in patterns))
