"""Statistics of (metric, accuracy) pairs under many sets of weights at once.

Every function takes `x` and `y` of shape (n,) and `weights` of shape (b, n): whole
numbers that say how often each pair counts. It returns (b,) values, nan where the
statistic does not exist. A weight of 2 is exactly a pair that is there twice, so a row
of ones gives the ordinary statistic, and rows of multiplicities give a bootstrap
without a loop over its resamples.
"""

from collections.abc import Callable

import numpy as np

from harness.arrays import Array

# Below this fraction of the whole data's variance, a resample's variance is rounding.
_NO_VARIANCE = 1e-12


def lines(x: Array, y: Array, weights: Array) -> tuple[Array, Array, Array, Array]:
    """Return slope, intercept, residual variance and accuracy variance per row.

    Each of shape (b,): the least-squares lines of `y` on `x`; nan where all pairs
    that count share one `x`.
    """
    x_unit, y_unit = _unit(x), _unit(y)
    u, v = (x - x_unit[0]) / x_unit[1], (y - y_unit[0]) / y_unit[1]
    moments = weights @ np.stack([np.ones_like(u), u, v, u * u, v * v, u * v], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        total = moments[:, :1]
        _, mu, mv, uu, vv, uv = (moments / total).T
        suu, svv, suv = uu - mu * mu, vv - mv * mv, uv - mu * mv
        suu[~(suu > _NO_VARIANCE)] = np.nan
        svv[~(svv > _NO_VARIANCE)] = 0.0
        steepness = suv / suu
        slope = steepness * (y_unit[1] / x_unit[1])
        intercept = y_unit[0] + y_unit[1] * mv - slope * (x_unit[0] + x_unit[1] * mu)
        left = np.maximum(svv - steepness * suv, 0) * y_unit[1] ** 2
    return slope, intercept, left, svv * y_unit[1] ** 2


def r2(x: Array, y: Array, weights: Array) -> Array:
    """R² of each row's own line."""
    _, _, left, variance = lines(x, y, weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(1 - left / variance)


def adjusted_r2(x: Array, y: Array, weights: Array) -> Array:
    """R² corrected for the two fitted numbers; needs three pairs."""
    n = weights.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        adjusted = 1 - (1 - r2(x, y, weights)) * (n - 1) / (n - 2)
    return np.where(n > 2, adjusted, np.nan)


def rmse(x: Array, y: Array, weights: Array) -> Array:
    """Root of the mean squared residual of each row's own line."""
    return np.sqrt(lines(x, y, weights)[2])


def mae(x: Array, y: Array, weights: Array) -> Array:
    """Mean absolute residual of each row's own line."""
    slope, intercept, _, _ = lines(x, y, weights)
    residuals = np.abs(y - intercept[:, None] - slope[:, None] * x)
    return _mean(residuals, weights)


def pearson(x: Array, y: Array, weights: Array) -> Array:
    """Pearson's correlation."""
    slope = lines(x, y, weights)[0]
    # Rounding alone could carry R² below 0.
    return np.copysign(np.sqrt(np.maximum(r2(x, y, weights), 0)), slope)


def spearman(x: Array, y: Array, weights: Array) -> Array:
    """Spearman's rank correlation; ties share their mean rank."""
    u, v = _ranks(x, weights), _ranks(y, weights)
    u, v = u - _mean(u, weights)[:, None], v - _mean(v, weights)[:, None]
    suv, suu, svv = (_mean(a, weights) for a in (u * v, u * u, v * v))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.clip(suv / np.sqrt(suu * svv), -1, 1)


def kendall(x: Array, y: Array, weights: Array) -> Array:
    """Kendall's tau-b: concordant minus discordant pairs, corrected for ties."""
    return _tau(x, y, weights, weights)


def weighted_tau(x: Array, y: Array, weights: Array) -> Array:
    r"""Kendall's tau in which exchanges among the best count most.

    Notes
    -----
    A pair of datasets with ranks r and s (0 for the best) weighs
    :math:`1/(r+1) + 1/(s+1)`. Ranks fall by `x`, ties broken by `y`, and the other way
    round; the two taus are averaged.

    References
    ----------
    Vigna, "A weighted correlation index for rankings with ties", WWW 2015.
    """
    halves = []
    for order in (np.lexsort((y, x))[::-1], np.lexsort((x, y))[::-1]):
        w = weights[:, order]
        ends = np.cumsum(w, axis=1).astype(np.intp)
        most = int(ends[:, -1].max(initial=0))
        harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, most + 1))])
        # The summed 1 / (rank + 1) of all copies of a pair.
        weigher = harmonic[ends] - harmonic[ends - w.astype(np.intp)]
        halves.append(_tau(x[order], y[order], w, weigher))
    return (halves[0] + halves[1]) / 2


def judged(
    slopes: Array, intercepts: Array, x: Array, y: Array, weights: Array
) -> dict[str, Array]:
    """R², RMSE, MAE and bias of prediction, each row judged by its own (b,) line."""
    errors = intercepts[:, None] + slopes[:, None] * x - y
    mse = _mean(errors**2, weights)
    variance = lines(y, y, weights)[3]
    with np.errstate(invalid="ignore", divide="ignore"):
        r2_of_prediction = 1 - mse / np.where(variance > 0, variance, np.nan)
    return {
        "r2": r2_of_prediction,
        "rmse": np.sqrt(mse),
        "mae": _mean(np.abs(errors), weights),
        "bias": _mean(errors, weights),
    }


STATISTICS: dict[str, Callable[[Array, Array, Array], Array]] = {
    "r2": r2,
    "adjusted_r2": adjusted_r2,
    "rmse": rmse,
    "mae": mae,
    "pearson": pearson,
    "spearman": spearman,
    "kendall": kendall,
    "weighted_tau": weighted_tau,
}


def _tau(x: Array, y: Array, counts: Array, weigher: Array) -> Array:
    """Tau with pair weights ``weigher_i + weigher_j``, summed over copies.

    Copies of one pair tie in both, and so count nowhere.
    """
    sx = np.sign(x[:, None] - x[None, :])
    sy = np.sign(y[:, None] - y[None, :])
    agree, apart_x, apart_y = (
        np.einsum("bi,bi->b", weigher @ pairs, counts)
        for pairs in (sx * sy, np.abs(sx), np.abs(sy))
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        tau = agree / (np.sqrt(apart_x) * np.sqrt(apart_y))
    return np.asarray(np.clip(tau, -1, 1))


def _ranks(values: Array, weights: Array) -> Array:
    """(b, n): the mean rank of each value's copies among all copies."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    per_value = np.add.reduceat(weights[:, order], starts, axis=1)
    ranks = np.cumsum(per_value, axis=1) - (per_value - 1) / 2
    place = np.empty(len(values), dtype=np.intp)
    place[order] = np.repeat(
        np.arange(len(starts)), np.diff(np.append(starts, len(values)))
    )
    return np.asarray(ranks[:, place])


def _mean(values: Array, weights: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.einsum("bi,bi->b", values, weights) / weights.sum(axis=1))


def _unit(values: Array) -> tuple[float, float]:
    """A centre and a scale that make the values harmless to square."""
    centre = float(values.mean())
    spread = float(np.sqrt(((values - centre) ** 2).mean()))
    return centre, spread or 1.0
