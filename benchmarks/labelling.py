"""How often intervals from a few labels hold the truth, and how wide they are.

    python -m benchmarks.labelling
    python -m benchmarks.labelling --draws 20

The bundled digit networks on digits of other writers, plain and corrupted, whose labels
are known. Of folders drawn from these sets some images are labelled; the accuracy on
the whole folder is to be held by 95 %. Compared, in points:

labels alone
    Wilson's interval, corrected for the finite number of images.
powered, normal
    The prediction-powered estimate with confidences, and its normal interval, as in
    Angelopoulos et al. (arXiv:2301.09633).
powered, tuned
    Confidences weighted as the labels say (PPI++, arXiv:2311.01453; the regression
    estimate of survey sampling), Wilson's interval at the effective number of images.
taken
    `harness.analysis.labelling.labelled_interval`.
stratified
    Not drawn uniformly: one image of each of n equal stretches of the order by
    confidence. Its variance is that of successive differences (Wolter, "Introduction to
    Variance Estimation", 2007, chapter 8), the interval as of the taken one.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from harness.analysis.labelling import labelled_interval
from harness.arrays import Array
from harness.metrics.numerics.uncertainty import sampling_interval

SIZES = ((20, 150), (60, 150), (50, 510), (100, 510), (200, 510))
GROUPS = {"above 90": (0.9, 1.0), "60 to 90": (0.6, 0.9), "below 60": (0.0, 0.6)}
_Z = 1.959963984540054

Ends: TypeAlias = tuple[float, float, float]  # estimate, low, high


@dataclass(frozen=True)
class Folder:
    """Images without labels but some.

    Attributes
    ----------
    sure, right
        (N,) confidences, and whether the answers are right.
    rng
        Draws which are labelled.
    n
        How many.
    """

    sure: Array
    right: Array
    rng: np.random.Generator
    n: int

    def __len__(self) -> int:
        return len(self.sure)


def alone(folder: Folder, rows: NDArray[np.intp]) -> Ends:
    """Labels alone."""
    found = labelled_interval(folder.right[rows] > 0, None, None, len(folder))
    return found.accuracy, found.low, found.high


def taken(folder: Folder, rows: NDArray[np.intp]) -> Ends:
    """What the harness gives."""
    right = folder.right[rows] > 0
    found = labelled_interval(right, folder.sure[rows], folder.sure, len(folder))
    return found.accuracy, found.low, found.high


def normal(folder: Folder, rows: NDArray[np.intp]) -> Ends:
    """As it was published, corrected for the finite number of images."""
    wrong_by = folder.right[rows] - folder.sure[rows]
    middle = float(folder.sure.mean() + wrong_by.mean())
    left = (1 - len(rows) / len(folder)) / len(rows)
    half = _Z * float(wrong_by.std(ddof=1)) * left**0.5
    return middle, middle - half, middle + half


def tuned(folder: Folder, rows: NDArray[np.intp]) -> Ends:
    """With the weight of confidences that the labels like best."""
    y, f = folder.right[rows], folder.sure[rows]
    if y.std() == 0 or f.std() == 0:
        return alone(folder, rows)
    slope = max(float(np.cov(y, f)[0, 1] / f.var(ddof=1)), 0.0)
    rest = y - slope * f
    effect = float(rest.var(ddof=2) / y.var(ddof=1))
    middle = float(y.mean() + slope * (folder.sure.mean() - f.mean()))
    return _wilson(folder, len(rows), middle, effect)


def stratified(folder: Folder, _rows: NDArray[np.intp]) -> Ends:
    """One of each stretch of the order by confidence; the drawn rows are not used."""
    n = folder.n
    order = np.argsort(folder.sure, kind="stable")
    places = (np.arange(n) + folder.rng.random(n)) * len(folder) / n
    y = folder.right[order[np.floor(places).astype(np.intp)]]
    seen = min(y.sum(), n - y.sum())
    effect = 1.0
    if seen:
        within = float((np.diff(y) ** 2).mean()) / 2
        effect = float((seen * within / y.var(ddof=1) + 1) / (seen + 1))
    return _wilson(folder, n, float(y.mean()), effect)


def _wilson(folder: Folder, n: int, middle: float, effect: float) -> Ends:
    images = n * (len(folder) - 1) / (len(folder) - n) / min(max(effect, 0.05), 1)
    middle = min(max(middle, 0.0), 1.0)
    low, high = sampling_interval(middle, images)
    return middle, float(low), float(high)


WAYS: dict[str, Callable[[Folder, NDArray[np.intp]], Ends]] = {
    "labels alone": alone,
    "powered, normal": normal,
    "powered, tuned": tuned,
    "taken": taken,
    "stratified": stratified,
}


def answers() -> Iterator[tuple[Array, Array]]:
    """(confidences, whether right) of each network on each set."""
    from harness.registry import Registry
    from harness.run import Run
    from harness.settings import Settings

    here = Path()
    settings = Settings(families=("writers", "writers-c"), cache_dir=here, store=here)
    run = Run(settings, Registry(), tell=print)
    for model in run.models:
        for dataset in run.datasets.values():
            probs = run.predict(model, dataset).probs()
            right = probs.argmax(axis=1) == dataset.labels()
            yield probs.max(axis=1), right.astype(np.float64)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--draws", type=int, default=60, help="of each set and size")
    draws = parser.parse_args().draws
    held: dict[tuple[str, str], list[bool]] = defaultdict(list)
    widths: dict[tuple[str, str], list[float]] = defaultdict(list)
    errors: dict[tuple[str, str], list[float]] = defaultdict(list)
    rng = np.random.default_rng(0)
    for sure, right in answers():
        group = next(g for g, (low, _) in GROUPS.items() if right.mean() >= low)
        for n, images in SIZES:
            for _ in range(draws):
                kept = rng.permutation(len(sure))[:images]
                folder = Folder(sure[kept], right[kept], rng, n)
                rows = rng.permutation(len(folder))[:n]
                truth = folder.right.mean()
                for way, ends in WAYS.items():
                    middle, low, high = ends(folder, rows)
                    held[way, group].append(bool(low <= truth <= high))
                    widths[way, group].append(high - low)
                    errors[way, group].append((middle - truth) ** 2)
    table = Table("way", title="accuracy: held (%), width, root mean squared error")
    for group in GROUPS:
        table.add_column(group, justify="right")
    for way in WAYS:
        cells = [
            f"{100 * np.mean(held[way, group]):.1f}  "
            f"{100 * np.mean(widths[way, group]):4.1f}  "
            f"{100 * np.mean(errors[way, group]) ** 0.5:.2f}"
            for group in GROUPS
        ]
        table.add_row(way, *cells)
    Console(width=90).print(table)


if __name__ == "__main__":
    main()
