"""The table of few labels: a linear probe beside fine-tuning, share by share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.models.layers import HEAD
from harness.report.table import Column, Estimate, Range, Table

if TYPE_CHECKING:
    from harness.measurement import Measurement
    from harness.report.table import Value

#: What is fine-tuned: the probe of the same images, and the axis that says which.
TUNED = {
    "few_labels_fine_tuned": ("few_labels", "share"),
    "listed_labels_fine_tuned": ("listed_labels", "labels"),
}
#: Names of published lists, as their shares are called.
_CALLED = {"1percent": "list of 1 %", "10percent": "list of 10 %"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FewLabels:
    """Numbers with few labels on one dataset, by one recipe of fine-tuning.

    Attributes
    ----------
    measure, recipe, dataset
        What was fine-tuned, its constants in words, and on what.
    labels
        Which, in order: shares, or names of lists.
    chance
        What naming the most common class reaches, if all rows have it alike.
    probed, tuned
        By model and labels: accuracy of a linear probe of the head, where it was
        measured, and of the fine-tuned network.
    """

    measure: str
    recipe: str
    dataset: str
    labels: tuple[str, ...]
    chance: float | None
    probed: dict[str, dict[str, float]]
    tuned: dict[str, dict[str, Estimate]]


def few_labels_of(rows: Iterable[Measurement]) -> tuple[FewLabels, ...]:
    """One for each measure, recipe and dataset of networks that were fine-tuned."""
    rows = tuple(rows)
    groups: dict[tuple[str, str, str], list[Measurement]] = {}
    for row in rows:
        if row.metric in TUNED and row.dataset:
            axes = dict(row.axes)
            recipe = f"{axes['steps']} steps, rate {axes['rate']}"
            groups.setdefault((row.metric, recipe, row.dataset), []).append(row)
    return tuple(_few(*place, some, rows) for place, some in groups.items())


def _few(
    measure: str,
    recipe: str,
    dataset: str,
    some: Sequence[Measurement],
    rows: Sequence[Measurement],
) -> FewLabels:
    probe, axis = TUNED[measure]
    tuned: dict[str, dict[str, Estimate]] = {}
    for row in some:
        low, high = row.interval or (row.value, row.value)
        found = Estimate(value=row.value, low=low, high=high)
        tuned.setdefault(row.model, {})[dict(row.axes)[axis]] = found
    probed: dict[str, dict[str, float]] = {}
    for row in rows:
        axes = dict(row.axes)
        if (row.metric, row.dataset, axes.get("layer")) == (probe, dataset, HEAD):
            probed.setdefault(row.model, {})[axes[axis]] = row.value
    chances = {row.facts["chance"] for row in some if "chance" in row.facts}
    names = {name for own in tuned.values() for name in own}
    return FewLabels(
        measure=measure,
        recipe=recipe,
        dataset=dataset,
        labels=tuple(sorted(names, key=_size)),
        chance=float(chances.pop()) if len(chances) == 1 else None,
        probed={model: own for model, own in probed.items() if model in tuned},
        tuned=tuned,
    )


def _size(labels: str) -> tuple[float, str]:
    """Shares by their size, published lists by theirs, others by name."""
    text = labels.removesuffix("percent")
    try:
        return float(text), labels
    except ValueError:
        return float("inf"), labels


def few_labels_table(one: FewLabels, order: Sequence[str]) -> Table:
    """Models in rows, in some order; labels in columns, the probe beside fine-tuning.

    Parameters
    ----------
    one
        Of one recipe, on one dataset.
    order
        Names of all models, as they follow one another.
    """
    percent = {"form": ".1f", "scale": 100.0}
    ends = {**percent, "width": 12, "bounded": True, "goes": 2}
    columns = [Column(name="model")]
    for labels in one.labels:
        called = _called(one.measure, labels)
        columns += [
            Column(name=called, **percent),  # type: ignore[arg-type]
            Column(name=f"{called} tuned", **percent),  # type: ignore[arg-type]
            Column(name="95 %", **ends),  # type: ignore[arg-type]
        ]
    over = "draws" if one.measure == "few_labels_fine_tuned" else "images"
    chance = "" if one.chance is None else f" Chance: {100 * one.chance:.1f}."
    return Table(
        columns=tuple(columns),
        rows=tuple((name, *_cells(one, name)) for name in order if name in one.tuned),
        title=f"accuracy with few labels on {one.dataset}: probe of the head, and all "
        f"weights fine-tuned ({one.recipe})",
        note=f"In percent; 95 % intervals over {over}.{chance}",
    )


def _cells(one: FewLabels, model: str) -> Iterable[Value]:
    probed: Mapping[str, float] = one.probed.get(model, {})
    for labels in one.labels:
        tuned = one.tuned[model].get(labels)
        yield probed.get(labels)
        yield None if tuned is None else tuned.value
        yield None if tuned is None else Range(low=tuned.low, high=tuned.high)


def _called(measure: str, labels: str) -> str:
    if measure != "few_labels_fine_tuned":
        return _CALLED.get(labels, labels)
    return f"{100 * float(labels):g} %"
