"""The section that answers: can you tell without labels which network is best?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.analysis.choosing import LAYER, Choice, RankCorrelation, choices
from harness.analysis.correlation import Undefined
from harness.analysis.fits.outcome import FittedOutcome
from harness.measurement import Axes, label_of
from harness.metrics import METRICS
from harness.report.table import Column, Estimate, Table

if TYPE_CHECKING:
    from harness.measurement import Measurement
    from harness.report.section import Context, Quantity
    from harness.report.table import Part, Value

EMBEDDINGS = frozenset(
    metric.name
    for metric in METRICS
    if metric.fn.__module__.startswith("harness.metrics.embeddings.")
)
#: Outcomes of features that metrics are held against where they were measured too.
JUDGES = ("linear_probe", "knn", "knn_leave_one_out")
FEW = 3  # datasets that have a place in a table that nobody has to search
WAYS = {1: "more", -1: "less", 0: ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """All of them, by outcome."""

    of: tuple[Choice, ...]


class ChoosingSection:
    """Rank correlations over models, and the model that each metric picks."""

    name = "choosing"
    title = "can you tell without labels which model is best?"

    def find(self, rows: Sequence[Measurement], context: Context, /) -> Choices | None:
        """What was measured of embeddings against what labels say; None without."""
        if not any(row.metric in EMBEDDINGS for row in rows):
            return None
        found = choices(rows, outcomes=JUDGES)
        return Choices(of=found) if found else None

    def tables(self, found: Choices, /) -> Iterable[Part]:
        """One for each outcome."""
        by_outcome: dict[str, list[Choice]] = {}
        for one in found.of:
            by_outcome.setdefault(one.outcome_label, []).append(one)
        for label, some in by_outcome.items():
            yield _table(label, some)

    def quantities(self, found: Choices, /) -> Mapping[str, Quantity]:
        """`tau of METRIC for OUTCOME on DATASET`, and `lost by ...` in its own unit."""
        quantities: dict[str, Quantity] = {}
        for one in found.of:
            place = f"{one.label} for {one.outcome_label} on {one.dataset}"
            for name, value in (("rho", one.spearman), ("tau", one.kendall)):
                known = isinstance(value, RankCorrelation)
                quantities[f"{name} of {place}"] = value.value if known else value  # type: ignore[union-attr,assignment]
            picked = one.picked
            lost = picked if isinstance(picked, Undefined) else picked.lost
            quantities[f"lost by {place}"] = lost
        return quantities


def _table(label: str, some: Sequence[Choice]) -> Table:
    outcome = _outcome(some[0].outcome)
    datasets = {one.dataset for one in some}
    shown = {"form": outcome.form(1), "unit": outcome.percent.strip()}
    scaled = {**shown, "scale": outcome.scale}
    order = sorted(some, key=lambda one: (one.dataset, -_goodness(one), *one.order))
    on = next(iter(datasets)) if len(datasets) == 1 else f"{len(datasets)} datasets"
    return Table(
        columns=(
            Column(name="metric"),
            Column(name="layer"),
            *([Column(name="dataset")] if len(datasets) > 1 else []),
            Column(name="better", goes=3),
            Column(name="models", form=".0f", goes=2),
            Column(name="ρ", form="+.2f", goes=1),
            Column(name="τ", form="+.2f"),
            Column(name="picks"),
            Column(name="its", form=outcome.form(1), scale=outcome.scale, goes=1),
            Column(name="lost", **scaled),  # type: ignore[arg-type]
        ),
        rows=tuple(
            (
                label_of(
                    one.metric, Axes.of({n: v for n, v in one.axes if n != LAYER})
                ),
                dict(one.axes).get(LAYER, ""),
                *([one.dataset] if len(datasets) > 1 else []),
                WAYS[one.better],
                float(len(one.models)),
                _estimate(one.spearman),
                _estimate(one.kendall),
                *_picked(one),
            )
            for one in order
        ),
        title=f"metrics without labels against {label} over models, on {on}",
        note="ρ is Spearman's and τ Kendall's, of metric and outcome over models, with "
        "their signs; 95 % intervals leave out a model at a time. Picks: the model "
        "that the metric says is best; lost: how far the best model is above it. "
        "Measures of rank compare runs of one recipe.",
        long=len(datasets) > FEW,
    )


def _goodness(one: Choice) -> float:
    """What rows are sorted by: tau in the direction that the metric claims."""
    known = isinstance(one.kendall, RankCorrelation) and one.better
    return one.better * one.kendall.value if known else -2.0  # type: ignore[union-attr]


def _picked(one: Choice) -> tuple[Value, Value, Value]:
    if isinstance(one.picked, Undefined):
        return ("-" if not one.better else one.picked), None, None
    return one.picked.model, one.picked.outcome, one.picked.lost


def _estimate(found: RankCorrelation | Undefined) -> Value:
    if isinstance(found, Undefined):
        return found
    if isinstance(found.interval, Undefined):
        return found.value
    return Estimate(value=found.value, low=found.interval.low, high=found.interval.high)


def _outcome(name: str) -> FittedOutcome:
    """How its numbers are shown."""
    known = {metric.name: metric for metric in METRICS}
    return FittedOutcome.of(known[name]) if name in known else FittedOutcome(name=name)
