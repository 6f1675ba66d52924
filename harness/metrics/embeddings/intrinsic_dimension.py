"""Intrinsic dimension: of what the features fill, by two nearest neighbours."""

import numpy as np

from harness.arrays import Array
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import check_count, check_features
from harness.metrics.numerics.neighbours import nearest_others
from harness.metrics.spec import Input, Invariant, Metric, Trend
from harness.sampling import sampled_rows


def intrinsic_dimension(features: Array, *, images: int | None = None) -> float:
    r"""Return the dimension that the distances to two nearest neighbours speak for.

    .. math:: \frac{n}{\sum_i \ln (r_{2i} / r_{1i})}

    with the distances r of an image's features to the nearest and the second nearest.

    Parameters
    ----------
    features : (n, d) array
        One row per image.
    images
        Use a sample of so many images; None for all.

    Returns
    -------
    float
        Above 0, about the dimension of the manifold that the features lie near; more is
        more expressive. Of noise in all directions it is d, or less where n is small.

    Raises
    ------
    ValueError
        If `features` is not a finite matrix, or `images` is not positive.
    UndefinedMetricError
        If fewer than three images differ, or the two nearest of each are equally far.

    Notes
    -----
    TwoNN in its form of greatest likelihood, without the fit to the lower part of the
    distribution that the paper plots. Images with equal features count once: their
    distance is 0, and its ratio nothing. The expressive part of CLID. Time is in n² d.

    References
    ----------
    Facco, d'Errico, Rodriguez, Laio, "Estimating the intrinsic dimension of datasets by
    a minimal neighborhood information", Scientific Reports 7, 2017. As a measure of
    embeddings: Lu et al., arXiv:2206.01251.

    Examples
    --------
    >>> line = np.array([[0.0], [1.0], [3.0]])  # ratios 3, 2 and 3/2
    >>> round(intrinsic_dimension(line), 12)  # 3 / ln 9
    1.365358839941
    """
    check_features(features)
    check_count("images", images)
    points = np.asarray(features, dtype=np.float64)
    points = np.unique(points[sampled_rows(len(points), images)], axis=0)
    if len(points) < 3:
        raise UndefinedMetricError(
            f"it needs three images that differ in their features, got {len(points)}"
        )
    points = points - points.mean(axis=0)
    near, next_near = _two_nearest(points / np.abs(points).max())
    kept = near > 0  # rounding makes very near points equal
    near, next_near = near[kept], next_near[kept]
    total = np.log(next_near / near).sum()
    if not total > 0:
        raise UndefinedMetricError(
            "the two nearest neighbours of every image are equally far"
        )
    return float(len(near) / total)


def _two_nearest(points: Array) -> tuple[Array, Array]:
    """(n,) distances to the nearest and the second nearest other point.

    From differences of coordinates, so that near points keep their digits; of two
    candidates more, for where the fast distances that found them are rounded.
    """
    k = min(4, len(points) - 1)
    rows = nearest_others(points, k=k, distance="euclidean").rows
    away = [np.linalg.norm(points - points[rows[:, i]], axis=1) for i in range(k)]
    ordered = np.sort(away, axis=0)
    return ordered[0], ordered[1]


INTRINSIC_DIMENSION = Metric(
    fn=intrinsic_dimension,
    inputs=(Input.FEATURES,),
    bounds=(0.0, float("inf")),
    trend=Trend.RISES,
    source="Facco et al. 2017; Lu et al. 2023, arXiv:2206.01251",
    invariants=frozenset(
        {Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER, Invariant.DUPLICATION}
    ),
    depends_on_n=True,
    on_request=True,
)
