"""The section of the pretext suite: every score beside twin, leak and chance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from harness.report.table import Column, Part, Range, Table, Text

if TYPE_CHECKING:
    from harness.measurement import Measurement
    from harness.report.section import Context, Quantity

SCORE, TWIN, LEAK = "pretext_score", "pretext_twin", "pretext_leak"
JPEG = "rotation_told_by_jpeg"
LEAKS = {
    "rotation": "JPEG lattice",
    "jigsaw": "means of tiles",
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
        Where, who, which task, and training images of the heads.
    score, chance
        Of the frozen network; of a head that knows nothing.
    twin, least, most
        Median, least and largest of the networks with random weights; None if there
        are none.
    leak
        Of a head on what gives the answer away.
    """

    family: str
    model: str
    pretext: str
    images: str
    score: float
    chance: float | None
    twin: float | None
    least: float | None
    most: float | None
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
            "of its seeds and the range. Leak: the same head on what gives the answer "
            f"away: {', '.join(f'{what} ({task})' for task, what in LEAKS.items())}.",
            small=True,
        )

    def quantities(self, found: PretextScores, /) -> Mapping[str, Quantity]:
        """None: a gate names a score at its place, ``pretext_score[pretext=...]``."""
        return {}


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
    twins = [row.value for row in measured.get(TWIN, ())]
    leaks = [row.value for row in measured.get(LEAK, ())]
    return Solved(
        family=family,
        model=model,
        pretext=task,
        images=images,
        score=median(row.value for row in scores),
        chance=float(chance) if chance is not None else None,
        twin=median(twins) if twins else None,
        least=min(twins, default=None),
        most=max(twins, default=None),
        leak=median(leaks) if leaks else None,
    )


def _table(family: str, solved: Sequence[Solved]) -> Table:
    return Table(
        title=f"pretext tasks on {family}",
        columns=(
            Column(name="task"),
            Column(name="model"),
            Column(name="score", form=".3f"),
            Column(name="twin", form=".3f"),
            Column(name="twins", form=".3f", goes=2),
            Column(name="over twin", form="+.3f"),
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
                None if one.twin is None else one.score - one.twin,
                one.leak,
                one.chance,
            )
            for one in solved
        ),
    )
