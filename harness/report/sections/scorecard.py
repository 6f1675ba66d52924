"""Scorecard: what the labels say of each model, family by family."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING

from harness.analysis.correlation import ACCURACY
from harness.analysis.outcomes import outcome_series
from harness.metrics.numerics.uncertainty import sampling_interval
from harness.printable import counted
from harness.report.table import Column, Estimate, Part, Table, Text, Value

if TYPE_CHECKING:
    from harness.measurement import Measurement
    from harness.report.section import Context, Quantity

FEW = 3  # datasets of a family that have a row each; of more, the median is shown
_WIDE = 3  # outcomes beside each other, with their intervals, in 80 columns
_CHANCE = "(chance)"
TOP1_FULL = "top1_full"  # accuracy among all classes, where some alone are answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One outcome of a model on a dataset, or on those of a family.

    Attributes
    ----------
    value
        Of the one dataset; else the median over them.
    low, high
        Of one dataset, its 95 % interval, where there is one; of several, the least and
        the most of their values.
    datasets
        How many they are.
    chance
        What is reached without a look at any image, where that is known; of several
        datasets, the median.
    """

    value: float
    low: float | None
    high: float | None
    datasets: int
    chance: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    """A model on a dataset, or on a family: its scores, by outcome."""

    model: str
    dataset: str
    scores: dict[str, Score]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreBlock:
    """A family: how many datasets, and a row for each model, or model and dataset."""

    family: str
    datasets: int
    rows: tuple[ScoreRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """All outcomes of all models.

    Attributes
    ----------
    outcomes
        In the order of columns: top-1 accuracy first.
    shares
        Those of them that are shares, from 0 to 1.
    blocks
        By family.
    """

    outcomes: tuple[str, ...]
    shares: tuple[str, ...]
    blocks: tuple[ScoreBlock, ...]


class ScorecardSection:
    """A block for each family: models in rows, outcomes in columns."""

    name = "scorecard"
    title = "scorecard: what the labels say"

    def find(
        self, rows: Sequence[Measurement], context: Context, /
    ) -> Scorecard | None:
        """Every outcome that was measured, and accuracy; None without any but that."""
        elsewhere = context.elsewhere
        rows = [m for m in rows if m.file not in elsewhere]
        series = {one for one in outcome_series(rows) if one[0] != ACCURACY}
        families: dict[str, dict[tuple[str, str], dict[str, Score]]] = {}
        metrics: dict[str, str] = {}
        for m in rows:
            if m.series in series and m.dataset:
                pairs = families.setdefault(m.family, {})
                found = pairs.setdefault((m.model, m.dataset), {})
                if m.accuracy is not None:
                    found.setdefault(ACCURACY, _accuracy(m))
                    metrics[ACCURACY] = ACCURACY
                if TOP1_FULL in m.facts:
                    found.setdefault(TOP1_FULL, _full(m))
                    metrics[TOP1_FULL] = ACCURACY
                found[m.label] = _score(m)
                metrics[m.label] = m.metric
        if not families:
            return None
        known = _known(context)
        places = {name: i for i, name in enumerate(known)}
        outcomes = sorted(
            metrics, key=lambda o: (places.get(metrics[o], len(places)), o)
        )
        return Scorecard(
            outcomes=tuple(outcomes),
            shares=tuple(o for o in outcomes if known.get(metrics[o]) == (0.0, 1.0)),
            blocks=tuple(_block(*one) for one in sorted(families.items())),
        )

    def tables(self, found: Scorecard, /) -> Iterable[Part]:
        """A table for each family, on a terminal a few outcomes at a time.

        An outcome that no model has there is no column of it.
        """
        for block in found.blocks:
            outcomes = [
                one
                for one in found.outcomes
                if any(one in row.scores for row in block.rows)
            ]
            whole = _table(block, outcomes, found.shares)
            if len(outcomes) <= _WIDE:
                yield whole
                continue
            yield replace(whole, where=("page", "markdown"))
            for start in range(0, len(outcomes), _WIDE):
                some = _table(block, outcomes[start : start + _WIDE], found.shares)
                more = f"{whole.title}, continued" if start else whole.title
                yield replace(some, title=more, where=("terminal",))
        yield Text(text=_note(found))

    def quantities(self, found: Scorecard, /) -> Mapping[str, Quantity]:
        """None: a gate names an outcome's value itself."""
        return {}


def _known(context: Context) -> dict[str, tuple[float, float]]:
    """Bounds of the outcomes that are known, by name, in their order."""
    from harness.metrics import OUTCOMES

    run = context.run
    measures = OUTCOMES if run is None else tuple(run.registry.metrics.values())
    return {one.name: one.bounds for one in measures if not one.label_free}


def _score(m: Measurement) -> Score:
    low, high = m.interval or (None, None)
    chance = m.facts.get("chance")
    return Score(
        value=m.value,
        low=low,
        high=high,
        datasets=1,
        chance=None if chance is None else float(chance),
    )


def _accuracy(m: Measurement) -> Score:
    assert m.accuracy is not None
    chance = m.facts.get("prevalence", m.facts.get("top1_chance"))
    return _share(m, m.accuracy, None if chance is None else float(chance))


def _full(m: Measurement) -> Score:
    return _share(m, float(m.facts[TOP1_FULL]), None)


def _share(m: Measurement, value: float, chance: float | None) -> Score:
    """A share of the images that have a right answer."""
    images = int(m.facts.get("counted", m.images))
    low, high = sampling_interval(value, max(images, 1))
    return Score(
        value=value, low=float(low), high=float(high), datasets=1, chance=chance
    )


def _block(family: str, pairs: dict[tuple[str, str], dict[str, Score]]) -> ScoreBlock:
    datasets = len({dataset for _, dataset in pairs})
    if datasets <= FEW:
        rows = [
            ScoreRow(model=model, dataset=dataset, scores=scores)
            for (model, dataset), scores in sorted(pairs.items())
        ]
        return ScoreBlock(family=family, datasets=datasets, rows=tuple(rows))
    of_model: dict[str, dict[str, list[Score]]] = {}
    for (model, _), scores in sorted(pairs.items()):
        for outcome, score in scores.items():
            of_model.setdefault(model, {}).setdefault(outcome, []).append(score)
    rows = [
        ScoreRow(
            model=model,
            dataset="",
            scores={name: _over(some) for name, some in found.items()},
        )
        for model, found in of_model.items()
    ]
    return ScoreBlock(family=family, datasets=datasets, rows=tuple(rows))


def _over(scores: Sequence[Score]) -> Score:
    """Of one outcome of a model on several datasets."""
    values = [one.value for one in scores]
    chances = [one.chance for one in scores if one.chance is not None]
    return Score(
        value=median(values),
        low=min(values),
        high=max(values),
        datasets=len(values),
        chance=median(chances) if chances else None,
    )


def _table(
    block: ScoreBlock,
    outcomes: Sequence[str],
    shares: Sequence[str],
) -> Table:
    several = 1 < block.datasets <= FEW
    names = ("model", "dataset") if several else ("model",)
    rows: list[tuple[Value, ...]] = [
        (
            *((row.model, row.dataset) if several else (row.model,)),
            *(_shown(row.scores.get(outcome)) for outcome in outcomes),
        )
        for row in block.rows
    ]
    chances = tuple(_chance(block, outcome) for outcome in outcomes)
    if any(chance is not None for chance in chances):
        rows.append((_CHANCE, *("",) * several, *chances))
    title = (
        block.family
        if block.datasets == 1
        else f"{block.family}: "
        + (
            counted(block.datasets, "dataset")
            if several
            else f"median of {block.datasets} datasets [least, most]"
        )
    )
    return Table(
        columns=(
            *(Column(name=name) for name in names),
            *(_column(outcome, share=outcome in shares) for outcome in outcomes),
        ),
        rows=tuple(rows),
        title=title,
    )


def _column(outcome: str, *, share: bool) -> Column:
    """Long names in two lines."""
    words = outcome.replace("_", " ").split(" ")
    half = (len(words) + 1) // 2 if len(outcome) > _LONG else 0
    return Column(
        name=" ".join(words[half:]) or outcome,
        group=" ".join(words[:half]),
        unit="%" if share else "",
        form=".1f" if share else ".3f",
        scale=100.0 if share else 1.0,
    )


_LONG = 12  # letters


def _shown(score: Score | None) -> Value:
    if score is None or score.low is None or score.high is None:
        return None if score is None else score.value
    return Estimate(value=score.value, low=score.low, high=score.high)


def _chance(block: ScoreBlock, outcome: str) -> float | None:
    """The median over the rows: of one dataset all models have the same."""
    found = [row.scores[outcome].chance for row in block.rows if outcome in row.scores]
    levels = [level for level in found if level is not None]
    return median(levels) if levels else None


def _note(found: Scorecard) -> str:
    """What the brackets hold, and what chance is."""
    few = any(block.datasets <= FEW for block in found.blocks)
    many = any(block.datasets > FEW for block in found.blocks)
    brackets = [
        *(["the 95 % interval with other images"] * few),
        *(["of a median, the least and the most over the datasets"] * many),
    ]
    return (
        f"In brackets: {'; '.join(brackets)}. {_CHANCE}: what is reached without a "
        "look at any image, from the shares of the labels."
    )
