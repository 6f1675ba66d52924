"""Evidence: everything that gates are judged by, and what is known to be missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.analysis.correlation import ACCURACY, Expected, Undefined
from harness.analysis.gates.texts import several
from harness.measurement import NO_AXES, Axes, Domain, label_of

if TYPE_CHECKING:
    from harness.analysis.aggregates import Aggregated
    from harness.analysis.comparison import Change
    from harness.analysis.correlation import Correlation
    from harness.analysis.targets import TargetPrediction
    from harness.measurement import Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """Something that was asked for, and of which nothing at all was measured.

    Attributes
    ----------
    reason
        Why, in words.
    model
        Whose measurements they would be; None if it is a family of datasets.
    metric, axes
        Of which metric; None for any.
    family, domain
        Of a family: its name, and its domain where that is known.
    on_datasets
        Whether they would be on datasets, as those that are fitted.
    """

    reason: str
    model: str | None = None
    metric: str | None = None
    axes: Axes = NO_AXES
    family: str = ""
    domain: Domain | None = None
    on_datasets: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a run found, as far as a gate can be set on it.

    Attributes
    ----------
    correlations, predictions
        Of the run, with the cells that were expected and are missing.
    changes
        Between a stored run and this one.
    measurements
        Every row, also those that labels were used for.
    expected
        Every cell that should have a row, whatever its metric.
    aggregated
        What was made of numbers on the members of families.
    quantities
        Of the report's sections, by section and name; of one that could not be made,
        why.
    lacks
        What was asked for and of which nothing was measured.
    failures
        Metrics of models all of whose cells failed, with the first reason. The cells
        are expected too.
    """

    correlations: Sequence[Correlation] = ()
    predictions: Sequence[TargetPrediction] = ()
    changes: Sequence[Change] = ()
    measurements: Sequence[Measurement] = ()
    expected: Sequence[Expected] = ()
    aggregated: Sequence[Aggregated] = ()
    quantities: Mapping[str, Mapping[str, float | Undefined] | Undefined] = field(
        default_factory=dict
    )
    lacks: Sequence[Lack] = ()
    failures: Sequence[Lack] = ()

    @property
    def lacks_of_fits(self) -> list[Lack]:
        """Those that a fit may suffer from: on datasets, and not of accuracy."""
        return [
            lack for lack in self.lacks if lack.metric != ACCURACY and lack.on_datasets
        ]

    @property
    def failed(self) -> dict[str, str]:
        """Why metrics have no value anywhere, by name with their axes."""
        known = {row.series for row in self.measurements}
        return {
            label_of(lack.metric, lack.axes): lack.reason
            for lack in self.failures
            if lack.metric is not None and (lack.metric, lack.axes) not in known
        }

    def why_missing(
        self, series: tuple[str, Axes], model: str | None, cells: Sequence[Expected]
    ) -> list[str]:
        """Which cells of a metric are missing, and why if all failed: a text, or none.

        Of one model, or of all if None.
        """
        reasons = [
            lack.reason
            for lack in self.failures
            if (lack.metric, lack.axes) == series and model in (None, lack.model)
        ]
        if reasons and any(
            row.series == series and model in (None, row.model)
            for row in self.measurements
        ):
            reasons = []
        return [
            f"{text}, for all failed: {reasons[0]}" if reasons else text
            for text in missing_cells(cells)
        ]


def missing_cells(cells: Iterable[Expected]) -> list[str]:
    """Say which expected cells were not measured: one text, or none."""
    places = [(c.model, c.dataset or c.family) for c in cells]
    named = [f"{model} on {place}" if place else model for model, place in places]
    lost = list(dict.fromkeys(named))
    if not lost:
        return []
    cells_are = "1 cell is" if len(lost) == 1 else f"{len(lost)} cells are"
    return [f"{cells_are} missing ({several(lost)})"]
