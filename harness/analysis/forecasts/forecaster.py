"""A forecast: the anchored fit, the width of its intervals, and its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.analysis.coverage import LEVEL, Coverage, Prediction, coverage
from harness.analysis.fits.lines import Unfit
from harness.analysis.forecasts.anchored import FEWEST, Anchored, fit_anchored
from harness.analysis.forecasts.widths import Width, unit, width_of
from harness.analysis.left_out import splits
from harness.arrays import Array
from harness.traits import Trait


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecaster:
    """What foretells the accuracy of one model, and what became of it on the interior.

    Attributes
    ----------
    fit
        From estimates to accuracy.
    width
        Of intervals.
    left_out
        Each dataset foretold, with its interval, without all datasets that share a
        kind with it; one that was made by three kinds counts with each.
    raw
        Mean absolute error of each estimate as it is on the same datasets.
    """

    fit: Anchored
    width: Width
    left_out: Coverage
    raw: tuple[float, ...]

    def of_shares(
        self, source: ArrayLike, accuracy: float, images: float
    ) -> Forecaster:
        """Return the forecast of datasets whose class shares are others.

        Parameters
        ----------
        source : (m,) array
            The estimates on the test split with such shares.
        accuracy, images
            Its accuracy, and how many images it is worth.
        """
        at = tuple(np.asarray(source, dtype=np.float64).tolist())
        return replace(
            self,
            fit=replace(self.fit, source=at, source_accuracy=accuracy),
            width=replace(self.width, source_accuracy=accuracy, source_images=images),
        )

    def predict(self, estimates: ArrayLike) -> Array:
        """Return the accuracies in [0, 1] at (n, m) estimates."""
        return self.fit.predict(estimates)

    def predictions(
        self,
        estimates: ArrayLike,
        *,
        images: ArrayLike,
        healthy: ArrayLike | None = None,
    ) -> tuple[Prediction, ...]:
        """Return accuracies with intervals at (n, m) estimates of so many images.

        Parameters
        ----------
        healthy : (m,) array, optional
            The estimates on healthy sets of as many images. Some, COTT above all, say
            less of few images than of many: their classes are not as many as on the
            test split. A healthy dataset must be forecast as healthy, one as large as
            the interior's as it is, and an accuracy of 0 as 0: in between both the part
            of the accuracy and the part of the images count.
        """
        middle = self.predict(estimates)
        known = self.fit.source_accuracy
        if healthy is not None and known > 0:
            means = tuple(np.asarray(healthy, dtype=np.float64).tolist())
            from_there = replace(self.fit, source=means).predict(estimates)
            fewer = 1 - np.asarray(images, dtype=np.float64) / self.width.images
            part = np.minimum(from_there / known, 1) * np.maximum(fewer, 0)
            middle = middle + part * (from_there - middle)
        low, high = _ends(middle, self.width.half(middle, images))
        return tuple(
            Prediction(
                accuracy=float(m),
                low=float(a),
                high=float(b),
                level=self.width.level,
                inside=True,
            )
            for m, a, b in zip(middle, low, high, strict=True)
        )

    def coverage(
        self, estimates: ArrayLike, accuracy: ArrayLike, *, images: ArrayLike
    ) -> Coverage:
        """Return what came of foretelling datasets whose accuracy is known."""
        accuracy = np.asarray(accuracy, dtype=np.float64)
        if accuracy.size == 0:
            raise Unfit("a coverage needs at least 1 dataset, got 0")
        middle = self.predict(estimates)
        ends = _ends(middle, self.width.half(middle, images))
        return coverage(accuracy, middle, *ends, self.width.level)


def fit_forecaster(
    estimates: ArrayLike,
    accuracy: ArrayLike,
    images: ArrayLike,
    traits: Sequence[Mapping[str, Trait]],
    *,
    source: ArrayLike,
    source_accuracy: float,
    source_images: int,
    level: float = LEVEL,
) -> Forecaster:
    """Return what foretells accuracy, with intervals that kinds never seen may need.

    Parameters
    ----------
    estimates : (n, m) array
        One row per dataset of the interior without the test split, one column per
        estimate of accuracy.
    accuracy, images : (n,) arrays
        Of the datasets.
    traits : sequence of n mappings
        Their traits, which say what kinds of shift made them.
    source, source_accuracy, source_images
        The estimates, the accuracy and the number of images of the test split.
    level : float
        The share of datasets that intervals are meant to hold.

    Raises
    ------
    Unfit
        As `fit_anchored`, or if the datasets are of fewer than 3 kinds that can be left
        out.
    """
    table = np.asarray(estimates, dtype=np.float64)
    accuracy = np.asarray(accuracy, dtype=np.float64)
    images = np.asarray(images, dtype=np.float64)

    def fitted(rows: NDArray[np.intp]) -> Anchored:
        return fit_anchored(
            table[rows], accuracy[rows], source=source, source_accuracy=source_accuracy
        )

    fit = fitted(np.arange(len(accuracy)))
    kinds = splits(traits, fewest_kept=FEWEST)
    if not kinds:
        raise Unfit(
            "an interval needs an interior of at least 3 kinds of transformations or "
            "corruptions, each left out in turn"
        )
    made, errors = [], []
    for one in kinds:
        middle = fitted(one.kept).predict(table[one.left])
        scale = unit(middle, images[one.left], source_accuracy, source_images)
        made.append(middle)
        errors.append((accuracy[one.left] - middle) / scale)

    def width(of: Sequence[Array]) -> Width:
        return width_of(
            of,
            level=level,
            source_accuracy=float(source_accuracy),
            source_images=source_images,
            images=int(np.median(images)),
        )

    rows = np.concatenate([one.left for one in kinds])
    halves = [
        # The width that is judged must not know the kind either.
        width(errors[:i] + errors[i + 1 :]).half(middle, images[one.left])
        for i, (one, middle) in enumerate(zip(kinds, made, strict=True))
    ]
    middle = np.concatenate(made)
    ends = _ends(middle, np.concatenate(halves))
    return Forecaster(
        fit=fit,
        width=width(errors),
        left_out=coverage(accuracy[rows], middle, *ends, level),
        raw=tuple(np.abs(table[rows] - accuracy[rows, None]).mean(axis=0).tolist()),
    )


def _ends(middle: Array, half: Array) -> tuple[Array, Array]:
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)
