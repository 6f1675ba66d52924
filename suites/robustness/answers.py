"""Answers: whether a network is right on a set, and on the clean images beside it.

The clean images of a set of fewer classes are the test split's images of those classes,
answered under the same mask: a slice of what the network said of the test split anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import UndefinedMetricError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.datasets.truth import Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """A mean with its 95 % interval, as `record` takes it.

    Attributes
    ----------
    value, low, high
        The mean, and the ends of its interval.
    chance
        What a guess reaches; None where that is not known.
    """

    value: float
    low: float
    high: float
    chance: float | None = None

    @classmethod
    def of(
        cls, value: float, ends: tuple[float, float], chance: float | None = None
    ) -> Mean:
        """From both ends, of which rounding may have put one beyond the value."""
        low, high = ends
        return cls(
            value=value, low=min(low, value), high=max(high, value), chance=chance
        )


def mean_of(values: NDArray[Any], bounds: tuple[float, float]) -> Mean:
    """The mean of values that are bounded, Student's interval with it.

    Examples
    --------
    >>> import numpy as np
    >>> mean_of(np.full(9, 0.5), (0, 1)).value
    0.5
    """
    from harness.metrics.numerics.uncertainty import mean_interval

    return Mean.of(float(values.mean()), mean_interval(values, bounds=bounds))


def top1_of(model: Any, dataset: Any) -> Mean:
    """Top-1 accuracy of the dataset's own truth, with Wilson's interval.

    Chance is always to name the most common answer; where an image has several right
    ones, an answer drawn at random.
    """
    from harness.metrics.numerics.uncertainty import share_interval
    from harness.metrics.outcomes.chance import prevalence

    truth = truth_of(model, dataset)
    right = is_right(model, dataset)
    single = truth.single
    chance = truth.chance() if single is None else prevalence(single)
    return Mean.of(float(right.mean()), share_interval(right), chance)


def truth_of(model: Any, dataset: Any) -> Truth:
    """What is right on the images that are measured.

    Raises
    ------
    UndefinedMetricError
        If the dataset has no labels.
    """
    run = model.run
    truth = dataset.truth(len(run.base.classes), run.settings.max_images)
    if truth is None:
        raise UndefinedMetricError("the dataset has no labels")
    return truth


def is_right(model: Any, dataset: Any, *, of: str = "") -> NDArray[np.bool_]:
    """(n,) whether a model's answers are right, on the images that have a right one.

    Parameters
    ----------
    model, dataset
        The cell's.
    of
        Name of another chosen model, in place of the cell's.

    Raises
    ------
    UndefinedMetricError
        If the dataset has no labels.
    """
    truth = truth_of(model, dataset)
    answers = model.run.answers(of or model.name, dataset)
    return truth.right_answers(answers)[truth.counted]


def clean_rows(dataset: Any, source: Any) -> NDArray[np.bool_]:
    """(s,) which images of the test split are of the classes that are answers.

    Raises
    ------
    UndefinedMetricError
        If none is.
    """
    import numpy as np

    if dataset.classes is None:
        return np.ones(len(source.labels), dtype=np.bool_)
    rows = dataset.classes.answer_of(source.labels) >= 0
    if not rows.any():
        raise UndefinedMetricError(
            f"no image of the test split is of the {dataset.classes} of {dataset.name}"
        )
    return rows


def is_clean_right(dataset: Any, source: Any) -> NDArray[np.bool_]:
    """(m,) whether a model is right on the clean images of a set's classes."""
    rows = clean_rows(dataset, source)
    if dataset.classes is None:
        return source.predictions.predicted() == source.labels
    answers = dataset.classes.answers(source.predictions.logits()[rows])
    return answers == dataset.classes.answer_of(source.labels[rows])


def restricted(dataset: Any, logits: NDArray[Any]) -> NDArray[np.float64]:
    """Logits of a set's answers, chosen before any softmax."""
    import numpy as np

    if dataset.classes is not None:
        logits = dataset.classes.restrict(logits)
    return np.asarray(logits, dtype=np.float64)
