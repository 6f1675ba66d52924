"""Everything about one metric, for those asked for: in 80 columns."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from harness.analysis.correlation import Correlation, Undefined
from harness.analysis.fits.other import Method
from harness.analysis.gates.subjects import Subject
from harness.report.columns import Block, Columns, Names, Number

if TYPE_CHECKING:
    from rich.console import RenderableType

    from harness.analysis.detail import Detail
    from harness.analysis.fits.fits import Judgement
    from harness.analysis.fits.outcome import FittedOutcome
    from harness.analysis.resampling.jackknife import Interval

_SHOWN = {
    "r2": "R²",
    "adjusted_r2": "adj. R²",
    "rmse": "RMSE",
    "mae": "MAE",
    "pearson": "r",
    "spearman": "ρ",
    "kendall": "τ",
    "weighted_tau": "τw",
}
_POINTS = ("rmse", "mae", "bias")


def detail_parts(found: Detail) -> Iterable[RenderableType]:
    """A correlation in full, in 80 columns."""
    from rich.text import Text

    yield Text(f"{found.label} of {found.model or 'all models'}", style="bold")
    parts = found.intervals
    if isinstance(found.p, Undefined) and found.p == parts.interior == parts.transfer:
        yield f"  no fit: {found.p.reason}"
        return
    yield from _statistics(found)
    yield from _controls(found)
    yield from _methods(found)
    yield from _matrix(found)
    yield from _surprises(found)


def _statistics(found: Detail) -> Iterable[RenderableType]:
    parts = {"int.": 1, "ext.": 2, "by int. line": 0}
    table = _table([""], *((f"{part} (95 %)", goes) for part, goes in parts.items()))
    for name, shown in _SHOWN.items():
        cells = [shown]
        for part in ("interior", "exterior"):
            value = _number(name, found.values[part].get(name), found.outcome)
            cells.append(value + _between(found, part, name))
        cells.append(_judged(found, name) + _between(found, "transfer", name))
        if any(cell != "-" for cell in cells[1:]):
            _add(table, *cells)
    if table.rows:
        yield table
    for part in ("interior", "exterior", "transfer"):
        intervals = getattr(found.intervals, part)
        if isinstance(intervals, Undefined):
            yield f"  no intervals of the {part}: {intervals.reason}"


def _judged(found: Detail, name: str) -> str:
    linear = next(m for m in found.methods if m.method == Method.LINEAR)
    if isinstance(linear.transfer, Undefined):
        return "-"
    return _number(name, getattr(linear.transfer, name, None), found.outcome)


def _between(found: Detail, part: str, name: str) -> str:
    all_of_part: Mapping[str, Interval] | Undefined = getattr(found.intervals, part)
    if isinstance(all_of_part, Undefined) or name not in all_of_part:
        return ""
    one = all_of_part[name]
    if name in _POINTS:
        ends = (found.outcome.said(end, 1) for end in (one.low, one.high))
    else:
        ends = (f"{end:.2f}" for end in (one.low, one.high))
    return f" ({', '.join(ends)})"


def _controls(found: Detail) -> Iterable[str]:
    said, words = found.outcome.said, found.outcome.words
    noise = ", ".join(f"{part} {said(v, 2)}" for part, v in found.noise.items())
    if noise:
        yield f"  noise floor of RMSE, from the numbers of images: {noise}"
    if isinstance(found.p, Undefined):
        yield f"  no permutation test: {found.p.reason}"
    else:
        shuffled = "accuracies" if found.outcome.is_accuracy else f"values of {words}"
        yield f"  interior R² reached by shuffled {shuffled}: p = {found.p:.3f}"
    if not isinstance(found.control, Undefined):
        yield (
            f"  control, the interior's mean {words} for every exterior dataset: R² "
            f"{found.control.r2:.3f}, RMSE {said(found.control.rmse, 2)}"
        )


def _methods(found: Detail) -> Iterable[RenderableType]:
    inner = (("R²", 3), ("RMSE", 4), ("MAE", 5))
    outer = (("exterior R²", 0), ("RMSE", 1), ("MAE", 2), ("bias", 1))
    table = _table(["fit"], *inner, *outer)
    reasons: dict[str, list[str]] = {}
    for one in found.methods:
        if isinstance(one.fit, Undefined):
            reasons.setdefault(one.fit.reason, []).append(one.method)
            continue
        shown = partial(_number, outcome=found.outcome)
        cells = [shown(n, getattr(one.fit, n)) for n in ("r2", "rmse", "mae")]
        judged = one.transfer
        for n in ("r2", "rmse", "mae", "bias"):
            gone = isinstance(judged, Undefined)
            cells.append("-" if gone else shown(n, getattr(judged, n)))
        _add(table, one.method, *cells)
    if table.rows:
        yield table
    for reason, methods in reasons.items():
        yield f"  no fit by {', '.join(methods)}: {reason}"


def _matrix(found: Detail) -> Iterable[RenderableType]:
    able = [f for f in found.families if not isinstance(f.own, Undefined)]
    if len(able) < 2:
        return
    most = 6
    names = [f.family for f in able[:most]]
    by = [(f"by {name}", 1 + i) for i, name in enumerate(names)]
    table = _table(["R² (MAE) on"], ("n", len(names)), *by, ("by others", 0))
    for family in found.families:
        judged = [family.judged_by[name] for name in names]
        cells = [_judgement(j, found.outcome) for j in (*judged, family.left_out)]
        if any(cell != "-" for cell in cells):
            _add(table, family.family, str(family.n), *cells)
    yield table
    if len(able) > most:
        yield f"  and {len(able) - most} more families, in the report files"


def _judgement(judged: Judgement | Undefined, outcome: FittedOutcome) -> str:
    if isinstance(judged, Undefined):
        return "-"
    return f"{judged.r2:.2f} ({outcome.said(judged.mae, 1)})"


def _surprises(found: Detail) -> Iterable[RenderableType]:
    if not found.surprises:
        return
    numbers = {"predicted": 2, "true": 2, "apart": 0, "deviations": 1}
    table = _table(["surprises", "model"], *numbers.items())
    said = found.outcome.said
    for one in found.surprises:
        table.add(
            (one.point.dataset, one.point.model),
            (said(one.predicted, 1),),
            (said(one.point.y or 0, 1),),
            (said(one.residual, 1, "+"),),
            (f"{one.deviations:.1f}{' !' if one.outlier else ''}",),
        )
    yield table


def _number(name: str, value: float | None, outcome: FittedOutcome) -> str:
    if value is None:
        return "-"
    return outcome.said(value, 2) if name in _POINTS else f"{value:.3f}"


def _add(table: Columns, name: str, *numbers: str) -> None:
    table.add((name,), *((number,) for number in numbers))


def _table(names: Sequence[str], *columns: tuple[str, int]) -> Columns:
    """A table of names and of numbers, each with when it goes in a narrow terminal."""
    return Columns(
        names=tuple(
            Names(head=name, widest=_LONGEST, right=i > 0)
            for i, name in enumerate(names)
        ),
        blocks=tuple(
            Block(numbers=(Number(name=name, goes=goes),)) for name, goes in columns
        ),
    )


_LONGEST = 60  # letters of a name


def is_called(row: Correlation, pattern: str) -> bool:
    """Whether a pattern means a metric, or the metric along axes: ``knn[k=5]``."""
    if fnmatch.fnmatchcase(row.metric, pattern):
        return True
    try:
        subject = Subject.parse(pattern)
    except ValueError:
        return False
    named = bool(subject.axes) and subject.model == "*"
    return named and subject.fits(row.axes) and is_called(row, subject.metric)


def absent_details(
    patterns: Iterable[str], correlations: Iterable[Correlation]
) -> dict[str, str]:
    """Patterns of --harness-detail that no metric matches: misspelt, or deselected.

    They cannot be refused earlier: a test may record a metric of any name.
    """
    rows = tuple(correlations)
    known = list(dict.fromkeys(row.label for row in rows))
    named = ", ".join(known[:3]) + (", ..." if len(known) > 3 else "")
    return {
        f"detail of {pattern!r}": f"no measured metric is called so, of {named}"
        for pattern in patterns
        if rows and not any(is_called(row, pattern) for row in rows)
    }
