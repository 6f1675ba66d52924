"""Tables: networks by sets, and a table for each set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import fmean
from typing import TYPE_CHECKING

from harness.metrics.outcomes.calibration_error import BINS
from harness.metrics.outcomes.rms_calibration import BIN
from harness.report.table import Column, Estimate, Part, Table, Text, Value

if TYPE_CHECKING:
    from .found import OneSet, Robustness, Score

CHANCE = "(chance)"
_BESIDE = 3  # sets beside each other with their intervals, in 80 columns
#: Scores of a set, with their heads; those in points are differences.
_HEADS = {
    "accuracy": ("top-1", ""),
    "top1_full": ("full", ""),
    "top_5": ("top-5", ""),
    "top1_clean": ("clean", ""),
    "top1_diff": ("diff", ""),
    "calibration_error_equal_width": ("ECE", "calibration"),
    "rms_calibration_error": ("RMS", "calibration"),
    "rms_calibration_error_official": ("official", "calibration"),
    "aurra": ("AURRA", ""),
}

ECE = f"ECE: of {BINS} bins of confidence, equally wide"
RMS = (
    f"RMS: of bins of {BIN} images, as ImageNet-O's makers cut them, one of fewer "
    f"than {2 * BIN} images: not ECE's bins, so that it may be below ECE"
)
_LEGEND = {
    "top1_full": "full: top-1 among all classes",
    "top1_clean": "clean: top-1 on the test split's images of the same classes under "
    "the same mask",
    "top1_diff": "diff: top-1 less clean",
    "calibration_error_equal_width": ECE,
    "rms_calibration_error": RMS,
    "rms_calibration_error_official": "official: without the surest, as published code "
    "has it",
}


def overview(found: Robustness, *, terminal: bool) -> Iterable[Part]:
    """Top-1 of every network on every set, a few sets at a time on a terminal."""
    columns = _on_sets(found)
    if not columns:
        return
    title = "top-1 on every set"
    if not terminal:
        whole = _matrix(columns, title)
        yield replace(whole, note=_OVERVIEW, where=("page", "markdown"))
        return
    for start in range(0, len(columns), _BESIDE):
        more = f"{title}, continued" if start else title
        some = _matrix(columns[start : start + _BESIDE], more)
        yield replace(some, where=("terminal",))
    yield Text(text=_OVERVIEW, where=("terminal",))


_OVERVIEW = (
    "In brackets: the 95 % interval with other images, Wilson's. Of classes that are "
    "answers there, of images that have a right one."
)


def _on_sets(found: Robustness) -> list[tuple[str, dict[str, Value]]]:
    """Every set's name, and top-1 by network; of corruptions the mean."""
    sets = [
        (one.name, {n.model: n.scores["accuracy"] for n in one.networks})
        for one in found.sets
    ]
    columns: list[tuple[str, dict[str, Value]]] = [
        (name, {model: estimate(score) for model, score in by.items()})
        for name, by in sets
    ]
    for family in found.corrupted:
        errors = family.over.get("mean_over_corruptions", ())
        columns.append(
            (
                f"{family.family} (mean of {family.datasets})",
                {
                    model: 1 - error if isinstance(error, float) else error
                    for model, error in zip(family.networks, errors, strict=False)
                },
            )
        )
    return columns


def _matrix(columns: Sequence[tuple[str, dict[str, Value]]], title: str) -> Table:
    models = sorted({model for _, by in columns for model in by})
    return Table(
        title=title,
        columns=(
            Column(name="model"),
            *(
                Column(name=name, unit="%", form=".1f", scale=100.0)
                for name, _ in columns
            ),
        ),
        rows=tuple((model, *(by.get(model) for _, by in columns)) for model in models),
    )


def estimate(score: Score) -> Value:
    """A score with its interval, where it has one."""
    if score.low is None or score.high is None:
        return score.value
    return Estimate(value=score.value, low=score.low, high=score.high)


def set_parts(sets: Sequence[OneSet]) -> Iterable[Part]:
    """A table for each set: intervals on the page, numbers alone on a terminal."""
    for one in sets:
        names = [n for n in _HEADS if any(n in each.scores for each in one.networks)]
        rows: list[tuple[Value, ...]] = []
        plain: list[tuple[Value, ...]] = []
        for each in one.networks:
            scores = [each.scores.get(name) for name in names]
            rows.append((each.model, *(s and estimate(s) for s in scores)))
            plain.append((each.model, *(s and s.value for s in scores)))
        levels = chances([each.scores for each in one.networks], names)
        if levels:
            rows.append((CHANCE, *levels))
            plain.append((CHANCE, *levels))
        truth = f" Right: {one.truth}." if one.truth else ""
        columns = (
            Column(name="model"),
            *(
                Column(
                    name=_HEADS[name][0],
                    group=_HEADS[name][1],
                    form="+.1f" if name == "top1_diff" else ".1f",
                    scale=100.0,
                )
                for name in names
            ),
        )
        table = Table(
            title=f"{one.name}: {one.images:,} images",
            columns=columns,
            rows=tuple(rows),
            note=one.use + truth,
            where=("page", "markdown"),
        )
        yield table
        yield replace(table, rows=tuple(plain), where=("terminal",))
    there = {name for one in sets for each in one.networks for name in each.scores}
    if words := [text for name, text in _LEGEND.items() if name in there]:
        yield Text(text=f"In percent. {'; '.join(words)}.", small=True)


def chances(
    networks: Sequence[dict[str, Score]], names: Sequence[str]
) -> tuple[Value, ...]:
    """The mean over networks of what guesses reach; empty where nothing is known."""
    found = []
    for name in names:
        levels = [some[name].chance for some in networks if name in some]
        known = [level for level in levels if level is not None]
        found.append(fmean(known) if known else None)
    return tuple(found) if any(level is not None for level in found) else ()
