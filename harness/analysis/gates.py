"""Gates: thresholds on correlations, written as one line of text.

The grammar::

    gate      = METRIC [ "[" MODEL "]" ] ":" DOMAIN STATISTIC OPERATOR NUMBER
    METRIC    = a metric's name, or a pattern with * and ?
    MODEL     = a model's name, or a pattern; "all" is the fit over all models together
    DOMAIN    = "interior" | "exterior" | "transfer"
    STATISTIC = "r2" | "rmse" | "rho" | "spearman" | "mae" | "n"
    OPERATOR  = ">=" | ">" | "<=" | "<"

``transfer`` is the exterior judged with the interior's line. rmse and mae are in points
(percent) of accuracy; mae is the error of a metric that is itself an estimate of
accuracy. Without a model, every model is judged by itself.
"""

import math
import operator
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import NoReturn

from harness.analysis.correlation import Correlation, Expected, Undefined
from harness.measurement import Domain

EXAMPLE = "jigsaw_invariance: interior r2 >= 0.5"
ALL = "all"  # the model that stands for all of them together
DOMAINS = ("interior", "exterior", "transfer")
STATISTICS = {name: name for name in ("r2", "rmse", "rho", "mae", "n")}
STATISTICS["spearman"] = "rho"
OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}
_SUBJECT = re.compile(r"(?P<metric>[^\s\[\]:]+)(\[(?P<model>[^\[\]]+)\])?")
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
    domain, statistic, operator
        Words of the grammar; aliases are resolved.
    threshold
        In the unit of the statistic.
    """

    metric: str
    model: str = "*"
    domain: str
    statistic: str
    operator: str
    threshold: float

    @property
    def condition(self) -> str:
        """The part after the colon."""
        return (
            f"{self.domain} {self.statistic} {self.operator} {_number(self.threshold)}"
        )

    def __str__(self) -> str:
        """The gate as it can be parsed again."""
        model = "" if self.model == "*" else f"[{self.model}]"
        return f"{self.metric}{model}: {self.condition}"

    def selects(self, correlation: Correlation) -> bool:
        """Whether the correlation is one that this gate judges."""
        if not fnmatchcase(correlation.metric, self.metric):
            return False
        if correlation.model is None:
            return self.model == ALL
        return self.model != ALL and fnmatchcase(correlation.model, self.model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of a gate for one metric and model.

    Attributes
    ----------
    gate
        What was judged.
    metric, model
        Of the correlation; the gate's own patterns where it matched nothing. Model
        "all" is all of them together.
    value
        The statistic, in the gate's unit; None where it does not exist.
    passed
        Whether the gate holds. What cannot be judged does not pass.
    reason
        Why, in words.
    """

    gate: Gate
    metric: str
    model: str
    value: float | None
    passed: bool
    reason: str

    @property
    def id(self) -> str:
        """Fit for a pytest node id: the only brackets are at the end."""
        return f"gates::{self.metric} {self.gate.condition} [{self.model}]"


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
    >>> parse_gate("nuclear_norm: interor r2 >= 0.5")
    Traceback (most recent call last):
    ...
    harness.analysis.gates.GateSyntaxError: gate 'nuclear_norm: interor r2 >= 0.5': \
the domain must be one of interior, exterior, transfer, got 'interor'; did you mean \
'interior'? Example: 'jigsaw_invariance: interior r2 >= 0.5'
    """
    subject, colon, condition = text.partition(":")
    if not colon:
        _refuse(text, "a ':' must follow the metric")
    match = _SUBJECT.fullmatch(subject.strip())
    if match is None:
        _refuse(
            text,
            "before the ':' must stand METRIC or METRIC[MODEL], "
            f"got {subject.strip()!r}; patterns use * and ?",
        )
    words = _TOKEN.findall(condition)
    parts = ("the domain", "the statistic", "the operator", "the number")
    choices: tuple[Collection[str], ...] = (DOMAINS, STATISTICS, OPERATORS)
    for part, known, word in zip(parts, choices, words, strict=False):
        if word not in known:
            hint = _hint(word.lower(), known)
            _refuse(
                text, f"{part} must be one of {', '.join(known)}, got {word!r}{hint}"
            )
    if len(words) < len(parts):
        _refuse(text, f"{parts[len(words)]} is missing at the end")
    if len(words) > len(parts):
        extra = " ".join(words[len(parts) :])
        _refuse(text, f"nothing may follow the number, got {extra!r}")
    return Gate(
        metric=match["metric"],
        model=match["model"] or "*",
        domain=words[0],
        statistic=STATISTICS[words[1]],
        operator=words[2],
        threshold=_threshold(text, words[3]),
    )


def judge_gate(gate: Gate, correlations: Sequence[Correlation]) -> tuple[Verdict, ...]:
    """Return a verdict for every correlation that the gate selects, or one for none.

    Parameters
    ----------
    gate : Gate
        What to judge.
    correlations : sequence of Correlation
        Of the run, with the cells that were expected and are missing.

    Returns
    -------
    tuple of Verdict
        At least one. A gate fails, and says why, if it selects nothing, if its
        statistic does not exist, or if an expected cell of its domain is missing:
        a run that lost its hard datasets must not pass on the easy ones.
    """
    chosen = [c for c in correlations if gate.selects(c)]
    if chosen:
        return tuple(_verdict(gate, correlation) for correlation in chosen)
    return (
        Verdict(
            gate=gate,
            metric=gate.metric,
            model=gate.model,
            value=None,
            passed=False,
            reason=_nothing(gate, correlations),
        ),
    )


def _verdict(gate: Gate, correlation: Correlation) -> Verdict:
    value = _statistic(gate, correlation)
    missing = _missing(gate.domain, correlation.missing)
    passed = False
    if isinstance(value, Undefined):
        reason = f"cannot be judged: {value.reason}"
    elif math.isnan(value):
        reason = f"cannot be judged: {gate.statistic} is nan"
    else:
        passed = OPERATORS[gate.operator](value, gate.threshold)
        wanted = f"{gate.operator} {_number(gate.threshold)}"
        reason = f"{gate.statistic} is {_apart(value, gate.threshold)}"
        reason += f" ({wanted})" if passed else f", wanted {wanted}"
    if missing:
        passed = False
        reason = f"{missing}; without them {reason}"
    return Verdict(
        gate=gate,
        metric=correlation.metric,
        model=ALL if correlation.model is None else correlation.model,
        value=None if isinstance(value, Undefined) else value,
        passed=passed,
        reason=reason,
    )


def _statistic(gate: Gate, row: Correlation) -> float | Undefined:
    """The gate's statistic in its unit; rmse and mae are points of accuracy."""
    if gate.statistic == "n":
        domain = Domain.INTERIOR if gate.domain == "interior" else Domain.EXTERIOR
        count = len(row.of(domain))
        return float(count) if count else Undefined("there are no labelled datasets")
    if gate.statistic == "mae":
        return _mae(gate, row)
    fit = {
        "interior": row.interior,
        "exterior": row.exterior,
        "transfer": row.transfer,
    }[gate.domain]
    if isinstance(fit, Undefined):
        return fit
    if gate.statistic == "rmse":
        return 100 * fit.rmse
    if gate.statistic == "r2":
        return fit.r2
    if fit.spearman is None:
        return Undefined(f"the metric is constant on the {fit.n} datasets")
    return fit.spearman


def _mae(gate: Gate, row: Correlation) -> float | Undefined:
    if gate.domain == "transfer":
        return Undefined(
            "mae is an estimate's own error, which needs no fit to transfer"
        )
    inside = gate.domain == "interior"
    error = row.interior_error if inside else row.exterior_error
    if error is None:
        return Undefined(
            f"mae needs a metric that estimates accuracy, and {row.metric} is a score; "
            "use rmse"
        )
    return error if isinstance(error, Undefined) else 100 * error.mae


def _missing(domain: str, cells: Sequence[Expected]) -> str:
    """Say which expected cells of the gate's domain were not measured, if any."""
    domains = {
        "interior": {Domain.INTERIOR},
        "exterior": {Domain.EXTERIOR},
        "transfer": {Domain.INTERIOR, Domain.EXTERIOR},
    }[domain]
    lost = [f"{c.model} on {c.dataset}" for c in cells if c.domain in domains]
    if not lost:
        return ""
    shown = ", ".join(lost[:3]) + (", ..." if len(lost) > 3 else "")
    cells_are = "1 cell is" if len(lost) == 1 else f"{len(lost)} cells are"
    return f"{cells_are} missing ({shown})"


def _nothing(gate: Gate, correlations: Sequence[Correlation]) -> str:
    """Say why a gate selects no correlation."""
    metrics = sorted({c.metric for c in correlations})
    if not metrics:
        return "nothing to judge: no metric was measured"
    if not any(fnmatchcase(metric, gate.metric) for metric in metrics):
        return (
            f"no measured metric matches {gate.metric!r}"
            f"{_hint(gate.metric, metrics)}; measured: {', '.join(metrics)}"
        )
    models = sorted({c.model for c in correlations if c.model is not None})
    return (
        f"no measured model matches {gate.model!r}{_hint(gate.model, models)}; "
        f"measured: {', '.join(models)}"
    )


def _threshold(text: str, word: str) -> float:
    try:
        threshold = float(word)
    except ValueError:
        threshold = math.nan
    if not math.isfinite(threshold):
        _refuse(text, f"the threshold must be a finite number, got {word!r}")
    return threshold


def _hint(word: str, known: Collection[str]) -> str:
    close = get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _refuse(text: str, problem: str) -> NoReturn:
    stop = "" if problem.endswith("?") else "."
    raise GateSyntaxError(f"gate {text!r}: {problem}{stop} Example: {EXAMPLE!r}")


def _number(value: float) -> str:
    """The shortest text that reads back as the value: 5, 0.5, 1e-09."""
    return (
        repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    )


def _apart(value: float, threshold: float) -> str:
    """The value, to four digits or as many as leave it on its side of the threshold."""
    for digits in range(4, 17):
        text = f"{value:.{digits}g}"
        shown = float(text)
        if (shown < threshold, shown > threshold) == (
            value < threshold,
            value > threshold,
        ):
            return text
    return repr(value)
