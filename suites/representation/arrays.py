"""Arrays of a cell: features of one layer of a network, and what images are of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.datasets.dataset import Dataset
    from harness.fixtures.grid import Model, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Layered:
    """What one layer of a model says of a dataset, and of the training images.

    Attributes
    ----------
    model, dataset, predictions, layer
        The cell's.
    train
        The training split as the model sees it.
    """

    model: Model
    dataset: Dataset
    predictions: Any
    train: Source
    layer: str

    @property
    def alone(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """(n, d) features of the images, and their (n,) classes."""
        labels = labels_of(self.model, self.dataset)
        return self.predictions.features(layer=self.layer), labels

    @property
    def with_bank(self) -> tuple[Any, ...]:
        """The same behind (m, d) features and (m,) classes of the training images."""
        images = self.alone
        bank = self.train.predictions.features(layer=self.layer)
        return bank, self.train.labels, *images


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share of images that are right, as `record` takes it with its interval."""

    value: float
    low: float
    high: float
    chance: float


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

    blocks = dataset.blocks("cpu", model.run.settings.max_images)
    found = np.concatenate([block.flatten(1).numpy() for block in blocks])
    if not found.shape[1]:
        raise UndefinedMetricError("outputs were saved, and no images")
    return found
