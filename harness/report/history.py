"""The history of several saved runs: a curve along them for each metric, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import TYPE_CHECKING

from harness.analysis.comparison import PARTS, STATISTICS
from harness.analysis.history import courses
from harness.errors import HarnessError, UnknownName
from harness.report.file_names import file_names
from harness.report.run_file.differing import differing
from harness.report.run_file.saved import check_outcomes
from harness.report.table import Column, Curve, Series, Table, Text

if TYPE_CHECKING:
    from harness.report.run_file.saved import SavedRun

_NAMES = {"r2": "R²", "rho": "ρ", "rmse": "RMSE"}


def statistic_of(text: str) -> tuple[str, str]:
    """A part and a statistic.

    Raises
    ------
    ValueError
        If it is none.

    Examples
    --------
    >>> statistic_of("transfer r2")
    ('transfer', 'r2')
    """
    part, _, name = text.strip().partition(" ")
    if part not in PARTS or (name := name.strip()) not in STATISTICS:
        raise ValueError(
            f"must be one of {', '.join(PARTS)} and one of {', '.join(STATISTICS)}, as "
            f"in 'transfer r2', got {text!r}"
        )
    return part, name


def in_time(runs: Sequence[SavedRun]) -> list[SavedRun]:
    """Runs by the date at which they began."""
    return sorted(runs, key=lambda run: str(run.run.get("date", "")))


def history_parts(
    runs: Sequence[SavedRun],
    statistics: Sequence[tuple[str, str]],
    *,
    metrics: Sequence[str] = ("*",),
    models: Sequence[str] = ("*",),
) -> Iterator[Curve | Table | Text]:
    """Accuracy on the test split, then each statistic of each metric, along the runs.

    Parameters
    ----------
    runs
        In turn: two or more, fitted against one outcome.
    statistics
        Pairs of a part and a statistic.
    metrics, models
        Patterns of names; all models together are called "all".

    Yields
    ------
    Curve, Table, Text
        A text says which statistic no run has. At last a table of what each run has
        otherwise than the one before it.

    Raises
    ------
    HarnessError
        If there is but one run, or they are not fitted against one outcome, or nothing
        is called as a pattern says.
    """
    if len(runs) < 2:
        raise HarnessError(
            f"a history must be of two runs or more, got {len(runs)}; save them with "
            "--harness-save-run NAME"
        )
    for run in runs[1:]:
        check_outcomes(runs[0], run.outcome)
    names = tuple(file_names(run.path.stem for run in runs))
    curves = [_accuracies(runs, names, models)]
    nowhere: list[str] = []
    correlations = [run.correlations() for run in runs]
    fits = [one for run in correlations for one in run]
    _check_names("metric", metrics, (one.label for one in fits))
    every = {row.model for run in runs for row in run.measurements}
    _check_names("model", models, {*every, "all"})
    for part, statistic in statistics:
        found: dict[str, list[Series]] = {}
        unit, scale = "", 1.0
        for one in courses(correlations, part, statistic):
            model = one.model or "all"
            if _is_one(one.label, metrics) and _is_one(model, models):
                series = Series(name=model, values=one.values)
                found.setdefault(one.label, []).append(series)
            if statistic == "rmse":
                unit, scale = one.outcome.points, one.outcome.scale
        if not found:
            nowhere.append(f"{part} {_NAMES[statistic]}")
        curves += [
            Curve(
                title=f"{label}, {part} {_NAMES[statistic]}",
                axis="run",
                at=names,
                series=tuple(series),
                value=_NAMES[statistic],
                unit=unit,
                form=".2f" if statistic == "rmse" else ".3f",
                scale=scale,
            )
            for label, series in found.items()
        ]
    kept = [curve for curve in curves if curve is not None]
    if not kept:
        asked = " or ".join(" ".join(one) for one in statistics)
        raise HarnessError(
            f"no metric called {', '.join(metrics)} of a model called "
            f"{', '.join(models)} has {asked} in any of these runs; choose others with "
            "--metrics, --models and --statistic"
        )
    yield from kept
    if nowhere:
        yield Text(
            text=f"none of these runs has {' or '.join(nowhere)} of a metric; choose "
            "another statistic with --statistic"
        )
    yield _differences(runs, names)


def _check_names(kind: str, patterns: Sequence[str], known: Iterable[str]) -> None:
    """A name that none of the runs knows is mistyped, also beside others."""
    names = set(known)
    for one in patterns:
        if one != "*" and not any(_is_one(name, (one,)) for name in names):
            raise UnknownName(kind, one, names, f"choose with --{kind}s")


def _is_one(name: str, patterns: Sequence[str]) -> bool:
    """Whether a pattern is meant; `knn[k=5]` is also itself."""
    return any(name == one or fnmatchcase(name, one) for one in patterns)


def _accuracies(
    runs: Sequence[SavedRun], names: tuple[str, ...], models: Sequence[str]
) -> Curve | None:
    """Of each model on the base's test split."""
    found = [
        {
            row.model: row.accuracy
            for row in run.measurements
            if row.of_test_split and row.accuracy is not None
        }
        for run in runs
    ]
    every = sorted({model for one in found for model in one if _is_one(model, models)})
    if not every:
        return None
    return Curve(
        title="accuracy on the test split",
        axis="run",
        at=names,
        series=tuple(
            Series(name=model, values=tuple(one.get(model) for one in found))
            for model in every
        ),
        value="accuracy",
        unit="%",
        form=".2f",
        scale=100,
    )


def _differences(runs: Sequence[SavedRun], names: Sequence[str]) -> Table:
    """What each run has otherwise than the one before it."""
    rows = [
        (name, one.name, one.before, one.after)
        for name, (before, after) in zip(names[1:], pairwise(runs), strict=True)
        for one in differing(
            before.run, after.run, before.measurements, after.measurements
        )
    ]
    return Table(
        title="what differs from the run before",
        columns=(
            Column(name="run", widest=16),
            Column(name="setting", widest=34),
            Column(name="before", widest=14),
            Column(name="after", widest=14),
        ),
        rows=tuple(rows),
    )
