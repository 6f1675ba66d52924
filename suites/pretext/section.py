"""The section of the pretext suite: every score beside twin, leak and chance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from harness.analysis.correlation import Undefined
from harness.metrics.numerics.uncertainty import difference_interval
from harness.report.table import Column, Part, Range, Table, Text

if TYPE_CHECKING:
    from harness.measurement import Measurement
    from harness.report.section import Context, Quantity

SCORE, TWIN, LEAK = "pretext_score", "pretext_twin", "pretext_leak"
JPEG = "rotation_told_by_jpeg"
LEAKS = {
    "rotation": "JPEG lattice",
    "jigsaw": "mean and deviation of tiles",
    "tiles": "mean and deviation of tiles",
    "context": "mean colours",
    "inpainting": "mean colour around",
    "colorization": "brightness of quarters",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """A task of a model's on a family; medians over its datasets.

    Attributes
    ----------
    family, model, pretext, images
        Where, who, which task, and how many training images were asked for.
    learnt_from, judged_on
        How many images there were for heads to learn from and to be judged on; several
        where datasets have not as many.
    score, chance
        Of the frozen network; of a head that knows nothing.
    twin, least, most
        Median, least and largest of the networks with random weights; None if there
        are none.
    over_twin, interval
        The score less that of the twin, and at 95 % where one dataset's images would
        put it, as if each had been asked about its own; None without a twin, and of
        several datasets no interval.
    leak
        Of a head on what gives the answer away.
    """

    family: str
    model: str
    pretext: str
    images: str
    learnt_from: tuple[int, ...]
    judged_on: tuple[int, ...]
    score: float
    chance: float | None
    twin: float | None
    least: float | None
    most: float | None
    over_twin: float | None
    interval: tuple[float, float] | None
    leak: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PretextScores:
    """All of them; and by family the share of images whose turn JPEG tells half of."""

    of: tuple[Solved, ...]
    told_by_jpeg: dict[str, float]


class PretextSection:
    """A table for each family: what a network knows, and what that means."""

    name = "pretext"
    title = "pretext tasks: heads on frozen features, and on a random twin's"
    #: What their tests record is in no other scorecard.
    files = ("test_frozen.py",)
    #: And these are in no other table along an axis: its seeds are in a range here.
    along = (SCORE, TWIN, LEAK)

    def find(
        self, rows: Sequence[Measurement], context: Context, /
    ) -> PretextScores | None:
        """What was measured along an axis `pretext`; None without."""
        places: dict[tuple[str, ...], dict[str, list[Measurement]]] = {}
        jpeg: dict[str, list[float]] = {}
        for row in rows:
            axes = dict(row.axes)
            if row.metric == JPEG:
                jpeg.setdefault(row.family, []).append(row.value)
            elif row.metric in (SCORE, TWIN, LEAK) and "pretext" in axes:
                place = row.family, axes["pretext"], axes.get("images", ""), row.model
                places.setdefault(place, {}).setdefault(row.metric, []).append(row)
        found = tuple(
            _solved(place, places[place])
            for place in sorted(places, key=_order)
            if SCORE in places[place]
        )
        told = {family: median(values) for family, values in sorted(jpeg.items())}
        return PretextScores(of=found, told_by_jpeg=told) if found else None

    def tables(self, found: PretextScores, /) -> Iterable[Part]:
        """One a family."""
        for family in dict.fromkeys(one.family for one in found.of):
            yield _table(family, [one for one in found.of if one.family == family])
            if (told := found.told_by_jpeg.get(family)) is not None:
                yield Text(
                    text=f"rotation on {family}: of {told:.1%} of the images the JPEG "
                    "lattice tells two of the four turns from the others; of images "
                    "that were no JPEGs it does so of half, by accident",
                    small=True,
                )
        yield Text(
            text="Accuracy, of inpainting and colorization R² against the mean of the "
            "training images. Twin: the same network with random weights, the median "
            "of its seeds and the range. 95 %: over images alone and as if "
            "the twin had seen others, which is too wide; none of several datasets. "
            "Leak: the same head on what gives the answer "
            f"away: {', '.join(f'{what} ({task})' for task, what in LEAKS.items())}.",
            small=True,
        )

    def quantities(self, found: PretextScores, /) -> Mapping[str, Quantity]:
        """`over_twin` of each model on a family, by task and the least of its tasks."""
        by_name: dict[str, list[float | None]] = {}
        for one in found.of:
            whole = f"over_twin of {one.model} on {one.family}"
            for name in (whole, f"{whole} in {one.pretext}"):
                by_name.setdefault(name, []).append(one.over_twin)
        return {name: _least(values) for name, values in by_name.items()}


def _least(values: Sequence[float | None]) -> Quantity:
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return Undefined("no twin with random weights was measured of every task")
    return min(known)


def _order(place: tuple[str, ...]) -> tuple[str, int, str, str]:
    family, task, images, model = place
    kind = task.partition("-")[0]
    return family, list(LEAKS).index(kind), f"{task} {images}", model


def _solved(
    place: tuple[str, ...], measured: Mapping[str, Sequence[Measurement]]
) -> Solved:
    family, task, images, model = place
    scores = measured[SCORE]
    chance = scores[0].facts.get("chance")
    twins = sorted(row.value for row in measured.get(TWIN, ()))
    score = median(row.value for row in scores)
    leaks = [row.value for row in measured.get(LEAK, ())]
    return Solved(
        family=family,
        model=model,
        pretext=task,
        images=images,
        learnt_from=_counts(scores, "images_learnt_from"),
        judged_on=_counts(scores, "images_judged_on"),
        score=score,
        chance=float(chance) if chance is not None else None,
        twin=median(twins) if twins else None,
        least=min(twins, default=None),
        most=max(twins, default=None),
        over_twin=score - median(twins) if twins else None,
        interval=_interval(scores, measured.get(TWIN, ())),
        leak=median(leaks) if leaks else None,
    )


def _counts(rows: Sequence[Measurement], fact: str) -> tuple[int, ...]:
    """What it says of each, each number once."""
    return tuple(sorted({int(r.facts[fact]) for r in rows if fact in r.facts}))


def _interval(
    scores: Sequence[Measurement], twins: Sequence[Measurement]
) -> tuple[float, float] | None:
    """Of the score less that of the twin in the middle, on one dataset."""
    if len({row.dataset for row in (*scores, *twins)}) > 1 or len(twins) % 2 == 0:
        return None
    (score,), twin = scores, sorted(twins, key=lambda row: row.value)[len(twins) // 2]
    if score.interval is None or twin.interval is None:
        return None
    return difference_interval(
        (score.value, *score.interval), (twin.value, *twin.interval)
    )


def _used(solved: Sequence[Solved]) -> str:
    """How many images heads learned from and are judged on; empty if it is not known.

    Fewer than were asked for, where a split has no more.
    """
    learnt = {number for one in solved for number in one.learnt_from}
    judged = {number for one in solved for number in one.judged_on}
    if not learnt or not judged:
        return ""
    asked = {int(one.images) for one in solved if one.images}
    fewer = f" ({_span(asked)} were asked for)" if asked and asked != learnt else ""
    return (
        f"Heads learned from {_span(learnt)} training images{fewer} and are judged on "
        f"{_span(judged)}."
    )


def _span(numbers: Iterable[int]) -> str:
    ends = sorted(numbers)
    return f"{ends[0]}" if len(ends) == 1 else f"{ends[0]} to {ends[-1]}"


def _table(family: str, solved: Sequence[Solved]) -> Table:
    return Table(
        title=f"pretext tasks on {family}",
        columns=(
            Column(name="task", cut=True),
            Column(name="model", cut=True),
            Column(name="score", form=".3f"),
            Column(name="twin", form=".3f"),
            Column(name="twins", form=".3f", goes=3),
            Column(name="over twin", form="+.3f"),
            Column(
                name="over twin 95 %",
                short="95 %",
                form=".3f",
                width=11,
                bounded=True,
                goes=2,
            ),
            Column(name="leak", form=".3f", goes=1),
            Column(name="chance", form=".3f"),
        ),
        rows=tuple(
            (
                one.pretext,
                one.model,
                one.score,
                one.twin,
                None
                if one.least is None or one.most is None
                else Range(low=one.least, high=one.most),
                one.over_twin,
                one.interval and Range(low=one.interval[0], high=one.interval[1]),
                one.leak,
                one.chance,
            )
            for one in solved
        ),
        note=_used(solved),
    )
