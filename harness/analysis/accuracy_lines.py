"""Accuracy on the line: over models, how accuracy elsewhere goes with the test split's.

Needs no metric at all, so it is the first thing to know about a zoo of models.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from harness.analysis.correlation import Undefined, or_reason
from harness.analysis.fits.scales import Scale
from harness.analysis.on_the_line import AccuracyLine, accuracy_line
from harness.measurement import Domain, Measurement

if TYPE_CHECKING:
    from harness.analysis.tables import AccuracyTable

LEAST_MODELS = 8  # fewer models make a line that says little


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTheLine:
    """Accuracy on a dataset against accuracy on another, a point a model.

    Attributes
    ----------
    dataset
        The one predicted.
    models
        Names, in the order of `x` and `y`.
    x, y
        Accuracies on the reference, the test split say, and on the dataset.
    lines
        By scale: probit, logit, linear.
    """

    dataset: str
    models: tuple[str, ...]
    x: tuple[float, ...]
    y: tuple[float, ...]
    lines: dict[str, AccuracyLine | Undefined]


def on_the_line(measurements: Iterable[Measurement]) -> tuple[OnTheLine, ...]:
    """A row for each labelled dataset outside the interior, by name.

    None without a test split, or with fewer than `LEAST_MODELS` models.
    """
    found: dict[str, dict[str, Measurement]] = {}
    tests: dict[str, dict[str, Measurement]] = {}
    for m in measurements:
        if m.accuracy is None:
            continue
        if m.of_test_split:
            tests.setdefault(m.dataset, {})[m.model] = m
        elif m.domain is Domain.EXTERIOR:
            found.setdefault(m.dataset, {})[m.model] = m
    # Where several say that they are it: that of most models, then the first by name.
    name = min(tests, key=lambda one: (-len(tests[one]), one), default="")
    test = tests.get(name, {})
    return tuple(
        _of_measurements(dataset, test, rows)
        for dataset, rows in sorted(found.items())
        if len(test.keys() & rows.keys()) >= LEAST_MODELS
    )


def table_lines(table: AccuracyTable, against: str) -> tuple[OnTheLine, ...]:
    """A row for each other dataset of a table, in its order.

    Raises
    ------
    KeyError
        If the table has no dataset `against`.
    """
    table.column(against)
    rows = []
    for dataset in table.datasets:
        if dataset != against:
            models, x, y = table.pair(against, dataset)
            rows.append(_row(dataset, models, tuple(x.tolist()), tuple(y.tolist())))
    return tuple(rows)


def _of_measurements(
    dataset: str, test: dict[str, Measurement], rows: dict[str, Measurement]
) -> OnTheLine:
    models = tuple(sorted(test.keys() & rows.keys()))
    x, y = (tuple(_accuracy(side[m]) for m in models) for side in (test, rows))
    images = [[side[m].images for m in models] for side in (test, rows)]
    return _row(dataset, models, x, y, *images)


def _row(
    dataset: str,
    models: tuple[str, ...],
    x: tuple[float, ...],
    y: tuple[float, ...],
    x_images: list[int] | None = None,
    y_images: list[int] | None = None,
) -> OnTheLine:
    lines = {
        scale.value: or_reason(
            partial(
                accuracy_line, x, y, scale=scale, x_images=x_images, y_images=y_images
            )
        )
        for scale in (Scale.PROBIT, Scale.LOGIT, Scale.LINEAR)
    }
    return OnTheLine(dataset=dataset, models=models, x=x, y=y, lines=lines)


def _accuracy(m: Measurement) -> float:
    assert m.accuracy is not None
    return m.accuracy
