"""Choosing among models by a metric: ranks, intervals, picks, and what they cost."""

import numpy as np
import pytest
import scipy.stats

from harness.analysis.choosing import RankCorrelation, choices
from harness.analysis.correlation import Undefined
from harness.measurement import Axes, Domain, Measurement
from harness.metrics.embeddings.clid import clid

MODELS = tuple("abcdefg")


def row(metric, model, value, *, dataset="test", accuracy=None, free=True, **axes):
    return Measurement(
        metric=metric,
        model=model,
        dataset=dataset,
        family=dataset,
        domain=Domain.INTERIOR,
        value=value,
        accuracy=accuracy,
        images=100,
        seconds=0.0,
        key="",
        axes=Axes.of(axes),
        label_free=free,
    )


def rows_of(metric, values, **more):
    """A row a model."""
    return [row(metric, m, v, **more) for m, v in zip(MODELS, values, strict=False)]


def only(found, metric, **axes):
    (one,) = [c for c in found if (c.metric, c.axes) == (metric, Axes.of(axes))]
    return one


def test_correlations_are_scipy_s_with_an_interval():
    rng = np.random.default_rng(0)
    ranks, probes = rng.random(7), rng.random(7)
    found = choices(
        rows_of("rankme", ranks, layer="head")
        + rows_of("linear_probe", probes, free=False, layer="head"),
        outcomes=["linear_probe"],
    )
    (one,) = found

    assert one.outcome_label == "linear_probe[layer=head]"
    assert one.models == MODELS
    assert one.spearman.value == pytest.approx(
        scipy.stats.spearmanr(ranks, probes).statistic
    )
    assert one.kendall.value == pytest.approx(
        scipy.stats.kendalltau(ranks, probes).statistic
    )
    for correlation in (one.spearman, one.kendall):
        low, high = correlation.interval.low, correlation.interval.high
        assert -1 <= low <= correlation.value <= high <= 1
        assert correlation.interval.groups == 7
    picked = int(ranks.argmax())
    assert one.picked.model == MODELS[picked]
    assert one.picked.lost == pytest.approx(probes.max() - probes[picked])
    assert one.best == MODELS[int(probes.argmax())]


def test_the_direction_of_the_metric_decides_who_is_picked():
    values, right = [0.1, 0.5, 0.9], [0.7, 0.9, 0.8]
    rows = [
        row(metric, m, v, accuracy=y)
        for metric in ("uniformity", "rankme", "coherence", "mine")
        for m, v, y in zip(MODELS, values, right, strict=False)
    ]
    found = choices(rows)

    assert {c.outcome_label for c in found} == {"accuracy"}
    assert (only(found, "rankme").picked.model, only(found, "rankme").better) == (
        "c",
        1,
    )
    low = only(found, "uniformity")
    assert (low.picked.model, low.picked.outcome, low.better) == ("a", 0.7, -1)
    assert low.picked.lost == pytest.approx(0.2)
    for metric in ("coherence", "mine"):
        assert "neither way" in only(found, metric).picked.reason
        assert only(found, metric).spearman.value == pytest.approx(0.5)


def test_a_layer_is_held_against_its_own_outcome():
    """A metric without one counts as one of the head; accuracy is of all layers."""
    rows = [
        *rows_of("rankme", [1.0, 2.0, 3.0], layer="stage1"),
        *rows_of("rankme", [3.0, 2.0, 1.0], layer="head", accuracy=0.5),
        *rows_of("nuclear_norm", [3.0, 2.0, 1.0]),
        *rows_of("linear_probe", [0.1, 0.2, 0.3], free=False, layer="stage1"),
        *rows_of("linear_probe", [0.1, 0.2, 0.3], free=False, layer="head", k="1"),
    ]
    found = choices(rows, outcomes=["linear_probe"])

    places = {(c.label, c.outcome_label): c.spearman for c in found}
    assert set(places) == {
        ("rankme[layer=stage1]", "linear_probe[layer=stage1]"),
        ("rankme[layer=head]", "linear_probe[k=1,layer=head]"),
        ("nuclear_norm", "linear_probe[k=1,layer=head]"),
        ("rankme[layer=stage1]", "accuracy"),
        ("rankme[layer=head]", "accuracy"),
        ("nuclear_norm", "accuracy"),
    }
    assert places["rankme[layer=stage1]", "linear_probe[layer=stage1]"].value == 1
    assert places["rankme[layer=head]", "linear_probe[k=1,layer=head]"].value == -1
    assert places["nuclear_norm", "accuracy"] == Undefined("all models have one value")


def test_clid_and_the_distance_of_alpha_from_1_are_made_of_all_models():
    learnability, dimension = [0.5, 0.7, 0.9, 0.6], [3.0, 9.0, 4.0, 5.0]
    rows = [
        *rows_of("cluster_learnability", learnability, layer="head"),
        *rows_of("intrinsic_dimension", dimension, layer="head", accuracy=0.5),
        *rows_of("alpha_req", [0.8, 1.1, 2.0, 0.1], layer="head"),
        *rows_of("linear_probe", [0.1, 0.2, 0.3, 0.4], free=False, layer="head"),
    ]
    found = choices(rows, outcomes=["linear_probe"])
    found = [c for c in found if c.outcome == "linear_probe"]

    both = only(found, "clid", layer="head")
    assert both.values == pytest.approx(clid(learnability, dimension))
    assert both.picked.model == MODELS[int(np.argmax(both.values))]
    far = only(found, "alpha_req_from_1", layer="head")
    assert far.values == pytest.approx([0.2, 0.1, 1.0, 0.9])
    assert far.picked.model == "b"
    assert "neither way" in only(found, "alpha_req", layer="head").picked.reason


def test_few_models_say_what_they_lack():
    def one(n, values=(1.0, 3.0, 2.0, 4.0)):
        rows = rows_of("rankme", values[:n])
        (found,) = choices(
            rows + rows_of("knn", [0.1, 0.3, 0.2, 0.4][:n], free=False),
            outcomes=["knn"],
        )
        return found

    assert "needs 3, got 2" in one(2).spearman.reason
    assert one(2).picked.model == "b"
    assert isinstance(one(4).kendall, RankCorrelation)
    assert "an interval needs 5 models, got 4" in one(4).kendall.interval.reason
    assert "a, b, c have the best value alike" in one(3, (2.0,) * 3).picked.reason
    assert choices(rows_of("rankme", [1.0]) + rows_of("knn", [0.1], free=False)) == ()


def test_models_without_the_outcome_are_left_out():
    rows = [
        *rows_of("rankme", [1.0, 2.0, 3.0, 9.0]),
        *rows_of("knn", [0.1, 0.2, 0.3], free=False),
        *rows_of("knn", [0.1, 0.2, 0.3], free=False, dataset="other"),
        *rows_of("recall", [0.1, 0.2, 0.3], free=False),
    ]
    (found,) = choices(rows, outcomes=["knn"])

    assert found.models == ("a", "b", "c")
    assert found.picked.lost == 0


def test_the_best_of_an_outcome_that_falls_is_the_least():
    rows = rows_of("rankme", [1.0, 2.0, 3.0])
    rows += rows_of("negative_log_likelihood", [2.0, 0.5, 0.7], free=False)
    (found,) = choices(rows, outcomes=["negative_log_likelihood"])

    assert found.best == "b"
    assert found.picked.model == "c"
    assert found.picked.lost == pytest.approx(0.2)
