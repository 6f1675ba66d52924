"""Sections: parts of the report that belong to a suite, or to whoever registers one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeAlias, TypeVar

from harness.analysis.correlation import Undefined
from harness.analysis.detail import UNITS
from harness.analysis.resampling.units import Unit, by_kind
from harness.report.run_file.json import plain
from harness.report.run_file.reading import read_as
from harness.report.table import Part

if TYPE_CHECKING:
    from harness.analysis.aggregates import Aggregated
    from harness.analysis.correlation import Correlation
    from harness.analysis.gates import Verdict
    from harness.analysis.labelling import Labelled
    from harness.analysis.targets import TargetPrediction
    from harness.collector import Collector
    from harness.measurement import Measurement
    from harness.report.run_file.saved import SavedRun
    from harness.run import Run

Finds = TypeVar("Finds")
Quantity: TypeAlias = float | Undefined

_DEEPEST = 12  # nested lists and objects of what is found, so that it is read again


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a section may know of a run beside its rows.

    Attributes
    ----------
    described
        What the run says of itself: `run` of the JSON report.
    correlations
        The fits.
    aggregates
        What is made of the numbers on the members of families.
    predictions
        Of accuracy on the targets.
    verdicts
        The gates, judged.
    labelled
        By model and dataset, what labels say that were given to some images of targets.
    run
        The session's; None where a table of measurements is opened again.
    collector
        Its cells, and what came of them.
    earlier
        A saved run to compare with.
    """

    described: Mapping[str, Any]
    correlations: tuple[Correlation, ...] = ()
    aggregates: tuple[Aggregated, ...] = ()
    predictions: tuple[TargetPrediction, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    labelled: Mapping[tuple[str, str], Labelled] = field(default_factory=dict)
    run: Run | None = None
    collector: Collector | None = None
    earlier: SavedRun | None = None

    @property
    def unit(self) -> Unit:
        """What intervals leave out in turn."""
        return by_kind if self.run is None else UNITS[self.run.settings.resample]

    @property
    def elsewhere(self) -> frozenset[str]:
        """Files of tests whose numbers a registered section says that it shows."""
        sections = () if self.run is None else self.run.registry.sections
        return frozenset(f for s in sections for f in getattr(s, "files", ()))

    def is_elsewhere(self, row: Measurement) -> bool:
        """Whether a number of a model or a population alone is shown by a section."""
        return not (row.dataset or row.family) and row.file in self.elsewhere


class Section(Protocol):
    """A part of the report: what it finds, how that is shown, what can be gated on.

    An instance of any class with these members is one; it need not inherit from this.
    `harness.registry.Registry.add_section` registers it, and every writer shows it. An
    error in one of its methods is said in its place; the rest of the report is made.
    """

    @property
    def name(self) -> str:
        """In the JSON report, and of its files: a word."""

    @property
    def title(self) -> str:
        """Above it."""

    def find(self, rows: Sequence[Measurement], context: Context, /) -> Any:
        """What it has to say, as a dataclass; None for nothing.

        Parameters
        ----------
        rows
            All measurements of the run, by metric, axes, model and dataset.
        context
            The run, and the fits of its metrics.

        Returns
        -------
        object
            A frozen dataclass of texts, numbers, dataclasses, and tuples and dicts of
            these, `Undefined` where there is no value. The JSON report holds it as it
            is, as ``sections.NAME``.
        """

    def tables(self, found: Any, /) -> Iterable[Part]:
        """What people read of it, in order: tables, curves, texts."""

    def quantities(self, found: Any, /) -> Mapping[str, Quantity]:
        """What a gate can be set on, by name; Undefined where it has no value."""


class Kept(Generic[Finds]):
    """A section of the harness' own whose findings are keys of the JSON report.

    They are read again from there, as the objects that they were, and shown anew.

    Attributes
    ----------
    name, title
        As of a `Section`.
    kind
        The dataclass of what it finds: its fields are the keys. One that is made of
        nothing has nothing to say.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    kind: type[Finds]

    def find(self, rows: Sequence[Measurement], context: Context, /) -> Finds:
        """What it has to say."""
        raise NotImplementedError

    def tables(self, found: Finds, /) -> Iterable[Part]:
        """What people read of it; nothing where nothing was found."""
        raise NotImplementedError

    def heading(self, found: Finds, /) -> str:
        """Its title, which may say what it is of."""
        return self.title

    def quantities(self, found: Finds, /) -> Mapping[str, Quantity]:
        """None: gates name its numbers themselves."""
        return {}

    def shown(self, found: Finds, /) -> Shown:
        """As the writers know it."""
        parts = tuple(self.tables(found))
        return Shown(name=self.name, title=self.heading(found), parts=parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A section as the writers know it.

    Attributes
    ----------
    name, title
        Of the section.
    parts
        What is shown, in order.
    quantities
        What a gate can be set on.
    problem
        The error that it was not made for; empty where all is well.
    """

    name: str
    title: str
    parts: tuple[Part, ...] = ()
    quantities: dict[str, Quantity] = field(default_factory=dict)
    problem: str = ""


def shown_sections(
    sections: Iterable[Section], rows: Sequence[Measurement], context: Context
) -> tuple[dict[str, Any], tuple[Shown, ...]]:
    """What each section found, by name and as JSON values; and how it is shown.

    Sections that found nothing are in neither. One that raises, or returns what cannot
    be written, is shown with its error alone.
    """
    found: dict[str, Any] = {}
    shown: list[Shown] = []
    taken: set[str] = set()
    for section in sections:
        try:
            if section.name in taken:
                raise ValueError("another section has the name; choose a new one")
            taken.add(section.name)
            one = section.find(rows, context)
            if one is None:
                continue
            values = _values(one)
            shown.append(_shown(section, one))
            found[section.name] = values
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # also sys.exit and pytest's skip and fail
            problem = f"{type(error).__name__}: {error}"
            shown.append(Shown(name=section.name, title="", problem=problem))
    return found, tuple(shown)


def problem_line(one: Shown) -> str:
    """What is said in the place of a section that raised."""
    return f"section {one.name!r} could not be made: {one.problem}"


def _values(found: Any) -> Any:
    if not is_dataclass(found) or isinstance(found, type):
        raise TypeError(
            f"`find` must return a dataclass or None, got {type(found).__name__}"
        )
    values = plain(found)
    json.dumps(values, allow_nan=False)  # what it cannot write, it says here
    if (depth := _depth(values)) > _DEEPEST:
        raise ValueError(
            f"what `find` returns must be nested {_DEEPEST} deep at most, got {depth}"
        )
    return values


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


def _shown(section: Section, found: Any) -> Shown:
    """As the JSON report gives it back, so that what it cannot hold is refused here."""
    parts = tuple(section.tables(found))
    for part in parts:
        if not isinstance(part, Part):
            raise TypeError(
                "`tables` must yield Table, Curve, Text, Listing or Gallery of "
                f"harness.report.table, got {type(part).__name__}"
            )
    made = Shown(
        name=section.name,
        title=section.title,
        parts=parts,
        quantities=dict(section.quantities(found)),
    )
    again: Shown = read_as(Shown, plain(made), section.name)
    return again
