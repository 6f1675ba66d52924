"""Tables and curves of orders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.analysis.correlation import Undefined
from harness.models.record import DURING
from harness.printable import counted
from harness.report.table import Column, Curve, Estimate, Part, Series, Table, Value

from .orders import FIRST_SHOWN, LEAST_AGREED, Order, Related

PERFECT = Undefined(
    "chance alone reaches 1, as it does of perfect networks and of a single one"
)
NO_PAIR = Undefined("it is of pairs, and there is one network")
NO_KAPPA = Undefined(
    "two networks are right on all images, or wrong on all: chance alone explains it"
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


def by_epoch(one: Order) -> Table:
    percent = {"form": ".1f", "unit": "%", "scale": 100.0}
    noisy = any(at.true_accuracy is not None for at in one.epochs)
    missing = _no_kappa(one)
    true = Column(name="by true", group="accuracy", goes=1, **percent)  # type: ignore[arg-type]
    return Table(
        columns=(
            Column(name="epoch", form=".0f"),
            Column(name="N", form=".0f"),
            Column(name="mean", group="accuracy", **percent),  # type: ignore[arg-type]
            Column(name="spread", group="accuracy", goes=2, **percent),  # type: ignore[arg-type]
            *([true] if noisy else []),
            Column(name="agreement", **percent),  # type: ignore[arg-type]
            Column(name="expected", **percent),  # type: ignore[arg-type]
            Column(name="corrected", form=".3f"),
            Column(name="lower bound", goes=1, **percent),  # type: ignore[arg-type]
            Column(name="kappa", form=".3f", goes=1),
        ),
        rows=tuple(
            (
                *(float(at.epoch), float(one.networks), at.accuracy, at.spread),
                *([at.true_accuracy] if noisy else []),
                Estimate(value=at.agreement, low=at.low, high=at.high),
                at.expected,
                PERFECT if at.corrected is None else at.corrected,
                at.lower_bound,
                missing if at.consistency is None else at.consistency,
            )
            for at in one.epochs
        ),
        title=f"agreement of {one.population} on {one.split}",
        note="Agreement: images that all N networks get right, of those that any does. "
        "It falls with N and rises with accuracy; expected: of independent networks as "
        "accurate; corrected: beyond that. Lower bound: of the images that all get "
        "right, by the errors alone. Kappa: error consistency, mean over pairs.",
        where=("page", "markdown")
        if one.split == DURING
        else ("page", "markdown", "terminal"),
    )


def _no_kappa(one: Order) -> Undefined | None:
    """Why an epoch has none; None where a run did not ask for any."""
    if one.networks == 1:
        return NO_PAIR
    return NO_KAPPA if any(at.consistency is not None for at in one.epochs) else None


def curves(found: Sequence[Order]) -> Iterable[Part]:
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


def side_by_side(found: Sequence[Order]) -> Iterable[Part]:
    """Several populations on one split: agreement, and what is beyond chance of it."""
    for split in dict.fromkeys(one.split for one in found):
        some = [one for one in found if one.split == split and len(one.epochs) > 1]
        if len(some) < 2:
            continue
        at = sorted({at.epoch for one in some for at in one.epochs})
        for value, form in (("agreement", ".1f"), ("corrected", ".3f")):
            percent = value == "agreement"
            name = value if percent else "corrected agreement"
            yield Curve(
                axis="epoch",
                at=tuple(map(str, at)),
                series=tuple(
                    Series(
                        name=one.population,
                        values=tuple(
                            getattr(by_epoch.get(epoch), value, None) for epoch in at
                        ),
                    )
                    for one in some
                    for by_epoch in [{each.epoch: each for each in one.epochs}]
                ),
                who="population",
                value=f"{name} of networks",
                unit="%" if percent else "",
                form=form,
                scale=100.0 if percent else 1.0,
                title=f"{name} of populations on {split}",
                note="Agreement falls with the number of networks and rises with their "
                "accuracy; corrected is what is beyond that of independent ones.",
            )


def of_kinds(found: Sequence[Order]) -> Table:
    percent = {"form": ".1f", "unit": "%", "scale": 100.0}
    return Table(
        columns=(
            Column(name="kinds"),
            Column(name="split"),
            Column(name="rho", form="+.3f"),
            Column(name="agree", group="pairs of two", **percent),  # type: ignore[arg-type]
            Column(name="expected", group="pairs of two", **percent),  # type: ignore[arg-type]
            Column(name="agree", group="pairs of one", **percent),  # type: ignore[arg-type]
            Column(name="expected", group="pairs of one", goes=1, **percent),  # type: ignore[arg-type]
        ),
        rows=tuple(
            (
                *(two.kinds, one.split, two.rho, two.across, two.across_expected),
                *(two.within, two.within_expected),
            )
            for one in found
            for two in one.kinds
        ),
        title="kinds of networks against each other",
        note="Rho: over images, of the shares of networks and epochs that are right, "
        "of the one kind with the other's. Agreement of two networks after the last "
        "epoch, mean over pairs, of two kinds and of one, and of independent ones.",
    )


def by_size(found: Sequence[Order]) -> Iterable[Part]:
    """Agreement after the last epoch along the number of networks."""
    for one in found:
        if len(one.sizes) < 2:
            continue
        yield Curve(
            axis="networks",
            at=tuple(str(size.networks) for size in one.sizes),
            series=(
                Series(
                    name="agreement",
                    values=tuple(
                        Estimate(value=size.agreement, low=size.least, high=size.most)
                        for size in one.sizes
                    ),
                ),
                Series(name="expected", values=tuple(s.expected for s in one.sizes)),
            ),
            who="curve",
            value="share of images",
            unit="%",
            form=".1f",
            scale=100.0,
            title=f"fewer networks of {one.population} on {one.split}",
            note="Mean over subsets of so many networks after the last epoch, with the "
            "least and the most of them.",
        )


def _networks(count: int) -> str:
    return counted(count, "network")


def of_splits(found: Sequence[Order]) -> Table:
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


def _count(joined: int | None) -> float | None:
    return None if joined is None else float(joined)


def of_statistics(one: Order) -> Table:
    joined = any(related.joined is not None for related in one.related)
    return Table(
        columns=(
            Column(name="statistic"),
            Column(name="over all", form="+.3f"),
            Column(name="within classes", form="+.3f"),
            Column(name="shuffled p", form=".3f", goes=1),
            *([Column(name="images", form=".0f", goes=1)] if joined else []),
        ),
        rows=tuple(
            (
                *(related.statistic, *_correlations(related), related.p),
                *([_count(related.joined)] if joined else []),
            )
            for related in one.related
        ),
        title=f"images of {one.split} and the share of {one.population} right on them",
        note="Spearman's correlation over images, and within each class with equal "
        "weight; intervals over images and networks. Positive: what has more of it is "
        "learned earlier. Shuffled p: share of shuffles of the statistic within "
        "classes that correlate as strongly."
        + (" Images: those that a table has a number of." if joined else ""),
    )


def shift_curve(one: Order) -> Iterable[Part]:
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
        note=f"As published, epochs before {FIRST_SHOWN} are left out whatever their "
        f"agreement, and later ones where it is below {100 * LEAST_AGREED:.0f} %. A "
        "curve along epochs is no correlation: both of its sides change with time.",
    )


def of_levels(one: Order) -> Iterable[Part]:
    """Factors that are words: a table of levels, and a curve of each factor."""
    yield Table(
        columns=(
            Column(name="factor"),
            Column(name="level"),
            Column(name="images", form=".0f"),
            Column(name="score", form=".3f"),
            Column(name="agreed", form=".1f", unit="%", scale=100.0),
        ),
        rows=tuple(
            (
                *(level.statistic, level.level, float(level.images), level.score),
                _estimate(list(level.agreed.values())[-1]),
            )
            for level in one.levels
        ),
        title=f"factors of images of {one.split}, {one.population}",
        note="Score: share of networks and epochs that are right. Agreed: of a level's "
        "images those that all networks get right after the last epoch.",
    )
    for factor in dict.fromkeys(level.statistic for level in one.levels):
        some = [level for level in one.levels if level.statistic == factor]
        at = tuple(some[0].agreed)
        if len(at) < 2:
            continue
        yield Curve(
            axis="epoch",
            at=at,
            series=tuple(
                Series(
                    name=level.level,
                    values=tuple(_estimate(level.agreed[epoch]) for epoch in at),
                )
                for level in some
            ),
            who="level",
            value="share that all networks get right",
            unit="%",
            form=".1f",
            scale=100.0,
            title=f"{factor} of images of {one.split}, {one.population}",
        )


def _estimate(ends: tuple[float, float, float]) -> Estimate:
    return Estimate(value=ends[0], low=ends[1], high=ends[2])


def _correlations(one: Related) -> tuple[Value, Value]:
    return _estimate(one.overall), _estimate(one.within) if one.within else None
