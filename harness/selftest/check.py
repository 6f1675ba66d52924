"""Check: numbers as published beside what is made of published tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

#: Where the tables lie below the data root.
FOLDER = "published-results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Numbers that are made of some files together.

    Attributes
    ----------
    title
        What they are of.
    files
        The tables, below `FOLDER`.
    published
        By name, the number as it was printed: it is known to its last digit.
    found
        From the folder to the same numbers by the same names.
    units
        How far apart the two may be, in units of the last digit: half of one where the
        tables are exact, more where they are rounded themselves.
    source
        Who published the numbers, or computed them by other code.
    """

    title: str
    files: tuple[str, ...]
    published: Mapping[str, str]
    found: Callable[[Path], Mapping[str, float]]
    source: str
    units: float = 0.5

    def missing(self, folder: Path) -> tuple[str, ...]:
        """The files that are not there."""
        return tuple(name for name in self.files if not (folder / name).is_file())

    def allowed(self, name: str) -> float:
        """How far from the published number is still the same.

        Examples
        --------
        >>> check = Check(title="", files=(), published={"mce": "76.70"}, source="",
        ...               found=lambda folder: {})
        >>> round(check.allowed("mce"), 6)
        0.005
        """
        decimals = len(self.published[name].partition(".")[2])
        return self.units * 10.0**-decimals + 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One number of a check.

    Attributes
    ----------
    check, name
        Which.
    published
        As it was printed.
    found
        What was made here.
    agrees
        Whether it is the same.
    """

    check: str
    name: str
    published: str
    found: float
    agrees: bool

    @property
    def difference(self) -> float:
        """Found minus published."""
        return self.found - float(self.published)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the checks.

    Attributes
    ----------
    compared
        Every number, in order.
    skipped
        By check, what of its files is not there.
    broken
        By check, why nothing could be made of files that are there.
    """

    compared: tuple[Compared, ...]
    skipped: Mapping[str, tuple[str, ...]]
    broken: Mapping[str, str]

    @property
    def passed(self) -> bool:
        """Whether no number differs and every file could be read."""
        return not self.broken and all(one.agrees for one in self.compared)


def run_checks(checks: Iterable[Check], folder: Path) -> Outcome:
    """Make every number whose files are in a folder.

    Parameters
    ----------
    checks
        Which.
    folder
        `FOLDER` of the data root.
    """
    compared: list[Compared] = []
    skipped: dict[str, tuple[str, ...]] = {}
    broken: dict[str, str] = {}
    for check in checks:
        if missing := check.missing(folder):
            skipped[check.title] = missing
            continue
        try:
            found = check.found(folder)
            rows = [_compared(check, name, found[name]) for name in check.published]
        except (ArithmeticError, KeyError, OSError, TypeError, ValueError) as error:
            broken[check.title] = f"{type(error).__name__}: {error}"
        else:
            compared += rows
    return Outcome(compared=tuple(compared), skipped=skipped, broken=broken)


def _compared(check: Check, name: str, found: float) -> Compared:
    apart = abs(found - float(check.published[name]))
    return Compared(
        check=check.title,
        name=name,
        published=check.published[name],
        found=float(found),
        agrees=apart <= check.allowed(name),  # nan does not
    )
