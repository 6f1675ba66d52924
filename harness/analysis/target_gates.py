"""Gates on predicted accuracy: what an unlabelled dataset must reach.

The grammar::

    gate     = "predicted accuracy on" DATASET [ "by" METRIC ] [ "for" MODEL ]
               [ "at" BOUND ] OPERATOR NUMBER
    DATASET  = a dataset's name, or a pattern with * and ?
    METRIC   = a metric's name or pattern, or METRIC[AXIS=VALUE,...]; without it, all
               metrics combined
    MODEL    = a model's name or pattern; every model is judged by itself
    BOUND    = "low" | "middle" | "high"
    OPERATOR = ">=" | ">" | "<=" | "<"
    NUMBER   = in [0, 1], or with %

Without a bound the careful end of the interval is judged: the low one for ``>=`` and
``>``, the high one for the others.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, NoReturn

from harness.analysis.correlation import Expected, Undefined
from harness.analysis.gate_syntax import OPERATORS, hint, refuse
from harness.analysis.gates import Lack, apart, missing_cells
from harness.analysis.subjects import Subject
from harness.analysis.targets import TargetPrediction
from harness.measurement import NO_AXES, Axes, Domain, Named, in_order, label_of

TARGET_EXAMPLE = "predicted accuracy on my-camera >= 0.80"
START = ("predicted", "accuracy", "on")
BOUNDS = ("low", "middle", "high")
ALL_METRICS = "all metrics"
_TOKEN = re.compile(r"[<>=!]+|(?:\[[^\[\]]*\]|[^\s<>=!])+")


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetGate:
    """A threshold on predicted accuracy.

    Attributes
    ----------
    dataset, metric, axes, model
        Patterns; metric is None for all metrics combined.
    bound
        Which end of the interval is judged.
    operator, threshold
        The comparison; threshold in [0, 1].
    """

    dataset: str
    metric: str | None
    axes: Axes = NO_AXES
    model: str
    bound: str
    operator: str
    threshold: float

    def __str__(self) -> str:
        """The gate as it can be parsed again."""
        by = f" by {label_of(self.metric, self.axes)}" if self.metric else ""
        model = f" for {self.model}" if self.model != "*" else ""
        return (
            f"predicted accuracy on {self.dataset}{by}{model} at {self.bound} "
            f"{self.operator} {self.threshold!r}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetVerdict(Named):
    """What came of a gate for one dataset, model and metric.

    Attributes
    ----------
    gate
        What was judged.
    dataset, model, metric, axes
        Of the prediction; the gate's own patterns where it matched nothing.
    value
        The judged end of the interval, in [0, 1]; None where there is none.
    passed, reason
        Whether the gate holds, and why.
    """

    gate: TargetGate
    dataset: str
    model: str
    metric: str
    axes: Axes = NO_AXES
    value: float | None
    passed: bool
    reason: str

    @property
    def id(self) -> str:
        """A pytest node id: the brackets at the end hold the model."""
        return (
            f"gates::predicted accuracy on {self.dataset} by {self.label} "
            f"at {self.gate.bound} {self.gate.operator} {self.gate.threshold!r} "
            f"[{self.model}]"
        )


def is_target_gate(text: str) -> bool:
    """Whether the text means to be a gate on predicted accuracy."""
    return text.split()[:1] == ["predicted"] and ":" not in text.partition(" on ")[0]


def parse_target_gate(text: str) -> TargetGate:
    """Return the gate that `text` describes.

    Raises
    ------
    GateSyntaxError
        If it describes none. The message names the part that is wrong, what was
        expected there, and an example.

    Examples
    --------
    >>> str(parse_target_gate("predicted accuracy on my-camera >= 0.80"))
    'predicted accuracy on my-camera at low >= 0.8'
    >>> str(parse_target_gate("predicted accuracy on cam* by entropy at middle > 75%"))
    'predicted accuracy on cam* by entropy at middle > 0.75'
    >>> str(parse_target_gate("predicted accuracy on night for resnet* <= 0.5"))
    'predicted accuracy on night for resnet* at high <= 0.5'
    >>> str(parse_target_gate("predicted accuracy on night by knn[k=5] >= 0.5"))
    'predicted accuracy on night by knn[k=5] at low >= 0.5'
    """
    words = _TOKEN.findall(text)
    for i, expected in enumerate(START):
        if words[i : i + 1] != [expected]:
            _refuse(text, f"it must start with {' '.join(START)!r}")
    rest = words[len(START) :]
    if not rest or rest[0] in OPERATORS:
        _refuse(text, "the dataset is missing after 'on'")
    dataset, rest = rest[0], rest[1:]
    options: dict[str, str] = {}
    while rest and rest[0] not in OPERATORS:
        word = rest[0]
        if word not in ("by", "for", "at"):
            known = ("by", "for", "at", *OPERATORS)
            _refuse(
                text,
                f"expected one of {', '.join(known)}, got {word!r}{hint(word, known)}",
            )
        if word in options:
            _refuse(text, f"{word!r} stands twice")
        if len(rest) < 2 or rest[1] in OPERATORS:
            _refuse(text, f"a name is missing after {word!r}")
        options[word], rest = rest[1], rest[2:]
    if not rest:
        _refuse(text, f"an operator ({', '.join(OPERATORS)}) is missing at the end")
    bound = options.get("at", "low" if rest[0] in (">=", ">") else "high")
    if bound not in BOUNDS:
        _refuse(
            text,
            f"the bound must be one of {', '.join(BOUNDS)}, got {bound!r}"
            f"{hint(bound, BOUNDS)}",
        )
    if len(rest) != 2:
        _refuse(text, f"one number must follow {rest[0]!r}, got {' '.join(rest[1:])!r}")
    metric, axes = _by(text, options.get("by"))
    return TargetGate(
        dataset=dataset,
        metric=metric,
        axes=axes,
        model=options.get("for", "*"),
        bound=bound,
        operator=rest[0],
        threshold=_share(text, rest[1]),
    )


def _by(text: str, written: str | None) -> tuple[str | None, Axes]:
    """The pattern of a metric, and of values along its axes."""
    if written is None or "=" not in written:
        return written, NO_AXES
    try:
        subject = Subject.parse(written)
    except ValueError:
        subject = None
    if subject is None or not subject.axes or subject.model != "*":
        _refuse(text, f"after 'by' must stand METRIC[AXIS=VALUE,...], got {written!r}")
    return subject.metric, subject.axes


def judge_target_gate(
    gate: TargetGate,
    predictions: Sequence[TargetPrediction],
    missing: Sequence[Expected] = (),
    lacks: Sequence[Lack] = (),
) -> tuple[TargetVerdict, ...]:
    """Return a verdict for every prediction that the gate selects, or one for none.

    Parameters
    ----------
    gate : TargetGate
        What to judge.
    predictions : sequence of TargetPrediction
        Of the run. Where only one metric could be fitted, it stands for all of them.
    missing : sequence of Expected
        Cells of single models that were expected and are missing.
    lacks : sequence of Lack
        What was asked for and of which nothing was measured.

    Returns
    -------
    tuple of TargetVerdict
        At least one. A gate fails, and says why, if it selects nothing, if there is
        no prediction, if a cell of the target or of the fit is missing, or if the
        dataset lies outside the range of the fit: the interval is then not to be
        believed.
    """
    named = [
        p
        for p in predictions
        if fnmatchcase(p.dataset, gate.dataset) and fnmatchcase(p.model, gate.model)
    ]
    chosen = [p for p in named if _selects(gate, p, named)]
    families = tuple(
        lack.reason
        for lack in lacks
        if lack.model is None and lack.domain is not Domain.EXTERIOR
    )
    verdicts = [_verdict(gate, p, missing, families) for p in chosen]
    verdicts += _lost(gate, chosen, missing, lacks)
    return tuple(verdicts) or (unjudged_target(gate, _nothing(gate, predictions)),)


def unjudged_target(gate: TargetGate, reason: str, **names: Any) -> TargetVerdict:
    """A gate that fails because there is nothing to judge it by."""
    own: dict[str, Any] = {
        "dataset": gate.dataset,
        "model": gate.model,
        "metric": gate.metric or ALL_METRICS,
        "axes": gate.axes,
    }
    return TargetVerdict(
        gate=gate, value=None, passed=False, reason=reason, **(own | names)
    )


def _lost(
    gate: TargetGate,
    chosen: Sequence[TargetPrediction],
    missing: Sequence[Expected],
    lacks: Sequence[Lack],
) -> list[TargetVerdict]:
    """A verdict for each target and model that the gate means and nothing predicts."""
    alone = gate.metric is not None
    have = {
        (p.model, p.dataset, p.predictor.series[0] if alone else None) for p in chosen
    }
    lost: dict[tuple[str, str, object], str] = {}
    for cell in missing:
        place = cell.model, cell.dataset, cell.series if alone else None
        if (
            cell.domain is Domain.TARGET
            and fnmatchcase(cell.dataset, gate.dataset)
            and fnmatchcase(cell.model, gate.model)
            and _is_by(gate, *cell.series)
            and place not in have
        ):
            lost[place] = f"{cell.model} on {cell.dataset} was not measured"
    models = {p.model for p in chosen}
    for lack in lacks:
        if lack.model is None or not fnmatchcase(lack.model, gate.model):
            continue
        if lack.metric is None or (
            _is_by(gate, lack.metric, lack.axes) if alone else lack.model not in models
        ):
            lost[lack.model, gate.dataset, None] = lack.reason
    return [
        unjudged_target(gate, reason, model=model, dataset=dataset)
        for (model, dataset, _), reason in lost.items()
    ]


def _selects(
    gate: TargetGate, prediction: TargetPrediction, named: Sequence[TargetPrediction]
) -> bool:
    metrics = prediction.predictor.metrics
    if gate.metric is not None:
        return len(metrics) == 1 and _is_by(gate, *prediction.predictor.series[0])
    peers = [
        p
        for p in named
        if (p.model, p.dataset) == (prediction.model, prediction.dataset)
    ]
    return len(metrics) == max(len(p.predictor.metrics) for p in peers)


def _is_by(gate: TargetGate, metric: str, axes: Axes) -> bool:
    subject = Subject(metric=gate.metric or "*", axes=gate.axes)
    return fnmatchcase(metric, subject.metric) and subject.fits(axes)


def _verdict(
    gate: TargetGate,
    target: TargetPrediction,
    missing: Sequence[Expected],
    families: Sequence[str],
) -> TargetVerdict:
    value, passed = None, False
    prediction = target.prediction
    if isinstance(prediction, Undefined):
        reason = f"cannot be judged: {prediction.reason}"
    else:
        bounds = (prediction.low, prediction.accuracy, prediction.high)
        value = bounds[BOUNDS.index(gate.bound)]
        passed = OPERATORS[gate.operator](value, gate.threshold)
        wanted = f"{gate.operator} {gate.threshold!r}"
        shown = apart(value, gate.threshold)
        reason = f"{gate.bound} is {shown}"
        reason += f" ({wanted})" if passed else f", wanted {wanted}"
        reason += (
            f"; predicted {prediction.accuracy:.4g} "
            f"in [{prediction.low:.4g}, {prediction.high:.4g}]"
        )
        if not prediction.inside:
            passed = False
            reason = f"the dataset lies outside the range of the fit; {reason}"
    series = target.predictor.series
    cells = [
        cell
        for cell in missing
        if cell.model == target.model
        and (cell.domain is Domain.INTERIOR or cell.dataset == target.dataset)
        and (gate.metric is None or cell.series in series)
    ]
    if lost := [*missing_cells(cells), *families]:
        passed = False
        reason = f"{'; '.join(lost)}; without them {reason}"
    metric, axes = series[0] if len(series) == 1 else (ALL_METRICS, NO_AXES)
    return TargetVerdict(
        gate=gate,
        dataset=target.dataset,
        model=target.model,
        metric=metric,
        axes=axes,
        value=value,
        passed=passed,
        reason=reason,
    )


def _nothing(gate: TargetGate, predictions: Sequence[TargetPrediction]) -> str:
    """Say why a gate selects no prediction."""
    if not predictions:
        return "nothing to judge: the run has no target datasets"
    for kind, pattern, known in (
        ("target", gate.dataset, {p.dataset for p in predictions}),
        ("model", gate.model, {p.model for p in predictions}),
    ):
        if not any(fnmatchcase(name, pattern) for name in known):
            names = sorted(known)
            return (
                f"no {kind} matches {pattern!r}{hint(pattern, names)}; "
                f"there is {', '.join(names)}"
            )
    series = {one for p in predictions for one in p.predictor.series}
    if not any(_is_by(gate, *one) for one in series):
        wanted = label_of(gate.metric or "*", gate.axes)
        names = [label_of(*one) for one in in_order(series)]
        return (
            f"no metric matches {wanted!r}{hint(wanted, names)}; "
            f"there is {', '.join(names)}"
        )
    return "no prediction is of such a dataset, model and metric together"


def _share(text: str, word: str) -> float:
    number, percent = (word[:-1], True) if word.endswith("%") else (word, False)
    try:
        value = float(number) / (100 if percent else 1)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 1:  # catches nan
        _refuse(text, f"the threshold must be in [0, 1] or a percentage, got {word!r}")
    return value


def _refuse(text: str, problem: str) -> NoReturn:
    refuse(text, problem, example=TARGET_EXAMPLE)
