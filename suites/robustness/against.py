"""Against: a network then and now, or beside a published one; by image if it can be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from harness.analysis.correlation import Undefined
from harness.analysis.differences import (
    Difference,
    Verdict,
    count_of,
    paired,
    unpaired,
)
from harness.report.table import Column, Estimate, Part, Table, Text

from .answers import RIGHT, unpacked
from .found import Against, Robustness
from .published import read_facts

if TYPE_CHECKING:
    from harness.measurement import Measurement
    from harness.report.run_file.saved import SavedRun
    from harness.report.section import Quantity

SAME, WORSE, UNDECIDED, BETTER = "same", "worse", "undecided", "better"
_WORDS = {
    Verdict.FAIL: WORSE,
    Verdict.UNDECIDED: UNDECIDED,
    Verdict.PASS: BETTER,
}
_ORDER = (WORSE, UNDECIDED, BETTER, SAME)


def against(rows: Sequence[Measurement], earlier: SavedRun) -> tuple[Against, ...]:
    """Every network on every set that both runs have, the test split first."""
    before = {
        (row.model, row.dataset): row for row in _accuracies(earlier.measurements)
    }
    found = []
    for row in sorted(
        _accuracies(rows), key=lambda r: (not r.of_test_split, r.dataset, r.model)
    ):
        was = before.get((row.model, row.dataset))
        if was is not None:
            difference = _difference(row, was)
            same = difference.paired and row.facts[RIGHT] == was.facts[RIGHT]
            # Where the same images are right there is nothing to doubt.
            ends = (0.0, 0.0) if same else (difference.low, difference.high)
            found.append(
                Against(
                    model=row.model,
                    name=row.dataset,
                    images=difference.images[0],
                    before=was.value,
                    now=row.value,
                    low=ends[0],
                    high=ends[1],
                    p_value=difference.p_value,
                    paired=difference.paired,
                    verdict=SAME if same else _WORDS[difference.verdict()],
                )
            )
    return tuple(found)


def _accuracies(rows: Iterable[Measurement]) -> list[Measurement]:
    return [
        row
        for row in rows
        if row.metric == "accuracy" and row.file == "test_sets.py" and row.dataset
    ]


def _difference(now: Measurement, before: Measurement) -> Difference:
    """Paired where the images and their truth are the same by their digest."""
    bits = now.facts.get(RIGHT), before.facts.get(RIGHT)
    same = now.facts.get("data") == before.facts.get("data")
    if same and bits[0] is not None and bits[1] is not None:
        first, second = unpacked(bits[0]), unpacked(bits[1])
        if len(first) == len(second):  # else of samples of other sizes
            return paired(first, second)
    counts = [
        (count_of(row.value, images), images)
        for row in (now, before)
        for images in (int(row.facts.get("counted", row.images)),)
    ]
    return unpaired(*counts[0], *counts[1])


def against_parts(found: Robustness) -> Iterable[Part]:
    """A table of all of them, those that got worse first."""
    if not found.compared_with:
        return
    if not found.against:
        yield Text(text=f"Nothing of this suite is in {found.compared_with} too.")
        return
    yield Table(
        title=f"top-1 against {found.compared_with}",
        columns=(
            Column(name="model"),
            Column(name="set"),
            Column(name="before", unit="%", form=".1f", scale=100.0, goes=2),
            Column(name="now", unit="%", form=".1f", scale=100.0, goes=1),
            Column(name="difference", unit="points", form="+.1f", scale=100.0),
            Column(name="p", form=".2g", goes=3),
            Column(name="verdict"),
        ),
        rows=tuple(
            (
                one.model,
                one.name,
                one.before,
                one.now,
                Estimate(value=one.now - one.before, low=one.low, high=one.high),
                one.p_value,
                one.verdict if one.paired else f"{one.verdict}, unpaired",
            )
            for verdict in _ORDER
            for one in found.against
            if one.verdict == verdict
        ),
        note="Better and worse: all of the 95 % interval is; undecided: it holds 0, "
        "and more images would tell; same: the same images are right, and the interval "
        "is 0. On the same images, one by one: Newcombe's paired "
        "interval, McNemar's mid-p; unpaired where the earlier run has other images.",
    )


def against_published(rows: Iterable[Measurement]) -> tuple[Against, ...]:
    """Every network against every published row, on every set that both have."""
    found = []
    for row in rows:
        if row.file == "test_published.py" and row.interval:
            assert row.accuracy is not None
            facts = read_facts(row.facts)
            low, high = row.interval
            found.append(
                Against(
                    model=row.model,
                    name=row.dataset,
                    images=facts["images"][0],
                    before=row.accuracy - row.value,
                    now=row.accuracy,
                    low=low,
                    high=high,
                    p_value=facts["p_value"],
                    paired=facts["paired"],
                    verdict=_WORDS[Verdict(facts["verdict"])],
                    published=dict(row.axes)["published"],
                    of=facts["images"][1],
                )
            )
    return tuple(
        sorted(found, key=lambda one: (one.published, _ORDER.index(one.verdict)))
    )


def published_parts(found: Sequence[Against]) -> Iterable[Part]:
    """A table for each published row, what is worse than it first."""
    for published in dict.fromkeys(one.published for one in found):
        here = [one for one in found if one.published == published]
        yield Table(
            title=f"top-1 against {published}, as published",
            columns=(
                Column(name="model"),
                Column(name="set"),
                Column(name="images", form=",.0f", goes=4),
                Column(name="published", unit="%", form=".1f", scale=100.0, goes=2),
                Column(name="now", unit="%", form=".1f", scale=100.0, goes=1),
                Column(name="difference", unit="points", form="+.1f", scale=100.0),
                Column(name="p", form=".2g", goes=3),
                Column(name="verdict"),
            ),
            rows=tuple(
                (
                    *(one.model, one.name, float(one.images), one.before, one.now),
                    Estimate(value=one.now - one.before, low=one.low, high=one.high),
                    *(one.p_value, _said(one)),
                )
                for one in here
            ),
            note=_PUBLISHED,
        )


_PUBLISHED = (
    "Better and worse: all of the 95 % interval is; undecided: it holds 0. Image by "
    "image where answers were published (Newcombe's paired interval, McNemar's mid-p); "
    "else unpaired, which is far wider. Of a part of the published images: an easier "
    "or a harder part moves all numbers, so that its verdict is none of the networks."
)


def _said(one: Against) -> str:
    """The verdict, and what it is not of."""
    some = "" if one.images >= one.of else f", {one.images:,} of {one.of:,} images"
    return f"{one.verdict}{'' if one.paired else ', unpaired'}{some}"


def quantities(found: Robustness) -> dict[str, Quantity]:
    """What gates are set on: how many sets got worse, and the worst low end in points.

    Of an earlier run, and of published rows; why not, of what there is not.
    """
    earlier = f"nothing of this suite is in {found.compared_with} too"
    if not found.compared_with:
        earlier = "it is against an earlier run; name one: --harness-compare RUN"
    published = (
        "nothing was compared with a published network; name one: "
        "--robustness-published ROW"
    )
    named: dict[str, Quantity] = {}
    for some, prefix, why in (
        (found.against, "", earlier),
        (found.published, "published_", published),
    ):
        if some:
            worse = sum(one.verdict == WORSE for one in some)
            named[f"{prefix}worse"] = float(worse)
            named[f"{prefix}worst_change"] = min(100 * one.low for one in some)
        else:
            for name in ("worse", "worst_change"):
                named[f"{prefix}{name}"] = Undefined(why)
    return named
