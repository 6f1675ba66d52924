"""The section of the learning order suite: agreement, and what it hangs on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.analysis.correlation import Undefined
from harness.report.table import (
    Column,
    Curve,
    Estimate,
    Part,
    Series,
    Table,
    Value,
)

from .pictures import Pictured, gallery, pictured, shares

if TYPE_CHECKING:
    from harness.measurement import Measurement
    from harness.report.section import Context, Quantity

PERFECT = Undefined(
    "chance alone reaches 1, as it does of perfect networks and of a single one"
)
#: Numbers of a whole split, with what they are called and when a terminal leaves them.
ALONE = {
    "split_half_r": ("r", "split halves", 0),
    "split_half_rho": ("rho", "split halves", 2),
    "split_half_reliability": ("reliability", "split halves", 1),
    "never_learned": ("never learned", "", 0),
    "unforgettable": ("unforgettable", "", 0),
    "forgetting_events": ("forgotten", "", 0),
    "first_learned": ("first epoch", "", 1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AtEpoch:
    """Agreement after one epoch.

    Attributes
    ----------
    epoch
        From 1.
    agreement, low, high
        With its interval.
    expected, corrected
        Of independent networks, and beyond that; None where that is not defined.
    accuracy, spread, lower_bound
        Mean and standard deviation over networks; of their intersection.
    consistency
        Mean kappa over pairs; None where it is not defined or was not measured.
    """

    epoch: int
    agreement: float
    low: float
    high: float
    expected: float
    corrected: float | None
    accuracy: float
    spread: float
    lower_bound: float
    consistency: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """A statistic of images against the share of networks and epochs that are right.

    Attributes
    ----------
    statistic
        Its name.
    overall, within
        Value and ends of the interval of each correlation; None where not defined.
    agreed_shift
        By epoch, how far the images that all networks get right are from all, in
        standard deviations of the statistic; of the epochs that are shown.
    """

    statistic: str
    overall: tuple[float, float, float]
    within: tuple[float, float, float] | None
    agreed_shift: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is known of one population on one split.

    Attributes
    ----------
    population, split, networks
        Of whom, of which images, and how many they are.
    epochs
        After each.
    alone
        Numbers of the whole split, by name.
    related
        Statistics of its images, the strongest within classes first.
    """

    population: str
    split: str
    networks: int
    epochs: tuple[AtEpoch, ...]
    alone: dict[str, float]
    related: tuple[Related, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """All of them, by population and split."""

    of: tuple[Order, ...]
    pictured: tuple[Pictured, ...] = ()


class LearningOrderSection:
    """A table by epoch for each population and split, curves, numbers and pictures."""

    name = "learning-order"
    title = "learning order: what networks of one recipe get right, and when"
    #: Their numbers are by split, epoch and statistic: no scorecard has room for them.
    files = ("test_order.py", "test_images.py")

    def find(self, rows: Sequence[Measurement], context: Context, /) -> Orders | None:
        """What was measured along an axis `split` of populations; None without."""
        groups: dict[tuple[str, str], list[Measurement]] = {}
        for row in rows:
            split = dict(row.axes).get("split")
            if split and (row.metric.startswith("order_") or row.metric in _OWN):
                groups.setdefault((row.model, split), []).append(row)
        found = tuple(_order(*place, groups[place]) for place in sorted(groups))
        return Orders(of=found, pictured=_pictured(found, context)) if found else None

    def tables(self, found: Orders, /) -> Iterable[Part]:
        """Epochs first, then what is said of whole splits, then statistics."""
        for one in found.of:
            if one.epochs:
                yield _by_epoch(one)
        yield from _curves(found.of)
        if any(one.alone for one in found.of):
            yield _of_splits(found.of)
        for one in found.of:
            if one.related:
                yield _of_statistics(one)
                yield from _shift_curve(one)
        for pictures in found.pictured:
            yield gallery(pictures)
            if pictures.shares:
                yield shares(pictures)

    def quantities(self, found: Orders, /) -> Mapping[str, Quantity]:
        """Ends of the intervals within classes, which a value's gate does not see.

        Of all else a gate names the number, ``order_corrected[epoch=12]: value > 0.1``.
        """
        return {
            f"{end} of {related.statistic} on {one.split} of {one.population}": value
            for one in found.of
            for related in one.related
            for end, value in zip(
                ("low", "high"), (related.within or (None,) * 3)[1:], strict=True
            )
            if value is not None
        }


_OWN = {"networks", *ALONE}


def _pictured(found: Sequence[Order], context: Context) -> tuple[Pictured, ...]:
    """Where a page, plots or JSON will hold them."""
    run = context.run
    if run is None:
        return ()
    asked = run.settings
    if not (asked.report_html or asked.plots or asked.report_json):
        return ()
    return tuple(pictured(run, one.population, one.split) for one in found)


def _order(population: str, split: str, rows: Sequence[Measurement]) -> Order:
    by_epoch: dict[int, dict[str, Measurement]] = {}
    by_statistic: dict[str, dict[str, Measurement]] = {}
    shifts: dict[str, dict[int, float]] = {}
    alone = {}
    for row in rows:
        axes = dict(row.axes)
        if row.metric == "order_agreed_shift":
            shifts.setdefault(axes["statistic"], {})[int(axes["epoch"])] = row.value
        elif "epoch" in axes:
            by_epoch.setdefault(int(axes["epoch"]), {})[row.metric] = row
        elif "statistic" in axes:
            by_statistic.setdefault(axes["statistic"], {})[row.metric] = row
        else:
            alone[row.metric] = row.value
    related = [
        Related(
            statistic=name,
            overall=_ends(some["order_correlation"]),
            within=_ends(some["order_correlation_within"])
            if "order_correlation_within" in some
            else None,
            agreed_shift={
                str(epoch): value
                for epoch, value in sorted(shifts.get(name, {}).items())
            },
        )
        for name, some in by_statistic.items()
        if "order_correlation" in some
    ]
    return Order(
        population=population,
        split=split,
        networks=int(alone.pop("networks", 0)),
        epochs=tuple(
            _at_epoch(epoch, by_epoch[epoch])
            for epoch in sorted(by_epoch)
            if "order_agreement" in by_epoch[epoch]
        ),
        alone=alone,
        related=tuple(
            sorted(
                related,
                key=lambda one: (-abs(one.within[0]) if one.within else 0.0, str(one)),
            )
        ),
    )


def _at_epoch(epoch: int, some: Mapping[str, Measurement]) -> AtEpoch:
    agreement = some["order_agreement"]
    _, low, high = _ends(agreement)

    def value(name: str) -> float | None:
        return some[name].value if name in some else None

    return AtEpoch(
        epoch=epoch,
        agreement=agreement.value,
        low=low,
        high=high,
        expected=float(agreement.facts["chance"]),
        corrected=value("order_corrected"),
        accuracy=some["order_accuracy"].value,
        spread=some["order_spread"].value,
        lower_bound=some["order_lower_bound"].value,
        consistency=value("order_consistency"),
    )


def _ends(row: Measurement) -> tuple[float, float, float]:
    low, high = row.interval or (row.value, row.value)
    return row.value, low, high


def _by_epoch(one: Order) -> Table:
    percent = {"form": ".1f", "unit": "%", "scale": 100.0}
    return Table(
        columns=(
            Column(name="epoch", form=".0f"),
            Column(name="N", form=".0f"),
            Column(name="mean", group="accuracy", **percent),  # type: ignore[arg-type]
            Column(name="spread", group="accuracy", goes=2, **percent),  # type: ignore[arg-type]
            Column(name="agreement", **percent),  # type: ignore[arg-type]
            Column(name="expected", **percent),  # type: ignore[arg-type]
            Column(name="corrected", form=".3f"),
            Column(name="lower bound", goes=1, **percent),  # type: ignore[arg-type]
            Column(name="kappa", form=".3f", goes=1),
        ),
        rows=tuple(
            (
                *(float(at.epoch), float(one.networks), at.accuracy, at.spread),
                Estimate(value=at.agreement, low=at.low, high=at.high),
                at.expected,
                PERFECT if at.corrected is None else at.corrected,
                at.lower_bound,
                at.consistency,
            )
            for at in one.epochs
        ),
        title=f"agreement of {one.population} on {one.split}",
        note="Agreement: images that all N networks get right, of those that any does. "
        "It falls with N and rises with accuracy; expected: of independent networks as "
        "accurate; corrected: beyond that. Lower bound: of the images that all get "
        "right, by the errors alone. Kappa: error consistency, mean over pairs.",
        where=("page", "markdown", "terminal"),
    )


def _curves(found: Sequence[Order]) -> Iterable[Part]:
    """Agreement with its expectation and the mean accuracy, of each split."""
    for one in found:
        if len(one.epochs) < 2:
            continue
        yield Curve(
            axis="epoch",
            at=tuple(str(at.epoch) for at in one.epochs),
            series=(
                Series(
                    name="agreement",
                    values=tuple(
                        Estimate(value=at.agreement, low=at.low, high=at.high)
                        for at in one.epochs
                    ),
                ),
                Series(name="expected", values=tuple(e.expected for e in one.epochs)),
                Series(name="accuracy", values=tuple(e.accuracy for e in one.epochs)),
            ),
            who="curve",
            value="share of images",
            unit="%",
            form=".1f",
            scale=100.0,
            title=f"{one.population} on {one.split}, {_networks(one.networks)}",
        )


def _networks(count: int) -> str:
    return "1 network" if count == 1 else f"{count} networks"


def _of_splits(found: Sequence[Order]) -> Table:
    names = [name for name in ALONE if any(name in one.alone for one in found)]
    return Table(
        columns=(
            Column(name="population"),
            Column(name="split"),
            *(
                Column(
                    name=ALONE[n][0], group=ALONE[n][1], form=".3f", goes=ALONE[n][2]
                )
                for n in names
            ),
        ),
        rows=tuple(
            (one.population, one.split, *(one.alone.get(name) for name in names))
            for one in found
        ),
        title="how images are learned",
        note="Split halves: networks 0, 2, ... against 1, 3, ..., over images, of the "
        "share of networks and epochs that are right. Shares of pairs of an image and "
        "a network that are never right, and that are never wrong again; events of "
        "forgetting a pair; mean first epoch of what is learned.",
    )


def _of_statistics(one: Order) -> Table:
    return Table(
        columns=(
            Column(name="statistic"),
            Column(name="over all", form="+.3f"),
            Column(name="within classes", form="+.3f"),
        ),
        rows=tuple(
            (related.statistic, *_correlations(related)) for related in one.related
        ),
        title=f"images of {one.split} and the share of {one.population} right on them",
        note="Spearman's correlation over images, and within each class with equal "
        "weight; intervals over images and networks. Positive: what has more of it is "
        "learned earlier.",
    )


def _shift_curve(one: Order) -> Iterable[Part]:
    """The published picture, of all statistics at once."""
    at = sorted({epoch for some in one.related for epoch in some.agreed_shift}, key=int)
    if len(at) < 2:
        return
    yield Curve(
        axis="epoch",
        at=tuple(at),
        series=tuple(
            Series(
                name=some.statistic,
                values=tuple(some.agreed_shift.get(epoch) for epoch in at),
            )
            for some in one.related
            if some.agreed_shift
        ),
        who="statistic",
        value="mean over agreed images less that over all (standard deviations)",
        form="+.3f",
        title=f"agreed images of {one.split} against all, {one.population}",
        note="From epoch 5 on, where agreement is 20 % at least. A curve along epochs "
        "is no correlation: both of its sides change with time.",
    )


def _correlations(one: Related) -> tuple[Value, Value]:
    def estimate(ends: tuple[float, float, float]) -> Estimate:
        return Estimate(value=ends[0], low=ends[1], high=ends[2])

    return estimate(one.overall), estimate(one.within) if one.within else None
