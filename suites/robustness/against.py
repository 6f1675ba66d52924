"""Against: a network then and now, image by image where both runs have the images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from harness.measurement import Measurement
    from harness.report.run_file.saved import SavedRun

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
            found.append(
                Against(
                    model=row.model,
                    name=row.dataset,
                    images=difference.images[0],
                    before=was.value,
                    now=row.value,
                    low=difference.low,
                    high=difference.high,
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
        "and more images would tell. On the same images, one by one: Newcombe's paired "
        "interval, McNemar's mid-p; unpaired where the earlier run has other images.",
    )


def quantities(found: Sequence[Against]) -> dict[str, float]:
    """What gates are set on: how many sets got worse, and the worst low end in points.

    Empty without an earlier run.
    """
    if not found:
        return {}
    worse = sum(one.verdict == WORSE for one in found)
    # Where the same images are right there is nothing to doubt.
    ends = [0.0 if one.verdict == SAME else 100 * one.low for one in found]
    return {"worse": float(worse), "worst_change": min(ends)}
