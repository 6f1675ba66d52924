"""How far a metric's line is from accuracy on kinds of datasets that it never saw.

A line is right about datasets like its own, and the datasets of one transformation are
alike: what it is worth on the next transformation is seen where all datasets of one
were left out of it. Estimates are fitted as scores are, and judged as they are beside
it, so that one number compares both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.analysis.fits import weighted
from harness.analysis.fits.fits import MINIMUM, Unfit, fit_line
from harness.analysis.fits.outcome import TOP_1, FittedOutcome
from harness.analysis.left_out import FEWEST, splits
from harness.arrays import Array
from harness.traits import Trait


@dataclass(frozen=True, slots=True, kw_only=True)
class KindErrors:
    """One metric of one model on k kinds of datasets, each unknown to its line.

    Attributes
    ----------
    kinds
        Their k names, sorted.
    n
        (k,) datasets that each kind had a part in.
    mae, rmse, bias
        (k,) errors on them of the line through all others, as fractions of 1: mean
        absolute, root of the mean squared, and mean of predicted minus true accuracy.
    raw_mae
        (k,) mean absolute errors on the same datasets of the metric taken as it is;
        None where it is no estimate of accuracy.
    without
        (k,) the mean of `mae` if there were no dataset of that kind at all, neither to
        fit nor to judge; nan where it does not exist.
    """

    kinds: tuple[str, ...]
    n: NDArray[np.intp]
    mae: Array
    rmse: Array
    bias: Array
    raw_mae: Array | None
    without: Array

    @property
    def mean_mae(self) -> float:
        """Mean over kinds of `mae`: each kind counts once, however many datasets."""
        return float(self.mae.mean())

    @property
    def mean_bias(self) -> float:
        """The same of `bias`."""
        return float(self.bias.mean())

    @property
    def root_mean_square(self) -> float:
        """Root of the mean over kinds of the squared `rmse`."""
        return float(np.sqrt((self.rmse**2).mean()))

    @property
    def mean_raw_mae(self) -> float | None:
        """The same as `mean_mae` of `raw_mae`."""
        return None if self.raw_mae is None else float(self.raw_mae.mean())


def kind_errors(
    x: ArrayLike,
    y: ArrayLike,
    traits: Sequence[Mapping[str, Trait]],
    *,
    estimate: bool = False,
    outcome: FittedOutcome = TOP_1,
) -> KindErrors:
    """Return the errors of a metric's line on each kind of dataset that it never saw.

    Parameters
    ----------
    x, y : (n,) arrays
        Metric and accuracy, or another outcome, per dataset.
    traits : n mappings
        Of each dataset: `harness.traits.kinds` says what was done to it. A dataset of
        several kinds is left out with each of them; one of none is never left out.
    estimate : bool
        Whether the metric is itself an estimate of `y`.
    outcome : FittedOutcome
        What `y` is.

    Returns
    -------
    KindErrors
        The same, up to rounding, in whatever order the datasets are given. What lines
        say is not cut off at 0 and 1, as it is not in `fits.fits.judge`.

    Raises
    ------
    Unfit
        If there is no line through all datasets (as `fits.fits.fit_line` has it), there
        are fewer than 3 kinds without which 3 datasets remain, or the metric or the
        accuracy is the same on all datasets but those of one kind.
    ValueError
        If the lengths differ.

    References
    ----------
    Leaving out groups that belong together: Roberts et al., "Cross-validation
    strategies for data with temporal, spatial, hierarchical, or phylogenetic
    structure", Ecography 40, 2017. Unlike there, datasets may belong to several.

    Examples
    --------
    The line without `b` is y = x; on its one dataset at x = 0.6 it says 0.6:

    >>> made = [{"corruption": c} for c in "aabcc"]
    >>> x, y = [0.1, 0.2, 0.6, 0.3, 0.5], [0.1, 0.2, 0.8, 0.3, 0.5]
    >>> found = kind_errors(x, y, made, estimate=True)
    >>> found.kinds, found.mae.round(3).tolist(), found.bias.round(3).tolist()
    (('a', 'b', 'c'), [0.114, 0.2, 0.11], [-0.114, -0.2, 0.11])
    >>> found.raw_mae.round(3).tolist(), round(found.mean_mae, 3)
    ([0.0, 0.2, 0.0], 0.141)
    """
    whole = fit_line(x, y, outcome=outcome)
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if len(traits) != whole.n:
        raise ValueError(
            f"`traits` must have one mapping for each of {whole.n} datasets, "
            f"got {len(traits)}"
        )
    parts = splits(traits, fewest_kept=MINIMUM)
    if not parts:
        raise Unfit(
            f"an error on left-out kinds needs at least {FEWEST} kinds of datasets "
            f"without which {MINIMUM} remain"
        )
    of = np.zeros((len(parts), whole.n), dtype=bool)  # which datasets are of a kind
    for row, part in zip(of, parts, strict=True):
        row[part.left] = True
    names = tuple(part.kind for part in parts)
    errors = _errors(x, y, of, names)
    ones = np.diagonal(errors).T  # (k, n): of the line without a kind and no other
    raw = _mean(np.abs(x - y), of) if estimate else None
    return KindErrors(
        kinds=names,
        n=of.sum(axis=1),
        mae=_mean(np.abs(ones), of),
        rmse=np.sqrt(_mean(ones**2, of)),
        bias=_mean(ones, of),
        raw_mae=raw,
        without=_without(np.abs(errors), of),
    )


def _errors(x: Array, y: Array, of: NDArray[np.bool_], names: Sequence[str]) -> Array:
    """(k, k, n): of the line without the datasets of either of two kinds."""
    k = len(of)
    one, other = np.triu_indices(k)
    kept = (~(of[one] | of[other])).astype(np.float64)
    slopes, intercepts, _, variances = weighted.lines(x, y, kept)
    # Two datasets lie on a line whatever they measure, and of one accuracy is no line.
    slopes[(kept.sum(axis=1) < MINIMUM) | (variances == 0)] = np.nan
    for i in np.flatnonzero((one == other) & ~np.isfinite(slopes)):
        raise Unfit(
            "the metric or the accuracy is the same on all datasets without "
            f"{names[one[i]]}"
        )
    errors = np.empty((k, k, len(x)))
    errors[one, other] = intercepts[:, None] + slopes[:, None] * x - y
    errors[other, one] = errors[one, other]
    return errors


def _without(sizes: Array, of: NDArray[np.bool_]) -> Array:
    """(k,) what the mean over kinds would be without the datasets of one of them.

    A kind whose datasets are all of that one too is then no kind.
    """
    judged = of[:, None] & ~of[None]  # (k, k, n): of the first and not of the second
    counts = judged.sum(axis=2)
    sums = np.where(judged, sizes, 0.0).sum(axis=2)
    errors = np.where(counts, sums / np.maximum(counts, 1), 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(errors.sum(axis=0) / (counts > 0).sum(axis=0))


def _mean(values: Array, of: NDArray[np.bool_]) -> Array:
    """(k,) means of (n,) or (k, n) values over the datasets of each kind."""
    return np.asarray(np.where(of, values, 0.0).sum(axis=1) / of.sum(axis=1))
