"""Finding: from the suite's rows to what it has to say, set by set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from harness.analysis.accuracy_lines import OnTheLine, on_the_line
from harness.analysis.correlation import Undefined, or_reason
from harness.metrics.numerics.uncertainty import sampling_interval

from .found import (
    Consistency,
    Corrupted,
    Detections,
    Effective,
    OneSet,
    OnSet,
    Perturbed,
    Robustness,
    Score,
    Values,
)
from .uses import use_of

if TYPE_CHECKING:
    from harness.analysis.aggregates import Aggregated
    from harness.measurement import Measurement

FILES = (
    "test_sets.py",
    "test_sureness.py",
    "test_networks.py",
    "test_sequences.py",
    "test_outside.py",
    "test_activations.py",
    "test_published.py",
)
#: Of each corruption, with what turns accuracy into an error; and over corruptions.
BY_CORRUPTION = ("mean_over_severities", "corruption_error")
OVER_CORRUPTIONS = (
    "mean_over_corruptions",
    "unnormalised_mce",
    "mce",
    "relative_mce",
    "mce_of_the_extra_four",
)
OF_SEQUENCES = (
    *("mean_flip_probability", "mean_made_flip_probability", "mfr"),
    *("mean_top_5_distance", "mean_made_top_5_distance"),
)
#: Aggregates that this section shows, each of a metric.
SHOWN = (
    *((name, "accuracy") for name in (*BY_CORRUPTION, *OVER_CORRUPTIONS)),
    ("relative_corruption_error", "accuracy"),
    ("flip_rate", "flip_probability"),
    ("mfr", "flip_probability"),
    ("mean_flip_probability", "flip_probability"),
    ("mean_made_flip_probability", "flip_probability"),
    ("mean_top_5_distance", "top_5_distance"),
    ("mean_made_top_5_distance", "top_5_distance"),
)


def find(
    rows: Iterable[Measurement], aggregates: Sequence[Aggregated]
) -> Robustness | None:
    """What the suite's own rows say; None without any."""
    own = [row for row in rows if row.dataset and row.file in FILES]
    shown = [one for one in aggregates if (one.aggregate, one.metric) in SHOWN]
    if not own and not shown:
        return None
    whole = [row for row in own if row.metric == "accuracy" and _is_alone(row)]
    return Robustness(
        sets=_sets(own),
        corrupted=_corrupted(own, shown),
        perturbed=_perturbed(own, shown),
        outside=_outside(own),
        consistency=_consistency(own),
        lines=tuple(map(_effective, on_the_line(whole))),
        networks=len({row.model for row in own}),
    )


def _sets(rows: Iterable[Measurement]) -> tuple[OneSet, ...]:
    """Every labelled set by itself, the test split first."""
    by_set: dict[tuple[bool, str], dict[str, list[Measurement]]] = {}
    for row in rows:
        if row.accuracy is not None and not row.axes and _is_alone(row):
            place = not row.of_test_split, row.dataset
            by_set.setdefault(place, {}).setdefault(row.model, []).append(row)
    return tuple(_one_set(name, models) for (_, name), models in sorted(by_set.items()))


def _is_alone(row: Measurement) -> bool:
    """Whether its set is none of many that were made of the same images."""
    return row.traits.keys().isdisjoint(("corruption", "perturbation"))


def _one_set(name: str, models: Mapping[str, Sequence[Measurement]]) -> OneSet:
    first = next(iter(models.values()))[0]
    return OneSet(
        name=name,
        images=_counted(first),
        use=use_of(first.traits),
        truth=first.facts.get("truth", ""),
        networks=tuple(
            OnSet(model=model, scores=_scores(models[model]))
            for model in sorted(models)
        ),
    )


def _scores(rows: Sequence[Measurement]) -> dict[str, Score]:
    """Those that were recorded, with accuracy and what is told beside it."""
    found = {row.metric: score_of(row) for row in rows}
    first = rows[0]
    assert first.accuracy is not None
    found.setdefault("accuracy", _share(first.accuracy, _counted(first)))
    if "top1_full" in first.facts:
        found["top1_full"] = _share(float(first.facts["top1_full"]), _counted(first))
    if "top1_diff" in found:
        clean = first.accuracy - found["top1_diff"].value
        found["top1_clean"] = Score(value=clean)
    return found


def _counted(row: Measurement) -> int:
    return int(row.facts.get("counted", row.images))


def _share(value: float, images: int) -> Score:
    low, high = sampling_interval(value, max(images, 1))
    return Score(value=value, low=float(low), high=float(high))


def score_of(row: Measurement) -> Score:
    low, high = row.interval or (None, None)
    chance = row.facts.get("chance")
    return Score(
        value=row.value,
        low=low,
        high=high,
        chance=None if chance is None else float(chance),
    )


def _corrupted(
    rows: Sequence[Measurement], aggregates: Sequence[Aggregated]
) -> tuple[Corrupted, ...]:
    """Every family, and of one that corrupts several sets each of them."""
    by: dict[tuple[str, str], list[Aggregated]] = {}
    for one in aggregates:
        if one.metric == "accuracy":
            member = dict(one.axes).get("member", "")
            by.setdefault((one.family, member), []).append(one)
    found = []
    for (family, member), here in sorted(by.items()):
        members = [row for row in rows if row.family == family]
        networks = tuple(sorted({one.model for one in here}))
        tables = {
            name: _by(here, name, "corruption", networks) for name in BY_CORRUPTION
        }
        whole = [one for one in here if one.aggregate == "mean_over_corruptions"]
        found.append(
            Corrupted(
                family=f"{family}/{member}" if member else family,
                datasets=max(one.datasets for one in whole or here),
                use=use_of(members[0].traits) if members else "",
                networks=networks,
                errors={
                    name: tuple(map(_error, values))
                    for name, values in tables["mean_over_severities"].items()
                },
                by_alexnet=tables["corruption_error"],
                over=_over(here, networks),
            )
        )
    return tuple(found)


def _over(here: Sequence[Aggregated], networks: Sequence[str]) -> dict[str, Values]:
    """Numbers over all corruptions; mean accuracy as an error."""
    found = {}
    for name in OVER_CORRUPTIONS:
        values = _by(here, name, "", networks).get("")
        if values is not None:
            is_accuracy = name == "mean_over_corruptions"
            found[name] = tuple(map(_error, values)) if is_accuracy else values
    return found


def _error(value: float | Undefined | None) -> float | Undefined | None:
    return 1 - value if isinstance(value, float) else value


def _by(
    here: Sequence[Aggregated], name: str, axis: str, networks: Sequence[str]
) -> dict[str, Values]:
    """By the axis that an aggregate keeps, its value for each network."""
    values: dict[str, dict[str, float | Undefined]] = {}
    for one in here:
        if one.aggregate == name:
            at = dict(one.axes).get(axis, "")
            values.setdefault(at, {})[one.model] = one.value
    return {at: tuple(some.get(one) for one in networks) for at, some in values.items()}


def _perturbed(
    rows: Sequence[Measurement], aggregates: Sequence[Aggregated]
) -> tuple[Perturbed, ...]:
    of = [row for row in rows if "perturbation" in row.traits]
    found = []
    for family in sorted({row.family for row in of}):
        here = [row for row in of if row.family == family]
        networks = tuple(sorted({row.model for row in here}))
        scores: dict[str, dict[str, dict[str, Score]]] = {}
        for row in here:
            by_kind = scores.setdefault(row.metric, {})
            by_kind.setdefault(_kind(row), {})[row.model] = score_of(row)
        made = [one for one in aggregates if one.family == family]
        over = {name: _by(made, name, "", networks).get("") for name in OF_SEQUENCES}
        found.append(
            Perturbed(
                family=family,
                use=use_of(here[0].traits),
                networks=networks,
                scores={
                    metric: {
                        kind: tuple(some.get(one) for one in networks)
                        for kind, some in kinds.items()
                    }
                    for metric, kinds in scores.items()
                },
                over={name: some for name, some in over.items() if some is not None},
            )
        )
    return tuple(found)


def _kind(row: Measurement) -> str:
    """The perturbation, and how much harder it is than usual."""
    kind, harder = str(row.traits["perturbation"]), row.traits.get("difficulty", 1)
    return kind if harder == 1 else f"{kind}, difficulty {harder}"


def _outside(rows: Sequence[Measurement]) -> tuple[Detections, ...]:
    by: dict[tuple[str, str], dict[str, dict[str, Score]]] = {}
    first: dict[str, Measurement] = {}
    for row in rows:
        if "outside" in row.traits and "score" in dict(row.axes):
            first.setdefault(row.dataset, row)
            scores = by.setdefault((row.dataset, row.model), {})
            scores.setdefault(dict(row.axes)["score"], {})[row.metric] = score_of(row)
    return tuple(
        Detections(
            name=name,
            images=first[name].images,
            use=use_of(first[name].traits),
            model=model,
            by_score=scores,
        )
        for (name, model), scores in sorted(by.items())
    )


def _consistency(rows: Sequence[Measurement]) -> tuple[Consistency, ...]:
    by: dict[tuple[str, str], dict[str, Score]] = {}
    for row in rows:
        if row.metric == "error_consistency":
            others = by.setdefault((row.dataset, row.model), {})
            others[dict(row.axes)["other"]] = score_of(row)
    return tuple(
        Consistency(name=name, model=model, others=dict(sorted(others.items())))
        for (name, model), others in sorted(by.items())
    )


def _effective(one: OnTheLine) -> Effective:
    probit = one.lines["probit"]
    if isinstance(probit, Undefined):
        return Effective(line=one, beyond=probit)
    beyond = or_reason(partial(probit.effective_robustness, one.x, one.y))
    if not isinstance(beyond, Undefined):
        beyond = dict(zip(one.models, beyond.tolist(), strict=True))
    return Effective(line=one, beyond=beyond)
