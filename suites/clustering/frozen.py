"""Frozen: clusters beside neighbours and probes on the same networks, by family.

The last two are the representation suite's. They have labels to learn from, so they say
how much of the classes is in the features, and the clusters how much of that is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from harness.measurement import Axes
from harness.models.layers import HEAD
from harness.report.table import Column, Table

if TYPE_CHECKING:
    from harness.measurement import Measurement

ACC = "acc_hybrid"
#: Of the representation suite, with what they are called here.
LEARNT = {"knn": "kNN", "linear_probe": "linear", "logistic_probe": "logistic"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """What was measured of the networks on one family.

    Attributes
    ----------
    family
        On what.
    columns
        What each value is.
    models
        By model, a value for each column, the median over datasets; None where it was
        not measured.
    """

    family: str
    columns: tuple[str, ...]
    models: dict[str, tuple[float | None, ...]]


def frozen(rows: Sequence[Measurement]) -> tuple[Frozen, ...]:
    """Of every family that has both clusters and what was learnt on the head."""
    families: dict[str, dict[str, dict[str, list[float]]]] = {}
    for row in rows:
        if row.dataset and (column := _column(row)):
            of_model = families.setdefault(row.family, {}).setdefault(row.model, {})
            of_model.setdefault(column, []).append(row.value)
    found = []
    for family, models in sorted(families.items()):
        columns = tuple(dict.fromkeys(c for some in models.values() for c in some))
        learnt = [c for c in columns if c.startswith(tuple(LEARNT.values()))]
        if learnt and len(learnt) < len(columns):
            clusters = [c for c in columns if c not in learnt]
            found.append(
                Frozen(
                    family=family,
                    columns=(*clusters, *learnt),
                    models={
                        model: tuple(
                            median(some[c]) if c in some else None
                            for c in (*clusters, *learnt)
                        )
                        for model, some in sorted(models.items())
                    },
                )
            )
    return tuple(found)


def _column(row: Measurement) -> str:
    """What a row is called; empty where it is none of these."""
    axes = dict(row.axes)
    if row.metric == ACC and "clusters" in axes and "kinds" not in axes:
        return f"{axes['clusters']}, k {axes['k']}"
    if row.metric in LEARNT and axes.pop("layer", HEAD) == HEAD:
        named = str(Axes.of(axes))
        return f"{LEARNT[row.metric]} {named}".strip()
    return ""


def frozen_tables(found: Sequence[Frozen]) -> Iterable[Table]:
    """A table a family: by what was measured, the networks in the columns."""
    for one in found:
        learnt = tuple(LEARNT.values())
        yield Table(
            title=f"the same frozen networks on {one.family} (%)",
            columns=(
                Column(name="measured", widest=40),
                *(
                    Column(name=model, form=".1f", scale=100.0, goes=max(0, i - 1))
                    for i, model in enumerate(one.models)
                ),
            ),
            rows=tuple(
                (
                    name if name.startswith(learnt) else f"ACC {name}",
                    *(values[i] for values in one.models.values()),
                )
                for i, name in enumerate(one.columns)
            ),
            note=f"ACC of clusters: {ACC}, without labels. Neighbours and probes learn "
            "from features of the head and labels of the training images.",
        )
