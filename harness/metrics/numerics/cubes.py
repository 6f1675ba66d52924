"""Cubes of what was right: networks by epochs by images, checked in one place.

Axis letters: m networks, e epochs, n images.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Right = NDArray[np.bool_]
_SHAPES = {
    1: "(n,)",
    2: "(networks, n) or (epochs, n)",
    3: "(networks, epochs, n)",
}


def right_of(
    predicted: NDArray[np.integer], labels: NDArray[np.integer]
) -> NDArray[np.bool_]:
    """(..., n) whether each prediction is the label of its image.

    Parameters
    ----------
    predicted : (..., n) integer array
        Classes, of any networks and epochs.
    labels : (n,) integer array
        Of the images, in the same order.

    Raises
    ------
    TypeError, ValueError
        If they are no whole numbers, or not of the same n images.

    Examples
    --------
    >>> right_of(np.array([[0, 1], [1, 1]]), np.array([0, 1])).tolist()
    [[True, True], [False, True]]
    """
    for name, array in (("predicted", predicted), ("labels", labels)):
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "iu":
            kind = getattr(array, "dtype", type(array).__name__)
            raise TypeError(f"`{name}` must be an array of whole numbers, got {kind}")
    if labels.ndim != 1 or predicted.shape[-1:] != labels.shape:
        raise ValueError(
            "`predicted` must have one class for each of the labels in its last axis, "
            f"got shapes {predicted.shape} and {labels.shape}"
        )
    return np.asarray(predicted == labels)


def check_right(right: Right, *ndims: int, name: str = "right") -> None:
    """Refuse anything but a bool array of such a number of axes, none of them empty.

    Raises
    ------
    TypeError, ValueError
        With what was got.
    """
    if not isinstance(right, np.ndarray) or right.dtype != np.bool_:
        found = right.dtype if isinstance(right, np.ndarray) else type(right).__name__
        raise TypeError(
            f"`{name}` must be a bool array of what is right, got {found}; compare "
            "predictions with labels first"
        )
    if right.ndim not in ndims or right.size == 0:
        shapes = " or ".join(_SHAPES[ndim] for ndim in ndims)
        raise ValueError(
            f"`{name}` must have shape {shapes} with no empty axis, got {right.shape}"
        )
