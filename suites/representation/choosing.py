"""The section that answers: can you tell without labels which network is best?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from harness.analysis.choosing import LAYER, Choice, Pick, RankCorrelation, choices
from harness.analysis.correlation import Undefined
from harness.analysis.fits.outcome import FittedOutcome
from harness.measurement import Axes, label_of, rank
from harness.metrics import METRICS
from harness.report.table import Column, Range, Table, Text

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
        """One for each outcome; of one with several constants the first."""
        by_outcome: dict[str, dict[str, list[Choice]]] = {}
        for one in found.of:
            constants = _without_layer(one.outcome, one.outcome_axes)
            by_outcome.setdefault(one.outcome, {}).setdefault(constants, []).append(one)
        for by_constants in by_outcome.values():
            label, some = next(iter(by_constants.items()))
            if len({one.dataset for one in some}) > FEW:
                yield _over_datasets(label, some)
            yield _table(label, some)
        yield Text(
            text="ρ is Spearman's and τ Kendall's, of metric and outcome over models, "
            "with their signs; 95 % intervals leave out a model at a time. Picks: the "
            "model that the metric says is best; lost: how far the best model is above "
            "it. Measures of rank compare runs of one recipe.",
            small=True,
        )

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
    layers = {dict(one.axes).get(LAYER, "") for one in some}
    several = len(datasets) > 1
    ends = {"form": ".2f", "width": 10, "bounded": True}
    shown = {"form": outcome.form(1), "scale": outcome.scale}
    order = sorted(
        some,
        key=lambda one: (
            *(one.dataset, rank(dict(one.axes).get(LAYER, ""))),
            *(-_goodness(one), *one.order),
        ),
    )
    on = f"{len(datasets)} datasets" if several else next(iter(datasets))
    at = f", at {next(iter(layers))}" if len(layers) == 1 and layers != {""} else ""
    return Table(
        columns=(
            Column(name="metric"),
            *([Column(name="layer")] if len(layers) > 1 else []),
            *([Column(name="dataset")] if several else []),
            Column(name="better", goes=3),
            Column(name="models", form=".0f", goes=4),
            Column(name="ρ", form="+.2f", goes=1),
            Column(name="95 %", goes=2, **ends),  # type: ignore[arg-type]
            Column(name="τ", form="+.2f"),
            Column(name="95 %", **ends),  # type: ignore[arg-type]
            Column(name="picks"),
            Column(name="its", goes=2, **shown),  # type: ignore[arg-type]
            Column(name="lost", **shown),  # type: ignore[arg-type]
        ),
        rows=tuple(
            (
                _without_layer(one.metric, one.axes),
                *([dict(one.axes).get(LAYER, "")] if len(layers) > 1 else []),
                *([one.dataset] if several else []),
                WAYS[one.better],
                float(len(one.models)),
                *_values(one.spearman),
                *_values(one.kendall),
                *_picked(one),
            )
            for one in order
        ),
        title=f"metrics without labels against {label} over models, on {on}{at}",
        note=f"Its and lost: {outcome.unit}." if outcome.is_share else "",
        long=len(datasets) > FEW,
    )


def _over_datasets(label: str, some: Sequence[Choice]) -> Table:
    """Medians over datasets of what the long table has one by one."""
    outcome = _outcome(some[0].outcome)
    rows: dict[tuple[str, Axes], list[Choice]] = {}
    for one in some:
        rows.setdefault(one.series, []).append(one)
    found = [_median(series, own) for series, own in rows.items()]
    order = sorted(found, key=lambda row: -row[0])
    return Table(
        columns=(
            Column(name="metric"),
            Column(name="better", goes=2),
            Column(name="datasets", form=".0f", goes=1),
            Column(name="τ", form="+.2f"),
            Column(name="lost", form=outcome.form(1), scale=outcome.scale),
            Column(name="picks the best"),
        ),
        rows=tuple(row[1:] for row in order),
        title=f"metrics without labels against {label} over models, by dataset",
        note="Medians over datasets; on how many of them the pick is as good as any.",
    )


def _median(series: tuple[str, Axes], own: Sequence[Choice]) -> tuple[Any, ...]:
    """What a row is sorted by, and the row."""
    taus = [c.kendall.value for c in own if isinstance(c.kendall, RankCorrelation)]
    lost = [c.picked.lost for c in own if isinstance(c.picked, Pick)]
    tau = median(taus) if taus else Undefined("no dataset has it of three models")
    better = own[0].better
    known = better and not isinstance(tau, Undefined)
    return (
        *(better * tau if known else -2.0, label_of(*series), WAYS[better]),
        *(float(len(own)), tau, median(lost) if lost else None),
        f"{sum(one <= 0 for one in lost)} of {len(lost)}" if lost else "-",
    )


def _without_layer(name: str, axes: Axes) -> str:
    """What is called so, where the layer stands in a column of its own."""
    return label_of(name, Axes.of({n: v for n, v in axes if n != LAYER}))


def _goodness(one: Choice) -> float:
    """What rows are sorted by: tau in the direction that the metric claims."""
    known = isinstance(one.kendall, RankCorrelation) and one.better
    return one.better * one.kendall.value if known else -2.0  # type: ignore[union-attr]


def _picked(one: Choice) -> tuple[Value, Value, Value]:
    if isinstance(one.picked, Undefined):
        return ("-" if not one.better else one.picked), None, None
    return one.picked.model, one.picked.outcome, one.picked.lost


def _values(found: RankCorrelation | Undefined) -> tuple[Value, Value]:
    """The correlation, and its interval."""
    if isinstance(found, Undefined):
        return found, None
    if isinstance(found.interval, Undefined):
        return found.value, found.interval
    return found.value, Range(low=found.interval.low, high=found.interval.high)


def _outcome(name: str) -> FittedOutcome:
    """How its numbers are shown."""
    known = {metric.name: metric for metric in METRICS}
    return FittedOutcome.of(known[name]) if name in known else FittedOutcome(name=name)
