"""Standardised features: each with mean 0 and deviation 1 over the training images."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from harness.arrays import Array

#: Numbers that are standardised at a time: 64 MiB.
BLOCK = 2**23


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What is taken from features, and what they are divided by.

    Attributes
    ----------
    mean, deviation
        (d,) each; a feature that never changes is divided by 1.
    """

    mean: Array
    deviation: Array

    @classmethod
    def of(cls, features: Array, *, standardise: bool = True) -> "Scale":
        """That of (n, d) training features; else one that changes nothing.

        Examples
        --------
        >>> scale = Scale.of(np.array([[1.0, 5.0], [3.0, 5.0]]))
        >>> scale.mean.tolist(), scale.deviation.tolist()
        ([2.0, 5.0], [1.0, 1.0])
        """
        d = features.shape[1]
        if not standardise:
            return cls(mean=np.zeros(d), deviation=np.ones(d))
        # Away from the first row, so that one value throughout is 0, however means of
        # it are rounded.
        first = np.asarray(features[0], dtype=np.float64)
        sums, squares = np.zeros(d), np.zeros(d)
        for start, stop in _steps(len(features), d):
            sums += (features[start:stop] - first).sum(axis=0)
        mean = first + sums / len(features)
        for start, stop in _steps(len(features), d):
            squares += ((features[start:stop] - mean) ** 2).sum(axis=0)
        deviation = np.sqrt(squares / len(features))
        return cls(mean=mean, deviation=np.where(deviation > 0, deviation, 1.0))

    def rows(self, features: Array) -> Iterator[tuple[slice, Array]]:
        """Blocks of rows, standardised, float64."""
        for start, stop in _steps(*features.shape):
            part = slice(start, stop)
            yield part, (features[part] - self.mean) / self.deviation

    def columns(self, features: Array) -> Iterator[tuple[slice, Array]]:
        """Blocks of columns, standardised, float64."""
        for start, stop in _steps(features.shape[1], len(features)):
            part = slice(start, stop)
            yield part, (features[:, part] - self.mean[part]) / self.deviation[part]

    def whole(self, features: Array) -> Array:
        """All at once."""
        return np.asarray((features - self.mean) / self.deviation)


def _steps(n: int, width: int) -> Iterator[tuple[int, int]]:
    step = max(1, BLOCK // width)
    for start in range(0, n, step):
        yield start, min(start + step, n)
