"""Pictures of an order: the images that are learned by most and by fewest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.metrics.learning_order.agreement import agreed
from harness.metrics.learning_order.correctness import correctness_score
from harness.report.gallery import Gallery, Picture, Strip, thumbnail
from harness.report.table import Column, Table

from .records import images_of, right_on

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.datasets.images import Images
    from harness.run import Run

SHOWN = 12  # images a row
CLASSES = 20  # that a table of shares has room for


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictured:
    """The ends of the order of one population on one split.

    Attributes
    ----------
    population, split
        Of whom, and of which images.
    most, least
        Pictures of the images with the highest score, drawn at random among equals,
        and the lowest.
    epochs
        After which shares are taken: the first, one in the middle, the last.
    shares
        By class, the share of its images that all networks get right after each of
        these; empty where there are too many classes.
    """

    population: str
    split: str
    most: tuple[Picture, ...]
    least: tuple[Picture, ...]
    epochs: tuple[int, ...]
    shares: dict[str, tuple[float, ...]]


def pictured(run: Run, population: str, split: str) -> Pictured:
    """Take the ends of the order from the records; no network is run."""
    records = run.population_records(population)
    images = images_of(run, population, records, split)
    right = right_on(records, split)
    labels, names = records[0].labels[split], run.base.classes
    holds = labels if labels.ndim == 2 else labels[:, None] == np.arange(len(names))
    score = correctness_score(right)
    rng = np.random.default_rng(0)
    order = np.lexsort((rng.random(len(score)), score))

    def shown(rows: NDArray[np.intp]) -> tuple[Picture, ...]:
        return tuple(
            thumbnail(_pixels(images, i), f"{_said(names, holds[i])}, {score[i]:.2f}")
            for i in rows
        )

    last = right.shape[1]
    epochs = tuple(sorted({1, (last + 1) // 2, last}))
    together = agreed(right)
    shares = {
        name: tuple(float(together[e - 1, holds[:, c]].mean()) for e in epochs)
        for c, name in enumerate(names)
        if len(names) <= CLASSES and holds[:, c].any()
    }
    return Pictured(
        population=population,
        split=split,
        most=shown(order[::-1][:SHOWN]),
        least=shown(order[:SHOWN]),
        epochs=epochs,
        shares=shares,
    )


def _said(names: tuple[str, ...], holds: NDArray[np.bool_]) -> str:
    """The classes of an image in words."""
    return " ".join(names[c] for c in np.flatnonzero(holds)) or "none"


def _pixels(images: Images, i: int) -> NDArray[np.uint8]:
    return images.block(i, i + 1)[0]


def gallery(one: Pictured) -> Gallery:
    """A row for each end."""
    return Gallery(
        strips=(
            Strip(name="learned first", text="the highest score", pictures=one.most),
            Strip(name="learned last", text="or never", pictures=one.least),
        ),
        title=f"images of {one.split}, {one.population}",
        note="Below an image its class and its score: the share of networks and epochs "
        "that get it right. Of images with the same score any.",
    )


def shares(one: Pictured) -> Table:
    """How much of each class is in the agreed set."""
    return Table(
        columns=(
            Column(name="class"),
            *(
                Column(name=f"epoch {epoch}", form=".1f", unit="%", scale=100.0)
                for epoch in one.epochs
            ),
        ),
        rows=tuple((name, *values) for name, values in one.shares.items()),
        title=f"share of each class that all networks get right: {one.population} on "
        f"{one.split}",
        where=("page",),
    )
