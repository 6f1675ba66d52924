"""The section of the clustering suite: every assignment beside its level of chance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from harness.analysis.correlation import Undefined
from harness.metrics.clustering.assignment import is_collapsed
from harness.report.pictures import pictures_asked
from harness.report.table import Column, Part, Table, Text

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
    "nmi_arithmetic": 1,
    "ami": 0,
    "ari": 0,
    "homogeneity": 5,
    "completeness": 5,
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
    """

    value: float
    chance: float | None
    beyond: float | Undefined | None


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
    used, entropy
        Clusters used and entropy of their shares, medians; None if not measured.
    collapsed
        On how many of the datasets one cluster has nearly all images.
    """

    family: str
    datasets: int
    model: str
    clusters: str
    k: str
    kinds: str
    levels: dict[str, Level]
    used: float | None
    entropy: float | None
    collapsed: int


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
        kept = tuple(one for one in found if one.levels or one.used is not None)
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
            if plain:
                yield _table(family, plain)
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
            "Entropy in nats, at most the logarithm of the clusters used.",
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
    used, entropy, _ = ([row.value for row in measured.get(name, ())] for name in USE)
    return Assigned(
        family=family,
        datasets=len({row.dataset for rows in measured.values() for row in rows}),
        model=model,
        clusters=clusters,
        k=k,
        kinds=kinds,
        levels={
            name: _level(measured[name])
            for name in (*SHOWN, *KINDS)
            if name in measured
        },
        used=median(used) if used else None,
        entropy=median(entropy) if entropy else None,
        collapsed=sum(map(is_collapsed, entropy)),
    )


def _level(rows: Sequence[Measurement]) -> Level:
    value = median(row.value for row in rows)
    known = [float(row.facts["chance"]) for row in rows if "chance" in row.facts]
    if not known:
        return Level(value=value, chance=None, beyond=None)
    chance = median(known)
    beyond: float | Undefined = Undefined("chance alone reaches 1")
    if chance < 1:
        beyond = (value - chance) / (1 - chance)
    return Level(value=value, chance=chance, beyond=beyond)


def _table(family: str, here: Sequence[Assigned]) -> Table:
    measures = [name for name in SHOWN if any(name in one.levels for one in here)]
    return Table(
        columns=(
            Column(name="model"),
            Column(name="clusters"),
            Column(name="k", form=".0f"),
            Column(name="used", form=".0f"),
            Column(name="entropy", form=".2f", goes=2),
            *_columns(measures),
            Column(name="state", goes=1),
        ),
        rows=tuple(
            (
                *(one.model, one.clusters, float(one.k), one.used, one.entropy),
                *_values(one, measures),
                _state(one),
            )
            for one in here
        ),
        title=_title("clusters", family, here),
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
    for name in measures:
        goes = SHOWN.get(name, 0)
        if name in _ADJUSTED:
            yield Column(name=name, form=".3f", goes=goes)
            continue
        yield Column(name="value", group=name, form=".3f", goes=goes)
        yield Column(name="chance", group=name, form=".3f", goes=goes)
        yield Column(name="beyond", group=name, form=".3f", goes=goes or 2)


def _values(one: Assigned, measures: Iterable[str]) -> Iterable[Any]:
    for name in measures:
        level = one.levels.get(name)
        if name in _ADJUSTED:
            yield level.value if level else None
        else:
            yield from (
                (level.value, level.chance, level.beyond) if level else (None,) * 3
            )


def _state(one: Assigned) -> str:
    """A word for an assignment that has collapsed, or has clusters without an image."""
    if one.collapsed:
        of = f" on {one.collapsed} of {one.datasets}" if one.datasets > 1 else ""
        return f"collapsed{of}"
    if one.used is not None and one.used < float(one.k):
        return f"{one.used:.0f} of {one.k} used"
    return ""
