"""Told: do numbers without labels say which clusters are near to the classes?

Over networks and numbers of clusters, of one way to make clusters at a time: what lies
among pixels is not on the scale of what lies among features.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.analysis.choosing import RankCorrelation, rank_correlation
from harness.analysis.correlation import Undefined
from harness.metrics import METRICS
from harness.report.table import Column, Range, Table

from .assignments import Assignment

if TYPE_CHECKING:
    from harness.measurement import Measurement

#: What is held against labels, and what it is held against: of accuracies the one that
#: does not rise with the number of clusters.
UNLABELLED = (
    *("silhouette", "calinski_harabasz", "davies_bouldin", "stability"),
    *("assignment_entropy", "clusters_used", "largest_cluster"),
)
JUDGES = ("acc_one_to_one", "ami")
_BETTER = {1: "more", -1: "less", 0: ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One number without labels over the clusterings of one kind.

    Attributes
    ----------
    family, clusters, measure
        On what, how clusters were made, and what was measured of them.
    models, clusterings
        How many networks, and how many clusterings: of each network, dataset and
        number of clusters.
    by_judge
        Spearman's rank correlation with each of `JUDGES` that was measured.
    """

    family: str
    clusters: str
    measure: str
    models: int
    clusterings: int
    by_judge: dict[str, RankCorrelation | Undefined]


def told(rows: Sequence[Measurement]) -> tuple[Told, ...]:
    """Of every way and measure that has three clusterings or more.

    Clusters of pixels are the same for every network and count once.
    """
    values: dict[tuple[str, str], dict[str, dict[tuple[str, str, str], float]]] = {}
    for row in rows:
        axes = dict(row.axes)
        if row.metric in (*UNLABELLED, *JUDGES) and "clusters" in axes:
            model = (
                "" if Assignment.parse(axes["clusters"]).of == "pixels" else row.model
            )
            of_kind = values.setdefault((row.family, axes["clusters"]), {})
            place = model, row.dataset, axes["k"]
            of_kind.setdefault(row.metric, {})[place] = row.value
    found = []
    for (family, clusters), by_metric in sorted(values.items()):
        for measure in UNLABELLED:
            by_judge = {
                judge: _held(by_metric[measure], by_metric[judge])
                for judge in JUDGES
                if judge in by_metric and measure in by_metric
            }
            places = by_metric.get(measure, {}).keys()
            if any(not isinstance(one, Undefined) for one in by_judge.values()):
                found.append(
                    Told(
                        family=family,
                        clusters=clusters,
                        measure=measure,
                        models=len({model for model, *_ in places}),
                        clusterings=len(places),
                        by_judge=by_judge,
                    )
                )
    return tuple(found)


def _held(
    values: dict[tuple[str, str, str], float],
    outcomes: dict[tuple[str, str, str], float],
) -> RankCorrelation | Undefined:
    places = sorted(values.keys() & outcomes.keys())
    return rank_correlation(
        "spearman",
        [values[place] for place in places],
        [outcomes[place] for place in places],
        [model for model, *_ in places],
    )


def told_tables(found: Sequence[Told]) -> Iterable[Table]:
    """A table for each family and kind of clusters, a row for each measure."""
    kinds = list(dict.fromkeys((one.family, one.clusters) for one in found))
    for family, clusters in kinds:
        here = [
            one for one in found if (one.family, one.clusters) == (family, clusters)
        ]
        judges = [j for j in JUDGES if any(j in one.by_judge for one in here)]
        yield Table(
            columns=(
                Column(name="without labels"),
                Column(name="better", goes=3),
                Column(name="models", form=".0f", goes=2),
                Column(name="clusterings", short="n", form=".0f", goes=1),
                *_columns(judges),
            ),
            rows=tuple(
                (
                    *(one.measure, _direction(one.measure)),
                    *(float(one.models), float(one.clusterings)),
                    *_values(one, judges),
                )
                for one in here
            ),
            title=f"{clusters} on {family}: what is seen without labels against labels",
            note=_NOTE if (family, clusters) == kinds[-1] else "",
        )


_NOTE = (
    "ρ is Spearman's over clusterings, of all models and k, with its sign; 95 % by "
    "leaving out a model at a time. Of accuracies the one that does not rise with k."
)


def _columns(judges: Iterable[str]) -> Iterable[Column]:
    for judge in judges:
        yield Column(name="ρ", group=judge, form="+.2f")
        yield Column(
            name="95 %", group=judge, form=".2f", width=10, bounded=True, goes=1
        )


def _values(one: Told, judges: Iterable[str]) -> Iterable[Any]:
    for judge in judges:
        found = one.by_judge.get(judge)
        if not isinstance(found, RankCorrelation):
            yield from (found, None)
        elif isinstance(found.interval, Undefined):
            yield from (found.value, found.interval)
        else:
            ends = Range(low=found.interval.low, high=found.interval.high)
            yield from (found.value, ends)


def _direction(measure: str) -> str:
    trend = next((one.trend for one in METRICS if one.name == measure), None)
    return "" if trend is None else _BETTER[trend.value]
