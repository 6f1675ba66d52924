"""Label noise: some labels are drawn anew, once, before anything is trained."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.datasets.image_names import names_of
from harness.datasets.images import SamePixels, facts_of

if TYPE_CHECKING:
    from harness.datasets.images import Images

SEED = 12345  # as published


def with_label_noise(
    labels: NDArray[np.integer],
    share: float,
    *,
    classes: int,
    true_too: bool = True,
    seed: int = SEED,
) -> NDArray[np.int64]:
    """Return labels of which about such a share is drawn anew, each class as likely.

    Parameters
    ----------
    labels : (n,) integer array
        In 0..classes-1.
    share
        In [0, 1].
    true_too
        Whether the true class may be drawn, as published: then 1 - share + share /
        classes of the labels are still true. Without, 1 - share are.
    seed
        The same labels for all networks that are trained on them.

    Returns
    -------
    (n,) int64 array

    Raises
    ------
    ValueError
        If the share or a label is out of range, or no other class can be drawn.

    References
    ----------
    ccc-frankfurt/intrinsic_ordering_nn_training, ``corrupt_labels``: to the label.

    Examples
    --------
    >>> with_label_noise(np.arange(5), 0.0, classes=10).tolist()
    [0, 1, 2, 3, 4]
    >>> noisy = with_label_noise(np.arange(5), 1.0, classes=10, true_too=False)
    >>> bool((noisy != np.arange(5)).all())
    True
    """
    if not 0 <= share <= 1:
        raise ValueError(f"`share` must be in [0, 1], got {share:g}")
    found = np.array(labels, dtype=np.int64)
    if found.ndim != 1 or not ((found >= 0) & (found < classes)).all():
        raise ValueError(
            f"`labels` must be (n,) numbers in 0..{classes - 1}, got shape "
            f"{found.shape}"
        )
    if classes < 2 and not true_too:
        raise ValueError(f"`classes` must be at least 2 to draw another, got {classes}")
    # The generator that the published labels were drawn with; its stream never changes.
    rng = np.random.RandomState(seed)
    drawn = rng.rand(len(found)) <= share
    if true_too:
        found[drawn] = rng.choice(classes, drawn.sum())
    else:
        away = 1 + rng.choice(classes - 1, drawn.sum())
        found[drawn] = (found[drawn] + away) % classes
    return found


class Relabelled(SamePixels):
    """Images with other labels than their own; pixels are read as before.

    Parameters
    ----------
    images
        As they are.
    labels
        (n,) int64, one for each.
    """

    def __init__(self, images: Images, labels: NDArray[np.int64]) -> None:
        if labels.shape != (len(images),):
            raise ValueError(
                f"`labels` must be one for each of {len(images)} images, got shape "
                f"{labels.shape}"
            )
        self._images = images
        self.labels: NDArray[np.int64] | None = labels
        #: As they were.
        self.true = images.labels

    @cached_property
    def digest(self) -> str:
        """sha256 over that of the images, with their labels, and the other labels."""
        digest = hashlib.sha256(self._images.digest.encode())
        digest.update(np.ascontiguousarray(self.labels).data)
        return digest.hexdigest()

    @property
    def facts(self) -> Mapping[str, NDArray[Any]]:
        """Of the images, where any are known."""
        return facts_of(self._images)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the images, where they have any."""
        return names_of(self._images)
