"""What is known of the order of a population, put together from its measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.measurement import Measurement

#: Where the published picture of agreed images begins: an epoch, and an agreement.
FIRST_SHOWN, LEAST_AGREED = 5, 0.2


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
    true_accuracy
        Of labels that were drawn at random: mean accuracy by the true ones. Else None.
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
    true_accuracy: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfSize:
    """Agreement of so many networks after the last epoch, mean over subsets.

    Attributes
    ----------
    networks, agreement, least, most, expected
        How many; the mean and its ends; of independent networks.
    """

    networks: int
    agreement: float
    least: float
    most: float
    expected: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoKinds:
    """Networks of two kinds: whether they find the same images hard.

    Attributes
    ----------
    kinds
        Their names.
    rho
        Rank correlation of what the one finds hard with what the other does; None where
        it is not defined.
    across, across_expected, within, within_expected
        Agreement of pairs after the last epoch, of two kinds and of one, and of
        independent networks so accurate; None where there is no pair of one.
    """

    kinds: str
    rho: float | None
    across: float
    across_expected: float
    within: float | None
    within_expected: float | None


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
    p
        Share of shuffles of the statistic within classes that correlate as strongly;
        None where it is not defined.
    joined
        Of a table's column: images that it has a number of. Else None.
    """

    statistic: str
    overall: tuple[float, float, float]
    within: tuple[float, float, float] | None
    agreed_shift: dict[str, float]
    p: float | None = None
    joined: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Images of one level of a factor, such as a pose.

    Attributes
    ----------
    statistic, level, images
        The factor, its level, and how many images have it.
    score
        Mean share of networks and epochs that are right on them.
    agreed
        By epoch, the share that all networks get right, and its interval.
    """

    statistic: str
    level: str
    images: int
    score: float
    agreed: dict[str, tuple[float, float, float]]


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
    sizes
        Of two networks, of three and so on.
    kinds
        Of each two, where it is of several.
    levels
        Of factors that are words.
    """

    population: str
    split: str
    networks: int
    epochs: tuple[AtEpoch, ...]
    alone: dict[str, float]
    related: tuple[Related, ...]
    sizes: tuple[OfSize, ...] = ()
    kinds: tuple[TwoKinds, ...] = ()
    levels: tuple[Level, ...] = ()


def order_of(population: str, split: str, rows: Sequence[Measurement]) -> Order:
    by_epoch: dict[int, dict[str, Measurement]] = {}
    by_statistic: dict[str, dict[str, Measurement]] = {}
    shifts: dict[str, dict[int, float]] = {}
    by_kinds: dict[str, dict[str, float]] = {}
    by_level: dict[tuple[str, str], list[Measurement]] = {}
    sizes: list[OfSize] = []
    alone = {}
    for row in rows:
        axes = dict(row.axes)
        if "level" in axes:
            place = axes["statistic"], axes["level"]
            by_level.setdefault(place, []).append(row)
        elif row.metric == "order_agreed_shift":
            shifts.setdefault(axes["statistic"], {})[int(axes["epoch"])] = row.value
        elif "epoch" in axes:
            by_epoch.setdefault(int(axes["epoch"]), {})[row.metric] = row
        elif "statistic" in axes:
            by_statistic.setdefault(axes["statistic"], {})[row.metric] = row
        elif "networks" in axes:
            sizes.append(_of_size(int(axes["networks"]), row))
        elif "kinds" in axes:
            by_kinds.setdefault(axes["kinds"], {})[row.metric] = row.value
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
            p=some["order_shuffled_p"].value if "order_shuffled_p" in some else None,
            joined=int(some["order_joined"].value) if "order_joined" in some else None,
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
        sizes=tuple(sorted(sizes, key=lambda one: one.networks)),
        kinds=tuple(
            TwoKinds(
                kinds=kinds,
                rho=some.get("order_kinds_rho"),
                across=some["order_across_kinds"],
                across_expected=some["order_across_kinds_expected"],
                within=some.get("order_within_kinds"),
                within_expected=some.get("order_within_kinds_expected"),
            )
            for kinds, some in by_kinds.items()
        ),
        levels=tuple(_level(*place, by_level[place]) for place in sorted(by_level)),
    )


def _level(statistic: str, level: str, rows: Sequence[Measurement]) -> Level:
    alone = {row.metric: row.value for row in rows}
    agreed = {
        int(dict(row.axes)["epoch"]): _ends(row)
        for row in rows
        if row.metric == "order_level_agreed"
    }
    return Level(
        statistic=statistic,
        level=level,
        images=int(alone["order_level_images"]),
        score=alone["order_level_score"],
        agreed={str(epoch): agreed[epoch] for epoch in sorted(agreed)},
    )


def _of_size(networks: int, row: Measurement) -> OfSize:
    value, least, most = _ends(row)
    return OfSize(
        networks=networks,
        agreement=value,
        least=least,
        most=most,
        expected=float(row.facts["chance"]),
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
        true_accuracy=value("order_true_accuracy"),
    )


def _ends(row: Measurement) -> tuple[float, float, float]:
    low, high = row.interval or (row.value, row.value)
    return row.value, low, high
