"""Predicted accuracy of unlabelled datasets, as a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from harness.analysis.correlation import Undefined
from harness.report.columns import Block, Columns, Names, Number

if TYPE_CHECKING:
    from rich.console import RenderableType

    from harness.analysis.coverage import Coverage
    from harness.analysis.targets import TargetPrediction


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


def prediction_table(
    predictions: Sequence[TargetPrediction],
) -> Iterable[RenderableType]:
    """The predictions worth reading, and what their columns are."""
    rows = shown_predictions(predictions)
    if not rows:
        return
    table = Columns(
        title="predicted accuracy",
        names=tuple(
            Names(head=f"\n{name}", widest=width)
            for name, width in (("dataset", 16), ("model", 12), ("by", 16))
        ),
        blocks=(Block(numbers=_PREDICTED),),
    )
    reasons: dict[str, list[str]] = {}
    outside = False
    for row in rows:
        found = row.prediction
        if isinstance(found, Undefined):
            reasons.setdefault(found.reason, []).append(f"{row.dataset} ({row.model})")
            continue
        plane = row.predictor.plane
        assert not isinstance(plane, Undefined)
        outside |= not found.inside
        table.add(
            (row.dataset, row.model, row.predictor.name),
            (
                f"{100 * found.accuracy:.1f}{'' if found.inside else '!'}",
                f"{100 * found.low:.1f} to {100 * found.high:.1f}",
                _held(plane.leave_one_out),
                _held(row.predictor.exterior),
            ),
        )
    if table.rows:
        yield table
        yield (
            "In percent. held: how many labelled datasets lay in the intervals that "
            "were predicted without them, each interior one left out in turn."
        )
    if outside:
        yield (
            "!: outside the range of the fit. The prediction is an extrapolation, and "
            "its interval is not to be believed."
        )
    for reason, pairs in reasons.items():
        yield f"  no prediction for {', '.join(pairs)}: {reason}"


_PREDICTED = (
    Number(name="acc.", width=5),
    Number(over="95 %", name="interval", width=13),
    Number(over="held", name="int.", width=8, goes=1),
    Number(over="held", name="ext.", width=8, goes=2),
)


def _held(coverage: Coverage | Undefined) -> str:
    if isinstance(coverage, Undefined):
        return "-"
    return f"{coverage.covered} of {coverage.n}"
