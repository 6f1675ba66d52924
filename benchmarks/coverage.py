"""How often intervals over few groups of datasets hold the truth.

    python -m benchmarks.coverage
    python -m benchmarks.coverage --simulations 200 --resamples 200
    python -m benchmarks.coverage --kinds

Datasets are drawn in groups, whose members have a part of metric and of error in
common, from a world whose R² is known. The first table compares ways to an interval of
R²: percentiles of resampled groups, the same at the wider levels that Student's t asks
for (Hesterberg, "What teachers should know about the bootstrap", The American
Statistician 69, 2015), bias-corrected and accelerated percentiles (Efron, "Better
bootstrap confidence intervals", JASA 82, 1987), and the harness's own. The second shows
what else the harness gives an interval of. The third is of errors on left-out kinds,
where datasets are made by one kind of transformation or by three, beside Student's
interval of the kinds' own errors (naive), as if they shared nothing. In percent: over
all worlds, and in the worst of them; then the mean width.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy import stats

from harness.analysis.correlation import Undefined
from harness.analysis.coverage import LEVEL
from harness.analysis.fits import weighted
from harness.analysis.kind_errors import kind_errors
from harness.analysis.resampling.jackknife import (
    fit_intervals,
    leave_out,
    student_interval,
    transfer_intervals,
)
from harness.analysis.resampling.kinds import (
    LeftOutKinds,
    behind_interval,
    kinds_interval,
)
from harness.analysis.resampling.medians import (
    median_r2_interval,
    median_transfer_interval,
)
from harness.arrays import Array
from harness.traits import TRANSFORMATIONS, Trait, together

GROUPS = (5, 6, 8, 10, 15, 20, 40)
R2 = (0.3, 0.6, 0.9)
# Datasets of each group, and the share of the variance that they have in common.
SHAPES = {"5 each": (5, 0.3), "5 alike": (5, 0.7), "1 to 9": (0, 0.5), "single": (1, 0)}
OWN = ("r2", "pearson", "spearman", "kendall", "rmse", "mae")
SD = 0.05  # of accuracies
_TAIL = (1 - LEVEL) / 2

Ends: TypeAlias = dict[str, tuple[float, float]]
Data: TypeAlias = tuple[Array, Array, list[str]]


@dataclass(frozen=True)
class World:
    """Where datasets come from.

    Attributes
    ----------
    r2
        Of accuracy on the metric.
    shape
        A key of `SHAPES`.
    """

    r2: float
    shape: str

    def draw(self, groups: int, rng: np.random.Generator, metrics: int = 1) -> Data:
        """Metrics (m, n), accuracy (n,) and the group of each of n datasets."""
        size, common = SHAPES[self.shape]
        sizes = [size or 1 + 4 * (i % 3) for i in range(groups)]
        member = np.repeat(np.arange(groups), sizes)

        def part() -> Array:
            shared = rng.normal(size=groups)[member]
            own = rng.normal(size=len(member))
            return np.asarray(np.sqrt(common) * shared + np.sqrt(1 - common) * own)

        y = part()
        x = [
            np.sqrt(self.r2) * y + np.sqrt(1 - self.r2) * part() for _ in range(metrics)
        ]
        return np.stack(x), 0.5 + SD * y, [f"{g:04}" for g in member]


def resampled(data: Data, resamples: int, rng: np.random.Generator) -> Ends:
    """Ends of R² by percentiles of resampled groups."""
    (x, *_), y, labels = data
    names, member = np.unique(labels, return_inverse=True)
    g = len(names)
    counts = rng.multinomial(g, np.full(g, 1 / g), size=resamples)
    found = weighted.r2(x, y, counts[:, member].astype(np.float64))
    found = found[np.isfinite(found)]
    every = weighted.r2(x, y, leave_out(list(names), labels))
    reach = stats.t.ppf(1 - _TAIL, g - 1) * np.sqrt(g / (g - 1))
    wider = float(stats.norm.cdf(-reach))
    return {
        "percentile": _percentiles(found, _TAIL, 1 - _TAIL),
        "wider percentile": _percentiles(found, wider, 1 - wider),
        "BCa": _percentiles(found, *_accelerated(found, every)),
    }


def _percentiles(values: Array, low: float, high: float) -> tuple[float, float]:
    return float(np.quantile(values, low)), float(np.quantile(values, high))


def _accelerated(found: Array, every: Array) -> tuple[float, float]:
    """The levels whose percentiles are bias-corrected and accelerated ends."""
    below = (np.sum(found < every[0]) + np.sum(found <= every[0])) / (2 * len(found))
    bias = stats.norm.ppf(np.clip(below, 1 / len(found), 1 - 1 / len(found)))
    apart = every[1:].mean() - every[1:]
    skew = (apart**3).sum() / (6 * (apart**2).sum() ** 1.5)
    z = bias + np.array([stats.norm.ppf(_TAIL), stats.norm.ppf(1 - _TAIL)])
    low, high = stats.norm.cdf(bias + z / (1 - skew * z))
    return float(low), float(high)


def own(world: World, groups: int, rng: np.random.Generator) -> Ends:
    """Ends of everything that the harness gives an interval of."""
    metrics, y, labels = world.draw(groups, rng, metrics=5)
    x, other, *_ = metrics
    ends = {
        name: (found.low, found.high)
        for name, found in fit_intervals(x, y, labels, statistics=OWN).items()
    }
    names = sorted(set(labels))
    weights = leave_out(names, labels)
    moved = weighted.r2(other, y, weights) - weighted.r2(x, y, weights)
    difference = student_interval("difference", float(moved[0]), [(names, moved)])
    median = median_r2_interval([(x, y, labels) for x in metrics])
    ends["difference of R²"] = difference.low, difference.high
    ends["median R²"] = median.low, median.high
    others, oy, other_labels = world.draw(groups, rng, metrics=5)
    ox = others[0]
    judged = median_transfer_interval(
        [
            ((x, y, labels), (out, oy, other_labels))
            for x, out in zip(metrics, others, strict=True)
        ]
    )
    ends["median transfer R²"] = judged.low, judged.high
    across = transfer_intervals((x, y, labels), (ox, oy, other_labels))
    return ends | {f"transfer {n}": (i.low, i.high) for n, i in across.items()}


KIND_COUNTS = (6, 7, 8, 10, 15, 19)
# Kinds that make a dataset, and the share of an error's variance that they bring.
KIND_SHAPES = {
    "one": (1, 0.3),
    "one, alike": (1, 0.7),
    "three": (3, 0.3),
    "three, alike": (3, 0.7),
}
_SETS = 40


@dataclass(frozen=True)
class KindWorld:
    """Where interiors come from: sets made by kinds that mislead a metric each its way.

    Attributes
    ----------
    shape
        A key of `KIND_SHAPES`.
    """

    shape: str

    def draw(
        self, kinds: int, rng: np.random.Generator
    ) -> tuple[Array, Array, list[dict[str, Trait]]]:
        """Two metrics (2, n) that are as good, accuracy (n,), and traits."""
        each, common = KIND_SHAPES[self.shape]
        of = np.zeros((_SETS, kinds))
        for i, row in enumerate(of):
            row[[i % kinds] if each == 1 else rng.choice(kinds, each, False)] = 1
        hard = of @ np.abs(rng.normal(size=kinds)) / each
        y = 0.85 - 0.25 * hard - SD * np.abs(rng.normal(size=_SETS))
        y = np.clip([*y, 0.93], 0, 1)
        x = []
        for _ in range(2):
            shared = np.sqrt(common / each) * (of @ rng.normal(size=kinds))
            own = np.sqrt(1 - common) * rng.normal(size=_SETS)
            x.append(y + 0.08 * np.array([*(shared + own), 0]))
        traits: list[dict[str, Trait]] = [
            {TRANSFORMATIONS: together(f"k{k}" for k in np.flatnonzero(row))}
            for row in of
        ]
        return np.stack(x), y, [*traits, {"split": "test"}]

    def count(
        self, kinds: int, simulations: int, rng: np.random.Generator
    ) -> dict[str, tuple[float, float]]:
        """How often intervals hold the mean error of such worlds; mean widths."""
        ends: dict[str, list[tuple[float, float]]] = defaultdict(list)
        means = []
        for _ in range(simulations):
            metrics, y, traits = self.draw(kinds, rng)
            pair = [kind_errors(x, y, traits) for x in metrics]
            one, other = (
                LeftOutKinds(
                    models=("",),
                    kinds=found.kinds,
                    errors=np.array([found.mean_mae, *found.without]),
                    each=found.n.sum() / _SETS,
                )
                for found in pair
            )
            interval, apart = kinds_interval(one), behind_interval(one, other)
            if isinstance(interval, Undefined) or isinstance(apart, Undefined):
                continue  # a kind that hardly any dataset is without
            means.append(one.error)
            ends["error"].append((interval.low, interval.high))
            ends["difference"].append((apart.low, apart.high))
            for name, values in {
                "error": pair[0].mae,
                "difference": pair[0].mae - pair[1].mae,
            }.items():
                naive = stats.ttest_1samp(values, 0).confidence_interval(LEVEL)
                key = f"{name}, naive"
                ends[key].append((naive.low, naive.high))
        true = float(np.mean(means))
        return {
            name: _held(pairs, true if name.startswith("error") else 0.0)
            for name, pairs in ends.items()
        }


def truth(r2: float) -> dict[str, float]:
    """The true values, of normal metrics and accuracies."""
    r = float(np.sqrt(r2))
    rmse = SD * float(np.sqrt(1 - r2))
    fits = {"r2": r2, "rmse": rmse, "mae": rmse * float(np.sqrt(2 / np.pi))}
    return fits | {
        "pearson": r,
        "spearman": float(6 / np.pi * np.arcsin(r / 2)),
        "kendall": float(2 / np.pi * np.arcsin(r)),
        "difference of R²": 0.0,
        "median R²": r2,
        # Interior and exterior are drawn alike: the line is as good on either.
        **{f"transfer {name}": value for name, value in fits.items()},
        "transfer bias": 0.0,
        "median transfer R²": r2,
    }


def main() -> None:
    """Simulate, count, and print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--simulations", type=int, default=500, help="of each world")
    parser.add_argument("--resamples", type=int, default=500, help="of a bootstrap")
    parser.add_argument("--groups", type=int, nargs="+", default=GROUPS)
    parser.add_argument("--kinds", action="store_true", help="the third table alone")
    chosen = parser.parse_args()
    if chosen.kinds:
        _show("errors on left-out kinds", _of_kinds(chosen))
        return
    print(f"{chosen.simulations} simulations of each of {len(R2) * len(SHAPES)} worlds")
    for title, rows in (
        ("R², by the way to its interval", _compared(chosen)),
        ("the harness's intervals", _everything(chosen)),
        ("errors on left-out kinds", _of_kinds(chosen)),
    ):
        _show(title, rows)


Row: TypeAlias = tuple[int, dict[str, list[tuple[float, float]]]]


def _compared(chosen: argparse.Namespace) -> Iterator[Row]:
    """By number of groups: coverage and width of each way in each world."""
    for groups in chosen.groups:
        found: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for number, (r2, shape) in enumerate(product(R2, SHAPES)):
            world, rng = World(r2, shape), np.random.default_rng((groups, number))
            ends = defaultdict(list)
            for _ in range(chosen.simulations):
                data = world.draw(groups, rng)
                (x, *_), y, labels = data
                ours = fit_intervals(x, y, labels, statistics=["r2"])["r2"]
                mine = {"jackknife t": (ours.low, ours.high)}
                for way, pair in (
                    resampled(data, chosen.resamples, rng) | mine
                ).items():
                    ends[way].append(pair)
            for way, pairs in ends.items():
                found[way].append(_held(pairs, r2))
        yield groups, found


def _everything(chosen: argparse.Namespace) -> Iterator[Row]:
    """By number of groups: coverage and width of each statistic in each world."""
    for groups in chosen.groups:
        found: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for number, (r2, shape) in enumerate(product(R2, SHAPES)):
            world, rng = World(r2, shape), np.random.default_rng((groups, number))
            ends = defaultdict(list)
            for _ in range(chosen.simulations):
                for name, pair in own(world, groups, rng).items():
                    ends[name].append(pair)
            for name, pairs in ends.items():
                found[name].append(_held(pairs, truth(r2)[name]))
        yield groups, found


def _of_kinds(chosen: argparse.Namespace) -> Iterator[Row]:
    """By number of kinds: coverage and width over worlds."""
    for kinds in KIND_COUNTS:
        found: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for number, shape in enumerate(KIND_SHAPES):
            rng = np.random.default_rng((kinds, number))
            counted = KindWorld(shape).count(kinds, chosen.simulations, rng)
            for name, held in counted.items():
                found[f"{shape.split(',')[0]}: {name}"].append(held)
        yield kinds, found


def _held(pairs: Sequence[tuple[float, float]], true: float) -> tuple[float, float]:
    ends = np.array(pairs)
    held = (ends[:, 0] <= true) & (true <= ends[:, 1])
    return float(held.mean()), float((ends[:, 1] - ends[:, 0]).mean())


def _show(title: str, rows: Iterator[Row]) -> None:
    table = Table(title=title, title_justify="left")
    for groups, found in rows:
        if not table.columns:
            table.add_column("groups", justify="right")
            for name in found:
                table.add_column(name, justify="right")
        cells = []
        for pairs in found.values():
            held, width = np.array(pairs).T
            cells.append(
                f"{100 * held.mean():.0f} {100 * held.min():.0f} {width.mean():.2f}"
            )
        table.add_row(str(groups), *cells)
    Console(width=200).print(table)


if __name__ == "__main__":
    main()
