"""Promises that every metric keeps, read from its declared facts."""

import importlib
import inspect
import pkgutil
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import harness.metrics
from harness.errors import UndefinedMetricError
from harness.metrics import METRICS, OUTCOMES, Input, Invariant, Metric
from harness.metrics.ask import WORDS
from tests.strategies import World, simulated_world, worlds

# Many small worlds have no value: a metric that needs three models, two classes, ...
quick = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much],
)
every_metric = pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)

# What runs over the target's images, and what over the source's.
AXIS = {ask: {"source": "s", "train": "m"}.get(ask.of, "n") for ask in WORDS.values()}


def named(ask):
    """What the argument is called: copies are views, too."""
    return "view_probs" if ask == Input.COPY_PROBS else str(ask)


def claiming(invariant: Invariant):
    """The metrics that declare a symmetry."""
    chosen = [m for m in METRICS if invariant in m.invariants]
    return pytest.mark.parametrize("metric", chosen, ids=lambda m: m.name)


# What has no value on a few images gets each of them many times.
MANY = {
    "rms_calibration_error_official": 200,
    **dict.fromkeys(("knn_leave_one_out", "precision_at_k", "hit_at_k"), 25),
    "recall_at_k": 25,
}
MANY_IN_BANK = {"knn": 25}
# What has no value on as few features as worlds have is measured otherwise there.
OPTIONS = {"alpha_req": {"first": 1}}


def measured(metric: Metric, arrays: list[np.ndarray]) -> float:
    """The metric on arrays of a world."""
    return metric(*arrays, **OPTIONS.get(metric.name, {}))


def value(metric: Metric, world: World) -> float:
    """The metric on a drawn world; draws on which it has no value are passed over."""
    if metric.name in MANY:
        world = world.take(np.repeat(np.arange(len(world.logits)), MANY[metric.name]))
    if Input.TRAIN_LABELS in metric.inputs:
        world = world.with_bank(MANY_IN_BANK.get(metric.name, 1))
    try:
        return measured(metric, world.arrays(metric.inputs))
    except UndefinedMetricError:
        assume(False)
        raise


def order(size: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).permutation(size)


seeds = st.integers(0, 2**32 - 1)


@every_metric
@quick
@given(world=worlds(max_k=6))
def test_stays_inside_its_bounds(metric, world):
    """Calling a metric checks its own bounds, so it is enough that it returns."""
    value(metric, world)


# Ranks are highest for noise, which bad worlds are made of: `embeddings` has tests of
# its own. What goes neither way separates nothing.
directed = pytest.mark.parametrize(
    "metric",
    [
        m
        for m in METRICS
        if not m.fn.__module__.startswith("harness.metrics.embeddings.")
    ],
    ids=lambda m: m.name,
)


@directed
def test_trend_separates_good_from_bad(metric):
    """Outcomes of a model that is sure of itself, as trained ones are."""
    good, bad = (simulated_world(quality, k=8) for quality in (0.9, 0.2))
    if not metric.label_free:
        good, bad = (replace(w, logits=3 * w.logits) for w in (good, bad))
    good, bad = (metric(*w.arrays(metric.inputs)) for w in (good, bad))
    assert np.sign(good - bad) == metric.trend.value


@claiming(Invariant.IMAGE_ORDER)
@quick
@given(world=worlds(max_k=6), seed=seeds)
def test_image_order_does_not_matter(metric, world, seed):
    shuffled = world.take(order(len(world.logits), seed))
    assert value(metric, shuffled) == pytest.approx(value(metric, world), abs=1e-9)


@claiming(Invariant.DUPLICATION)
@quick
@given(world=worlds(max_k=6))
def test_measuring_every_image_twice_does_not_matter(metric, world):
    twice = world.take(np.tile(np.arange(len(world.logits)), 2))
    assert value(metric, twice) == pytest.approx(value(metric, world), abs=1e-9)


@claiming(Invariant.CLASS_ORDER)
@quick
@given(world=worlds(max_k=6), seed=seeds)
def test_names_of_classes_do_not_matter(metric, world, seed):
    world = world.untied()
    renamed = world.rename_classes(order(world.logits.shape[1], seed))
    assert value(metric, renamed) == pytest.approx(value(metric, world), abs=1e-9)


@claiming(Invariant.VIEW_ORDER)
@quick
@given(world=worlds(max_k=6), seed=seeds)
def test_view_order_does_not_matter(metric, world, seed):
    views = world.view_logits
    shuffled = replace(world, view_logits=views[order(len(views), seed)])
    assert value(metric, shuffled) == pytest.approx(value(metric, world), abs=1e-9)


@claiming(Invariant.LOGIT_SHIFT)
@quick
@given(world=worlds(max_k=6), seed=seeds)
def test_a_constant_on_all_logits_of_an_image_does_not_matter(metric, world, seed):
    # Rounding must not tie; and a row of 0 and 1 would be refused as probabilities.
    world = replace(world, logits=2 * np.round(world.logits))
    rng = np.random.default_rng(seed)
    shifted = world.shift_logits(rng.integers(-50, 50, len(world.logits)).astype(float))
    assert value(metric, shifted) == pytest.approx(value(metric, world), abs=1e-9)


@every_metric
def test_leaves_its_arrays_alone(metric):
    arrays = simulated_world(0.5, n=200).arrays(metric.inputs)
    before = [a.copy() for a in arrays]
    for a in arrays:
        a.flags.writeable = False
    measured(metric, arrays)
    assert all(np.array_equal(a, b) for a, b in zip(arrays, before, strict=True))


@every_metric
def test_gives_the_same_from_float32(metric):
    arrays = simulated_world(0.5).arrays(metric.inputs)
    single = [a.astype(np.float32) if a.dtype == np.float64 else a for a in arrays]
    expected = measured(metric, arrays)
    assert measured(metric, single) == pytest.approx(expected, rel=1e-5)


@every_metric
def test_is_deterministic(metric):
    arrays = simulated_world(0.5).arrays(metric.inputs)
    assert measured(metric, arrays) == measured(metric, arrays)


@every_metric
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_refuses_what_is_not_finite_by_name(metric, bad):
    world = simulated_world(0.5, n=20)
    for position, ask in enumerate(metric.inputs):
        arrays = [a.copy() for a in world.arrays(metric.inputs)]
        if arrays[position].dtype == np.float64:
            arrays[position][..., 0, 1] = bad
            with pytest.raises(ValueError, match=f"`{named(ask)}` must be finite"):
                metric(*arrays)


@every_metric
def test_refuses_classes_of_the_wrong_shape_or_kind_by_name(metric):
    world = simulated_world(0.5, n=20)
    for position, ask in enumerate(metric.inputs):
        arrays = world.arrays(metric.inputs)
        if arrays[position].dtype == np.int64:
            good = arrays[position]
            arrays[position] = good.astype(np.float64)
            with pytest.raises(TypeError, match=f"`{named(ask)}` must be whole"):
                metric(*arrays)
            arrays[position] = good - 1
            with pytest.raises(ValueError, match=f"`{named(ask)}` must .* got -1"):
                metric(*arrays)
            if [AXIS[i] for i in metric.inputs].count(AXIS[ask]) > 1:
                arrays[position] = good[..., :-1]
                with pytest.raises(ValueError, match="must have shape"):
                    metric(*arrays)


@every_metric
def test_refuses_what_is_not_an_array(metric):
    arrays = simulated_world(0.5, n=20).arrays(metric.inputs)
    for position, ask in enumerate(metric.inputs):
        lists = [*arrays[:position], arrays[position].tolist(), *arrays[position + 1 :]]
        with pytest.raises(TypeError, match=f"`{named(ask)}` must be a numpy array"):
            metric(*lists)


@every_metric
def test_arguments_are_named_after_inputs_and_options_are_keyword_only(metric):
    parameters = inspect.signature(metric.fn).parameters.values()
    positional = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    options = [p for p in parameters if p.kind is p.KEYWORD_ONLY]
    assert positional == [named(ask) for ask in metric.inputs]
    assert len(positional) + len(options) == len(parameters)
    assert all(p.default is not p.empty for p in options)


@every_metric
def test_docstring_has_every_section(metric):
    text = inspect.getdoc(metric.fn)
    for section in ("Parameters", "Returns", "Raises", "Examples"):
        assert f"\n{section}\n{'-' * len(section)}\n" in text
    assert metric.summary.endswith(".")


def test_no_metric_is_forgotten():
    """A declaration without a line in METRICS, or a line twice, fails here."""
    names = [m.name for m in METRICS]
    modules = pkgutil.walk_packages(harness.metrics.__path__, "harness.metrics.")
    declared = {
        thing.name
        for module in modules
        for thing in vars(importlib.import_module(module.name)).values()
        if isinstance(thing, Metric)
    }
    assert sorted(names) == sorted(declared)


def test_what_asks_for_labels_of_the_target_is_an_outcome():
    """And every outcome says how far other images would move it."""
    asking = [m for m in METRICS if Input.LABELS in m.inputs]

    assert list(OUTCOMES) == asking == [m for m in METRICS if not m.label_free]
    assert [m.name for m in OUTCOMES if m.interval is None] == []


def test_every_temperature_is_one_of_confidence_or_of_an_energy():
    """A new metric that takes a temperature says whether calibration should set it."""
    takes = {
        metric.name
        for metric in METRICS
        if "temperature" in inspect.signature(metric.fn).parameters
    }
    said = {metric.name for metric in METRICS if metric.calibratable}
    of_votes = {"knn", "knn_leave_one_out"}
    assert takes - said == {"average_energy", "meta_distribution_energy"} | of_votes
    assert said <= takes
