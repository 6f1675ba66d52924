"""A run that was saved, in Python: its rows, fits, comparisons and pictures.

Nothing here needs pytest or a network: a notebook opens what a run has written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.analysis.comparison import Change, compare
from harness.analysis.correlation import Correlation, Undefined
from harness.errors import HarnessError, UnknownName
from harness.report.files import need
from harness.report.run_file.reopening import reopen
from harness.report.run_file.saved import SavedRun, check_outcomes
from harness.report.run_file.table_files import NUMBERS, further_facts, rows_of
from harness.report.section import Shown
from harness.report.sections.accuracies import accuracies
from harness.report.sections.comparison import ComparisonSection, comparison_parts
from harness.report.sections.ranks import Ranks, RanksSection
from harness.report.text import rendered
from harness.report.writers.html import section_html
from harness.report.writers.terminal import section_lines

if TYPE_CHECKING:
    from harness.measurement import Measurement
    from harness.report.summary import Summary

_WIDTH = 80


class _Shows:
    """Base of what is seen in a terminal as text and in a notebook as tables."""

    def sections(self) -> Iterator[Shown]:
        """What is to be seen."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """As a terminal shows it."""
        lines = [line for one in self.sections() for line in section_lines(one, _WIDTH)]
        return rendered(lines, width=_WIDTH).strip("\n")

    def _repr_html_(self) -> str:
        """As a notebook shows it; text from files is escaped."""
        return "".join(map(section_html, self.sections()))


class Report(_Shows):
    """A run as it was written: see `open_report`.

    Attributes
    ----------
    path
        Where it was read.
    run : dict
        Base, models, settings, versions, as the run described itself; of a table of
        measurements what they tell.
    measurements : tuple of Measurement
        One for each number.
    correlations : tuple of Correlation
        For each metric and model, and each metric over all models (model None): its
        points, the lines of interior and exterior, the first on the second.
    """

    def __init__(self, path: Path, summary: Summary) -> None:
        self.path = path
        self.run: dict[str, Any] = summary.run
        self.measurements: tuple[Measurement, ...] = summary.measurements
        self.correlations: tuple[Correlation, ...] = summary.correlations
        self._summary = summary

    def sections(self) -> Iterator[Shown]:
        """Accuracies of the models, and metrics compared."""
        yield accuracies(self.measurements)
        yield RanksSection().shown(self._summary.of(Ranks))

    def frame(self) -> Any:
        """The measurements as a pandas.DataFrame, a row each.

        Columns are those of `--harness-report-csv`; traits, axes and facts are dicts.
        What a number has none of is NaN.

        Raises
        ------
        HarnessError
            If pandas is not installed.
        """
        pandas = _pandas("a frame")
        rows = rows_of(self._summary)
        for row, measurement in zip(rows, self.measurements, strict=True):
            row["traits"] = dict(measurement.traits)
            row["axes"] = dict(measurement.axes)
            row["facts"] = further_facts(measurement)
        # A column of nothing but None would be one of objects.
        return pandas.DataFrame(rows).astype(dict.fromkeys(NUMBERS, float))

    def correlation(self, metric: str, model: str | None = None) -> Correlation:
        """How a metric goes with accuracy.

        Parameters
        ----------
        metric
            As reports call it: "nuclear_norm", or "knn[k=20,layer=fc]".
        model
            None for all models together.

        Raises
        ------
        UnknownName
            With what there is.
        """
        of_metric = self._rows(metric)
        for row in of_metric:
            if row.model == model:
                return row
        known = [row.model for row in of_metric if row.model is not None]
        raise UnknownName("model", str(model), known)

    def compare(self, later: Report) -> Comparison:
        """What has changed from this run to a later one.

        Raises
        ------
        HarnessError
            If their metrics are fitted against different outcomes.
        TypeError
            If `later` is no report.
        """
        if not isinstance(later, Report):
            raise TypeError(
                "`later` must be a report, as harness.open returns it, got "
                f"{type(later).__name__}"
            )
        check_outcomes(self._saved(), later._saved().outcome)
        changes = compare(self.correlations, later.correlations)
        return Comparison(self.path.name, later.path.name, changes)

    def plot(self, metric: str, *, model: str | None = None, ax: Any = None) -> Any:
        """Draw accuracy against a metric, with the lines of interior and exterior.

        Parameters
        ----------
        metric
            As in `correlation`.
        model
            Whose; may be left out where there is one.
        ax : matplotlib Axes
            What to draw on; a new figure's without it.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        HarnessError
            If matplotlib is not installed, or it is not said which of several models.
        UnknownName
            With what there is.
        """
        need("matplotlib", of="a plot")
        from harness.report.plots import draw, new_axes

        models = [row.model for row in self._rows(metric) if row.model is not None]
        if model is None and len(models) == 1:
            (model,) = models
        if model is None:
            raise HarnessError(
                f"say which model's {metric} is to be drawn, model=NAME: "
                + (", ".join(models) or "none was measured")
            )
        ax = new_axes() if ax is None else ax
        draw(ax, self.correlation(metric, model))
        return ax

    def _rows(self, metric: str) -> list[Correlation]:
        found = [row for row in self.correlations if row.label == metric]
        if not found:
            raise UnknownName("metric", metric, {r.label for r in self.correlations})
        return found

    def _saved(self) -> SavedRun:
        return SavedRun(path=self.path, run=self.run, measurements=self.measurements)


@dataclass(frozen=True, slots=True, repr=False)
class Comparison(_Shows):
    """Two runs side by side.

    Attributes
    ----------
    before, after
        Names of their files.
    changes
        Of every metric, model, part and statistic.
    """

    before: str
    after: str
    changes: tuple[Change, ...]

    def sections(self) -> Iterator[Shown]:
        """What moved beyond chance."""
        title = f"{self.after}, {ComparisonSection.title} {self.before}"
        parts = tuple(comparison_parts(self.changes))
        yield Shown(name=ComparisonSection.name, title=title, parts=parts)

    def frame(self) -> Any:
        """The changes as a pandas.DataFrame, a row each.

        What does not exist is NaN. `beyond` is whether a change is beyond chance:
        its interval at 95 %, `low` to `high`, does not hold 0; None where that is not
        known.

        Raises
        ------
        HarnessError
            If pandas is not installed.
        """
        return _pandas("a frame").DataFrame(list(map(_of_change, self.changes)))


def open_report(path: str | Path) -> Report:
    """Return a run from what it wrote.

    Parameters
    ----------
    path
        Of a report (`--harness-report-json`), or of a table of measurements (CSV or
        Parquet), which are then fitted again.

    Raises
    ------
    MissingData
        If there is no such file.
    BadData
        If it is damaged or nothing of the kind.
    """
    return Report(Path(path), reopen(Path(path)))


def _of_change(change: Change) -> dict[str, Any]:
    ends = change.interval
    none = float("nan")
    low, high = (none, none) if isinstance(ends, Undefined) else (ends.low, ends.high)
    return {
        "metric": change.label,
        "model": change.model,
        "part": change.part,
        "statistic": change.statistic,
        "before": _number(change.before),
        "after": _number(change.after),
        "low": low,
        "high": high,
        "beyond": change.beyond,
    }


def _number(value: float | Undefined) -> float:
    return float("nan") if isinstance(value, Undefined) else value


def _pandas(of: str) -> Any:
    need("pandas", of=of)
    import pandas

    return pandas
