"""Everything about one metric: intervals, methods, controls, transfer, surprises.

A run of thirty metrics would drown in it, so it is printed for those asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from harness.analysis.correlation import Correlation, Point, Undefined, or_reason, xy
from harness.analysis.fits.fits import Judgement, judge
from harness.analysis.fits.other import CurveFit, Method, fit_curve
from harness.analysis.fits.scales import noise_floor
from harness.analysis.fits.weighted import STATISTICS
from harness.analysis.null_models import constant_control, permutation_p
from harness.analysis.resampling.intervals import Intervals, correlation_intervals
from harness.analysis.resampling.jackknife import Interval
from harness.analysis.resampling.units import Unit, by_dataset, by_kind
from harness.analysis.residuals import Surprise, surprises
from harness.analysis.transfer import FamilyTransfer, family_transfer
from harness.measurement import NO_AXES, Axes, Domain, Named
from harness.report.columns import Block, Columns, Names, Number

if TYPE_CHECKING:
    from rich.console import RenderableType

UNITS: dict[str, Unit] = {"kind": by_kind, "dataset": by_dataset}


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodFit:
    """One way to fit accuracy, on its own data and judged elsewhere.

    Attributes
    ----------
    method
        Which.
    fit
        On the interior; or why there is none.
    transfer
        The exterior judged with it.
    """

    method: str
    fit: CurveFit | Undefined
    transfer: Judgement | Undefined


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail(Named):
    """One correlation in full.

    Attributes
    ----------
    metric, axes, model
        Of the correlation; model is None for all together.
    values
        Statistics by part ("interior", "exterior"): as `weighted.STATISTICS`.
    intervals
        Of those, and of the transfer's.
    methods
        Linear, robust, scaled and monotone fits.
    control
        The interior's mean accuracy as a prediction of the exterior.
    p
        Of shuffled accuracies, on the interior.
    noise
        By part: the RMSE that finite samples of images alone would leave.
    families
        The matrix of transfer between families.
    surprises
        The datasets that the interior's line is most wrong about.
    """

    metric: str
    axes: Axes = NO_AXES
    model: str | None
    values: dict[str, dict[str, float]]
    intervals: Intervals
    methods: tuple[MethodFit, ...]
    control: Judgement | Undefined
    p: float | Undefined
    noise: dict[str, float]
    families: tuple[FamilyTransfer, ...]
    surprises: tuple[Surprise, ...]


def detail(row: Correlation, *, unit: Unit = by_kind) -> Detail:
    """Work out everything about a correlation; some tenths of a second."""
    parts = {
        "interior": row.of(Domain.INTERIOR),
        "exterior": row.of(Domain.EXTERIOR),
    }
    inside, outside = parts.values()
    if row.contradicting:
        assert isinstance(row.interior, Undefined)
        return _undefined(row, row.interior)
    return Detail(
        metric=row.metric,
        axes=row.axes,
        model=row.model,
        values={part: _values(points) for part, points in parts.items()},
        intervals=correlation_intervals(row, unit=unit),
        methods=tuple(_method(method, inside, outside) for method in Method),
        control=or_reason(
            lambda: constant_control([p.y or 0.0 for p in inside], xy(outside)[1])
        )
        if inside
        else Undefined("the interior is empty"),
        p=or_reason(partial(permutation_p, *xy(inside), permutations=999)),
        noise={
            part: noise_floor(xy(points)[1], [p.images for p in points])
            for part, points in parts.items()
            if points
        },
        families=family_transfer(row.points),
        surprises=surprises(row),
    )


def _undefined(row: Correlation, why: Undefined) -> Detail:
    """Of a row whose results contradict each other: nothing can be said."""
    return Detail(
        metric=row.metric,
        axes=row.axes,
        model=row.model,
        values={"interior": {}, "exterior": {}},
        intervals=Intervals(interior=why, exterior=why, transfer=why),
        methods=tuple(
            MethodFit(method=method.value, fit=why, transfer=why) for method in Method
        ),
        control=why,
        p=why,
        noise={},
        families=(),
        surprises=(),
    )


def _values(points: Sequence[Point]) -> dict[str, float]:
    import numpy as np

    x, y = (np.array(values, dtype=np.float64) for values in xy(points))
    if len(x) < 3 or len(set(x)) < 2 or len(set(y)) < 2:
        return {}
    once = np.ones((1, len(x)))
    return {name: float(of(x, y, once)[0]) for name, of in STATISTICS.items()}


def _method(
    method: Method, inside: Sequence[Point], outside: Sequence[Point]
) -> MethodFit:
    images = [p.images for p in inside]
    fit = or_reason(partial(fit_curve, *xy(inside), method=method, images=images))
    if isinstance(fit, Undefined):
        transfer: Judgement | Undefined = Undefined(fit.reason)
    else:
        transfer = or_reason(partial(judge, fit, *xy(outside)))
    return MethodFit(method=method.value, fit=fit, transfer=transfer)


# --- as text --------------------------------------------------------------------------

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
            value = _number(name, found.values[part].get(name))
            cells.append(value + _between(found.intervals, part, name))
        cells.append(_judged(found, name) + _between(found.intervals, "transfer", name))
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
    return _number(name, getattr(linear.transfer, name, None))


def _between(intervals: Intervals, part: str, name: str) -> str:
    all_of_part: Mapping[str, Interval] | Undefined = getattr(intervals, part)
    if isinstance(all_of_part, Undefined) or name not in all_of_part:
        return ""
    one = all_of_part[name]
    scale, digits = (100, 1) if name in _POINTS else (1, 2)
    return f" ({scale * one.low:.{digits}f}, {scale * one.high:.{digits}f})"


def _controls(found: Detail) -> Iterable[str]:
    noise = ", ".join(f"{part} {100 * v:.2f}" for part, v in found.noise.items())
    if noise:
        yield f"  noise floor of RMSE, from the numbers of images: {noise}"
    if isinstance(found.p, Undefined):
        yield f"  no permutation test: {found.p.reason}"
    else:
        yield f"  interior R² reached by shuffled accuracies: p = {found.p:.3f}"
    if not isinstance(found.control, Undefined):
        yield (
            "  control, the interior's mean accuracy for every exterior dataset: R² "
            f"{found.control.r2:.3f}, RMSE {100 * found.control.rmse:.2f}"
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
        cells = [_number(n, getattr(one.fit, n)) for n in ("r2", "rmse", "mae")]
        judged = one.transfer
        for n in ("r2", "rmse", "mae", "bias"):
            gone = isinstance(judged, Undefined)
            cells.append("-" if gone else _number(n, getattr(judged, n)))
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
        cells = [_judgement(j) for j in (*judged, family.left_out)]
        if any(cell != "-" for cell in cells):
            _add(table, family.family, str(family.n), *cells)
    yield table
    if len(able) > most:
        yield f"  and {len(able) - most} more families, in the report files"


def _judgement(judged: Judgement | Undefined) -> str:
    if isinstance(judged, Undefined):
        return "-"
    return f"{judged.r2:.2f} ({100 * judged.mae:.1f})"


def _surprises(found: Detail) -> Iterable[RenderableType]:
    if not found.surprises:
        return
    numbers = {"predicted": 2, "true": 2, "apart": 0, "deviations": 1}
    table = _table(["surprises", "model"], *numbers.items())
    for one in found.surprises:
        table.add(
            (one.point.dataset, one.point.model),
            (f"{100 * one.predicted:.1f}",),
            (f"{100 * (one.point.y or 0):.1f}",),
            (f"{100 * one.residual:+.1f}",),
            (f"{one.deviations:.1f}{' !' if one.outlier else ''}",),
        )
    yield table


def _number(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{100 * value:.2f}" if name in _POINTS else f"{value:.3f}"


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
