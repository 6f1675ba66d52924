"""Pictures of clusters: what the best and any images of each look like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.metrics.numerics.matching import Rule, matched
from harness.printable import counted
from harness.report.gallery import Gallery, Picture, Strip, thumbnail
from harness.report.pictures import pixels_of
from harness.report.table import Column, Table

from .assignments import Assignment, Partition

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.datasets.dataset import Dataset
    from harness.run import Run

BEST, ANY = 8, 8  # images of a cluster
MOST = 12  # clusters that are shown
CLASSES = 20  # of a matrix that a page has room for


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One cluster.

    Attributes
    ----------
    number, images
        Which, and how many images it has.
    stands_for
        The class it is matched with by the hybrid rule.
    majority
        The class that most of its images have: of several the one that it is matched
        with, or else the first.
    inside
        The largest classes in it with their numbers of images: "50 of 7, 2 of 1".
    purity
        Share of its largest class.
    best, some
        The images that it is surest of, and any of them.
    """

    number: int
    images: int
    stands_for: str
    majority: str
    inside: str
    purity: float
    best: tuple[Picture, ...]
    some: tuple[Picture, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictured:
    """The clusters of one dataset under one assignment, those of one class first.

    Attributes
    ----------
    model, dataset, clusters, k
        Of whom, of what, how, and how many were asked for.
    of
        Each, at most `MOST`.
    used
        How many have an image.
    classes
        Names of the classes of the matrix; empty where there are too many.
    matrix
        A row for each cluster in the order of the classes that they stand for, with its
        number before; images of each class.
    """

    model: str
    dataset: str
    clusters: str
    k: int
    of: tuple[Cluster, ...]
    used: int
    classes: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]


def pictured(
    run: Run, model: str, dataset: Dataset, assignment: Assignment, k: int
) -> Pictured:
    """Sort the images once more, which costs a forward pass, and keep some of each."""
    from harness.fixtures.grid import Model

    said = Model(model, run)
    partition = Partition(assignment, k, said, dataset, said.predictions(dataset))
    predicted, labels = partition.predicted, partition.labels
    names = run.base.classes
    stand = matched(predicted, labels, rule=Rule.HYBRID)
    pixels = pixels_of(dataset, run.settings.max_images)
    # Of saved answers nothing is shown, and perhaps the classes alone are known.
    sure = np.zeros(len(predicted)) if pixels is None else partition.confidences

    def shown(rows: NDArray[np.intp]) -> tuple[Picture, ...]:
        if pixels is None:
            return ()
        return tuple(thumbnail(pixels(i), names[labels[i]]) for i in rows)

    found = []
    for number in np.unique(predicted):
        inside = np.flatnonzero(predicted == number)
        counts = np.bincount(labels[inside], minlength=len(names))
        order = inside[np.argsort(-sure[inside], kind="stable")]
        rng = np.random.default_rng(int(number))
        some = rng.permutation(inside)[:ANY]
        own = int(stand[inside[0]])
        by_size = np.lexsort((np.arange(len(names)) != own, -counts))
        largest = [c for c in by_size[:3] if counts[c]]
        found.append(
            Cluster(
                number=int(number),
                images=len(inside),
                stands_for=names[own],
                majority=names[largest[0]],
                inside=", ".join(f"{counts[c]} of {names[c]}" for c in largest),
                purity=float(counts.max() / len(inside)),
                best=shown(order[:BEST]),
                some=shown(some),
            )
        )
    pure = sorted(found, key=lambda one: (-one.purity, -one.images, one.number))
    few = max(len(names), len(found)) <= CLASSES
    return Pictured(
        model=model,
        dataset=dataset.name,
        clusters=str(assignment),
        k=k,
        of=tuple(pure[:MOST]),
        used=len(found),
        classes=tuple(names) if few else (),
        matrix=_matrix(predicted, labels, stand, len(names)) if few else (),
    )


def _matrix(
    predicted: NDArray[np.int64],
    labels: NDArray[np.int64],
    stand: NDArray[np.int64],
    classes: int,
) -> tuple[tuple[int, ...], ...]:
    numbers, places = np.unique(predicted, return_index=True)
    first = dict(zip(numbers.tolist(), stand[places].tolist(), strict=True))
    order = sorted(first, key=lambda c: (first[c] < 0, first[c], c))
    return tuple(
        (c, *map(int, np.bincount(labels[predicted == c], minlength=classes)))
        for c in order
    )


def gallery(one: Pictured) -> Gallery:
    """Two rows a cluster."""
    strips = []
    for cluster in one.of:
        images = counted(cluster.images, "image")
        said = f"{images}, {cluster.inside} (purity {cluster.purity:.2f})"
        name = f"cluster {cluster.number}"
        strips += [
            Strip(
                name=f"{name}, best",
                text=f"{said}; {_stands(cluster)}",
                pictures=cluster.best,
            ),
            Strip(name=f"{name}, any", text="", pictures=cluster.some),
        ]
    left = one.used - len(one.of)
    return Gallery(
        strips=tuple(strips),
        title=f"{one.model} on {one.dataset}, {one.clusters}, k {one.k}",
        note="Below an image its class. Best: those that the head is surest of, or "
        "that lie nearest to the middle; any: drawn at random. Clusters of one class "
        "first"
        f"{f'; {left} more are not shown' if left else ''}.",
    )


def _stands(cluster: Cluster) -> str:
    """Which class a cluster counts as, and why if that is not what most of it is."""
    if cluster.stands_for == cluster.majority:
        return f"counts as class {cluster.stands_for}"
    return (
        f"most are of class {cluster.majority}, which the one-to-one matching gave to "
        f"another cluster, and to this one class {cluster.stands_for}"
    )


def confusion(one: Pictured) -> Table:
    """Clusters against classes, those that stand for a class in its order."""
    return Table(
        columns=(
            Column(name="cluster", form=".0f"),
            *(Column(name=name, form=".0f", group="class") for name in one.classes),
        ),
        rows=tuple(tuple(map(float, row)) for row in one.matrix),
        title=f"images of each class: {one.model} on {one.dataset}, {one.clusters}, "
        f"k {one.k}",
        where=("page",),
    )
