"""Several runs in turn: how each statistic of each metric went from one to the next."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.analysis.comparison import PARTS, STATISTICS, value_of
from harness.analysis.correlation import Correlation, Undefined
from harness.analysis.fits.outcome import TOP_1, FittedOutcome
from harness.measurement import Axes, Named


@dataclass(frozen=True, slots=True, kw_only=True)
class Course(Named):
    """One statistic of one metric and model in every run.

    Attributes
    ----------
    metric, axes, model
        Whose it is; None for all models together.
    values
        One for each run, in their order; None where it was not measured, and why not
        where there is no statistic. Of rmse a fraction of 1.
    outcome
        What the metric is fitted against.
    """

    metric: str
    axes: Axes
    model: str | None
    values: tuple[float | Undefined | None, ...]
    outcome: FittedOutcome = TOP_1


def courses(
    runs: Sequence[Sequence[Correlation]], part: str, statistic: str
) -> tuple[Course, ...]:
    """How a statistic of every metric and model went.

    Parameters
    ----------
    runs
        The correlations of each run, in turn.
    part
        "interior", "exterior" or "transfer", the interior's line on the exterior.
    statistic
        "r2", "rmse" or "rho".

    Returns
    -------
    tuple of Course
        Sorted by metric, then by model, all models together last; one for each that
        has the statistic in any of the runs.

    Raises
    ------
    ValueError
        If the part or the statistic is none of these.
    """
    if part not in PARTS or statistic not in STATISTICS:
        raise ValueError(
            f"a statistic must be one of {', '.join(PARTS)} and one of "
            f"{', '.join(STATISTICS)}, got {part!r} and {statistic!r}"
        )
    tables = [{(row.series, row.model): row for row in run} for run in runs]
    either = {key: row for table in tables for key, row in table.items()}
    found = []
    for key in sorted(
        either, key=lambda key: (either[key].order, key[1] is None, key[1] or "")
    ):
        row = either[key]
        values = tuple(
            value_of(table[key], part, statistic, "") if key in table else None
            for table in tables
        )
        if any(isinstance(value, float) for value in values):
            found.append(
                Course(
                    metric=row.metric,
                    axes=row.axes,
                    model=row.model,
                    values=values,
                    outcome=row.outcome,
                )
            )
    return tuple(found)
