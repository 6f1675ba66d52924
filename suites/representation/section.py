"""The section of the representation suite: models in rows, layers in columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.analysis.along_axes import ordered
from harness.analysis.correlation import Undefined
from harness.analysis.published_layers import PUBLISHED, Published
from harness.models.layers import HEAD, split_layer
from harness.models.pretext.options import split_name
from harness.models.self_classifier.options import SUFFIX
from harness.models.untrained import twinned
from harness.report.table import Column, Curve, Estimate, Series, Table, Text

from .few import TUNED, FewLabels, few_labels_of, few_labels_table

if TYPE_CHECKING:
    from harness.measurement import Measurement
    from harness.report.section import Context, Quantity
    from harness.report.table import Part

#: Measures with a table of layers, in order, and what they are called there.
SHOWN = {
    "linear_probe": "linear accuracy",
    "logistic_probe": "logistic regression's accuracy",
    "logistic_probe_minibatch": "logistic regression's accuracy, by minibatches",
    "knn": "kNN accuracy",
    "knn_leave_one_out": "kNN accuracy, leave one out",
    "few_labels": "accuracy with few labels",
    "first_labels": "accuracy with the first labels of each class",
    "listed_labels": "accuracy with the labels of a list",
    "precision_at_k": "precision at k",
    "hit_at_k": "hits at k",
    "recall_at_k": "recall at k",
    "r_precision": "R-precision",
    "map_at_r": "mean average precision at R",
}
#: Of these a terminal has a table, with such constants where they were measured.
ON_TERMINAL = {
    "linear_probe": "",
    "knn": "k 20, T 0.07, distance cosine",
    "few_labels": "share 0.1",
}
#: The one that quantities and the plot are of.
FIRST = "linear_probe"
FEW = Undefined("a peak needs two stages")


@dataclass(frozen=True, slots=True, kw_only=True)
class AtLayers:
    """One model's number at its layers.

    Attributes
    ----------
    model, network
        Whose, and which network that is: its random twin and what was trained from it
        otherwise have one.
    values
        By layer: the number.
    intervals
        By layer, where it has one.
    peak_before_last
        How much the best stage is above the last: 0 of a network that rises throughout.
    over_twin
        The most by which a layer is above the same of the random twin; None without.
    """

    model: str
    network: str
    values: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    peak_before_last: float | Undefined
    over_twin: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ByLayer:
    """A measure by layer, on one dataset.

    Attributes
    ----------
    measure, constants, dataset
        What, with the other axes of its numbers in words, and on what.
    layers
        In the order that they run.
    chance
        What naming the most common class reaches; None of what has no such level.
    models
        Those of one network together, its random twin first.
    """

    measure: str
    constants: str
    dataset: str
    layers: tuple[str, ...]
    chance: float | None
    models: tuple[AtLayers, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Representation:
    """All of them.

    Attributes
    ----------
    of
        By measure, constants, dataset and what stages are called.
    few
        Of networks that were fine-tuned on few labels.
    """

    of: tuple[ByLayer, ...]
    few: tuple[FewLabels, ...] = ()


class RepresentationSection:
    """Numbers by layer, and published ones of the field."""

    name = "representation"
    title = "representation: what features are worth, by layer"
    #: What their tests record is in no other scorecard: that has a column a place.
    files = ("test_features.py",)
    #: And these are in no other table along an axis.
    along = (*SHOWN, *TUNED)

    def find(
        self, rows: Sequence[Measurement], context: Context, /
    ) -> Representation | None:
        """What was measured along an axis `layer` of outcomes of features."""
        groups: dict[tuple[str, str, str, str], list[Measurement]] = {}
        kinds = _kinds(rows)
        for row in rows:
            axes = dict(row.axes)
            if row.metric in SHOWN and "layer" in axes and row.dataset:
                rest = ", ".join(f"{n} {axes[n]}" for n in _constants(axes))
                place = row.metric, rest, row.dataset, kinds[row.model]
                groups.setdefault(place, []).append(row)
        order = list(SHOWN)
        found = tuple(
            _by_layer(*place[:3], groups[place])
            for place in sorted(groups, key=lambda p: order.index(p[0]))
        )
        few = few_labels_of(rows)
        return Representation(of=found, few=few) if found or few else None

    def tables(self, found: Representation, /) -> Iterable[Part]:
        """Linear accuracy first, with its curve; the others behind it."""
        short = set(_on_terminal(found.of))
        for place, one in enumerate(found.of):
            yield _table(one, everywhere=place in short)
            if one.measure == FIRST and len(one.layers) > 1:
                yield _curve(one)
        for few in found.few:
            yield few_labels_table(few, _in_turn(few.tuned))
        yield Text(
            text="A layer's name says how its maps became vectors: -grid is the "
            "largest in each cell of a g x g grid, g as large as the map and 9,000 "
            "numbers allow; -grid4 in each of 4 x 4; without, the mean. Drop: the best "
            "stage less the last one. Over random: the most by which a layer is above "
            "the same of the network untrained. Other constants, and the other "
            "measures, are on the page and in the files of tables.",
            small=True,
        )
        yield from map(_published, PUBLISHED)

    def quantities(self, found: Representation, /) -> Mapping[str, Quantity]:
        """Of linear accuracy: `peak_before_last` and `over_random` of each model."""
        quantities: dict[str, Quantity] = {}
        for one in found.of:
            if one.measure != FIRST:
                continue
            for model in one.models:
                at = f"of {model.model} on {one.dataset}"
                quantities[f"peak_before_last {at}"] = model.peak_before_last
                if model.over_twin is not None:
                    quantities[f"over_random {at}"] = model.over_twin
        return quantities


def _constants(axes: Mapping[str, str]) -> list[str]:
    """Names of the axes besides the layer, those of votes in their usual order."""
    usual = ("k", "T", "distance")
    rest = [name for name in axes if name not in usual and name != "layer"]
    return [*(name for name in usual if name in axes), *rest]


def _kinds(rows: Iterable[Measurement]) -> dict[str, str]:
    """What the stages of each model are called but for their numbers: "conv".

    Networks whose stages are called alike stand in one table.
    """
    kinds: dict[str, str] = {}
    for row in rows:
        layer = dict(row.axes).get("layer", HEAD)
        named = "" if layer == HEAD else re.sub(r"\d+", "", split_layer(layer)[0])
        kinds[row.model] = max(kinds.get(row.model, ""), named)
    return kinds


def _by_layer(
    measure: str, constants: str, dataset: str, rows: Sequence[Measurement]
) -> ByLayer:
    values: dict[str, dict[str, Measurement]] = {}
    for row in rows:
        values.setdefault(row.model, {})[dict(row.axes)["layer"]] = row
    names = dict.fromkeys(name for own in values.values() for name in own)
    layers = ordered(names) or tuple(names)
    chances = {float(r.facts["chance"]) for r in rows if "chance" in r.facts}
    return ByLayer(
        measure=measure,
        constants=constants,
        dataset=dataset,
        layers=layers,
        chance=chances.pop() if len(chances) == 1 else None,
        models=tuple(
            _at_layers(name, network_of(name), layers, values)
            for name in _in_turn(values)
        ),
    )


def _in_turn(models: Iterable[str]) -> list[str]:
    """Networks by name: twins, then what was trained without labels, then the rest."""

    def turn(model: str) -> tuple[str, bool, bool, str]:
        network = network_of(model)
        return network, twinned(model) is None, model == network, model

    return sorted(models, key=turn)


def network_of(model: str) -> str:
    """The network that a model is, by the endings that the harness gives to names.

    Any other ending is another network's: the twin of an AlexNet says nothing of one
    with batch normalisation.

    Examples
    --------
    >>> [network_of(f"vgg{ending}") for ending in ("", "-random2", "-rotation", "-bn")]
    ['vgg', 'vgg', 'vgg', 'vgg-bn']
    """
    if twin := twinned(model):
        return twin[0]
    return split_name(model)[0].removesuffix(SUFFIX) or model


def _at_layers(
    model: str,
    network: str,
    layers: Sequence[str],
    values: Mapping[str, Mapping[str, Measurement]],
) -> AtLayers:
    own = {name: values[model][name] for name in layers if name in values[model]}
    twins = [name for name in values if twinned(name) and twinned(name)[0] == network]  # type: ignore[index]
    over = None
    if twins and twinned(model) is None:
        gaps = [
            row.value - max(values[t][n].value for t in twins if n in values[t])
            for n, row in own.items()
            if any(n in values[t] for t in twins)
        ]
        over = max(gaps, default=None)
    stages = [row.value for name, row in own.items() if name != HEAD]
    few = len(stages) < 2 or len({split_layer(n)[1] for n in own if n != HEAD}) > 1
    return AtLayers(
        model=model,
        network=network,
        values={name: row.value for name, row in own.items()},
        intervals={n: row.interval for n, row in own.items() if row.interval},
        peak_before_last=FEW if few else max(stages) - stages[-1],
        over_twin=over,
    )


def _title(one: ByLayer) -> str:
    pools = {split_layer(name)[1] for name in one.layers if name != HEAD}
    of = f", maps as {pools.pop()}" if len(pools) == 1 and pools != {"avg"} else ""
    constants = f" ({one.constants})" if one.constants else ""
    return f"{SHOWN[one.measure]} by layer on {one.dataset}{constants}{of}"


def _heads(layers: Sequence[str]) -> tuple[str, ...]:
    """What layers are called under a title that says how their maps were pooled.

    Examples
    --------
    >>> _heads(["stage1-grid", "stage2-grid", "head"])
    ('stage1', 'stage2', 'head')
    >>> _heads(["stage1-grid", "stage1"])
    ('stage1-grid', 'stage1')
    """
    names = tuple(split_layer(name)[0] for name in layers)
    alike = len({split_layer(name)[1] for name in layers if name != HEAD}) == 1
    return names if alike and len(set(names)) == len(names) else tuple(layers)


def _on_terminal(found: Sequence[ByLayer]) -> Iterable[int]:
    """Places of those that a terminal shows: one a measure, dataset and layers."""
    groups: dict[tuple[str, str, tuple[str, ...]], list[int]] = {}
    for place, one in enumerate(found):
        if one.measure in ON_TERMINAL:
            group = one.measure, one.dataset, one.layers
            groups.setdefault(group, []).append(place)
    for (measure, *_), places in groups.items():
        usual = ON_TERMINAL[measure]
        yield next((p for p in places if found[p].constants == usual), places[0])


def _table(one: ByLayer, *, everywhere: bool) -> Table:
    percent = {"form": ".1f", "scale": 100.0}
    chance = "" if one.chance is None else f" Chance: {100 * one.chance:.1f}."
    heads = _heads(one.layers)
    return Table(
        columns=(
            Column(name="model"),
            *(Column(name=name, **percent) for name in heads),  # type: ignore[arg-type]
            Column(name="drop", goes=2, **percent),  # type: ignore[arg-type]
            Column(name="over random", goes=1, **percent),  # type: ignore[arg-type]
        ),
        rows=tuple(
            (
                model.model,
                *(model.values.get(name) for name in one.layers),
                None if model.peak_before_last is FEW else model.peak_before_last,
                model.over_twin,
            )
            for model in one.models
        ),
        title=_title(one),
        note=f"In percent.{chance}",
        where=() if everywhere else ("page", "markdown"),
    )


def _published(one: Published) -> Table:
    """With the drop at its last layer; folded, as it is nobody's run."""
    return Table(
        columns=(
            Column(name="pre-training"),
            *(Column(name=name, form=".1f") for name in one.layers),
            Column(name="drop", form=".1f"),
        ),
        rows=tuple(
            (name, *values, max(values) - values[-1])
            for name, values in one.rows.items()
        ),
        title=one.title,
        note=f"In percent. {one.source}.",
        folded=one.title,
    )


def _curve(one: ByLayer) -> Curve:
    return Curve(
        axis="layer",
        at=_heads(one.layers),
        series=tuple(
            Series(
                name=model.model,
                values=tuple(_estimate(model, name) for name in one.layers),
            )
            for model in one.models
        ),
        value=SHOWN[one.measure],
        unit="%",
        form=".1f",
        scale=100.0,
        title=f"{_title(one)}: its curve",
    )


def _estimate(model: AtLayers, layer: str) -> float | Estimate | None:
    value, ends = model.values.get(layer), model.intervals.get(layer)
    if value is None or ends is None:
        return value
    return Estimate(value=value, low=ends[0], high=ends[1])
