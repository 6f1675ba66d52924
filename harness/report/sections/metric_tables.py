"""Every metric and model: its own fits, and the interior's line on the exterior."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.analysis.correlation import Correlation, Undefined
from harness.report.section import Kept
from harness.report.table import Column, Plotted, Table, Text, Value

if TYPE_CHECKING:
    from harness.analysis.fits.fits import Judgement, LineFit
    from harness.analysis.fits.outcome import FittedOutcome
    from harness.measurement import Measurement
    from harness.report.section import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Fits:
    """What was fitted.

    Attributes
    ----------
    correlations
        One for each metric and model, and each metric over all models.
    chances
        The chance levels of metrics that have one, by name.
    """

    correlations: tuple[Correlation, ...] = ()
    chances: dict[str, tuple[float, ...]] = field(default_factory=dict)


class FitsSection(Kept[Fits]):
    """A row for each metric and model."""

    name = "correlations"
    title = "every metric and model"
    kind = Fits

    def find(self, rows: Sequence[Measurement], context: Context, /) -> Fits:
        """The fits, and the chance levels that stand beside the measurements."""
        levels: dict[str, set[float]] = {}
        for m in rows:
            if "chance" in m.facts:
                levels.setdefault(m.label, set()).add(float(m.facts["chance"]))
        return Fits(
            correlations=context.correlations,
            chances={name: tuple(sorted(found)) for name, found in levels.items()},
        )

    def tables(self, found: Fits, /) -> Iterator[Table | Text]:
        """One long table; where nothing is fitted in it, why.

        What was measured with labels is never fitted, and stands elsewhere.
        """
        rows = [one for one in found.correlations if _is_of_lines(one)]
        if not rows:
            return
        whys = list(_unfitted(rows))
        if 0 < len(whys) <= _FEW:
            for why in whys:
                yield Text(text=why)
        else:
            yield _table(rows, found.chances)


_FEW = 2  # reasons that stand for a table without a number


def _is_of_lines(row: Correlation) -> bool:
    return bool(row.points or row.targets or row.missing or row.contradicting)


def _unfitted(rows: Sequence[Correlation]) -> Iterator[str]:
    """Why there is no line at all; nothing where there is one, or should have been."""
    whys: dict[str, dict[str, None]] = {}
    for row in rows:
        if row.contradicting or row.missing:
            return
        for place, fit in (("interior", row.interior), ("exterior", row.exterior)):
            if not isinstance(fit, Undefined):
                return
            whys.setdefault(fit.reason, {})[place] = None
    for why, places in whys.items():
        yield f"no line of any metric on the {' and the '.join(places)}: {why}"


def _table(
    rows: Sequence[Correlation], chances: Mapping[str, tuple[float, ...]]
) -> Table:
    outcome = rows[0].outcome
    missing = any(row.missing for row in rows)
    torn = _torn(rows)
    inner = partial(Column, group="interior", group_short=("int.",))
    outer = partial(Column, group="exterior", group_short=("ext.",))
    line = partial(
        Column,
        group="interior's line on exterior",
        group_short=("by interior's line", "by int. line", "line"),
    )
    return Table(
        columns=(
            Column(name="metric", order="ascending"),
            Column(name="model", widest=12, cut=True),
            *_columns(outcome, inner),
            *_columns(outcome, outer),
            *_columns(outcome, line, again=True),
            *[Column(name="missing", form=".0f", goes=_FIRST, repeats=True)] * missing,
        ),
        rows=tuple(
            (
                Plotted(
                    label=row.label,
                    model=row.model or "",
                    note=_chance(chances.get(row.label, ())),
                ),
                row.model or "all",
                *_cells(row, torn),
                *[len(row.missing) or None] * missing,
            )
            for row in rows
        ),
        note=f"RMSE in {outcome.unit}; ρ is Spearman's, of metric against "
        f"{outcome.words}. The last group judges the interior's line on the exterior: "
        "its R² is that of prediction and may be negative.",
        long=True,
    )


_FIRST = 9  # to go from a narrow terminal


def _columns(
    outcome: FittedOutcome, column: partial[Column], *, again: bool = False
) -> Iterator[Column]:
    """Of one fit; the last has the datasets and the ρ of the exterior's own again."""
    said: dict[str, Any] = {"goes": _FIRST, "repeats": True}
    yield column(name="n", form=".0f", width=3, **(said if again else {"goes": 3}))
    yield column(name="R²", form=".3f", width=6, bounded=True, limits=(0.2, 0.8))
    yield column(
        name="RMSE",
        form=outcome.form(2),
        scale=outcome.scale,
        width=5,
        bounded=True,
        goes=1,
    )
    yield column(name="ρ", form="+.3f", width=6, **(said if again else {"goes": 2}))


def _chance(levels: Sequence[float]) -> str:
    each = ", ".join(f"{level:.4g}" for level in levels)
    return f"(chance {each})" if each else ""


def _torn(rows: Sequence[Correlation]) -> Mapping[str, Undefined]:
    """By metric, why results that contradict each other have no fit.

    That of all models together, which names them all.
    """
    return {
        row.label: row.interior
        for row in rows
        if row.contradicting and isinstance(row.interior, Undefined)
    }


def _cells(row: Correlation, torn: Mapping[str, Undefined]) -> tuple[Value, ...]:
    """Of each fit datasets, R², RMSE and ρ; or why there is none.

    Once: a line that was not fitted cannot be judged either. Of what was not measured
    at all there is nothing to say.
    """
    if row.contradicting:
        return (torn[row.label],) * 12
    if not (row.points or row.targets):
        return (None,) * 12
    line = None if isinstance(row.interior, Undefined) else row.transfer
    return (*_numbers(row.interior), *_numbers(row.exterior), *_numbers(line))


def _numbers(fit: LineFit | Judgement | Undefined | None) -> tuple[Value, ...]:
    if fit is None or isinstance(fit, Undefined):
        return (fit,) * 4
    return fit.n, fit.r2, fit.rmse, fit.spearman
