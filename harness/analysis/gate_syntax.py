"""Gates: thresholds on correlations, written as one line of text.

The grammar::

    gate      = SUBJECT ":" DOMAIN STATISTIC OPERATOR NUMBER
    SUBJECT   = METRIC, METRIC[MODEL], METRIC[AXIS=VALUE], ...; see `subjects`
    DOMAIN    = "interior" | "exterior" | "transfer"
    STATISTIC = "r2" | "adjusted_r2" | "rmse" | "mae" | "bias" | "rho" | "spearman"
                | "pearson" | "n"
    OPERATOR  = ">=" | ">" | "<=" | "<"

``transfer`` is the exterior judged with the interior's line. rmse, mae and bias are in
points (percent) of accuracy. They are the line's, but for one case: on the interior and
the exterior, mae and bias of a metric that is itself an estimate of accuracy are the
estimate's own. Every model, and every value along an axis, is judged by itself.
"""

import math
import operator
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn

from harness.analysis.subjects import Row, Subject, at_colon
from harness.measurement import NO_AXES, Axes

EXAMPLE = "jigsaw_invariance: interior r2 >= 0.5"
DOMAINS = ("interior", "exterior", "transfer")
STATISTICS = {
    "r2": "r2",
    "adjusted_r2": "adjusted_r2",
    "rmse": "rmse",
    "mae": "mae",
    "bias": "bias",
    "rho": "rho",
    "spearman": "rho",
    "pearson": "pearson",
    "n": "n",
}
OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}
_TOKEN = re.compile(r"[<>=!~≤≥]+|[^\s<>=!~≤≥]+")


class GateSyntaxError(ValueError):
    """The text is not a gate; the message says what was expected, and where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A threshold on one statistic of the correlations that its patterns match.

    Attributes
    ----------
    metric
        Pattern of metric names.
    model
        Pattern of model names; "all" for the fit over all models together.
    axes
        Patterns of values by axis.
    domain, statistic, operator
        Words of the grammar; aliases are resolved.
    threshold
        In the unit of the statistic.
    """

    metric: str
    model: str = "*"
    axes: Axes = NO_AXES
    domain: str
    statistic: str
    operator: str
    threshold: float

    @property
    def condition(self) -> str:
        """The part after the colon."""
        return (
            f"{self.domain} {self.statistic} {self.operator} {number(self.threshold)}"
        )

    def __str__(self) -> str:
        """The gate as it can be parsed again."""
        return f"{self.subject}: {self.condition}"

    @property
    def subject(self) -> Subject:
        """The part before the colon."""
        return Subject(metric=self.metric, model=self.model, axes=self.axes)

    def selects(self, row: Row) -> bool:
        """Whether the row, a correlation, is one that this gate judges."""
        return self.subject.selects(row)


def parse_gate(text: str) -> Gate:
    """Return the gate that `text` describes.

    Raises
    ------
    GateSyntaxError
        If it describes none. The message names the part that is wrong, what was
        expected there, and an example.

    Examples
    --------
    >>> str(parse_gate("jigsaw_invariance:interior r2>=.5"))
    'jigsaw_invariance: interior r2 >= 0.5'
    >>> str(parse_gate("*invariance[resnet*]: transfer spearman > -0.2"))
    '*invariance[resnet*]: transfer rho > -0.2'
    >>> parse_gate("nuclear_norm[all]: exterior rmse <= 5").model
    'all'
    >>> str(parse_gate("knn[linear, k=5]: interior r2 > 0"))
    'knn[linear,k=5]: interior r2 > 0'
    >>> parse_gate("nuclear_norm: interor r2 >= 0.5")
    Traceback (most recent call last):
    ...
    harness.analysis.gate_syntax.GateSyntaxError: \
gate 'nuclear_norm: interor r2 >= 0.5': \
the domain must be one of interior, exterior, transfer, got 'interor'; did you mean \
'interior'? Example: 'jigsaw_invariance: interior r2 >= 0.5'
    """
    before, colon, condition = at_colon(text)
    if not colon:
        refuse(text, "a ':' must follow the metric")
    try:
        subject = Subject.parse(before.strip())
    except ValueError as error:
        refuse(text, f"{error}; patterns use * and ?")
    words = _TOKEN.findall(condition)
    parts = ("the domain", "the statistic", "the operator", "the number")
    choices: tuple[Collection[str], ...] = (DOMAINS, STATISTICS, OPERATORS)
    for part, known, word in zip(parts, choices, words, strict=False):
        if word not in known:
            rule = f"{part} must be one of {', '.join(known)}"
            refuse(text, f"{rule}, got {word!r}{hint(word.lower(), known)}")
    if len(words) < len(parts):
        refuse(text, f"{parts[len(words)]} is missing at the end")
    if len(words) > len(parts):
        extra = " ".join(words[len(parts) :])
        refuse(text, f"nothing may follow the number, got {extra!r}")
    return Gate(
        metric=subject.metric,
        model=subject.model,
        axes=subject.axes,
        domain=words[0],
        statistic=STATISTICS[words[1]],
        operator=words[2],
        threshold=_threshold(text, words[3]),
    )


def _threshold(text: str, word: str) -> float:
    try:
        threshold = float(word)
    except ValueError:
        threshold = math.nan
    if not math.isfinite(threshold):
        refuse(text, f"the threshold must be a finite number, got {word!r}")
    return threshold


def hint(word: str, known: Collection[str]) -> str:
    """A question whether something close to `word` was meant, if anything is close."""
    close = get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def refuse(
    text: str, problem: str, *, kind: str = "gate", example: str = EXAMPLE
) -> NoReturn:
    """Raise GateSyntaxError with the text, what is wrong with it, and an example."""
    stop = "" if problem.endswith("?") else "."
    raise GateSyntaxError(f"{kind} {text!r}: {problem}{stop} Example: {example!r}")


def number(value: float) -> str:
    """The shortest text that reads back as the value: 5, 0.5, 1e-09."""
    return (
        repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    )
