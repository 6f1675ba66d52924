"""Arrays of a cell: what images are of, and their pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.datasets.dataset import Dataset
    from harness.fixtures.grid import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share of images that are right, as `record` takes it with its interval."""

    value: float
    low: float
    high: float
    chance: float
    facts: dict[str, str] | None = None


def labels_of(model: Model, dataset: Dataset) -> NDArray[np.int64]:
    """(n,) classes of the base; looking at them makes a score with labels.

    Raises
    ------
    UndefinedMetricError
        If the images have none, or not one each.
    """
    from harness.errors import UndefinedMetricError

    run = model.run
    truth = dataset.truth(len(run.base.classes), run.settings.max_images)
    if truth is None:
        raise UndefinedMetricError("the dataset has no labels")
    labels = truth.labels()
    if labels is None:
        raise UndefinedMetricError(f"it needs one class an image, got {truth}")
    return labels


def pixels_of(model: Model, dataset: Dataset) -> NDArray[np.uint8]:
    """(n, p) pixels, as the sample that is measured has them.

    Raises
    ------
    UndefinedMetricError
        If outputs were saved, and no images.
    """
    import numpy as np

    from harness.errors import UndefinedMetricError

    blocks = dataset.blocks("cpu", model.run.limit_of(dataset))
    found = np.concatenate([block.flatten(1).numpy() for block in blocks])
    if not found.shape[1]:
        raise UndefinedMetricError("outputs were saved, and no images")
    return found
