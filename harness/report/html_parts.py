"""Parts of the HTML page: each is a section, or nothing where there is nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from harness.analysis.correlation import Correlation, Undefined
from harness.report.assumptions import counted, shown_value
from harness.report.compared import SMALL
from harness.report.found import said
from harness.report.markup import Cell, Column, Html, number, table, tag
from harness.report.outcomes import TITLE
from harness.report.predicted import shown_predictions

if TYPE_CHECKING:
    from harness.analysis.comparison import Change
    from harness.analysis.coverage import Coverage
    from harness.analysis.fits.fits import Judgement, LineFit
    from harness.analysis.gates import Verdict
    from harness.analysis.resampling.jackknife import Interval
    from harness.report.assumptions import Finding
    from harness.report.summary import Loss, Summary

_NONE = Html("")
_MANY = 12  # longer lists are folded


def section(title: str, *content: str, id_: str) -> Html:
    """A part of the page under a heading."""
    return tag("section", tag("h2", title), *content, id=id_)


def gates(summary: Summary) -> Html:
    """Verdicts, those that failed first; many that passed are folded."""
    if not summary.verdicts:
        return _NONE
    failed = [v for v in summary.verdicts if not v.passed]
    passed = [v for v in summary.verdicts if v.passed]
    if failed:
        headline = f"{len(failed)} of {len(summary.verdicts)} gates FAILED"
    else:
        headline = f"All {len(passed)} gates passed"
    parts = [tag("p", headline, class_=f"verdict {'failed' if failed else 'passed'}")]
    if failed:
        parts.append(_verdicts(failed[:_MANY]))
    if more := failed[_MANY:]:
        parts.append(_folded(f"{len(more)} more FAILED", _verdicts(more)))
    if passed:
        found = _verdicts(passed)
        long = len(passed) > _MANY
        parts.append(_folded(f"{len(passed)} passed", found) if long else found)
    return section("Gates", *parts, id_="gates")


def _verdicts(verdicts: Sequence[Verdict]) -> Html:
    return tag("ul", *map(_verdict, verdicts), class_="gates")


def _verdict(verdict: Verdict) -> Html:
    word = "passed" if verdict.passed else "FAILED"
    return tag(
        "li",
        tag("b", word, class_="passed" if verdict.passed else "failed"),
        " ",
        tag("code", verdict.id.partition("::")[2]),
        " ",
        tag("span", verdict.reason),
    )


def predictions(summary: Summary) -> Html:
    """Accuracy of the targets with intervals, and how often such intervals held."""
    columns = (
        Column(name="dataset"),
        Column(name="model"),
        Column(name="by"),
        Column(name="accuracy", numeric=True),
        Column(name="low", group="95 % interval", numeric=True),
        Column(name="high", group="95 % interval", numeric=True),
        Column(name="interior", group="intervals that held", numeric=True),
        Column(name="exterior", group="intervals that held", numeric=True),
        Column(name="note"),
    )
    rows: list[tuple[Cell | str, ...]] = []
    for one in shown_predictions(summary.predictions):
        by, found = one.predictor.name, one.prediction
        if isinstance(found, Undefined):
            rows.append((one.dataset, one.model, by, *[number(None)] * 5, found.reason))
            continue
        plane = one.predictor.plane
        rows.append(
            (
                one.dataset,
                one.model,
                by,
                _percent(found.accuracy),
                _percent(found.low),
                _percent(found.high),
                _held(plane if isinstance(plane, Undefined) else plane.leave_one_out),
                _held(one.predictor.exterior),
                "" if found.inside else "outside the range of the fit: extrapolated",
            )
        )
    if not rows:
        return _NONE
    explained = (
        "The combination of all metrics, and the best one alone. Intervals that held: "
        "labelled datasets whose accuracy lay in the interval predicted without them."
    )
    return section(
        "Predicted accuracy",
        table("Predicted accuracy", columns, rows, tall=True),
        tag("p", explained, class_="note"),
        id_="predictions",
    )


def _percent(value: float) -> Cell:
    return number(value, ".1f", scale=100, unit=" %")


def _held(coverage: Coverage | Undefined) -> Cell:
    if isinstance(coverage, Undefined):
        return number(None)
    return Cell(text=f"{coverage.covered} of {coverage.n}", sort=coverage.share)


def changes(summary: Summary) -> Html:
    """What moved beyond chance since the run that this one is compared with."""
    if not summary.compared_with:
        return _NONE
    title = f"Compared with {summary.compared_with}"
    rows = []
    for change in summary.changes:
        if change.beyond and not isinstance(change.before, Undefined):
            unit = 100 if change.statistic == "rmse" else 1
            after = None if isinstance(change.after, Undefined) else change.after
            rows.append(
                (
                    change.label,
                    change.model or "all",
                    change.part,
                    _STATISTICS[change.statistic],
                    number(change.before, scale=unit),
                    number(after, scale=unit),
                    number(change.difference, "+.3f", scale=unit),
                )
            )
    told = tag("p", _moves(summary.changes))
    if not rows:
        return section(title, told, id_="comparison")
    columns = (
        *(Column(name=name) for name in ("metric", "model", "domain", "statistic")),
        *(Column(name=name, numeric=True) for name in ("before", "after", "move")),
    )
    return section(
        title,
        told,
        table(title, columns, rows, tall=True),
        tag("p", "What moved beyond chance; RMSE in points.", class_="note"),
        id_="comparison",
    )


def _moves(changes: Sequence[Change]) -> str:
    """How many statistics moved, came and went."""
    moved = [c for c in changes if abs(c.difference or 0) > SMALL]
    gone = sum(
        isinstance(c.after, Undefined) and not isinstance(c.before, Undefined)
        for c in changes
    )
    new = sum(
        isinstance(c.before, Undefined) and not isinstance(c.after, Undefined)
        for c in changes
    )
    return (
        f"{len(changes)} statistics: {len(moved)} moved, "
        f"{sum(bool(c.beyond) for c in moved)} of them beyond chance, "
        f"{sum(c.beyond is None for c in moved)} of unknown chance; "
        f"{gone} no longer exist, {new} are new."
    )


_STATISTICS = {"r2": "R²", "rho": "ρ", "rmse": "RMSE"}


def ranks(summary: Summary) -> Html:
    """The metrics compared, medians over the models, the best first."""
    if not summary.ranks:
        return _NONE
    by = "interior's line on exterior"
    columns = (
        Column(name="metric"),
        Column(name="R²", group=by, numeric=True, order="descending"),
        Column(name="RMSE", group=by, numeric=True),
        Column(name="R²", group="interior", numeric=True),
        Column(name="low", group="interior", numeric=True),
        Column(name="high", group="interior", numeric=True),
        Column(name="R²", group="exterior", numeric=True),
        Column(name="ρ", group="exterior", numeric=True),
        Column(name="MAE", group="exterior", numeric=True),
        Column(name="ms", numeric=True),
    )
    rows = [
        (
            _to_plot(one.label),
            number(one.transfer_r2),
            number(one.transfer_rmse, ".2f", scale=100),
            number(one.interior_r2),
            *_ends(one.interior_interval),
            number(one.exterior_r2),
            number(one.exterior_rho, "+.3f"),
            number(one.mae, ".2f", scale=100),
            number(one.seconds, ".1f", scale=1000),
        )
        for one in summary.ranks
    ]
    explained = (
        "Medians over the models. Interior and exterior are each domain's own fit; the "
        "first group predicts the exterior with the interior's line, and its R² may be "
        "negative. RMSE and MAE are in points of accuracy. MAE is of metrics that "
        "estimate accuracy themselves. ms: a cell's cost beyond forward passes; what "
        "several share is paid by the first. "
        "Low and high: 95 % interval of the median with other datasets."
    )
    return section(
        "Metrics compared",
        table("Metrics compared", columns, rows, tall=True),
        tag("p", explained, class_="note"),
        id_="ranks",
    )


def label_scores(summary: Summary) -> Html:
    """Scores that labels were used for, apart from the metrics."""
    if not summary.label_scores:
        return _NONE
    columns = (
        *(Column(name=name) for name in ("score", "model")),
        *(
            Column(name=name, numeric=True)
            for name in ("datasets", "mean", "least", "most")
        ),
    )
    rows: list[tuple[Cell | str, ...]] = [
        (
            one.label,
            one.model,
            number(one.datasets, ".0f"),
            *(number(value, ".4g") for value in (one.mean, one.low, one.high)),
        )
        for one in summary.label_scores
    ]
    title = TITLE.capitalize()
    return section(title, table(title, columns, rows), id_="label-scores")


def _ends(found: Interval | Undefined) -> tuple[Cell, Cell]:
    if isinstance(found, Undefined):
        return number(None), number(None)
    return number(found.low), number(found.high)


def _to_plot(metric: str, model: str | None = None) -> Html:
    """A metric's name that shows it in the plot."""
    return tag("a", metric, href="#plot", data_metric=metric, data_model=model or "")


def correlations(summary: Summary) -> Html:
    """Every metric of every model against accuracy."""
    if not summary.correlations:
        return _NONE
    by = "interior's line on exterior"
    columns = (
        Column(name="metric", order="ascending"),
        Column(name="model"),
        *(
            Column(name=name, group=group, numeric=True)
            for group in ("interior", "exterior", by)
            for name in ("n", "R²", "RMSE", "ρ")
        ),
        Column(name="note"),
    )
    rows: list[tuple[Cell | str, ...]] = [
        (
            _to_plot(row.label, row.model),
            row.model or "all",
            *_fit(row.interior),
            *_fit(row.exterior),
            *_fit(row.transfer),
            _why(row),
        )
        for row in summary.correlations
    ]
    sieve = tag(
        "label",
        "only rows with ",
        tag("input", type="search", data_sieve="correlations", size=16),
        class_="sieve",
    )
    return section(
        "Every metric and model",
        sieve,
        table("Every metric and model", columns, rows, tall=True),
        tag(
            "p",
            "ρ is Spearman's, of metric against accuracy, with its sign. RMSE in "
            "points of accuracy. Model all: the datasets of all models together.",
            class_="note",
        ),
        id_="correlations",
    )


def _fit(fit: LineFit | Judgement | Undefined) -> tuple[Cell, ...]:
    if isinstance(fit, Undefined):
        return (number(None),) * 4
    return (
        number(fit.n, ".0f"),
        number(fit.r2),
        number(fit.rmse, ".2f", scale=100),
        number(fit.spearman, "+.3f"),
    )


def _why(row: Correlation) -> str:
    """Why a fit is undefined, and how many cells are missing."""
    reasons: dict[str, list[str]] = {}
    for name, fit in (("interior", row.interior), ("exterior", row.exterior)):
        if isinstance(fit, Undefined):
            reasons.setdefault(fit.reason, []).append(name)
    if isinstance(row.transfer, Undefined) and not reasons:
        reasons.setdefault(row.transfer.reason, []).append("line")
    found = [f"{' and '.join(names)}: {why}" for why, names in reasons.items()]
    if row.missing:
        found.append(f"{len(row.missing)} cells missing")
    return "; ".join(found)


def lines(summary: Summary) -> Html:
    """Accuracy on the line, over models."""
    if not summary.lines:
        return _NONE
    columns = (
        Column(name="dataset", order="ascending"),
        *(
            Column(name=name, numeric=True)
            for name in ("models", "slope", "bias", "MAE", "ρ")
        ),
        *(
            Column(name=name, group="R²", numeric=True)
            for name in ("probit", "logit", "linear")
        ),
        Column(name="note"),
    )
    rows: list[tuple[Cell | str, ...]] = []
    for row in summary.lines:
        line = row.lines["probit"]
        r2 = [_r2(row.lines[scale]) for scale in ("probit", "logit", "linear")]
        if isinstance(line, Undefined):
            rows.append((row.dataset, *[number(None)] * 5, *r2, line.reason))
            continue
        rows.append(
            (
                row.dataset,
                number(line.n, ".0f"),
                number(line.line.slope),
                number(line.line.intercept, "+.3f"),
                number(line.mae, ".2f", scale=100),
                number(line.spearman, "+.3f"),
                *r2,
                "",
            )
        )
    explained = (
        "Over models: accuracy on the dataset against accuracy on the test split. "
        "Slope, bias and MAE (in points, each model from the line of the others) are "
        "of the probit line."
    )
    return section(
        "Accuracy on the line",
        table("Accuracy on the line", columns, rows, tall=True),
        tag("p", explained, class_="note"),
        id_="lines",
    )


def doubts(summary: Summary) -> Html:
    """What speaks, without labels, against what metrics assume; all of it, folded."""
    found = summary.assumptions
    if not found:
        return _NONE
    columns = (
        *(Column(name=name) for name in ("doubt", "model", "most")),
        Column(name="value", numeric=True),
        Column(name="of"),
        Column(name="note"),
    )

    def listed(findings: Sequence[Finding], title: str) -> Html:
        rows = [
            (
                str(f.doubt),
                f.model or "all",
                f.where,
                Cell(text=shown_value(f), sort=f.value),
                counted(f),
                f.note,
            )
            for f in findings
        ]
        return table(title, columns, rows, tall=True)

    bad = [f for f in found if f.warns]
    good = [f for f in found if not f.warns]
    parts = [listed(bad, "Assumptions") if bad else tag("p", "Nothing unusual.")]
    if good:
        inner = listed(good, "Assumptions that nothing speaks against")
        parts.append(_folded(f"{len(good)} that nothing speaks against", inner))
    return section("Assumptions", *parts, id_="assumptions")


def _r2(line: Any) -> Cell:
    return number(None if isinstance(line, Undefined) else line.r2)


def found(summary: Summary) -> Html:
    """What the user's own folders hold, and what was passed over in them."""
    items = [
        tag("li", tag("b", name), f": {'; '.join(said(one))}")
        for name, one in summary.found.items()
    ]
    listed = tag("ul", *items)
    if len(items) > _MANY:
        listed = _folded(f"{len(items)} datasets", listed)
    return section("Data", listed, id_="found") if items else _NONE


def lost(summary: Summary) -> Html:
    """What has no value, what was skipped and what was left out, and why."""
    parts: list[Html] = []
    for title, losses in (
        ("Without a value", summary.failed),
        ("Skipped", summary.skipped),
    ):
        if losses:
            found = tag("ul", *map(_loss, losses))
            if len(losses) > _MANY:
                found = _folded(_counted(losses), found)
            parts += [tag("h3", title), found]
    if summary.absent:
        items = [
            tag("li", tag("b", name), f": {why}")
            for name, why in summary.absent.items()
        ]
        parts += [tag("h3", "Left out"), tag("ul", *items)]
    return section("Missing", *parts, id_="missing") if parts else _NONE


def _loss(loss: Loss) -> Html:
    cells = loss.cells
    shown: Html | str = ", ".join(cells)
    if len(cells) > 3:
        shown = tag("details", tag("summary", f"{len(cells)} cells"), shown)
    name = tag("code", loss.test.rpartition("::")[2])
    return tag("li", name, ": ", loss.reason, tag("div", shown, class_="cells"))


def _counted(losses: Sequence[Loss]) -> str:
    cells = sum(len(loss.cells) for loss in losses)
    return f"{cells} cells, {len(losses)} tests and reasons"


def settings(summary: Summary) -> Html:
    """What ran where: all that the run says of itself."""
    facts = dict(_flat("", summary.run))
    if not facts:
        return _NONE
    rows = [
        tag("tr", tag("th", name, scope="row"), tag("td", text))
        for name, text in facts.items()
    ]
    inner = tag("table", tag("tbody", *rows), class_="plain")
    frame = tag(
        "div",
        inner,
        class_="scroll",
        tabindex=0,
        role="region",
        aria_label="Settings",
    )
    return section("Settings", frame, id_="settings")


def _flat(prefix: str, value: dict[str, Any]) -> Iterable[tuple[str, str]]:
    for key, part in value.items():
        name = f"{prefix}{key}"
        if isinstance(part, dict):
            yield from _flat(f"{name}.", part)
        elif isinstance(part, list):
            yield name, ", ".join(map(_plain, part))
        else:
            yield name, _plain(part)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _folded(title: str, content: Html) -> Html:
    return tag("details", tag("summary", title), content)
