"""MaNo: an entrywise norm of the logits, normalised as far as they can be trusted."""

from typing import Literal

import numpy as np

from harness.arrays import Array, Logits, log_softmax
from harness.metrics.numerics.checks import check_logits
from harness.metrics.spec import Input, Invariant, Metric, Trend

Normalisation = Literal["auto", "softmax", "taylor"]


def mano(
    logits: Logits,
    *,
    p: float = 4.0,
    eta: float = 5.0,
    normalisation: Normalisation = "auto",
    batch_size: int | None = None,
) -> float:
    r"""Return the scaled entrywise p-norm of the normalised logits.

    .. math:: \left(\frac1{nk} \sum_{ij} \sigma(f_i)_j^p\right)^{1/p}

    where sigma is the softmax if the mean divergence of the predictions from uniform,

    .. math:: \Phi = -\frac1{nk} \sum_{ij} \log \mathrm{softmax}(f_i)_j,

    is above eta, and otherwise a second-order expansion of it: the row of
    :math:`1 + f + f^2/2`, less its smallest entry, divided by its sum.

    Parameters
    ----------
    logits : (n, k) array
        One row per image.
    p
        Order of the norm, at least 1.
    eta
        Threshold on :math:`\Phi`.
    normalisation
        ``auto`` as above; ``softmax`` or ``taylor`` to fix it, so that one model is
        measured with one function on every set.
    batch_size
        None for the norm of the whole matrix. A whole number for the mean of the norms
        of consecutive batches, as the released code has it (with 128).

    Returns
    -------
    float
        In (0, 1], higher is better. k^(-1/p) when every row is one-hot, 1/k when every
        row is uniform.

    Raises
    ------
    ValueError
        If `logits` is not a finite matrix or an option is out of range.

    Notes
    -----
    A row of equal logits has nothing left after its smallest entry is taken away; it
    counts as uniform, which is also its softmax. The expansion is not monotone in the
    logits and changes when a constant is added to them.

    The released code scores in training mode (batch statistics), takes Phi from one
    batch and reuses it for every set, and an early version leaves the exponentials
    without their sum; here the model is in evaluation mode and Phi is that of the set.

    References
    ----------
    Xie, Odonnat, Feofanov, Deng, Zhang, An, "MaNo: Exploiting Matrix Norm for
    Unsupervised Accuracy Estimation Under Distribution Shifts", NeurIPS 2024,
    arXiv:2405.18979.

    Examples
    --------
    >>> round(mano(np.zeros((3, 4))), 6)  # uniform
    0.25
    >>> sure = 1e4 * np.eye(16)
    >>> round(mano(sure), 6)  # 16^(-1/4), Phi = 9375 is above 5
    0.5
    >>> logits = np.array([[2.0, 0.0, 0.0]])  # Phi = 1.573: 5, 1, 1 less 1 is one-hot
    >>> round(mano(logits), 6)  # 3^(-1/4)
    0.759836
    >>> round(mano(logits, p=1), 6)  # the mean of a distribution
    0.333333
    >>> round(mano(np.log([[0.75, 0.25]]), p=2, normalisation="softmax"), 6)
    0.559017
    >>> two = np.concatenate([sure[:1], np.zeros((1, 16))])
    >>> round(mano(two, batch_size=1), 6)  # (1/2 + 1/16) / 2
    0.28125
    """
    check_logits(logits)
    if not p >= 1:
        raise ValueError(f"`p` must be at least 1, got {p!r}")
    if normalisation not in ("auto", "softmax", "taylor"):
        raise ValueError(
            "`normalisation` must be 'auto', 'softmax' or 'taylor', "
            f"got {normalisation!r}"
        )
    if batch_size is not None and batch_size < 1:
        raise ValueError(f"`batch_size` must be at least 1, got {batch_size}")
    log_probs = log_softmax(logits)
    unsure = -log_probs.mean() <= eta
    if normalisation == "taylor" or (normalisation == "auto" and unsure):
        weights = _taylor(logits)
    else:
        weights = np.exp(log_probs)
    starts = np.arange(0, len(logits), batch_size or len(logits))
    sizes = np.diff(np.append(starts, len(logits)))
    sums = np.add.reduceat((weights**p).sum(axis=1), starts)
    return float(((sums / (sizes * logits.shape[1])) ** (1 / p)).mean())


def _taylor(logits: Logits) -> Array:
    """(n, k) distributions that a parabola gives in place of the exponential."""
    logits = np.asarray(logits, dtype=np.float64)
    values = 1 + logits + logits**2 / 2
    values -= values.min(axis=1, keepdims=True)
    sums = values.sum(axis=1, keepdims=True)
    uniform = np.full_like(values, 1 / logits.shape[1])
    return np.asarray(np.divide(values, sums, out=uniform, where=sums > 0))


MANO = Metric(
    fn=mano,
    inputs=(Input.LOGITS,),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Xie et al. 2024, arXiv:2405.18979",
    invariants=frozenset(
        {Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER, Invariant.DUPLICATION}
    ),
)
