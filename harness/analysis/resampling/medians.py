"""Intervals of medians over models: groups are left out of all models at once."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from harness.analysis.coverage import LEVEL
from harness.analysis.fits import weighted
from harness.analysis.fits.fits import MINIMUM
from harness.analysis.resampling.jackknife import (
    BELOW_ONE,
    FISHER,
    SQUARED,
    Interval,
    canonical,
    leave_out,
    student_interval,
    unit_names,
)
from harness.arrays import Array

#: Of one model: metric, accuracy and group of every dataset.
Columns: TypeAlias = tuple[ArrayLike, ArrayLike, Sequence[str]]


def median_r2_interval(rows: Sequence[Columns], *, level: float = LEVEL) -> Interval:
    """Return the interval of the median, over models, of their lines' R².

    Parameters
    ----------
    rows
        Of each model: metric, accuracy and group of every dataset, as in
        `jackknife.fit_intervals`. A group is left out of all models at once, since
        they share its images; models themselves are not.
    level
        As in `jackknife.fit_intervals`.

    Raises
    ------
    Unfit
        If a model has fewer than 3 datasets, all have fewer than 5 groups together, or
        no model has an R² without one of them.

    Examples
    --------
    >>> from harness.analysis.resampling.jackknife import fit_intervals
    >>> x = np.arange(10.0)
    >>> y = x / 20 + np.tile([0.0, 0.1], 5)
    >>> names = [str(i) for i in range(10)]
    >>> alone = fit_intervals(x, y, names, statistics=["r2"])["r2"]
    >>> median_r2_interval([(x, y, names)]) == alone
    True
    """
    models = [canonical(*row) for row in rows]
    names = unit_names([label for _, _, labels in models for label in labels])
    columns = []
    for x, y, labels in models:
        weights = leave_out(names, labels)
        r = weighted.pearson(x, y, weights)
        # Through two datasets there is always a perfect line; it says nothing.
        r[weights.sum(axis=1) < MINIMUM] = np.nan
        # Metrics may rise for one model and fall for another: R² has no sign.
        columns.append(r * np.sign(r[0]))
    r = np.stack(columns, axis=1)
    median = float(_medians(r[:1] ** 2)[0])
    z = _medians(FISHER.of(r))
    return student_interval("r2", median, [(names, z)], SQUARED.back, level=level)


def median_transfer_interval(
    rows: Sequence[tuple[Columns, Columns]], *, level: float = LEVEL
) -> Interval:
    """Return the interval of the median, over models, of R² of prediction.

    Parameters
    ----------
    rows
        Of each model: the datasets that its line is fitted on, and those that it is
        judged on. Groups of both are left out, of all models at once, as in
        `jackknife.transfer_intervals`; models themselves are not.
    level
        As in `jackknife.fit_intervals`.

    Raises
    ------
    Unfit
        If a model has fewer than 3 datasets in a domain, all have fewer than 5 groups
        there together, or a model has no R² without one of them.

    Examples
    --------
    >>> from harness.analysis.resampling.jackknife import transfer_intervals
    >>> x = np.arange(10.0)
    >>> inside = (x, x / 20 + np.tile([0.0, 0.1], 5), [str(i) for i in range(10)])
    >>> outside = (x, x / 20 + np.tile([0.1, 0.0], 5), [str(i) for i in range(10)])
    >>> alone = transfer_intervals(inside, outside)["r2"]
    >>> median_transfer_interval([(inside, outside)]) == alone
    True
    """
    models = [(canonical(*inside), canonical(*outside)) for inside, outside in rows]
    fit_names = unit_names([g for (_, _, labels), _ in models for g in labels])
    names = unit_names([g for _, (_, _, labels) in models for g in labels])
    by_line, by_data = [], []
    for (fit_x, fit_y, fit_labels), (x, y, labels) in models:
        # One name for all weights: each is as large as all pairs of datasets.
        weights = leave_out(fit_names, fit_labels)
        slopes, intercepts, _, _ = weighted.lines(fit_x, fit_y, weights)
        # Two datasets have a line whatever they measure, and a mean that says nothing.
        slopes[weights.sum(axis=1) < MINIMUM] = np.nan
        weights = np.ones((len(weights), len(x)))
        by_line.append(weighted.judged(slopes, intercepts, x, y, weights)["r2"])
        weights = leave_out(names, labels)
        same = np.zeros(len(weights), dtype=np.intp)
        r2 = weighted.judged(slopes[same], intercepts[same], x, y, weights)["r2"]
        r2[weights.sum(axis=1) < MINIMUM] = np.nan
        by_data.append(r2)
    medians = [np.median(np.stack(found), axis=0) for found in (by_line, by_data)]
    return student_interval(
        "R² of the interior's line",
        float(medians[0][0]),
        [
            (fit_names, BELOW_ONE.of(medians[0])),
            (names, BELOW_ONE.of(medians[1])),
        ],
        BELOW_ONE.back,
        level=level,
    )


def _medians(values: Array) -> Array:
    """(b,) medians of the finite values of each row; nan where there are none."""
    ordered = np.sort(values, axis=1)  # nan last
    finite = np.isfinite(ordered).sum(axis=1)
    middle = np.stack([np.maximum(finite - 1, 0) // 2, finite // 2], axis=1)
    last = ordered.shape[1] - 1
    ends = np.take_along_axis(ordered, np.minimum(middle, last), axis=1)
    return np.asarray(ends.mean(axis=1))
