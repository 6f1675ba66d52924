"""Answers: whether a network is right on a set, and on the clean images beside it.

The clean images of a set of fewer classes are the test split's images of those classes,
answered under the same mask: a slice of what the network said of the test split anyway.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from harness.errors import UndefinedMetricError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.datasets.truth import Truth

RIGHT = "right_images"  # the fact that says which images were right


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """A mean with its 95 % interval, as `record` takes it.

    Attributes
    ----------
    value, low, high
        The mean, and the ends of its interval.
    chance
        What a guess reaches; None where that is not known.
    facts
        Texts that are kept with it.
    """

    value: float
    low: float
    high: float
    chance: float | None = None
    facts: dict[str, str] = field(default_factory=dict)

    def having(self, facts: dict[str, str]) -> Mean:
        """With more texts beside it."""
        return replace(self, facts=self.facts | facts)

    @classmethod
    def of(
        cls,
        value: float,
        ends: tuple[float, float],
        chance: float | None = None,
        facts: dict[str, str] | None = None,
    ) -> Mean:
        """From both ends, of which rounding may have put one beyond the value."""
        low, high = ends
        return cls(
            value=value,
            low=min(low, value),
            high=max(high, value),
            chance=chance,
            facts=facts or {},
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


def share_of(some: NDArray[np.bool_]) -> Mean:
    """The share of images that are so, Wilson's interval with it.

    Examples
    --------
    >>> import numpy as np
    >>> share_of(np.array([True, False])).value
    0.5
    """
    from harness.metrics.numerics.uncertainty import share_interval

    return Mean.of(float(some.mean()), share_interval(some))


def top1_of(model: Any, dataset: Any) -> Mean:
    """Top-1 accuracy of the dataset's own truth, with Wilson's interval.

    Chance is always to name the most common answer; where an image has several right
    ones, an answer drawn at random. Which images were right goes with it, so that a
    later run can be compared image by image.
    """
    from harness.metrics.numerics.uncertainty import share_interval
    from harness.metrics.outcomes.chance import prevalence

    truth = truth_of(model, dataset)
    right = is_right(model, dataset)
    single = truth.single
    chance = truth.chance() if single is None else prevalence(single)
    facts = {RIGHT: packed(right)}
    return Mean.of(float(right.mean()), share_interval(right), chance, facts)


def packed(right: NDArray[np.bool_]) -> str:
    """How many images, and which are right, a bit each.

    Examples
    --------
    >>> import numpy as np
    >>> text = packed(np.array([True, False, True]))
    >>> text, unpacked(text).tolist()
    ('3 oA==', [True, False, True])
    """
    import numpy as np

    return f"{len(right)} {base64.b64encode(np.packbits(right).tobytes()).decode()}"


def unpacked(text: str) -> NDArray[np.bool_]:
    """The inverse of `packed`.

    Raises
    ------
    ValueError
        If the text is none of its.
    """
    import numpy as np

    count, _, bits = text.partition(" ")
    content = np.frombuffer(base64.b64decode(bits, validate=True), dtype=np.uint8)
    if len(content) != -(-int(count) // 8):
        raise ValueError(f"bits of {count} images must be as many, got {text[:40]!r}")
    return np.unpackbits(content, count=int(count)).astype(np.bool_)


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
