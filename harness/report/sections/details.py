"""Everything about one metric, for those asked for: in 80 columns."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.analysis.correlation import Correlation, Undefined
from harness.analysis.detail import Detail, detail
from harness.analysis.fits.other import Method
from harness.analysis.gates.subjects import Subject
from harness.report.section import Kept
from harness.report.table import Column, Estimate, Marked, Said, Table, Text, Value

if TYPE_CHECKING:
    from harness.analysis.fits.fits import Judgement
    from harness.analysis.fits.outcome import FittedOutcome
    from harness.analysis.resampling.jackknife import Interval
    from harness.measurement import Measurement
    from harness.report.section import Context

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
_FAMILIES = 6  # columns of the matrix
_LONGEST = 60  # letters of a name


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """The metrics asked for, in full."""

    details: tuple[Detail, ...] = ()


class DetailsSection(Kept[Details]):
    """A few tables for each metric and model."""

    name = "details"
    title = "details"
    kind = Details

    def find(self, rows: Sequence[Measurement], context: Context, /) -> Details:
        """Of those asked for: all models together only where they are several."""
        if context.run is None:
            return Details()
        several = len(context.run.models) > 1
        return Details(
            details=tuple(
                detail(row, unit=context.unit)
                for row in context.correlations
                if (row.model is not None or several)
                and any(is_called(row, one) for one in context.run.settings.detail)
            )
        )

    def tables(self, found: Details, /) -> Iterator[Table | Text]:
        """One metric and model after the other."""
        for one in found.details:
            yield from detail_parts(one)


def detail_parts(found: Detail) -> Iterator[Table | Text]:
    """A correlation in full, in 80 columns."""
    title = f"{found.label} of {found.model or 'all models'}"
    parts = found.intervals
    if isinstance(found.p, Undefined) and found.p == parts.interior == parts.transfer:
        columns = (Column(name="fit"),)
        without = (f"no fit: {found.p.reason}",)
        yield Table(columns=columns, rows=(), title=title, without=without)
        return
    yield _statistics(found, title)
    yield from _controls(found)
    yield _methods(found)
    yield from _matrix(found)
    if found.surprises:
        yield _surprises(found)


def _statistics(found: Detail, title: str) -> Table:
    number = partial(Column, align="right")
    rows = tuple(
        (
            shown,
            *(
                _between(found, part, name, found.values[part].get(name))
                for part in ("interior", "exterior")
            ),
            _between(found, "transfer", name, _judged(found, name)),
        )
        for name, shown in _SHOWN.items()
    )
    intervals = {
        part: getattr(found.intervals, part)
        for part in ("interior", "exterior", "transfer")
    }
    return Table(
        columns=(
            Column(name="", widest=_LONGEST),
            number(name="interior (95 %)", short="int. (95 %)", goes=1),
            number(name="exterior (95 %)", short="ext. (95 %)", goes=2),
            number(name="interior's line (95 %)", short="by int. line (95 %)"),
        ),
        rows=tuple(row for row in rows if any(one is not None for one in row[1:])),
        title=title,
        without=tuple(
            f"no intervals of the {part}: {one.reason}"
            for part, one in intervals.items()
            if isinstance(one, Undefined)
        ),
    )


def _judged(found: Detail, name: str) -> float | None:
    linear = next(m for m in found.methods if m.method == Method.LINEAR)
    if isinstance(linear.transfer, Undefined):
        return None
    return getattr(linear.transfer, name, None)


def _between(found: Detail, part: str, name: str, value: float | None) -> Said | None:
    """A statistic with its interval; each row has a unit of its own."""
    if value is None:
        return None
    said, points = found.outcome.said, name in _POINTS
    text = said(value, 2) if points else f"{value:.3f}"
    intervals: Mapping[str, Interval] | Undefined = getattr(found.intervals, part)
    if not isinstance(intervals, Undefined) and name in intervals:
        one = intervals[name]
        ends = (said(x, 1) if points else f"{x:.2f}" for x in (one.low, one.high))
        text += f" ({', '.join(ends)})"
        held = Estimate(value=value, low=one.low, high=one.high)
        return Said(text=text, number=value, held=held)
    return Said(text=text, number=value, held=value)


def _controls(found: Detail) -> Iterator[Text]:
    said, words = found.outcome.said, found.outcome.words
    noise = ", ".join(f"{part} {said(v, 2)}" for part, v in found.noise.items())
    if noise:
        line = f"  noise floor of RMSE, from the numbers of images: {noise}"
        yield Text(text=line)
    if isinstance(found.p, Undefined):
        yield Text(text=f"  no permutation test: {found.p.reason}")
    else:
        shuffled = "accuracies" if found.outcome.is_accuracy else f"values of {words}"
        line = f"  interior R² reached by shuffled {shuffled}: p = {found.p:.3f}"
        yield Text(text=line)
    if not isinstance(found.control, Undefined):
        yield Text(
            text=f"  control, the interior's mean {words} for every exterior dataset: "
            f"R² {found.control.r2:.3f}, RMSE {said(found.control.rmse, 2)}"
        )


def _methods(found: Detail) -> Table:
    rows: list[tuple[Value, ...]] = []
    reasons: dict[str, list[str]] = {}
    for one in found.methods:
        if isinstance(one.fit, Undefined):
            reasons.setdefault(one.fit.reason, []).append(one.method)
            continue
        judged = one.transfer
        outer: tuple[float | None, ...] = (None,) * 4
        if not isinstance(judged, Undefined):
            outer = (judged.r2, judged.rmse, judged.mae, judged.bias)
        rows.append((one.method, one.fit.r2, one.fit.rmse, one.fit.mae, *outer))
    error: dict[str, Any] = {
        "form": found.outcome.form(2),
        "scale": found.outcome.scale,
    }
    return Table(
        columns=(
            Column(name="fit", widest=_LONGEST),
            Column(name="R²", group="interior", form=".3f", goes=3),
            Column(name="RMSE", group="interior", goes=4, **error),
            Column(name="MAE", group="interior", goes=5, **error),
            Column(name="R²", group="exterior", form=".3f"),
            Column(name="RMSE", group="exterior", goes=1, **error),
            Column(name="MAE", group="exterior", goes=2, **error),
            Column(name="bias", group="exterior", goes=1, **error),
        ),
        rows=tuple(rows),
        without=tuple(
            f"no fit by {', '.join(methods)}: {reason}"
            for reason, methods in reasons.items()
        ),
    )


def _matrix(found: Detail) -> Iterator[Table | Text]:
    able = [f for f in found.families if not isinstance(f.own, Undefined)]
    if len(able) < 2:
        return
    names = [f.family for f in able[:_FAMILIES]]
    rows = (
        (
            family.family,
            family.n,
            *(
                _judgement(one, found.outcome)
                for one in (*map(family.judged_by.get, names), family.left_out)
            ),
        )
        for family in found.families
    )
    number = partial(Column, align="right")
    yield Table(
        columns=(
            Column(name="R² (MAE) on", widest=_LONGEST),
            Column(name="n", form=".0f", goes=len(names)),
            *(number(name=f"by {one}", goes=1 + i) for i, one in enumerate(names)),
            number(name="by others"),
        ),
        rows=tuple(row for row in rows if any(one is not None for one in row[2:])),
    )
    if len(able) > _FAMILIES:
        more = len(able) - _FAMILIES
        families = "family" if more == 1 else "families"
        yield Text(text=f"  and {more} more {families}, in the JSON report")


def _judgement(
    judged: Judgement | Undefined | None, outcome: FittedOutcome
) -> Said | None:
    if judged is None or isinstance(judged, Undefined):
        return None
    text = f"{judged.r2:.2f} ({outcome.said(judged.mae, 1)})"
    return Said(text=text, number=judged.r2)


def _surprises(found: Detail) -> Table:
    scale, form = found.outcome.scale, found.outcome.form(1)
    number = partial(Column, scale=scale)
    return Table(
        columns=(
            Column(name="surprises", widest=_LONGEST),
            Column(name="model", align="right"),
            number(name="predicted", form=form, goes=2),
            number(name="true", form=form, goes=2),
            number(name="apart", form=f"+{form}"),
            Column(name="deviations", form=".1f", goes=1),
        ),
        rows=tuple(
            (
                one.point.dataset,
                one.point.model,
                one.predicted,
                one.point.y or 0.0,
                one.residual,
                Marked(value=one.deviations, mark=" !")
                if one.outlier
                else one.deviations,
            )
            for one in found.surprises
        ),
    )


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
