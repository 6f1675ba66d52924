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

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from harness.analysis.correlation import Expected, Undefined
from harness.analysis.gates.evidence import Evidence, Lack, missing_cells
from harness.analysis.gates.gate import Gate, Quantity, Verdict
from harness.analysis.gates.subjects import Subject
from harness.analysis.gates.texts import (
    NAMES,
    OPERATORS,
    Words,
    apart,
    hint,
    number_of,
)
from harness.measurement import NO_AXES, Axes, Domain, in_order, label_of

if TYPE_CHECKING:
    from harness.analysis.coverage import Prediction
    from harness.analysis.targets import TargetPrediction

EXAMPLE = "predicted accuracy on my-camera >= 0.80"
START = ("predicted", "accuracy", "on")
BOUNDS = ("low", "middle", "high")
COMBINED = ""  # the metric of a gate on all metrics combined
ALL_METRICS = "all metrics"


@dataclass(frozen=True, slots=True)
class Predicted(Quantity):
    """Predicted accuracy of a dataset without labels.

    Attributes
    ----------
    bound
        Which end of the interval is judged, or its middle.
    """

    bound: str

    def written(self, gate: Gate) -> str:
        by = f" by {label_of(gate.metric, gate.axes)}" if gate.metric else ""
        model = f" for {gate.model}" if gate.model != "*" else ""
        return f"predicted accuracy on {gate.datasets}{by}{model} {self._limit(gate)}"

    def called(self, verdict: Verdict) -> str:
        return (
            f"gates::predicted accuracy on {verdict.place} by {verdict.label} "
            f"{self._limit(verdict.gate)} [{verdict.model}]"
        )

    def described(self, verdict: Verdict) -> str:
        return f"{verdict.place} predicted accuracy, {self.bound}"

    def names(self, gate: Gate) -> dict[str, Any]:
        return {
            "metric": gate.metric or ALL_METRICS,
            "axes": gate.axes,
            "model": gate.model,
            "place": gate.datasets,
        }

    def _limit(self, gate: Gate) -> str:
        return f"at {self.bound} {gate.operator} {gate.threshold!r}"

    def judge(self, gate: Gate, evidence: Evidence) -> tuple[Verdict, ...]:
        """A verdict for every prediction that the gate selects, or one for none.

        Where only one metric could be fitted, it stands for all of them. A gate fails,
        and says why, if it selects nothing, if there is no prediction, if a cell of the
        target or of the fit is missing, or if the dataset lies outside the range of the
        fit or has predicted classes unlike the source's: the interval is then not to be
        believed.
        """
        named = [
            p
            for p in evidence.predictions
            if fnmatchcase(p.dataset, gate.datasets)
            and fnmatchcase(p.model, gate.model)
        ]
        chosen = [p for p in named if _selects(gate, p, named)]
        missing = [
            cell
            for row in evidence.correlations
            if row.model is not None
            for cell in row.missing
        ]
        families = tuple(
            lack.reason
            for lack in evidence.lacks_of_fits
            if lack.model is None and lack.domain is not Domain.EXTERIOR
        )
        verdicts = [self._verdict(gate, p, missing, families) for p in chosen]
        verdicts += _lost(gate, chosen, missing, evidence.lacks_of_fits)
        return tuple(verdicts) or (gate.unjudged(_nothing(gate, evidence.predictions)),)

    def _verdict(
        self,
        gate: Gate,
        target: TargetPrediction,
        missing: Sequence[Expected],
        families: Sequence[str],
    ) -> Verdict:
        value, passed = None, False
        prediction = target.prediction
        outcome = target.predictor.outcome
        if not outcome.is_accuracy:
            reason = f"cannot be judged: what is predicted is {outcome.words}"
        elif isinstance(prediction, Undefined):
            reason = f"cannot be judged: {prediction.reason}"
        else:
            bounds = (prediction.low, prediction.accuracy, prediction.high)
            value = bounds[BOUNDS.index(self.bound)]
            passed = OPERATORS[gate.operator](value, gate.threshold)
            wanted = f"{gate.operator} {gate.threshold!r}"
            reason = f"{self.bound} is {apart(value, gate.threshold)}"
            reason += f" ({wanted})" if passed else f", wanted {wanted}"
            reason += (
                f"; predicted {prediction.accuracy:.4g} "
                f"in [{prediction.low:.4g}, {prediction.high:.4g}]"
            )
            if prediction.unlike is not None:
                passed = False
                reason = (
                    "the predicted classes are unlike the source's (by "
                    f"{prediction.unlike:.2f}); {reason}"
                )
            if not prediction.inside:
                passed = False
                how = _by_how_much(prediction)
                reason = f"the dataset lies outside the range of the fit{how}; {reason}"
        if lost := [*missing_cells(_needed(gate, target, missing)), *families]:
            passed = False
            reason = f"{'; '.join(lost)}; without them {reason}"
        series = target.predictor.series
        combined = target.predictor.is_combined
        metric, axes = (ALL_METRICS, NO_AXES) if combined else series[0]
        return Verdict(
            gate=gate,
            metric=metric,
            axes=axes,
            model=target.model,
            place=target.dataset,
            value=value,
            passed=passed,
            reason=reason,
        )


def _by_how_much(prediction: Prediction) -> str:
    """Of the metric that lies farthest outside; older reports do not say."""
    if not prediction.beyond:
        return ""
    return f" ({prediction.beyond[0].words})"


def is_meant(text: str) -> bool:
    """Whether the text means to be a gate on predicted accuracy.

    Not where "predicted" is a metric's name, before a colon.
    """
    words = text.split(maxsplit=2)
    if words[:1] != ["predicted"] or ":" in text.partition(" on ")[0]:
        return False
    return words[1:2] != ["on"] or ":" not in text


def read(text: str) -> Gate:
    """The gate on a prediction that `text` describes.

    Raises
    ------
    GateSyntaxError
        As `harness.analysis.gates.grammar.parse`, which reads these too.

    Examples
    --------
    >>> str(read("predicted accuracy on my-camera >= 0.80"))
    'predicted accuracy on my-camera at low >= 0.8'
    >>> str(read("predicted accuracy on cam* by entropy at middle > 75%"))
    'predicted accuracy on cam* by entropy at middle > 0.75'
    >>> str(read("predicted accuracy on night for resnet* <= 0.5"))
    'predicted accuracy on night for resnet* at high <= 0.5'
    >>> str(read("predicted accuracy on night by knn[k=5] >= 0.5"))
    'predicted accuracy on night by knn[k=5] at low >= 0.5'
    """
    words = Words(text, words=NAMES, example=EXAMPLE)
    for expected in START:
        if words.ahead() != expected:
            words.refuse(f"it must start with {' '.join(START)!r}")
        words.take()
    if words.ahead() in ("", *OPERATORS):
        words.refuse("the dataset is missing after 'on'")
    dataset = words.take()
    metric, axes, model, bound = _options(words)
    operator = words.take()
    if not bound:
        bound = "low" if operator in (">=", ">") else "high"
    if not words.ahead() or words.ahead(1):
        words.refuse(f"one number must follow {operator!r}, got {words.rest()!r}")
    threshold = number_of(words.ahead(), percent=True)
    if not 0 <= threshold <= 1:  # catches nan
        got = words.ahead()
        words.refuse(f"the threshold must be in [0, 1] or a percentage, got {got!r}")
    return Gate(
        metric=metric,
        model=model,
        axes=axes,
        datasets=dataset,
        quantity=Predicted(bound),
        operator=operator,
        threshold=threshold,
        text=text,
    )


def _options(words: Words) -> tuple[str, Axes, str, str]:
    """What stands between the dataset and the operator: metric, axes, model, bound."""
    metric, axes, model, bound = COMBINED, NO_AXES, "*", ""
    given: set[str] = set()
    while words.ahead() not in ("", *OPERATORS):
        option = words.ahead()
        if option not in ("by", "for", "at"):
            known = ("by", "for", "at", *OPERATORS)
            words.refuse(
                f"expected one of {', '.join(known)}, got {option!r}"
                f"{hint(option, known)}"
            )
        if option in given:
            words.refuse(f"{option!r} stands twice")
        given.add(words.take())
        if words.ahead() in ("", *OPERATORS):
            words.refuse(f"a name is missing after {option!r}")
        if option == "by":
            metric, axes = _by(words)
        elif option == "for":
            model = words.take()
        else:
            bound = words.one_of("the bound", BOUNDS)
    if not words.ahead():
        words.refuse(f"an operator ({', '.join(OPERATORS)}) is missing at the end")
    return metric, axes, model, bound


def _by(words: Words) -> tuple[str, Axes]:
    """The pattern of a metric, and of values along its axes."""
    written = words.ahead()
    if "=" not in written:
        return words.take(), NO_AXES
    try:
        subject = Subject.parse(written)
    except ValueError:
        subject = None
    if subject is None or not subject.axes or subject.model != "*":
        words.refuse(f"after 'by' must stand METRIC[AXIS=VALUE,...], got {written!r}")
    words.take()
    return subject.metric, subject.axes


def _lost(
    gate: Gate,
    chosen: Sequence[TargetPrediction],
    missing: Sequence[Expected],
    lacks: Sequence[Lack],
) -> list[Verdict]:
    """A verdict for each target and model that the gate means and nothing predicts."""
    alone = gate.metric != COMBINED
    have = {
        (p.model, p.dataset, p.predictor.series[0] if alone else None) for p in chosen
    }
    lost: dict[tuple[str, str, object], str] = {}
    for cell in missing:
        place = cell.model, cell.dataset, cell.series if alone else None
        if (
            cell.domain is Domain.TARGET
            and fnmatchcase(cell.dataset, gate.datasets)
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
            lost[lack.model, gate.datasets, None] = lack.reason
    return [
        gate.unjudged(reason, model=model, place=dataset)
        for (model, dataset, _), reason in lost.items()
    ]


def _selects(
    gate: Gate, prediction: TargetPrediction, named: Sequence[TargetPrediction]
) -> bool:
    predictor = prediction.predictor
    if gate.metric != COMBINED:
        return not predictor.is_combined and _is_by(gate, *predictor.series[0])
    return predictor.is_combined or not any(
        p.predictor.is_combined
        for p in named
        if (p.model, p.dataset) == (prediction.model, prediction.dataset)
    )


def _is_by(gate: Gate, metric: str, axes: Axes) -> bool:
    subject = Subject(metric=gate.metric or "*", axes=gate.axes)
    return fnmatchcase(metric, subject.metric) and subject.fits(axes)


def _needed(
    gate: Gate, target: TargetPrediction, missing: Sequence[Expected]
) -> list[Expected]:
    """Missing cells of the target, and of the fit that it is predicted with."""
    return [
        cell
        for cell in missing
        if cell.model == target.model
        and (cell.domain is Domain.INTERIOR or cell.dataset == target.dataset)
        and (gate.metric == COMBINED or cell.series in target.predictor.series)
    ]


def _nothing(gate: Gate, predictions: Sequence[TargetPrediction]) -> str:
    """Say why a gate selects no prediction."""
    if not predictions:
        return "nothing to judge: the run has no target datasets"
    for kind, pattern, known in (
        ("target", gate.datasets, {p.dataset for p in predictions}),
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
