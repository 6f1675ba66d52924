"""The section of the clustering suite: every assignment beside its level of chance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from harness.analysis.correlation import Undefined
from harness.metrics.clustering.assignment import is_collapsed
from harness.report.pictures import pictures_asked
from harness.report.table import Column, Part, Range, Table, Text

from .assignments import Assignment
from .frozen import Frozen, frozen, frozen_tables
from .pictures import Pictured, confusion, gallery, pictured
from .told import Told, told, told_tables

if TYPE_CHECKING:
    from harness.measurement import Measurement
    from harness.report.section import Context, Quantity

TEST = "test"  # the family whose clusters are pictured
USE = ("clusters_used", "assignment_entropy", "largest_cluster")
#: Measures against labels, in the order of columns, with when a narrow terminal leaves
#: each out: the largest first, those of 0 never.
SHOWN = {
    "acc_hybrid": 0,
    "acc_one_to_one": 3,
    "acc_majority": 4,
    "purity": 6,
    "inverse_purity": 6,
    "nmi_arithmetic": 1,
    "nmi_geometric": 6,
    "nmi_min": 6,
    "nmi_max": 6,
    "v_measure": 6,
    "ami": 0,
    "ari": 0,
    "homogeneity": 5,
    "completeness": 5,
}
#: Measures of where clusters lie, with their columns.
SHAPE = {
    "silhouette": Column(name="silhouette", form=".3f"),
    "stability": Column(name="stability", form=".3f"),
    "davies_bouldin": Column(name="davies_bouldin", short="DB", form=".3f"),
    "calinski_harabasz": Column(name="calinski_harabasz", short="CH", form=".1f"),
}
KINDS = ("superclass_accuracy", "superclass_accuracy_reclustered")


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A value, and what random clusters of the same sizes reach by the same rule.

    Attributes
    ----------
    value, chance
        Medians over the datasets of a family.
    beyond
        The value beyond chance, in parts of what is: 1 of a perfect one.
    interval
        Of the value, at 95 %; None of several datasets, and of what has none.
    """

    value: float
    chance: float | None
    beyond: float | Undefined | None
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """An assignment of a model's on a family.

    Attributes
    ----------
    family, datasets
        On what, and on how many.
    model, clusters, k
        Of whom, how, and how many clusters were asked for.
    kinds
        How classes are put together; empty for the classes themselves.
    levels
        By measure.
    shape
        By measure of where the clusters lie.
    used, entropy, largest
        Clusters used, entropy of their shares and share of the largest, medians; None
        if not measured.
    collapsed
        On how many of the datasets one cluster has nearly all images; None where
        nothing was measured that tells.
    """

    family: str
    datasets: int
    model: str
    clusters: str
    k: str
    kinds: str
    levels: dict[str, Level]
    shape: dict[str, Level]
    used: float | None
    entropy: float | None
    largest: float | None
    collapsed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clusterings:
    """All of them, by family, model, assignment, k and kinds."""

    of: tuple[Assigned, ...]
    pictured: tuple[Pictured, ...] = ()
    frozen: tuple[Frozen, ...] = ()
    told: tuple[Told, ...] = ()


class ClusteringSection:
    """A table of assignments for each family, and one of superclasses."""

    name = "clustering"
    title = "clusters: what they have to do with classes"
    #: What their tests record is in no other scorecard: that has a column a place.
    files = ("test_clusters.py",)

    def find(
        self, rows: Sequence[Measurement], context: Context, /
    ) -> Clusterings | None:
        """What was measured along an axis `clusters`; None without."""
        groups: dict[tuple[str, ...], dict[str, list[Measurement]]] = {}
        for row in rows:
            axes = dict(row.axes)
            if "clusters" in axes and row.dataset and "of" not in axes:
                place = (
                    *(row.family, row.model, axes["clusters"]),
                    *(axes.get("k", ""), axes.get("kinds", "")),
                )
                groups.setdefault(place, {}).setdefault(row.metric, []).append(row)
        found = [
            _assigned(place, groups[place])
            for place in sorted(
                groups, key=lambda place: (*place[:3], len(place[3]), *place[3:])
            )
        ]
        kept = tuple(one for one in found if one.levels or one.shape or _is_used(one))
        if not kept:
            return None
        return Clusterings(
            of=kept,
            pictured=_pictured(kept, context),
            frozen=frozen(rows),
            told=told(rows),
        )

    def tables(self, found: Clusterings, /) -> Iterable[Part]:
        """Classes first, then what they are put together to."""
        for family in dict.fromkeys(one.family for one in found.of):
            here = [one for one in found.of if one.family == family]
            plain = [one for one in here if not one.kinds]
            if any(one.levels or _is_used(one) for one in plain):
                yield _table(family, plain)
            if any(one.shape for one in plain):
                yield _table_of_shape(family, plain)
            if kinds := [one for one in here if one.kinds]:
                yield _table_of_kinds(family, kinds)
        yield from frozen_tables(found.frozen)
        yield from told_tables(found.told)
        for one in found.pictured:
            if any(cluster.best for cluster in one.of):
                yield gallery(one)
            if one.matrix:
                yield confusion(one)
        yield Text(
            text="Chance: what random clusters of the same sizes reach by the same "
            "rule (exact for NMI, homogeneity and completeness, 0 for AMI and ARI); of "
            "superclass_accuracy the share of the largest superclass. Beyond: value "
            "less chance, in parts of 1 less chance. Of several datasets, medians. "
            "Entropy in nats, at most the logarithm of the clusters used; collapsed: "
            "its exponential is below 1.1.",
            small=True,
        )

    def quantities(self, found: Clusterings, /) -> Mapping[str, Quantity]:
        """None: a gate names a measure at its place, ``ami[clusters=head,k=10]``."""
        return {}


def _pictured(kept: Sequence[Assigned], context: Context) -> tuple[Pictured, ...]:
    """Of the base's test split, where a page, plots or JSON will hold them."""
    run = context.run
    if run is None or not pictures_asked(run):
        return ()
    found = []
    for one in kept:
        for dataset in run.families.get(one.family, ()):
            if one.family == TEST and not one.kinds:
                how = Assignment.parse(one.clusters)
                found.append(pictured(run, one.model, dataset, how, int(one.k)))
    return tuple(found)


def _assigned(
    place: tuple[str, ...], measured: Mapping[str, Sequence[Measurement]]
) -> Assigned:
    family, model, clusters, k, kinds = place
    used, entropy, largest = (
        [row.value for row in measured.get(name, ())] for name in USE
    )
    datasets = len({row.dataset for rows in measured.values() for row in rows})
    return Assigned(
        family=family,
        datasets=datasets,
        model=model,
        clusters=clusters,
        k=k,
        kinds=kinds,
        levels=_levels(measured, (*SHOWN, *KINDS)),
        shape=_levels(measured, SHAPE),
        used=median(used) if used else None,
        entropy=median(entropy) if entropy else None,
        largest=median(largest) if largest else None,
        collapsed=_collapsed(datasets, k, used, entropy),
    )


def _collapsed(
    datasets: int, k: str, used: Sequence[float], entropy: Sequence[float]
) -> int | None:
    """On how many datasets; one cluster is one, whatever was measured."""
    if entropy:
        return sum(map(is_collapsed, entropy))
    if k == "1":
        return datasets
    alone = sum(number == 1 for number in used)
    return alone if alone == datasets else None


def _is_used(one: Assigned) -> bool:
    """Whether it was measured how the clusters are used."""
    return any(v is not None for v in (one.used, one.entropy, one.largest))


def _levels(
    measured: Mapping[str, Sequence[Measurement]], names: Iterable[str]
) -> dict[str, Level]:
    return {name: _level(measured[name]) for name in names if name in measured}


def _level(rows: Sequence[Measurement]) -> Level:
    value = median(row.value for row in rows)
    interval = rows[0].interval if len(rows) == 1 else None
    known = [float(row.facts["chance"]) for row in rows if "chance" in row.facts]
    if not known:
        return Level(value=value, chance=None, beyond=None, interval=interval)
    chance = median(known)
    beyond: float | Undefined = Undefined("chance alone reaches 1")
    if chance < 1:
        beyond = (value - chance) / (1 - chance)
    return Level(value=value, chance=chance, beyond=beyond, interval=interval)


def _table(family: str, here: Sequence[Assigned]) -> Table:
    measures = [name for name in SHOWN if any(name in one.levels for one in here)]
    return Table(
        columns=(
            Column(name="model"),
            Column(name="clusters"),
            Column(name="k", form=".0f"),
            Column(name="used", form=".0f"),
            Column(name="entropy", form=".2f", goes=2),
            Column(name="largest", form=".3f", goes=6),
            *_columns(measures),
            Column(name="state", goes=1),
        ),
        rows=tuple(
            (
                *(one.model, one.clusters, float(one.k)),
                *(one.used, one.entropy, one.largest),
                *_values(one, measures),
                _state(one),
            )
            for one in here
        ),
        title=_title("clusters", family, here),
    )


def _table_of_shape(family: str, here: Sequence[Assigned]) -> Table:
    measures = [name for name in SHAPE if any(name in one.shape for one in here)]
    return Table(
        columns=(
            Column(name="model"),
            Column(name="clusters"),
            Column(name="k", form=".0f"),
            *(SHAPE[name] for name in measures),
        ),
        rows=tuple(
            (
                *(one.model, one.clusters, float(one.k)),
                *(one.shape[n].value if n in one.shape else None for n in measures),
            )
            for one in here
            if one.shape
        ),
        title=_title("where clusters lie", family, here),
        note="Without labels. DB is davies_bouldin, of which less is better; CH is "
        "calinski_harabasz. Pixels are not on the scale of features.",
    )


def _table_of_kinds(family: str, here: Sequence[Assigned]) -> Table:
    measures = [name for name in KINDS if any(name in one.levels for one in here)]
    return Table(
        columns=(
            Column(name="model"),
            Column(name="clusters"),
            Column(name="k", form=".0f"),
            Column(name="kinds"),
            *_columns(measures),
        ),
        rows=tuple(
            (
                *(one.model, one.clusters, float(one.k), one.kinds),
                *_values(one, measures),
            )
            for one in here
        ),
        title=_title("superclasses", family, here),
    )


def _title(what: str, family: str, here: Sequence[Assigned]) -> str:
    most = max(one.datasets for one in here)
    return f"{what} on {family}" + (f", median of {most} datasets" if most > 1 else "")


#: Numbers that are adjusted to 0 by chance need no column that says so.
_ADJUSTED = ("ami", "ari")


def _columns(measures: Iterable[str]) -> Iterable[Column]:
    """Of each its value and interval, and what chance has to do with it."""
    for name in measures:
        goes = SHOWN.get(name, 0)
        if name in _ADJUSTED:
            yield Column(name=name, form=".3f", goes=goes)
            yield Column(name=f"{name} 95 %", form=".3f", goes=7)
            continue
        yield Column(name="value", group=name, form=".3f", goes=goes)
        yield Column(name="95 %", group=name, form=".3f", goes=7)
        yield Column(name="chance", group=name, form=".3f", goes=goes)
        yield Column(name="beyond", group=name, form=".3f", goes=goes or 2)


def _values(one: Assigned, measures: Iterable[str]) -> Iterable[Any]:
    for name in measures:
        level = one.levels.get(name)
        if level is None:
            yield from (None,) * (2 if name in _ADJUSTED else 4)
            continue
        ends = level.interval
        yield level.value
        yield Range(low=ends[0], high=ends[1]) if ends else None
        if name not in _ADJUSTED:
            yield from (level.chance, level.beyond)


def _state(one: Assigned) -> str | Undefined:
    """A word for an assignment that has collapsed, or has clusters without an image."""
    if one.collapsed:
        of = f" on {one.collapsed} of {one.datasets}" if one.datasets > 1 else ""
        return f"collapsed{of}"
    if one.used is not None and one.used < float(one.k):
        return f"{one.used:.0f} of {one.k} used"
    if one.collapsed is None:
        return Undefined("assignment_entropy, which tells a collapse, was not measured")
    return ""
