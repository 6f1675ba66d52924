"""What `predict_accuracy` is given, as it needs it: arrays, tensors or lists.

`harness.metrics.numerics.checks` looks at their shapes next.
"""

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Array

# Texts and dates would become numbers, and complex ones lose their imaginary part.
_NO_NUMBERS = "cSUmM"


def array_of(given: Any, name: str) -> NDArray[Any]:
    """An array of what was given: an array, a list, a tensor on any device.

    Parameters
    ----------
    given
        Tensors may need a gradient, and be of bfloat16, which becomes float64.
    name
        What errors call it.

    Raises
    ------
    TypeError
        If it cannot become an array.
    ValueError
        If its rows have different lengths.
    """
    try:
        if hasattr(given, "detach"):  # a tensor, and torch need not be there
            given = given.detach().cpu()
            given = (given.double() if given.is_floating_point() else given).numpy()
        return np.asarray(given)
    except ValueError as error:
        raise ValueError(f"`{name}` must be an array: {error}") from error
    except (TypeError, RuntimeError) as error:
        raise TypeError(f"`{name}` must be an array: {error}") from error


def floats(given: Any, name: str) -> Array:
    """The same in float64.

    Raises
    ------
    TypeError
        If it cannot become an array, or is not of real numbers.
    ValueError
        If its rows have different lengths.

    Examples
    --------
    >>> floats([[1, 2]], "logits")
    array([[1., 2.]])
    >>> floats([[1j, 2]], "logits")
    Traceback (most recent call last):
    ...
    TypeError: `logits` must be real numbers, got dtype complex128
    """
    array = array_of(given, name)
    if array.dtype.kind not in _NO_NUMBERS:
        try:
            return array.astype(np.float64)
        except (TypeError, ValueError):
            pass  # objects that are no numbers
    raise TypeError(f"`{name}` must be real numbers, got dtype {array.dtype}")


def check_level(level: float) -> None:
    """Refuse anything but a number between 0 and 1.

    Raises
    ------
    TypeError
        If it is no number.
    ValueError
        If it is not between them.
    """
    if not isinstance(level, Real):
        raise TypeError(
            f"`level` must be a number between 0 and 1, got {level!r:.60} "
            f"({type(level).__name__})"
        )
    if not 0 < level < 1:
        raise ValueError(f"`level` must be between 0 and 1, got {level:g}")
