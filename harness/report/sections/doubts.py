"""The answers on targets that are most in doubt: by name, and as pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from harness.analysis.doubts import doubts_in
from harness.analysis.labelling import drawn
from harness.measurement import Domain
from harness.printable import counted
from harness.report.class_names import answer_name
from harness.report.gallery import Gallery, Strip, thumbnail
from harness.report.pictures import pictures_asked, pixels_of
from harness.report.table import Column, Part, Table, Text, Writer
from harness.sampling import sampled_rows

if TYPE_CHECKING:
    from harness.analysis.doubts import Doubt
    from harness.measurement import Measurement
    from harness.report.section import Context, Quantity
    from harness.run import Run

NAME = "doubts"
ROOM = 1 << 20  # bytes of all pictures: the page is to open on a phone
_DRAWN = 12  # pictures of a target
_NAMED = 4  # answers that a line names
_LINES = 8  # of a model on a target each
_OTHERS: tuple[Writer, ...] = ("terminal", "markdown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer in doubt.

    Attributes
    ----------
    image
        The picture's file in its folder; of arrays which image it is, from 0.
    answer
        The class that was answered; its number where nothing knows its name.
    confidence
        In it, in [0, 1].
    """

    image: str
    answer: str
    confidence: float

    @property
    def said(self) -> str:
        """The answer, and how sure it is."""
        return f"{self.answer}, {100 * self.confidence:.0f} %"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubted:
    """The answers of a model on a target that it is least sure of, these first."""

    model: str
    dataset: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubts:
    """Of every model on every target.

    Attributes
    ----------
    doubted
        By target, then by model.
    strips
        Rows of pictures: some of each target, then those of each model's answers.
    left_out
        How many rows there is no room for.
    """

    doubted: tuple[Doubted, ...]
    strips: tuple[Strip, ...] = ()
    left_out: int = 0


class DoubtsSection:
    """Images to look at first: their names in a line, their pictures on the page."""

    name = NAME
    title = "answers most in doubt"

    def find(self, rows: Sequence[Measurement], context: Context, /) -> Doubts | None:
        """What the facts of the targets' rows tell; None where they tell nothing."""
        found: dict[tuple[str, str], tuple[Doubt, ...]] = {}
        for row in rows:
            if row.domain is Domain.TARGET and (told := doubts_in(row.facts)):
                found.setdefault((row.dataset, row.model), told)
        if not found:
            return None
        run = context.run
        doubted = tuple(
            Doubted(
                model=model,
                dataset=dataset,
                answers=_answers(run, dataset, found[pair]),
            )
            for pair in sorted(found)
            for dataset, model in [pair]
        )
        if run is None or not pictures_asked(run):
            return Doubts(doubted=doubted)
        strips, left_out = _within(ROOM, _strips(run, doubted, found))
        return Doubts(doubted=doubted, strips=strips, left_out=left_out)

    def tables(self, found: Doubts, /) -> Iterator[Part]:
        """A line for each model and target; the pictures; all of it as a table."""
        for one in found.doubted[:_LINES]:
            first = ", ".join(f"{a.image} ({a.said})" for a in one.answers[:_NAMED])
            yield Text(
                text=f"{one.model} on {one.dataset}: {first}", hang=2, where=_OTHERS
            )
        if (more := len(found.doubted) - _LINES) > 0:
            yield Text(text=f"and {more} more, on the page", where=_OTHERS)
        if found.strips:
            yield Gallery(
                title="pictures of the targets",
                strips=found.strips,
                note="Below a picture what the model says, and its confidence in that."
                + _no_room(found.left_out),
            )
        yield _table(found.doubted, folded=bool(found.strips))

    def quantities(self, found: Doubts, /) -> Mapping[str, Quantity]:
        """None."""
        return {}


def _answers(run: Run | None, name: str, found: Sequence[Doubt]) -> tuple[Answer, ...]:
    """In words, as far as the run knows the target."""
    dataset = None if run is None else run.datasets.get(name)
    if run is None or dataset is None:
        return tuple(
            Answer(
                image=f"image {one.image}",
                answer=str(one.answer),
                confidence=one.confidence,
            )
            for one in found
        )
    rows = sampled_rows(len(dataset.load()), run.settings.max_images)
    numbers = [int(rows[one.image]) for one in found]
    return tuple(
        Answer(
            image=dataset.names[i] if dataset.names else f"image {i}",
            answer=answer_name(run, dataset, one.answer),
            confidence=one.confidence,
        )
        for i, one in zip(numbers, found, strict=True)
    )


def _strips(
    run: Run,
    doubted: Sequence[Doubted],
    found: Mapping[tuple[str, str], Sequence[Doubt]],
) -> Iterator[Strip]:
    """Some pictures of each target, drawn at random; then a row for each model."""
    for name, group in groupby(doubted, key=lambda one: one.dataset):
        dataset = run.datasets.get(name)
        if dataset is None:
            continue
        pixels = pixels_of(dataset, run.settings.max_images)
        if pixels is None:  # answers alone were saved
            continue
        images = len(sampled_rows(len(dataset.load()), run.settings.max_images))
        some = drawn(images)[:_DRAWN].tolist()
        yield Strip(
            name=name,
            text=f"{len(some)} of {counted(images, 'image')}, drawn at random",
            pictures=tuple(thumbnail(pixels(i)) for i in some),
        )
        for one in group:
            pairs = zip(found[name, one.model], one.answers, strict=True)
            yield Strip(
                name=f"{one.model} on {name}",
                text="is least sure of",
                pictures=tuple(
                    thumbnail(pixels(doubt.image), answer.said)
                    for doubt, answer in pairs
                ),
            )


def _within(room: int, strips: Iterator[Strip]) -> tuple[tuple[Strip, ...], int]:
    """The first rows that have so many bytes together, and how many are left out."""
    kept: list[Strip] = []
    left_out = 0
    for strip in strips:
        room -= sum(len(one.png) for one in strip.pictures)
        if room < 0:
            left_out += 1
        else:
            kept.append(strip)
    return tuple(kept), left_out


def _no_room(left_out: int) -> str:
    return f" {counted(left_out, 'row')} more had no room." if left_out else ""


def _table(doubted: Sequence[Doubted], *, folded: bool) -> Table:
    rows = tuple(
        (one.image, one.answer, one.confidence, pair.model, pair.dataset)
        for pair in doubted
        for one in pair.answers
    )
    return Table(
        columns=(
            Column(name="image", widest=32),
            Column(name="answer", widest=24),
            Column(name="confidence", unit="%", form=".1f", scale=100.0),
            Column(name="model", widest=16),
            Column(name="dataset", widest=16),
        ),
        rows=rows,
        folded=f"{counted(len(rows), 'answer')} as a table" if folded else "",
        where=("page",),
    )
