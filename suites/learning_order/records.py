"""Records: what a population got right after each epoch, with the images it is of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

from harness.datasets.image_ids import image_ids
from harness.datasets.image_names import names_of
from harness.errors import (
    BadData,
    HarnessError,
    UndefinedAsYet,
    UndefinedMetricError,
)
from harness.metrics.numerics.checks import check_probs
from harness.models.record import DURING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from harness.datasets.images import Images
    from harness.models.record import EpochRecord
    from harness.run import Run

SPLITS = ("train", "test")
#: After every epoch, and what training images were given while they were met in one.
TIMES = (*SPLITS, DURING)
SAME = 0.9  # share of labels that rows in the right order agree with; CIFAR-10H: 0.992


def right_on(records: Sequence[EpochRecord], split: str) -> NDArray[np.bool_]:
    """(networks, epochs, n) what was right at the end of every epoch, or during it.

    Raises
    ------
    UndefinedMetricError
        If a record is not of the split.
    """
    for record in records:
        if split not in record.predicted:
            raise UndefinedMetricError(
                f"the record of {record.facts['model']}, {record.facts['seed']}, must "
                f"be of {split!r}, and is of {', '.join(record.predicted)}"
            )
    return np.stack([record.right(split) for record in records])


def check_several(networks: Sequence[object]) -> None:
    """Refuse one network, which can be compared with no other.

    Raises
    ------
    UndefinedMetricError
        If it is one.
    """
    if len(networks) < 2:
        raise UndefinedMetricError(
            "it compares networks of a population, which has one alone; train more of "
            "them (networks=5)"
        )


def images_of(
    run: Run, population: str, records: Sequence[EpochRecord], split: str
) -> Images:
    """The images that the records of a population are of, in their order.

    Raises
    ------
    UndefinedAsYet
        If records of another trainer do not prove that they are of the base's images.
    HarnessError
        If a record is of other images than the base has now.
    """
    for record in records:
        if why := record.facts.get("unjoined", {}).get(split):
            raise UndefinedAsYet(why)
    images = run.population(population).images(split, run.settings)
    for record in records:
        if record.facts["images"].get(split) != images.digest:
            raise HarnessError(
                f"the record of model {record.facts['model']}, seed "
                f"{record.facts['seed']}, must be of the {split} images of base "
                f"{run.base.name}, got other ones; train it anew"
            )
    return images


def one_each(labels: NDArray[np.generic]) -> NDArray[np.int64] | None:
    """(n,) classes of images; None where several may hold of one."""
    return labels.astype(np.int64) if labels.ndim == 1 else None


def names_on(
    run: Run, population: str, records: Sequence[EpochRecord], split: str
) -> tuple[str, ...]:
    """What the images of a split are called, by which tables are joined.

    As the records say; or as the base's pictures are called; or by their pixels
    (`harness.image_ids`).
    """
    if split in records[0].ids:
        return tuple(map(str, records[0].ids[split]))
    images = images_of(run, population, records, split)
    return names_of(images) or tuple(map(str, image_ids(images.pixels)))


def soft_labels(path: Path, labels: NDArray[np.int64] | None) -> NDArray[np.float64]:
    """(n, classes) what people answered, a row for each image in its order.

    Rows that are joined by position have to prove that they belong: the class that most
    people chose is that of the image, nearly always. Without labels nothing is asked of
    them but to be shares.

    Raises
    ------
    BadData
        If it cannot be read, or is of other images, or in another order.
    """
    try:
        probs = np.load(path, allow_pickle=False)
        check_probs(probs, name="soft labels")
    except (OSError, ValueError, TypeError, EOFError, BadZipFile) as error:
        raise BadData(
            f"{path} must be an .npy file of shares (n, classes): {error}"
        ) from error
    if labels is None:
        return np.asarray(probs, dtype=np.float64)
    if len(probs) != len(labels):
        raise BadData(
            f"{path} must have a row for each of {len(labels)} test images, got "
            f"{len(probs)}"
        )
    same = float((probs.argmax(axis=1) == labels).mean())
    if same < SAME:
        raise BadData(
            f"rows of {path} must be in the order of the test images, but the largest "
            f"share is that of the label in {same:.1%} of them; sort them as the test "
            "split is, not by folders of classes"
        )
    return np.asarray(probs, dtype=np.float64)
