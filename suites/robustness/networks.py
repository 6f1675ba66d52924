"""Networks: tables of what they reject, of errors in common, of lines over them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import fmean
from typing import TYPE_CHECKING

from harness.analysis.correlation import Undefined
from harness.report.table import Column, Part, Said, Table, Text, Value

from .tables import CHANCE, chances, estimate

if TYPE_CHECKING:
    from harness.analysis.accuracy_lines import OnTheLine

    from .found import Consistency, Detections, Robustness, Score

#: Numbers of a detection, with their heads and groups.
_NUMBERS = {
    "aupr_average_precision": ("AP", "AUPR"),
    "aupr_trapezoid": ("trapezoid", "AUPR"),
    "auroc": ("AUROC", ""),
    "fpr95_closest": ("closest", "FPR95"),
    "fpr95_first": ("first", "FPR95"),
}
_SCALES = {"linear": "raw", "logit": "logit", "probit": "probit"}


def outside_parts(found: Sequence[Detections]) -> Iterable[Part]:
    """A table for each set of images outside: by model and score."""
    for name in dict.fromkeys(one.name for one in found):
        here = [one for one in found if one.name == name]
        scores = [
            (one.model, score, numbers)
            for one in here
            for score, numbers in one.by_score.items()
        ]
        levels = chances([numbers for _, _, numbers in scores], list(_NUMBERS))
        table = Table(
            title=f"{name}: {here[0].images:,} images outside",
            columns=(
                Column(name="model"),
                Column(name="score"),
                *(
                    Column(name=head, group=group, form=".1f", scale=100.0)
                    for head, group in _NUMBERS.values()
                ),
            ),
            rows=(
                *((m, s, *_row(numbers, whole=True)) for m, s, numbers in scores),
                *([(CHANCE, "", *levels)] if levels else []),
            ),
            note="In percent; images outside are the positives. AUPR as average "
            "precision (published for ImageNet-O) and by trapezoids (OpenOOD); false "
            "alarms at the recall closest to 95 %, and at the first that reaches it. "
            + here[0].use,
            where=("page", "markdown"),
        )
        yield table
        plain = (
            *((m, s, *_row(numbers, whole=False)) for m, s, numbers in scores),
            *([(CHANCE, "", *levels)] if levels else []),
        )
        yield replace(table, rows=plain, where=("terminal",))


def _row(numbers: dict[str, Score], *, whole: bool) -> Iterable[Value]:
    for name in _NUMBERS:
        score = numbers.get(name)
        yield score and (estimate(score) if whole else score.value)


def consistency_parts(found: Sequence[Consistency]) -> Iterable[Part]:
    """Of each set: how alike each network's errors are to those of the others."""
    named: list[tuple[Value, ...]] = []
    plain: list[tuple[Value, ...]] = []
    for one in found:
        values = {other: score.value for other, score in one.others.items()}
        ends = [pick(values, key=values.__getitem__) for pick in (min, max)]
        first = (one.name, one.model, fmean(values.values()))
        plain.append((*first, *(values[other] for other in ends)))
        said = (f"{values[other]:.3f} with {other}" for other in ends)
        pairs = zip(said, ends, strict=True)
        named.append((*first, *(Said(text=t, number=values[o]) for t, o in pairs)))
    if not named:
        return
    table = Table(
        title="error consistency with the other networks",
        columns=(
            Column(name="set"),
            Column(name="model"),
            *(Column(name=name, form=".3f") for name in ("mean", "least", "most")),
        ),
        rows=tuple(named),
        note="Cohen's kappa of being right: 1 where two networks are wrong on the same "
        "images, 0 where as often as chance has it.",
        most=20,
        where=("page", "markdown"),
    )
    yield table
    yield replace(table, rows=tuple(plain), where=("terminal",))


def line_parts(found: Robustness) -> Iterable[Part]:
    """Accuracy on the line in three scales, and who is beyond it."""
    if not found.lines:
        yield Text(
            text=f"Accuracy on the line needs {found.least} networks and a test split, "
            f"and there {'is' if found.networks == 1 else 'are'} {found.networks}: "
            "no effective robustness.",
            small=True,
        )
        return
    yield Table(
        title="accuracy on the line, over networks",
        columns=(
            Column(name="set"),
            Column(name="n", form=".0f", goes=1),
            *(
                Column(name=head, group="Pearson", form="+.3f")
                for head in _SCALES.values()
            ),
            Column(name="Spearman", form="+.3f"),
            Column(name="slope", group="probit", form=".3f"),
            Column(name="bias", group="probit", form="+.3f"),
        ),
        rows=tuple(_line_row(one.line) for one in found.lines),
        note="Of top-1 there against top-1 on the test split. A Spearman well above "
        "Pearson is of a relation that rises and is no line.",
    )
    names = sorted({name for one in found.lines for name in one.line.models})
    yield Table(
        title="effective robustness (points)",
        columns=(
            Column(name="model"),
            *(
                Column(
                    name=one.line.dataset,
                    form="+.2f",
                    scale=100.0,
                    goes=max(0, i - 2),
                )
                for i, one in enumerate(found.lines)
            ),
        ),
        rows=tuple(
            (name, *(_beyond(one.beyond, name) for one in found.lines))
            for name in names
        ),
        note="Top-1 less what the probit line over all networks says of one so "
        "accurate on the test split (Taori et al. 2020).",
        most=20,
    )


def _beyond(beyond: dict[str, float] | Undefined, name: str) -> Value:
    return beyond if isinstance(beyond, Undefined) else beyond.get(name)


def _line_row(row: OnTheLine) -> tuple[Value, ...]:
    lines = [row.lines[scale] for scale in _SCALES]
    probit = row.lines["probit"]
    pearson = [x if isinstance(x, Undefined) else x.pearson for x in lines]
    if isinstance(probit, Undefined):
        rest: tuple[Value, ...] = (probit, probit, probit)
    else:
        rest = probit.spearman, probit.line.slope, probit.line.intercept
    return row.dataset, float(len(row.models)), *pearson, *rest
