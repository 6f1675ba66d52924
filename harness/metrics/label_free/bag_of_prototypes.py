"""Bag of prototypes: how the images share out among typical source images."""

import numpy as np

from harness.arrays import Array, Classes
from harness.metrics.numerics.checks import check_features, check_source_features
from harness.metrics.spec import Input, Invariant, Metric, Trend


def bag_of_prototypes(
    features: Array,
    source_features: Array,
    *,
    prototypes: int = 80,
    iterations: int = 100,
    seed: int = 2022,
) -> float:
    r"""Return the divergence between target and source shares of source prototypes.

    .. math:: \tfrac12 \mathrm{KL}(q \| m) + \tfrac12 \mathrm{KL}(q_S \| m),
        \quad m = \tfrac12 (q + q_S)

    with the shares of images whose nearest prototype is each of the centres that
    k-means finds among the source features.

    Parameters
    ----------
    features : (n, d) array
        What enters the head, one row per target image.
    source_features : (s, d) array
        The same for source images.
    prototypes
        How many; never more than there are source images.
    iterations
        At most, of k-means.
    seed
        Of its start.

    Returns
    -------
    float
        Jensen-Shannon divergence in nats, in [0, log 2], lower is better. 0 when the
        shares are the same, log 2 when no prototype is used by both.

    Raises
    ------
    ValueError
        If the features are not finite matrices of equal width, or an option is below 1.

    Notes
    -----
    With few target images the shares are noisy and the divergence too large, so sets of
    unequal size cannot be compared. The released code has scikit-learn's k-means with
    the same number of prototypes, of iterations and seed; its centres, and so its
    numbers, depend on the library's version. For many sets call `kmeans_centres` once
    and `prototype_divergence` for each.

    References
    ----------
    Tu, Deng, Gedeon, Zheng, "A Bag-of-Prototypes Representation for Dataset-Level
    Applications", CVPR 2023, arXiv:2303.13251.

    Examples
    --------
    >>> source = np.array([[0.0], [0.2], [10.0], [10.2]])
    >>> target = np.array([[0.1], [0.3]])  # all at the first of two prototypes
    >>> round(bag_of_prototypes(target, source, prototypes=2), 6)
    0.215762
    >>> bag_of_prototypes(source, source, prototypes=2)
    0.0
    """
    check_features(features)
    check_source_features(source_features, features.shape[1])
    for name, option in (("prototypes", prototypes), ("iterations", iterations)):
        if option < 1:
            raise ValueError(f"`{name}` must be at least 1, got {option}")
    centres = kmeans_centres(
        source_features,
        min(prototypes, len(source_features)),
        iterations=iterations,
        rng=np.random.default_rng(seed),
    )
    return prototype_divergence(features, source_features, centres)


def prototype_divergence(
    features: Array, source_features: Array, centres: Array
) -> float:
    """Jensen-Shannon divergence, in nats, of the shares of nearest centres.

    Examples
    --------
    >>> centres = np.array([[0.0], [10.0]])
    >>> apart = prototype_divergence(np.array([[1.0]]), np.array([[9.0]]), centres)
    >>> round(apart, 6)  # log 2
    0.693147
    """
    shares = [
        np.bincount(_nearest(rows, centres), minlength=len(centres)) / len(rows)
        for rows in (features, source_features)
    ]
    middle = (shares[0] + shares[1]) / 2
    divergence = 0.0
    for share in shares:
        used = share > 0
        divergence += float(share[used] @ np.log(share[used] / middle[used])) / 2
    return min(max(0.0, divergence), float(np.log(2)))  # rounding


def kmeans_centres(
    rows: Array, count: int, *, iterations: int, rng: np.random.Generator
) -> Array:
    """(count, d) centres by Lloyd's iterations from a k-means++ start.

    A centre that loses all its rows stays where it is. Stops when no row changes its
    centre.

    References
    ----------
    Arthur, Vassilvitskii, "k-means++: The Advantages of Careful Seeding", SODA 2007.

    Examples
    --------
    >>> rows = np.array([[0.0], [0.2], [10.0], [10.2]])
    >>> found = kmeans_centres(rows, 2, iterations=10, rng=np.random.default_rng(0))
    >>> np.sort(found, axis=0).round(6).tolist()
    [[0.1], [10.1]]
    """
    rows = np.asarray(rows, dtype=np.float64)
    centres = np.empty((count, rows.shape[1]))
    centres[0] = rows[rng.integers(len(rows))]
    nearest = np.full(len(rows), np.inf)
    for i in range(1, count):
        nearest = np.minimum(nearest, ((rows - centres[i - 1]) ** 2).sum(axis=1))
        total = nearest.sum()
        # All rows are centres already: any will do.
        weights = nearest / total if total > 0 else None
        centres[i] = rows[rng.choice(len(rows), p=weights)]
    before = np.full(len(rows), -1)
    for _ in range(iterations):
        groups = _nearest(rows, centres)
        if np.array_equal(groups, before):
            break
        before = groups
        sizes = np.bincount(groups, minlength=count)
        # Sums of rows by group, each added in the order of the rows.
        places = groups[:, None] * rows.shape[1] + np.arange(rows.shape[1])
        sums = np.bincount(
            places.ravel(), weights=rows.ravel(), minlength=centres.size
        ).reshape(centres.shape)
        kept = sizes > 0
        centres[kept] = sums[kept] / sizes[kept, None]
    return centres


def _nearest(rows: Array, centres: Array) -> Classes:
    """(n,) index of the nearest centre; the first of equals."""
    rows = np.asarray(rows, dtype=np.float64)
    # Less the squared norm of the row, which is the same for every centre.
    distances = (centres**2).sum(axis=1) - 2 * rows @ centres.T
    return np.asarray(distances.argmin(axis=1))


BAG_OF_PROTOTYPES = Metric(
    fn=bag_of_prototypes,
    inputs=(Input.FEATURES, Input.SOURCE_FEATURES),
    bounds=(0.0, float(np.log(2))),
    trend=Trend.FALLS,
    source="Tu et al. 2023, arXiv:2303.13251",
    invariants=frozenset(
        {Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER, Invariant.DUPLICATION}
    ),
    depends_on_n=True,
)
