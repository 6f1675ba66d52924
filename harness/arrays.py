"""Arrays: their names in signatures, what makes probabilities, and what tells them."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from harness.activation import Activation, checked_activation

Array: TypeAlias = NDArray[np.float64]
Probs: TypeAlias = NDArray[np.float64]
Logits: TypeAlias = NDArray[np.float64]
Classes: TypeAlias = NDArray[np.int64]

# Rows of a float32 softmax over 1000 classes sum to 1 within about 1e-6.
ROW_SUM_TOLERANCE = 1e-4
# Texts and dates would become numbers, and complex ones lose their imaginary part.
NO_NUMBERS = "cSUmM"


def softmax(logits: Logits) -> Probs:
    """Softmax over the last axis in float64, without overflow.

    Parameters
    ----------
    logits : (..., k) array, k >= 1
        Of real numbers; lists and tensors do as well. A row with a nan is all nan.

    Raises
    ------
    TypeError, ValueError
        If they are no real numbers, or have no last axis.

    Examples
    --------
    >>> softmax([[0.0, 0.0], [800.0, 0.0]]).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    logits = floats(logits, "logits")
    if logits.ndim == 0 or logits.shape[-1] == 0:
        raise ValueError(
            f"`logits` must have a last axis of classes, got shape {logits.shape}"
        )
    return np.exp(log_softmax(logits))


def sigmoid(logits: Logits) -> Array:
    """A probability for each logit by itself in float64, without overflow."""
    negative = -np.asarray(logits, dtype=np.float64)
    return np.asarray(np.exp(-np.logaddexp(0.0, negative)))


def confidence(logits: Logits, activation: str = Activation.SOFTMAX) -> Array:
    """(n,) the probability of each predicted class, in float64.

    Raises
    ------
    ValueError
        If there is no such activation.

    Examples
    --------
    >>> logits = np.log([[8.0, 1.0, 1.0], [1.0, 1.0, 2.0]])
    >>> confidence(logits).round(6).tolist()  # 8/10, 2/4
    [0.8, 0.5]
    >>> confidence(logits, "sigmoid").round(6).tolist()  # 8/9, 2/3
    [0.888889, 0.666667]
    """
    if checked_activation(activation) is Activation.SIGMOID:
        return sigmoid(np.max(logits, axis=1))
    return np.asarray(softmax(logits).max(axis=1))


def log_softmax(logits: Logits) -> Array:
    """Log of the softmax over the last axis in float64, without overflow."""
    logits = np.asarray(logits, dtype=np.float64)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def log_sum_exp(values: Array) -> Array:
    """Log of the sum of exponentials over the last axis in float64, without overflow.

    -inf counts as an absent summand; the sum of absent ones alone is -inf.
    """
    values = np.asarray(values, dtype=np.float64)
    top = values.max(axis=-1, keepdims=True)
    shift = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        total = np.log(np.exp(values - shift).sum(axis=-1))
    return np.asarray(total + shift[..., 0])


def probability_total(rows: NDArray[Any]) -> int:
    """1 where every row is a distribution, 100 where it is one in percent, else 0.

    Parameters
    ----------
    rows : (..., k) finite array
        Of any floating-point type.

    Returns
    -------
    int
        Rows need only sum to 1 within what rounding explains: of decimals (two to
        four), of half precision or bfloat16, or of a float32 softmax.

    Examples
    --------
    >>> probability_total(np.array([[0.25, 0.75], [1.0, 0.0]]))
    1
    >>> probability_total(np.array([[0.33, 0.33, 0.33]]))  # to two decimals
    1
    >>> probability_total(np.array([[33.3, 33.3, 33.3]]))
    100
    >>> probability_total(np.array([[0.25, 0.75], [1.0, 0.5]]))
    0
    """
    if rows.size == 0 or rows.min() < 0:
        return 0
    sums = rows.sum(axis=-1, dtype=np.float64)
    for total in (1, 100):
        gap = float(np.abs(sums / total - 1).max())
        # Most arrays are logits, so what is cheap is looked at first.
        if gap <= ROW_SUM_TOLERANCE or (
            gap <= MOST_ROUNDING and gap <= _rounding(rows, total)
        ):
            return total
    return 0


# Rows that miss 1 by more than this are not called probabilities, however rounded.
MOST_ROUNDING = 0.5


def _rounding(rows: NDArray[Any], total: int) -> float:
    """How far a row's share may be from 1 for how its numbers seem to be rounded."""
    exact = rows.astype(np.float64)
    if (exact > total).any():
        return 0.0
    step = np.finfo(rows.dtype).eps if np.issubdtype(rows.dtype, np.floating) else 0.0
    shares = exact / total
    for decimals in (2, 3, 4):
        near = max(10.0 ** -(decimals + 3), float(step))
        if near < 10.0**-decimals / 8 and (
            np.abs(shares - shares.round(decimals)).max() <= near
        ):
            return float(0.5 * 10.0**-decimals * rows.shape[-1] + step)
    single = exact.astype(np.float32)
    if (exact == single).all() and not (single.view(np.uint32) & 0xFFFF).any():
        return 2.0**-6  # bfloat16, for which NumPy has no type
    if (exact == single.astype(np.float16)).all():
        return 2.0**-9
    return 0.0


def lie_in_unit_interval(rows: NDArray[Any]) -> bool:
    """Whether scores are all in [0, 1], as sigmoids are and logits hardly ever.

    Fewer than 20 numbers prove nothing, nor does one number over and over.
    """
    return bool(rows.size >= 20 and 0 <= rows.min() < rows.max() <= 1)


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
        If its rows have different lengths, or some of it is masked.
    """
    try:
        if hasattr(given, "detach"):  # a tensor, and torch need not be there
            given = given.detach().cpu()
            given = (given.double() if given.is_floating_point() else given).numpy()
        array = np.asarray(given)
    except ValueError as error:
        raise ValueError(f"`{name}` must be an array: {error}") from error
    except (TypeError, RuntimeError) as error:
        raise TypeError(f"`{name}` must be an array: {error}") from error
    check_unmasked(given, name)
    return array


def floats(given: Any, name: str) -> Array:
    """The same in float64.

    Raises
    ------
    TypeError
        If it cannot become an array, or is not of real numbers.
    ValueError
        If its rows have different lengths, or some of it is masked.

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
    if array.dtype.kind not in NO_NUMBERS:
        try:
            return array.astype(np.float64, copy=False)
        except (TypeError, ValueError):
            pass  # objects that are no numbers
    raise TypeError(f"`{name}` must be real numbers, got dtype {array.dtype}")


def check_unmasked(array: Any, name: str) -> None:
    """Refuse an array of `numpy.ma` with something masked, which NumPy would unmask.

    Raises
    ------
    ValueError
        With how many values are masked.
    """
    if not isinstance(array, np.ma.MaskedArray):
        return
    if masked := int(np.ma.getmaskarray(array).sum()):
        raise ValueError(
            f"`{name}` must not be masked, got {masked} masked values; leave these out"
        )
