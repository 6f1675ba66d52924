"""Predicted accuracy of unlabelled datasets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from harness.analysis.correlation import Undefined
from harness.report.table import Column, Said, Table, Text, Value

if TYPE_CHECKING:
    from harness.analysis.coverage import Coverage
    from harness.analysis.fits.outcome import FittedOutcome
    from harness.analysis.targets import TargetPrediction
    from harness.report.summary import Summary

TITLE = "predicted accuracy"


def parts(summary: Summary) -> Iterator[Table | Text]:
    """For a terminal, the page and Markdown, the last without what held."""
    rows = shown_predictions(summary.predictions)
    if rows:
        yield from _for_terminal(rows)
        yield _for_page(rows)
        yield _for_markdown(rows)


def shown_predictions(
    predictions: Sequence[TargetPrediction],
) -> tuple[TargetPrediction, ...]:
    """For each model and target the combination, and the best metric alone.

    The best predicts left-out datasets of the interior with the smallest error.
    """
    groups: dict[tuple[str, str], list[TargetPrediction]] = {}
    for one in predictions:
        groups.setdefault((one.dataset, one.model), []).append(one)
    chosen: list[TargetPrediction] = []
    for group in groups.values():
        chosen += [p for p in group if len(p.predictor.metrics) > 1]
        alone = [p for p in group if len(p.predictor.metrics) == 1]
        fitted = [p for p in alone if not isinstance(p.prediction, Undefined)]
        chosen += [min(fitted, key=_error)] if fitted else alone[:1]
    return tuple(chosen)


def _error(one: TargetPrediction) -> float:
    plane = one.predictor.plane
    assert not isinstance(plane, Undefined)
    return plane.leave_one_out.mae


def _for_terminal(rows: Sequence[TargetPrediction]) -> Iterator[Table | Text]:
    shown: list[tuple[Value, ...]] = []
    reasons: dict[str, list[str]] = {}
    outside, outcome = False, rows[0].predictor.outcome
    said = outcome.said
    for row in rows:
        found = row.prediction
        if isinstance(found, Undefined):
            reasons.setdefault(found.reason, []).append(f"{row.dataset} ({row.model})")
            continue
        plane = row.predictor.plane
        assert not isinstance(plane, Undefined)
        outside |= not found.inside
        shown.append(
            (
                row.dataset,
                row.model,
                row.predictor.name,
                f"{said(found.accuracy, 1)}{'' if found.inside else '!'}",
                f"{said(found.low, 1)} to {said(found.high, 1)}",
                _held(plane.leave_one_out),
                _held(row.predictor.exterior),
            )
        )
    if shown:
        yield Table(
            columns=(
                Column(name="dataset", widest=16),
                Column(name="model", widest=12),
                Column(name="by", widest=16),
                Column(name=_HEADS.get(outcome.name, "value"), align="right", width=5),
                Column(name="interval", group="95 %", align="right", width=13),
                Column(name="int.", group="held", align="right", width=8, goes=1),
                Column(name="ext.", group="held", align="right", width=8, goes=2),
            ),
            rows=tuple(shown),
            note=f"{_in(outcome)}held: how many labelled datasets lay in the intervals "
            "that were predicted without them, each interior one left out in turn.",
            close=True,
            where=("terminal",),
        )
    if outside:
        yield _said(
            "!: outside the range of the fit. The prediction is an extrapolation, and "
            "its interval is not to be believed."
        )
    for reason, pairs in reasons.items():
        yield _said(f"  no prediction for {', '.join(pairs)}: {reason}")


_HEADS = {"accuracy": "acc."}


def _in(outcome: FittedOutcome) -> str:
    """What is predicted, and in what."""
    if outcome.is_accuracy:
        return "In percent. "
    return f"What is predicted is {outcome.words}{', in percent' * outcome.is_share}. "


def _numbers(outcome: FittedOutcome) -> Callable[..., Column]:
    """Columns of an outcome's values."""
    return partial(
        Column, form=outcome.form(1), scale=outcome.scale, suffix=outcome.percent
    )


def _said(text: str) -> Text:
    return Text(text=text, where=("terminal",))


def _held(coverage: Coverage | Undefined) -> Said | None:
    if isinstance(coverage, Undefined):
        return None
    return Said(text=f"{coverage.covered} of {coverage.n}", number=coverage.share)


def _for_page(rows: Sequence[TargetPrediction]) -> Table:
    shown: list[tuple[Value, ...]] = []
    for one in rows:
        by, found = one.predictor.name, one.prediction
        if isinstance(found, Undefined):
            shown.append((one.dataset, one.model, by, *[None] * 5, found.reason))
            continue
        plane = one.predictor.plane
        shown.append(
            (
                one.dataset,
                one.model,
                by,
                found.accuracy,
                found.low,
                found.high,
                _held(plane if isinstance(plane, Undefined) else plane.leave_one_out),
                _held(one.predictor.exterior),
                "" if found.inside else "outside the range of the fit: extrapolated",
            )
        )
    interval, held = "95 % interval", "intervals that held"
    number = _numbers(rows[0].predictor.outcome)
    return Table(
        columns=(
            *(Column(name=name) for name in ("dataset", "model", "by")),
            number(name=rows[0].predictor.outcome.words),
            number(name="low", group=interval),
            number(name="high", group=interval),
            Column(name="interior", group=held, align="right"),
            Column(name="exterior", group=held, align="right"),
            Column(name="note"),
        ),
        rows=tuple(shown),
        note="The combination of all metrics, and the best one alone. Intervals that "
        f"held: labelled datasets whose {rows[0].predictor.outcome.words} lay in the "
        "interval predicted without them.",
        where=("page",),
    )


def _for_markdown(rows: Sequence[TargetPrediction]) -> Table:
    shown: list[tuple[Value, ...]] = []
    for one in rows:
        by, found = one.predictor.name, one.prediction
        if isinstance(found, Undefined):
            shown.append((one.dataset, one.model, by, None, found.reason))
            continue
        outcome = one.predictor.outcome
        ends = f"{outcome.said(found.low, 1)} to {outcome.said(found.high, 1)}"
        between = f"{ends}{outcome.percent}"
        if not found.inside:
            between += " (outside the range of the fit)"
        shown.append((one.dataset, one.model, by, found.accuracy, between))
    return Table(
        columns=(
            *(Column(name=name) for name in ("dataset", "model", "by")),
            _numbers(rows[0].predictor.outcome)(name=rows[0].predictor.outcome.words),
            Column(name="95 % interval"),
        ),
        rows=tuple(shown),
        where=("markdown",),
    )
