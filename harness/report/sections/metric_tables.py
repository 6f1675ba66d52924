"""A table for each metric: its own fits, and the interior's line on the exterior."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from harness.analysis.correlation import Undefined
from harness.report.bounded import shown_error, shown_r2
from harness.report.columns import Block, Columns, Names, Number, Value
from harness.report.text import some

if TYPE_CHECKING:
    from harness.analysis.correlation import Correlation
    from harness.analysis.fits.fits import Judgement, LineFit
    from harness.analysis.fits.outcome import FittedOutcome
    from harness.report.summary import Summary


def metric_lines(summary: Summary, *, wide: bool) -> Iterable[Any]:
    """All tables, why some metrics have none, and what the columns are.

    Parameters
    ----------
    summary
        What a run found.
    wide
        Whether there is room for the columns that two groups share.
    """
    tables = _by_metric(summary)
    yield from _metric_tables(tables, _chances(summary), wide=wide)
    if any(map(_has_fit, tables.values())):
        yield ""
        yield (
            f"RMSE in {summary.outcome.unit}; ρ is Spearman's, of metric against "
            f"{summary.outcome.words}. The last group judges the interior's line on "
            "the exterior: its R² is that of prediction and may be negative."
        )


def _chances(summary: Summary) -> dict[str, str]:
    """For metrics with a chance level, what to print of it beside their names."""
    levels: dict[str, set[float]] = {}
    for m in summary.measurements:
        if "chance" in m.facts:
            levels.setdefault(m.label, set()).add(float(m.facts["chance"]))
    return {
        metric: f" (chance {', '.join(f'{level:.4g}' for level in sorted(found))})"
        for metric, found in levels.items()
    }


def _by_metric(summary: Summary) -> dict[str, list[Correlation]]:
    groups: dict[str, list[Correlation]] = {}
    for row in summary.correlations:
        groups.setdefault(row.label, []).append(row)
    return groups


def _has_fit(rows: Iterable[Correlation]) -> bool:
    """Whether there is anything to print in a metric's table."""
    return any(not isinstance(fit, Undefined) for row in rows for fit in _fits(row))


def _metric_tables(
    tables: dict[str, list[Correlation]], chances: dict[str, str], *, wide: bool
) -> Iterable[Any]:
    """A table for each metric with a fit; those without share a line a reason."""
    without: dict[tuple[str, str], list[str]] = {}
    for metric, rows in tables.items():
        if _has_fit(rows):
            yield ""
            yield from _metric_table(metric + chances.get(metric, ""), rows, wide=wide)
        elif any(row.points or row.targets or row.contradicting for row in rows):
            for why in _reasons(rows, wide=wide):
                without.setdefault(why, []).append(metric)
    if without:
        yield ""
    for (part, reason), metrics in without.items():
        yield f"no fit of {some(metrics)}: {part}{': ' if part else ''}{reason}"


def _metric_table(
    title: str, rows: Sequence[Correlation], *, wide: bool
) -> Iterable[Any]:
    groups = _groups(wide)
    table = Columns(
        title=title,
        names=(Names(head="\nmodel", widest=14 if wide else 12, cut=True),),
        blocks=tuple(
            Block(head=head, short=short, numbers=_FULL if full else _BY_LINE)
            for (head, full), short in zip(groups, _SHORT, strict=True)
        ),
    )
    for row in rows:
        if _has_fit([row]):
            name = row.model or ("all", "bold")
            values = [_numbers(fit, row.outcome) for fit in _fits(row)]
            blocks = (
                v if full else v[1:3]
                for v, (_, full) in zip(values, groups, strict=True)
            )
            table.add((name,), *blocks)
    yield table
    for (group, reason), models in _reasons(rows, wide=wide).items():
        yield f"  {group or 'fits'} undefined for {some(models)}: {reason}"


def _fits(row: Correlation) -> tuple[LineFit | Judgement | Undefined, ...]:
    return row.interior, row.exterior, row.transfer


def _reasons(
    rows: Iterable[Correlation], *, wide: bool
) -> dict[tuple[str, str], list[str]]:
    """(group, why it has no numbers) -> models; a transfer without a line says none.

    The group is empty where one reason is that of all, as it is of results that
    contradict each other. Models with such are named in that of all models together.
    """
    reasons: dict[tuple[str, str], list[str]] = {}
    torn = [row for row in rows if row.contradicting]
    for row in torn[-1:]:
        assert isinstance(row.interior, Undefined)
        names = [row.model or "all" for row in torn]
        reasons["", row.interior.reason] = names
    for row in rows:
        if row.contradicting:
            continue
        (inner, _), (outer, _), (line, _) = _groups(wide)
        said: dict[str, object] = {inner: row.interior, outer: row.exterior}
        if not isinstance(row.interior, Undefined):
            said[line] = row.transfer
        for group, fit in said.items():
            if isinstance(fit, Undefined):
                reasons.setdefault((group, fit.reason), []).append(row.model or "all")
    return reasons


def _groups(wide: bool) -> tuple[tuple[str, bool], ...]:
    """Titles, and whether to print n and ρ: the last group's are the exterior's."""
    by = "exterior, interior's line" if wide else "by int. line"
    return (("interior", True), ("exterior", True), (by, wide))


_SHORT = ("int.", "ext.", "line")


_FULL = (
    Number(name="n", width=3, goes=3),
    Number(name="R²", width=6),
    Number(name="RMSE", width=5, goes=1),
    Number(name="ρ", width=6, goes=2),
)


_BY_LINE = _FULL[1:3]


def _numbers(
    fit: LineFit | Judgement | Undefined, outcome: FittedOutcome
) -> tuple[Value, ...]:
    """Datasets, R² in its colour, RMSE and ρ."""
    if isinstance(fit, Undefined):
        return ("-",) * 4
    style = "green" if fit.r2 >= 0.8 else "red" if fit.r2 < 0.2 else ""
    rho = "-" if fit.spearman is None else f"{fit.spearman:+.3f}"
    return str(fit.n), (shown_r2(fit.r2), style), shown_error(fit.rmse, outcome), rho
