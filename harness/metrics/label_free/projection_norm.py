"""ProjNorm, head only: how far the head moves when it learns from its own answers."""

import numpy as np

from harness.arrays import Array, Classes, log_softmax
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import (
    check_count,
    check_features,
    check_labels,
    check_predicted,
    check_source_features,
)
from harness.metrics.numerics.memo import remembered
from harness.metrics.numerics.minimum import minimum
from harness.metrics.spec import Input, Metric, Trend
from harness.sampling import sampled_rows


def projection_norm(
    features: Array,
    predicted: Classes,
    source_features: Array,
    source_labels: Classes,
    *,
    ridge: float = 1e-3,
    images: int | None = None,
) -> float:
    r"""Return the distance between heads trained on pseudo-labels and on the source.

    .. math:: \|\theta_{\mathrm{pseudo}} - \theta_{\mathrm{ref}}\|_2, \quad
        \theta(z, y) = \arg\min_\theta -\frac1n \sum_i
        \log \mathrm{softmax}(W z_i + b)_{y_i} + \tfrac r2 \|\theta\|_2^2

    for the features and predicted classes of the target, and for the features and
    labels of the source, features measured in root mean squared source norms.

    Parameters
    ----------
    features : (n, d) array
        What enters the head, one row per target image.
    predicted : (n,) integer array
        Predicted classes: the pseudo-labels.
    source_features : (s, d) array
        The same for source images.
    source_labels : (s,) integer array
        Their true classes.
    ridge
        r, above 0. The larger, the nearer both heads are to nothing.
    images
        Train on a sample of so many of each set only; None for all.

    Returns
    -------
    float
        At least 0, lower is better; 0 when the target is the source and the predictions
        are its labels.

    Raises
    ------
    ValueError
        If the arrays do not fit together, or `ridge` or `images` is not positive.
    UndefinedMetricError
        If all source features are 0.

    Notes
    -----
    The paper fine-tunes the whole network from one initialisation, on the target with
    pseudo-labels and on the source, and compares all weights. Here only the head is
    trained, on frozen features, to the one minimum of a strictly convex loss: nothing
    depends on an initialisation, an order of images or a number of steps.

    References
    ----------
    Yu, Yang, Wei, Ma, Steinhardt, "Predicting Out-of-Distribution Error with the
    Projection Norm", ICML 2022, arXiv:2202.05834 (the whole network).

    Examples
    --------
    >>> source, labels = np.array([[1.0], [-1.0]]), np.array([0, 1])
    >>> round(projection_norm(source, labels, source, labels), 6)
    0.0
    >>> ridge = 1 / (1 + np.exp(2))  # the head is (w, -w) with r w (1 + e^2w) = 1
    >>> flipped = projection_norm(source, 1 - labels, source, labels, ridge=ridge)
    >>> round(flipped, 6)  # between (1, -1) and (-1, 1)
    2.828427
    """
    check_features(features)
    check_predicted(predicted, len(features))
    check_source_features(source_features, features.shape[1])
    s = len(source_features)
    check_labels(source_labels, s, np.iinfo(np.int64).max, name="source_labels")
    if not 0 < ridge < np.inf:
        raise ValueError(f"`ridge` must be positive and finite, got {ridge!r}")
    check_count("images", images)
    rows = sampled_rows(len(features), images)
    features, predicted = features[rows], predicted[rows]
    rows = sampled_rows(s, images)
    source_features, source_labels = source_features[rows], source_labels[rows]
    s = len(source_features)
    scale = float(np.sqrt((np.asarray(source_features, np.float64) ** 2).sum() / s))
    if scale == 0:
        raise UndefinedMetricError(
            "the projection norm needs source features that are not all 0"
        )
    k = int(max(predicted.max(), source_labels.max())) + 1
    pseudo = _trained_head(features / scale, predicted, k, ridge)
    reference = _trained_head(source_features / scale, source_labels, k, ridge)
    return float(np.linalg.norm(pseudo - reference))


@remembered(4)  # that of the source is the same for all targets
def _trained_head(features: Array, labels: Classes, k: int, ridge: float) -> Array:
    """(d + 1, k) weights and, in the last row, biases."""
    n, d = features.shape
    inputs = np.hstack([np.asarray(features, dtype=np.float64), np.ones((n, 1))])
    if n < d + 1 and _basis_pays(n, k):
        # The ridge leaves nothing outside what the n rows span.
        span, rows = np.linalg.qr(inputs.T)
        return np.asarray(span @ _ridge_regression(rows.T, labels, k, ridge))
    return _ridge_regression(inputs, labels, k, ridge)


def _ridge_regression(inputs: Array, labels: Classes, k: int, ridge: float) -> Array:
    """(m, k) weights of the smallest loss on (n, m) inputs."""
    n, m = inputs.shape
    truth = np.zeros((n, k))
    truth[np.arange(n), labels] = 1.0
    basis = _basis(inputs, k, ridge)

    def loss(flat: Array) -> tuple[float, Array]:
        weights = np.dot(basis, flat.reshape(m, k))
        log_probs = log_softmax(inputs @ weights)
        value = -(truth * log_probs).sum() / n + ridge / 2 * (weights**2).sum()
        slope = inputs.T @ (np.exp(log_probs) - truth) / n + ridge * weights
        return float(value), np.dot(basis.T, slope).ravel()

    found = minimum(loss, np.zeros(m * k), maxiter=2000, gtol=1e-9, ftol=1e-15)
    return np.asarray(np.dot(basis, found.reshape(m, k)))


def _basis(inputs: Array, k: int, ridge: float) -> Array:
    """(m, m) directions along which the loss is about equally curved; 1 for a large m.

    The curvature is that of weights 0, where all k classes are equally likely. Any
    basis leads to the same minimum, this one in a half to a fifth of the steps.
    """
    n, m = inputs.shape
    if not _basis_pays(m, k):
        return np.ones(())
    curvature = inputs.T @ inputs / (n * k)
    least = max(ridge, 1e-10 * float(np.trace(curvature)))  # rounding must not matter
    factor = np.linalg.cholesky(curvature + least * np.eye(m))
    return np.asarray(np.linalg.inv(factor).T)


def _basis_pays(m: int, k: int) -> bool:
    """Whether the steps that it saves take longer than the basis, and memory holds it.

    Measured with `benchmarks.heads`.
    """
    return m <= min(100 * k, 4096)


PROJECTION_NORM = Metric(
    fn=projection_norm,
    inputs=(
        Input.FEATURES,
        Input.PREDICTED,
        Input.SOURCE_FEATURES,
        Input.SOURCE_LABELS,
    ),
    bounds=(0.0, float("inf")),
    trend=Trend.FALLS,
    source="after Yu et al. 2022, arXiv:2202.05834, head only",
    costly=True,
)
