"""Contingency: how many images each class and each cluster have in common."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Classes
from harness.metrics.numerics.checks import check_predicted
from harness.metrics.numerics.memo import remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class Contingency:
    """The table of two partitions of n images, and where its counts are.

    Attributes
    ----------
    counts
        (k, c) images of each class in each cluster.
    classes, clusters
        (k,) and (c,) the numbers that occur, in order: every row and column has an
        image.
    labels, predicted
        (n,) the row and the column of each image.
    """

    counts: NDArray[np.int64]
    classes: Classes
    clusters: Classes
    labels: Classes
    predicted: Classes

    @property
    def n(self) -> int:
        """Number of images."""
        return len(self.labels)

    @property
    def class_sizes(self) -> NDArray[np.int64]:
        """(k,) images of each class."""
        return np.bincount(self.labels, minlength=len(self.classes))

    @property
    def cluster_sizes(self) -> NDArray[np.int64]:
        """(c,) images of each cluster."""
        return np.bincount(self.predicted, minlength=len(self.clusters))

    @property
    def identical(self) -> bool:
        """Whether both are one partition, whatever its parts are called."""
        cells = np.count_nonzero(self.counts)
        return bool(cells == len(self.classes) == len(self.clusters))


def contingency(predicted: Classes, labels: Classes) -> Contingency:
    """Count the images of each class in each cluster that occur.

    Parameters
    ----------
    predicted, labels : (n,) integer arrays
        Cluster and class of each image, numbers from 0.

    Raises
    ------
    TypeError, ValueError
        If these are no whole numbers from 0, or not as many, or none.

    Examples
    --------
    >>> table = contingency(np.array([0, 0, 1, 1, 7, 7]), np.array([0, 0, 0, 1, 1, 1]))
    >>> table.counts.tolist(), table.clusters.tolist()
    ([[2, 1, 0], [0, 1, 2]], [0, 1, 7])
    """
    check_predicted(predicted)
    check_predicted(labels, len(predicted), name="labels")
    return _counted(predicted, labels)


@remembered(4)
def _counted(predicted: Classes, labels: Classes) -> Contingency:
    classes, rows = np.unique(labels, return_inverse=True)
    clusters, columns = np.unique(predicted, return_inverse=True)
    shape = len(classes), len(clusters)
    cells = np.bincount(rows * shape[1] + columns, minlength=shape[0] * shape[1])
    return Contingency(
        counts=cells.reshape(shape),
        classes=classes,
        clusters=clusters,
        labels=rows,
        predicted=columns,
    )
