"""Pictures of the robustness suite: confidences by set, and the surest mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from harness.report.gallery import Gallery, Picture, Strip, thumbnail
from harness.report.pictures import pictures_asked, pixels_of
from harness.report.table import Curve, Part, Series

from .finding import score_of
from .found import Sure
from .sureness import BINS, Mistake, read_facts

if TYPE_CHECKING:
    from harness.datasets.dataset import Dataset
    from harness.measurement import Measurement
    from harness.run import Run


def sure_of(rows: Sequence[Measurement], run: Run | None) -> tuple[Sure, ...]:
    """Of every network and set, from the facts of the suite's rows."""
    found = []
    for row in rows:
        if row.metric == "overconfidence" and row.file == "test_sureness.py":
            counts, mistakes = read_facts(row.facts)
            sure = [one.confidence for one in mistakes]
            found.append(
                Sure(
                    model=row.model,
                    name=row.dataset,
                    overconfidence=score_of(row),
                    counts=counts,
                    mistakes=_pictures(run, row, mistakes),
                    ends=(sure[0], sure[-1]) if sure else None,
                )
            )
    # The test split first, to hold others against.
    first = {row.dataset for row in rows if row.of_test_split}
    return tuple(
        sorted(found, key=lambda one: (one.model, one.name not in first, one.name))
    )


def _pictures(
    run: Run | None, row: Measurement, mistakes: Sequence[Mistake]
) -> tuple[Picture, ...]:
    if run is None or not mistakes or not pictures_asked(run):
        return ()
    dataset = next(one for one in run.families[row.family] if one.name == row.dataset)
    pixels = pixels_of(dataset, run.settings.max_images)
    if pixels is None:
        return ()
    names = dataset.classes.names if dataset.classes else run.base.classes
    truth = _single(run, dataset)
    return tuple(
        thumbnail(
            pixels(one.image),
            f"{names[one.said]}"
            + ("" if truth is None else f", not {names[truth[one.image]]}"),
        )
        for one in mistakes
    )


def _single(run: Run, dataset: Dataset) -> Sequence[int] | None:
    """The right answer's number by image, where each image has exactly one."""
    if "outside" in dataset.traits:
        return None
    truth = dataset.truth(len(run.base.classes), run.settings.max_images)
    if truth is None or truth.single is None:
        return None
    found: list[int] = truth.single.tolist()
    return found


def sure_parts(found: Sequence[Sure]) -> Iterable[Part]:
    """For each network a curve a set; then a row of pictures a set."""
    for model in dict.fromkeys(one.model for one in found):
        here = [one for one in found if one.model == model]
        yield Curve(
            title=f"how sure {model} is",
            axis="confidence from",
            at=tuple(f"{i / BINS:g}" for i in range(BINS)),
            series=tuple(
                Series(
                    name=f"{one.name}, {100 * one.overconfidence.value:+.1f}",
                    values=tuple(count / sum(one.counts) for count in one.counts),
                )
                for one in here
            ),
            who="set",
            value="images",
            unit="%",
            form=".1f",
            scale=100.0,
            note="In percent of a set's images. Behind its name: mean confidence less "
            "accuracy, in points; of images of no class, mean confidence.",
        )
        strips = tuple(
            Strip(
                name=one.name,
                text=f"confidence {one.ends[0]:.3f} to {one.ends[1]:.3f}",
                pictures=one.mistakes,
            )
            for one in here
            if one.mistakes and one.ends is not None
        )
        if strips:
            yield Gallery(
                title=f"the surest mistakes of {model}",
                strips=strips,
                note="Below an image what the network says, and what is right.",
            )
