"""Predicted accuracy of unlabelled datasets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from harness.analysis.assumptions import unlike_source
from harness.analysis.correlation import Undefined
from harness.analysis.forecasts.direct import Direct
from harness.analysis.headlines import Headline, best_alone, headlines
from harness.analysis.targets import TargetPrediction, doubted
from harness.report.section import Kept
from harness.report.sections.headlines import headline_texts
from harness.report.table import Column, Marked, Range, Said, Table, Text, Value

if TYPE_CHECKING:
    from harness.analysis.coverage import Coverage
    from harness.analysis.fits.outcome import FittedOutcome
    from harness.measurement import Measurement
    from harness.report.section import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """Those of every metric, and of all together; and what they come to."""

    predictions: tuple[TargetPrediction, ...] = ()
    headlines: tuple[Headline, ...] = ()


class PredictionsSection(Kept[Predictions]):
    """A headline for each model and dataset; then all metrics, and the best alone."""

    name = "predictions"
    title = "predicted accuracy"
    kind = Predictions

    def find(self, rows: Sequence[Measurement], context: Context, /) -> Predictions:
        """Those that were made."""
        unlike = None
        if context.run is not None:  # which knows its classes
            unlike = unlike_source(rows, classes=len(context.run.base.classes))
        told = doubted(context.predictions, unlike or {})
        return Predictions(
            predictions=told,
            headlines=headlines(told, unlike=unlike, labelled=context.labelled),
        )

    def tables(self, found: Predictions, /) -> Iterator[Table | Text]:
        """Headlines; one table, and a warning where one is an extrapolation."""
        if not (chosen := shown_predictions(found.predictions)):
            return
        yield from headline_texts(found.headlines)
        yield _table(chosen)
        if not all(map(_believed, chosen)):
            yield Text(text=_DOUBTED, small=True)
        if any(isinstance(one.predictor.plane, Direct) for one in chosen):
            yield Text(text=_WEAKER, small=True)


def shown_predictions(
    predictions: Sequence[TargetPrediction],
) -> tuple[TargetPrediction, ...]:
    """For each model and target the combination, and the best metric alone.

    The best predicts left-out datasets of the interior with the smallest error. Where
    an estimate is taken as it is, fits that cannot be are not shown.
    """
    groups: dict[tuple[str, str], list[TargetPrediction]] = {}
    for one in predictions:
        groups.setdefault((one.dataset, one.model), []).append(one)
    chosen: list[TargetPrediction] = []
    for group in groups.values():
        combined = [p for p in group if p.predictor.is_combined]
        alone = [p for p in group if not p.predictor.is_combined]
        fitted = [p for p in alone if not isinstance(p.prediction, Undefined)]
        chosen += combined
        if fitted:
            chosen.append(best_alone(fitted))
        elif not any(isinstance(p.predictor.plane, Direct) for p in combined):
            chosen += alone[:1]  # why there is none
    return tuple(chosen)


def _believed(one: TargetPrediction) -> bool:
    return isinstance(one.prediction, Undefined) or one.prediction.believed


_DOUBTED = (
    "!: outside the range of the fit, so that the prediction is an extrapolation, or "
    "with predicted classes unlike the source's. Its interval is not to be believed."
)
_WEAKER = (
    "as it is: without an interior nothing tells how wrong an estimate is on this "
    "model, and the interval is from other data and other networks. It is weaker than "
    "one with --interior."
)
_RAW = "as is: the estimate before the fit, of several the one that erred least. "
_SHORT = {"accuracy": "acc."}


def _table(chosen: Sequence[TargetPrediction]) -> Table:
    rows: list[tuple[Value, ...]] = []
    reasons: dict[str, list[str]] = {}
    raw = any(one.raw is not None for one in chosen)
    for one in chosen:
        found = one.prediction
        if isinstance(found, Undefined):
            reasons.setdefault(found.reason, []).append(f"{one.dataset} ({one.model})")
            continue
        rows.append(
            (
                one.dataset,
                one.model,
                one.predictor.name,
                *([one.raw] if raw else []),
                found.accuracy
                if found.believed
                else Marked(value=found.accuracy, mark="!"),
                Range(low=found.low, high=found.high),
                _held(one.predictor.record),
                _held(one.predictor.exterior),
            )
        )
    outcome = chosen[0].predictor.outcome
    form, scale = outcome.form(1), outcome.scale
    held = partial(
        Column,
        group="intervals that held",
        group_short=("held",),
        align="right",
        width=8,
    )
    return Table(
        columns=(
            Column(name="dataset", widest=16),
            Column(name="model", widest=12),
            Column(name="by", widest=16),
            *([Column(name="as is", form=form, scale=scale, width=5)] if raw else []),
            Column(
                name=outcome.words,
                short=_SHORT.get(outcome.name, "value"),
                unit=outcome.percent.strip(),
                form=form,
                scale=scale,
                width=5,
            ),
            Column(name="interval", group="95 %", form=form, scale=scale, width=13),
            held(name="interior", short="int.", goes=1),
            held(name="exterior", short="ext.", goes=2),
        ),
        rows=tuple(rows),
        note=f"{_in(outcome)}{_RAW if raw else ''}held: how many labelled datasets lay "
        "in the intervals that were predicted without them: by estimates together "
        "without any of their kind, by one metric without each alone.",
        without=tuple(
            f"no prediction for {', '.join(pairs)}: {reason}"
            for reason, pairs in reasons.items()
        ),
        close=True,
        stacked=True,
    )


def _in(outcome: FittedOutcome) -> str:
    """What is predicted, and in what."""
    if outcome.is_accuracy:
        return "In percent. "
    return f"What is predicted is {outcome.words}{', in percent' * outcome.is_share}. "


def _held(coverage: Coverage | Undefined) -> Said | None:
    if isinstance(coverage, Undefined):
        return None
    return Said(text=f"{coverage.covered} of {coverage.n}", number=coverage.share)
