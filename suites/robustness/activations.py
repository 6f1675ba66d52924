"""Activations: confidences of the same logits by softmax and by sigmoid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.activation import Activation
from harness.report.table import Column, Part, Table, Value

from .finding import score_of
from .found import TRAINED_WITH, Activated
from .tables import ECE, RMS, estimate

if TYPE_CHECKING:
    from harness.measurement import Measurement

    from .found import Score

FILE = "test_activations.py"
_KNOWN = tuple(one.value for one in Activation)
#: Of a labelled set, and of images of no class, with their heads.
_SURE = {
    "mean_confidence": "sure",
    "calibration_error_equal_width": "ECE",
    "rms_calibration_error": "RMS",
    "aurra": "AURRA",
    "tied_confidences": "tied",
}
_OUTSIDE = {
    "aupr_average_precision": "AUPR",
    "auroc": "AUROC",
    "fpr95_closest": "FPR95",
    "tied_confidences": "tied",
}
_NOTE = (
    "In percent; an asterisk is at what a network was trained with. Top-1 is the same "
    "either way. sure: mean confidence; tied: images whose confidence in single "
    "precision another has too, in an order that is none."
)


def activated_of(rows: Iterable[Measurement]) -> tuple[Activated, ...]:
    """Of every network and set, by either activation, the test split first."""
    scores: dict[tuple[bool, str, str, int], dict[str, Score]] = {}
    firsts: dict[tuple[bool, str, str, int], Measurement] = {}
    trained: dict[str, str] = {}
    for row in rows:
        axes = dict(row.axes)
        by = axes.get("activation", "")
        if row.file == "test_outside.py" and axes.get("score") in _KNOWN:
            by = axes["score"]
        elif row.file != FILE:
            continue
        if by not in _KNOWN or not row.dataset:
            continue
        place = not row.of_test_split, row.dataset, row.model, _KNOWN.index(by)
        scores.setdefault(place, {})[row.metric] = score_of(row)
        firsts.setdefault(place, row)
        if own := row.facts.get(TRAINED_WITH):
            trained[row.model] = own
    return tuple(
        Activated(
            name=place[1],
            model=place[2],
            activation=_KNOWN[place[3]],
            trained=trained.get(place[2]) == _KNOWN[place[3]],
            accuracy=firsts[place].accuracy,
            scores=found,
        )
        for place, found in sorted(scores.items())
        if "tied_confidences" in found
    )


def activation_parts(found: Sequence[Activated]) -> Iterable[Part]:
    """A table a set; on a terminal of the first, and of images of no class."""
    shown = next((one.name for one in found if one.accuracy is not None), "")
    for name in dict.fromkeys(one.name for one in found):
        here = [one for one in found if one.name == name]
        labelled = here[0].accuracy is not None
        heads = _SURE if labelled else _OUTSIDE
        table = Table(
            title=f"softmax against sigmoid, {name}",
            columns=(
                Column(name="model"),
                Column(name="confidence by"),
                *([Column(name="top-1", form=".1f", scale=100.0)] * labelled),
                *(
                    Column(name=head, form=".1f", scale=100.0)
                    for head in heads.values()
                ),
            ),
            rows=tuple(_row(one, heads, whole=True) for one in here),
            note=f"{_NOTE} {ECE}; {RMS}." if labelled else _NOTE,
            where=("page", "markdown"),
        )
        yield table
        if name == shown or not labelled:
            plain = tuple(_row(one, heads, whole=False) for one in here)
            yield replace(table, rows=plain, where=("terminal",))


def _row(one: Activated, heads: dict[str, str], *, whole: bool) -> tuple[Value, ...]:
    scores = [one.scores.get(name) for name in heads]
    first: tuple[Value, ...] = (
        one.model,
        f"{one.activation}{' *' if one.trained else ''}",
    )
    if one.accuracy is not None:
        first = (*first, one.accuracy)
    return (*first, *(s and (estimate(s) if whole else s.value) for s in scores))
