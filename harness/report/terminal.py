"""The report on a terminal: rich renders to text, pytest's reporter writes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.analysis.correlation import Undefined
from harness.report.calibrated import calibration_line
from harness.report.columns import Block, Columns, Names, Number, Value
from harness.report.found import found_lines
from harness.report.scatter import NARROWEST, chosen_row, scatter
from harness.report.sections.comparison import title as title_of_comparison
from harness.report.sections.details import detail_parts
from harness.report.sections.own import own
from harness.report.text import LEAST_WIDTH, rendered
from harness.report.writers.terminal import section_lines

if TYPE_CHECKING:
    import pytest
    from rich.console import RenderableType

    from harness.analysis.correlation import Correlation
    from harness.analysis.fits.fits import Judgement, LineFit
    from harness.analysis.gates import Verdict
    from harness.analysis.ranking import Rank
    from harness.analysis.resampling.jackknife import Interval
    from harness.report.summary import Loss, Summary
    from harness.run import Run

_RANKED = 55  # columns of the comparison beside the metric's name, with intervals
_RANKS = (
    Number(over="int.", name="R²", width=5, goes=2),
    Number(name="95 %", width=-9, goes=5),
    Number(over="ext.", name="R²", width=5, goes=2),
    Number(over="ext.", name="ρ", width=6, goes=3),
    Number(over="line", name="R²", width=6),
    Number(name="RMSE", width=5, goes=1),
    Number(name="MAE", width=5, goes=1),
    Number(name="ms", width=4, goes=4),
)
_RANKS_ALONE = tuple(
    replace(n, width=5 if n.name in ("RMSE", "MAE") else 6)
    for n in _RANKS
    if n.name != "95 %"
)
_MANY = 3  # how many names of a long list are printed


def opening(run: Run) -> list[str]:
    """Lines before the first test: what will run, and what is left out."""
    families: dict[str, int] = {}
    for dataset in run.datasets.values():
        families[dataset.family] = families.get(dataset.family, 0) + 1
    named = ", ".join(f"{name} {n}" for name, n in families.items())
    lines = [
        f"harness: base {run.base.name} ({run.base.locate(run.settings)})",
        f"harness: models {', '.join(run.models)}",
        f"harness: datasets {named}",
        *(f"harness: {line}" for line in found_lines(run.found)),
    ]
    if run.encoders:
        lines.append(
            f"harness: encoders {', '.join(run.encoders)}: no accuracy, and no part in "
            "comparisons of what models predict"
        )
    if families_absent := run.absent_families:
        lines.append(
            f"harness: {len(families_absent)} families left out for want of files: "
            f"{_some(list(families_absent))}"
        )
    if absent := run.absent_models:
        lines.append(
            f"harness: {len(absent)} models left out for want of weights: "
            f"{_some(list(absent))}"
        )
    return lines


def write(
    reporter: pytest.TerminalReporter,
    summary: Summary,
    *,
    short: bool = False,
) -> None:
    """Write the report under a heading of its own."""
    reporter.section("accuracy without labels")
    markup = reporter._tw.hasmarkup
    encoding = getattr(reporter._tw._file, "encoding", None) or "utf-8"
    width = max(LEAST_WIDTH, reporter._tw.fullwidth)
    text = report_text(
        summary,
        width=width,
        colour=markup,
        encoding=encoding,
        short=short,
    )
    reporter.write(text)


def report_text(
    summary: Summary,
    *,
    width: int,
    colour: bool = False,
    encoding: str = "utf-8",
    short: bool = False,
) -> str:
    """The report as text of a given width.

    Parameters
    ----------
    width
        Columns; under 100 the repeated columns are left away.
    colour
        Whether to write escape codes.
    encoding
        Of the stream; letters it lacks are spelt out.
    short
        Leave out the table of each metric, and the plot.
    """
    parts = report_parts(summary, width=width, short=short)
    return rendered(parts, width=width, colour=colour, encoding=encoding)


def report_parts(
    summary: Summary, *, width: int, short: bool
) -> Iterable[RenderableType]:
    """The report's tables and lines, for a terminal of a width."""
    from rich.text import Text

    yield from _counts(summary)
    yield from found_lines(summary.found)
    yield from _accuracies(summary)
    if summary.temperatures:
        yield calibration_line(summary.temperatures)
    tables = {} if short else _by_metric(summary)
    yield from _metric_tables(tables, _chances(summary), wide=width >= 100)
    if any(map(_has_fit, tables.values())):
        yield ""
        yield (
            "RMSE in points of accuracy; ρ is Spearman's, of metric against accuracy. "
            "The last group judges the interior's line on the exterior: its R² is that "
            "of prediction and may be negative."
        )
    if len(summary.ranks) > 1 and any(map(_has_numbers, summary.ranks)):
        yield ""
        yield from _ranking(summary, width)
    yield from section_lines(own(summary, "label-scores"), width)
    for one in summary.shown:
        yield from section_lines(one, width)
    plotted = None if short or width < NARROWEST else chosen_row(summary)
    if plotted is not None:
        yield ""
        yield Text(scatter(plotted))
    for found in summary.details:
        yield ""
        yield from detail_parts(found)
    for name in ("predictions", "lines", "assumptions"):
        yield from section_lines(own(summary, name), width)
    yield from _losses("without a value", summary.failed)
    yield from _losses("skipped", summary.skipped)
    for name, reason in summary.absent.items():
        yield f"left out: {name}: {reason}"
    comparison = own(summary, "comparison", title_of_comparison(summary.compared_with))
    yield from section_lines(comparison, width)
    yield from verdict_lines(summary.verdicts)


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


def _counts(summary: Summary) -> Iterable[str]:
    kinds = ("measured", "not stored", "stored", "failed", "skipped", "not run")
    named = {"stored": "found in the store"}
    parts = [
        f"{summary.counts[k]} {named.get(k, k)}" for k in kinds if summary.counts[k]
    ]
    stopped = "interrupted; " if summary.interrupted else ""
    yield f"{stopped}cells: {', '.join(parts) or 'none'}"


def _accuracies(summary: Summary) -> Iterable[Any]:
    """How right each model is: on the test split, and from where to where elsewhere."""
    models: dict[str, dict[str, dict[str, float]]] = {}
    for m in summary.measurements:
        if m.accuracy is not None:
            kind = "test" if m.of_test_split else str(m.domain)
            of_model = models.setdefault(m.model, {})
            of_model.setdefault(kind, {})[m.dataset] = m.accuracy
    if not models:
        return
    domains = {"test": 0, "interior": 2, "exterior": 1}
    table = Columns(
        title="accuracy",
        names=(Names(head="model", widest=16, cut=True),),
        blocks=tuple(
            Block(numbers=(Number(name=domain, goes=goes),))
            for domain, goes in domains.items()
        ),
    )
    for model, kinds in models.items():
        ranges = [_range(list(kinds.get(domain, {}).values())) for domain in domains]
        table.add((model,), *((one,) for one in ranges))
    yield ""
    yield table


def _range(accuracies: Sequence[float]) -> str:
    if not accuracies:
        return "-"
    low, high = 100 * min(accuracies), 100 * max(accuracies)
    return f"{low:.2f}" if len(accuracies) == 1 else f"{low:.1f} to {high:.1f}"


def _has_numbers(found: Rank) -> bool:
    """Whether there is anything to compare a metric by."""
    numbers = (found.interior_r2, found.exterior_r2, found.transfer_r2, found.mae)
    return any(number is not None for number in numbers)


def _ranking(summary: Summary, width: int) -> Iterable[Any]:
    longest = max(len(one.label) for one in summary.ranks)
    intervals = min(longest, 26) + _RANKED <= width
    numbers = _RANKS if intervals else _RANKS_ALONE
    table = Columns(
        title="metrics compared",
        names=(Names(head="metric", widest=26, cut=True),),
        blocks=(Block(numbers=numbers),),
    )
    for one in summary.ranks:
        values = (
            _number(one.interior_r2, ".3f"),
            *([_interval(one.interior_interval)] if intervals else []),
            _number(one.exterior_r2, ".3f"),
            _number(one.exterior_rho, "+.3f"),
            "-" if one.transfer_r2 is None else _shown_r2(one.transfer_r2),
            "-" if one.transfer_rmse is None else _points(one.transfer_rmse),
            "-" if one.mae is None else _points(one.mae),
            f"{1000 * one.seconds:.{1 if one.seconds < 0.09995 else 0}f}",
        )
        table.add((one.label,), values)
    yield table
    yield (
        "Medians over the models, the best first. int., ext.: own fits; line: the "
        "interior's line on the exterior. MAE: error on the exterior of metrics that "
        "estimate accuracy themselves. ms: a cell's cost beyond forward passes; what "
        "several share is paid by the first."
        + (
            " In brackets: 95 % interval of the median with other datasets."
            if intervals
            else ""
        )
    )


def _interval(found: Interval | Undefined) -> str:
    if isinstance(found, Undefined):
        return "-"
    return f"[{_two(found.low)},{_two(found.high)}]"


def _two(share: float) -> str:
    """Three letters: .88, or 1.0."""
    text = f"{share:.2f}"
    return text.removeprefix("0") if share < 0.995 else text[:3]


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


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
        yield f"no fit of {_some(metrics)}: {part}{': ' if part else ''}{reason}"


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
            values = [_numbers(fit) for fit in _fits(row)]
            blocks = (
                v if full else v[1:3]
                for v, (_, full) in zip(values, groups, strict=True)
            )
            table.add((name,), *blocks)
    yield table
    for (group, reason), models in _reasons(rows, wide=wide).items():
        yield f"  {group or 'fits'} undefined for {_some(models)}: {reason}"


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


def _shown_r2(r2: float) -> str:
    """Six letters at most: that of prediction has no lower bound."""
    return f"{r2:.3f}" if r2 > -9.9995 else f"{max(r2, -9999):.0f}"


def _points(error: float) -> str:
    """Five letters at most, in points of accuracy: lines may be wrong by any number."""
    points = 100 * error
    digits = 2 if points < 99.995 else 1 if points < 999.95 else 0
    return f"{min(points, 99999):.{digits}f}"


def _numbers(fit: LineFit | Judgement | Undefined) -> tuple[Value, ...]:
    """Datasets, R² in its colour, RMSE and ρ."""
    if isinstance(fit, Undefined):
        return ("-",) * 4
    style = "green" if fit.r2 >= 0.8 else "red" if fit.r2 < 0.2 else ""
    rho = "-" if fit.spearman is None else f"{fit.spearman:+.3f}"
    return str(fit.n), (_shown_r2(fit.r2), style), _points(fit.rmse), rho


def _losses(kind: str, losses: Sequence[Loss]) -> Iterable[str]:
    """A line for each reason: tests that lost the same cells share one."""
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for loss in losses:
        test = loss.test.rpartition("::")[2]
        groups.setdefault((loss.reason, loss.cells), []).append(test)
    for (reason, cells), tests in groups.items():
        yield f"{kind}: {_some(tests)} [{_some(cells)}]: {reason}"


def verdict_lines(verdicts: Sequence[Verdict]) -> Iterable[RenderableType]:
    """Each gate and rule with what came of it."""
    from rich.text import Text

    if not verdicts:
        return
    yield ""
    yield Text("gates", style="bold")
    for verdict in verdicts:
        word, style = ("passed", "green") if verdict.passed else ("FAILED", "red")
        yield Text.assemble(
            (f"  {word} ", style),
            f"{verdict.id.partition('::')[2]}: {verdict.reason}",
        )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MANY])
    return shown if len(names) <= _MANY else f"{shown} and {len(names) - _MANY} more"
