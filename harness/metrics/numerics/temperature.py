"""Temperature: one number that makes a model as confident as it is accurate."""

import math

import numpy as np

from harness.activation import Activation, checked_activation
from harness.arrays import Classes, Logits, sigmoid, softmax
from harness.metrics.numerics.checks import check_labels, check_logits

# Where the loss still falls at an end, no temperature within reason minimises it.
LOWEST, HIGHEST = 0.01, 100.0


def tempered(logits: Logits, temperature: float) -> Logits:
    """Divide the logits by a temperature: above 1 softer, below 1 sharper.

    Raises
    ------
    ValueError
        If `temperature` is not a positive finite number.
    """
    if not 0 < temperature < math.inf:
        raise ValueError(
            f"`temperature` must be positive and finite, got {temperature!r}"
        )
    return logits if temperature == 1 else logits / temperature


def fitted_temperature(
    source_logits: Logits,
    source_labels: Classes,
    *,
    activation: str = Activation.SOFTMAX,
) -> float:
    r"""Return the temperature that makes labelled source images most likely.

    .. math:: \arg\min_T -\frac1s \sum_i \log \mathrm{softmax}(f_i / T)_{y_i}
        \quad\text{or}\quad \arg\min_T -\frac1s \sum_i \sum_j
        \log \mathrm{sigmoid}(\pm f_{ij} / T)

    with + for the label and - for the other classes.

    Parameters
    ----------
    source_logits : (s, k) array
        One row per labelled source image.
    source_labels : (s,) integer array
        Their true classes.
    activation
        "softmax", or "sigmoid" of a network trained with one binary question a class:
        then all of these questions are made most likely.

    Returns
    -------
    float
        In [0.01, 100]: above 1 for a model that is too sure. 0.01 where every image is
        classified rightly (the loss falls for ever as T does), 100 where the logits are
        no better than none.

    Raises
    ------
    ValueError
        If `source_logits` is not a finite matrix, `source_labels` do not fit it, or
        there is no such activation.

    Notes
    -----
    The loss is convex in 1/T, so its slope has one root, which is bracketed and found
    to 1e-12. Fit it on images that the model was not trained on.

    References
    ----------
    Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", ICML 2017,
    arXiv:1706.04599, section 4.2.

    Examples
    --------
    >>> logits = np.array([[2.0, 0.0]] * 4)  # says 0.88, is right 3 times of 4
    >>> temperature = fitted_temperature(logits, np.array([0, 0, 0, 1]))
    >>> round(temperature, 6)  # odds 3:1 are a logit of log 3, so T = 2 / log 3
    1.820478
    >>> fitted_temperature(logits, np.array([0, 0, 0, 0]))
    0.01
    >>> fitted_temperature(logits, np.array([0, 1, 1, 1]))
    100.0
    >>> logits = np.array([[2.0, -2.0]] * 4)  # says 0.88 to both, right 3 times of 4
    >>> labels = np.array([0, 0, 0, 1])
    >>> round(fitted_temperature(logits, labels, activation="sigmoid"), 6)
    1.820478
    """
    from scipy.optimize import brentq

    check_logits(source_logits, name="source_logits")
    check_labels(source_labels, *source_logits.shape, name="source_labels")
    logits = np.asarray(source_logits, dtype=np.float64)
    probabilities = sigmoid
    if checked_activation(activation) is Activation.SOFTMAX:
        probabilities = softmax  # which a constant does not change
        logits = logits - logits.max(axis=1, keepdims=True)
    own = logits[np.arange(len(logits)), source_labels].mean()

    def slope(inverse: float) -> float:
        """Of the loss, in 1/T."""
        expected = (probabilities(inverse * logits) * logits).sum(axis=1).mean()
        return float(expected - own)

    if slope(1 / HIGHEST) >= 0:
        return HIGHEST
    if slope(1 / LOWEST) <= 0:
        return LOWEST
    return 1 / float(brentq(slope, 1 / HIGHEST, 1 / LOWEST, xtol=1e-14, rtol=1e-12))
