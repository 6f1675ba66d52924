"""Label shift: class shares that have changed, told from answers alone. No metrics.

Where only the shares of the classes are others, answers to images of each class are as
they were, and the answers to all are those of the source, mixed anew. Two questions:
which mixture gives the predicted classes, and whether it gives the confidences too,
which images that have changed themselves do not keep. Predicted classes alone move
under both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Array, Classes, Logits
from harness.metrics.numerics.checks import check_logits, check_source

#: Below this probability a difference is no chance: of predicted classes, that shares
#: have changed; of confidences, that images have too.
CHANCE = 0.01
_STEPS = 500
_STILL = 1e-6
_SMALLEST = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassShares:
    """What answers say of the class shares of a target.

    Attributes
    ----------
    shares
        (k,) the shares that the predicted classes are most probable with, if only
        shares have changed.
    moved
        Total variation between them and the source's, in [0, 1].
    p_same
        How probable predicted classes as unlike the source's are if nothing changed.
    p_alone
        How probable margins as unlike are if only the shares did.
    worth
        How many images of their own shares the source is worth under these.
    """

    shares: Array
    moved: float
    worth: float
    p_same: float
    p_alone: float

    @property
    def changed(self) -> bool:
        """Whether predicted classes differ by more than chance."""
        return self.p_same < CHANCE

    @property
    def alone(self) -> bool:
        """Whether other shares are enough to explain what differs."""
        return self.changed and self.p_alone >= CHANCE


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderShares:
    """A metric where class shares are others: the source brought to these.

    Attributes
    ----------
    moved
        Total variation between the shares and the source's.
    accuracy, images
        Of the source with such shares; how many images it is worth.
    source, value
        The metric on that source; and on the target, with that as its source.
    """

    moved: float
    accuracy: float
    images: float
    source: float
    value: float


def class_shares(
    logits: Logits, source_logits: Logits, source_labels: Classes
) -> ClassShares:
    r"""Return the class shares that answers to unlabelled images suggest.

    Shares w maximise the likelihood of the predicted classes,
    :math:`\sum_i \log \sum_y w_y C_{\hat y_i y}`, with C the source's shares of
    predicted classes by true class; :math:`p_{alone}` is of the Kolmogorov-Smirnov
    distance between the margins (largest minus second logit) of the target and those of
    the source under weights :math:`w_y / \pi_y`.

    Parameters
    ----------
    logits : (n, k) array
        Of the target.
    source_logits, source_labels : (s, k) and (s,) arrays

    Returns
    -------
    ClassShares

    Raises
    ------
    ValueError
        If the arrays are not finite or do not fit together.

    Notes
    -----
    A network that takes other images for some of the classes, as surely as it knows
    those, is not told from other shares: no test of its answers could, and an interval
    must hold both. And of few images only large differences of the margins are seen.

    References
    ----------
    Lipton, Wang and Smola, "Detecting and correcting for label shift with black box
    predictors", ICML 2018, for the confusion matrix; Saerens, Latinne and Decaestecker,
    "Adjusting the outputs of a classifier to new a priori probabilities", Neural
    Computation 14, 2002, for the likelihood, which keeps shares in [0, 1]; Kish,
    "Survey sampling", 1965, for the number that weighted images are worth. Pearson's
    test of homogeneity tells whether predicted classes differ.

    Examples
    --------
    >>> logits = 9 * np.eye(2)[[0] * 50 + [1] * 50]
    >>> labels = np.array([0] * 50 + [1] * 50)
    >>> found = class_shares(logits[40:], logits, labels)
    >>> found.shares.round(3).tolist(), found.changed, found.alone
    ([0.167, 0.833], True, True)
    >>> found = class_shares(logits[40:] / 3, logits, labels)
    >>> found.changed, found.alone
    (True, False)
    """
    check_logits(logits)
    check_source(source_logits, source_labels, logits.shape[1])
    k = logits.shape[1]
    said, known = logits.argmax(axis=1), source_logits.argmax(axis=1)
    counts = np.bincount(said, minlength=k)
    source_counts = np.bincount(known, minlength=k)
    prior = np.bincount(source_labels, minlength=k) / len(source_labels)
    shares = _likely(counts / len(said), known, source_labels, prior)
    weights = (shares / np.maximum(prior, _SMALLEST))[source_labels]
    return ClassShares(
        shares=shares,
        moved=float(np.abs(shares - prior).sum() / 2),
        worth=float(weights.sum() ** 2 / (weights**2).sum()),
        p_same=_homogeneous(counts, source_counts),
        p_alone=_kolmogorov(_margins(logits), _margins(source_logits), weights),
    )


def rows_with_shares(labels: Classes, shares: Array) -> NDArray[np.intp]:
    """Return rows of a labelled set so that its classes have these shares.

    As many as it has, up to rounding; of each class all images as evenly as can be.

    Examples
    --------
    >>> rows_with_shares(np.array([0, 1, 0, 1]), np.array([0.25, 0.75])).tolist()
    [0, 1, 1, 3]
    >>> rows_with_shares(np.array([0, 1, 0, 1]), np.array([0.0, 1.0])).tolist()
    [1, 1, 3, 3]
    """
    n = len(labels)
    ends = np.rint(np.cumsum(shares) * n).astype(np.intp)
    rows = []
    for label, count in enumerate(np.diff(ends, prepend=0)):
        of_it = np.flatnonzero(labels == label)
        if len(of_it) and count > 0:
            rows.append(of_it[np.arange(count) * len(of_it) // count])
    return np.concatenate(rows)


def _likely(said: Array, known: Classes, labels: Classes, prior: Array) -> Array:
    """(k,) shares of maximum likelihood, by expectation maximisation."""
    k = len(said)
    confusion = np.zeros((k, k))
    np.add.at(confusion, (known, labels), 1)
    confusion /= np.maximum(confusion.sum(axis=0), 1)
    shares = prior
    for _ in range(_STEPS):
        mixed = confusion @ shares
        # Classes that the source is never taken for tell nothing.
        ratio = np.divide(said, mixed, out=np.zeros(k), where=mixed > _SMALLEST)
        before, shares = shares, shares * (confusion.T @ ratio)
        if shares.sum() == 0:
            return prior
        shares = shares / shares.sum()
        if np.abs(shares - before).max() < _STILL:
            break
    return shares


def _homogeneous(counts: NDArray[np.intp], others: NDArray[np.intp]) -> float:
    """Pearson's probability that both are draws from the same classes."""
    both = counts + others
    held = both > 0
    if held.sum() < 2:
        return 1.0
    found = 0.0
    for some in (counts, others):
        expected = both[held] * some.sum() / both.sum()
        found += float(((some[held] - expected) ** 2 / expected).sum())
    from scipy.special import chdtrc  # a tenth of a second, of every collection

    return float(chdtrc(held.sum() - 1, found))


def _margins(logits: Logits) -> Array:
    top = np.partition(logits, -2, axis=1)[:, -2:]
    return np.asarray(top[:, 1] - top[:, 0])


def _kolmogorov(values: Array, others: Array, weights: Array) -> float:
    """Probability of a distance as large, of as many images as the weighted are worth.

    In the limit of many images.
    """
    worth = weights.sum() ** 2 / (weights**2).sum()
    points = np.concatenate([values, others])
    order = np.argsort(points, kind="stable")
    steps = np.concatenate(
        [np.full(len(values), 1 / len(values)), -weights / weights.sum()]
    )
    heights = np.cumsum(steps[order])
    last = np.append(np.diff(points[order]) > 0, True)  # of those that are equal
    distance = np.abs(heights[last]).max()
    n = len(values) * worth / (len(values) + worth)
    from scipy.special import kolmogorov

    return float(kolmogorov(np.sqrt(n) * distance))
