"""Estimates that see labelled source images: closed forms and other formulations."""

import itertools

import numpy as np
import pytest
import scipy.optimize
import scipy.special
import scipy.stats
from hypothesis import assume, given, settings
from sklearn.isotonic import IsotonicRegression

from harness.arrays import log_softmax, softmax
from harness.errors import UndefinedMetricError
from harness.metrics.label_free.atc import atc_mc, atc_ne
from harness.metrics.label_free.average_confidence import average_confidence
from harness.metrics.label_free.cbpe import cbpe
from harness.metrics.label_free.difference_of_confidences import (
    difference_of_confidences,
)
from harness.metrics.label_free.importance_reweighting import importance_reweighting
from harness.metrics.numerics import calibration
from harness.metrics.numerics.calibration import (
    calibration_error,
    helpful_map,
    isotonic_map,
)
from harness.metrics.numerics.temperature import HIGHEST, LOWEST, fitted_temperature
from harness.metrics.numerics.thresholds import log_entropy, top_log_odds
from tests.strategies import simulated_world, worlds

quick = settings(max_examples=40, deadline=None)
BOTH = pytest.mark.parametrize("atc", [atc_mc, atc_ne])


def negative_log_likelihood(logits, labels, temperature):
    return -log_softmax(logits / temperature)[np.arange(len(labels)), labels].mean()


@pytest.mark.parametrize("scale", [0.2, 1.0, 7.0])
def test_temperature_minimises_the_likelihood(scale):
    world = simulated_world(0.5)
    logits, labels = scale * world.source_logits, world.source_labels
    found = fitted_temperature(logits, labels)
    best = scipy.optimize.minimize_scalar(
        lambda t: negative_log_likelihood(logits, labels, np.exp(t)), bounds=(-3, 3)
    )
    assert found == pytest.approx(np.exp(best.x), rel=1e-3)
    assert negative_log_likelihood(logits, labels, found) <= best.fun + 1e-12
    assert found == pytest.approx(scale * fitted_temperature(logits / scale, labels))


@quick
@given(world=worlds())
def test_temperature_is_within_its_range_and_no_other_there_is_better(world):
    logits, labels = world.source_logits, world.source_labels
    found = fitted_temperature(logits, labels)
    assert LOWEST <= found <= HIGHEST
    best = negative_log_likelihood(logits, labels, found)
    for other in (LOWEST, 0.3, 1.0, 4.0, HIGHEST):
        there = negative_log_likelihood(logits, labels, other)
        assert best <= there + 1e-9 * (1 + there)


def test_fitted_temperature_makes_confidence_right_on_the_source():
    """Exactly so for two classes whose logits take one value."""
    logits = np.array([[3.0, 0.0]] * 10)
    labels = np.array([0] * 8 + [1] * 2)
    temperature = fitted_temperature(logits, labels)
    assert average_confidence(logits, temperature=temperature) == pytest.approx(0.8)


@BOTH
@quick
@given(world=worlds())
def test_atc_on_its_own_source_is_the_source_accuracy_up_to_ties(atc, world):
    logits, labels = world.source_logits, world.source_labels
    accuracy = (logits.argmax(axis=1) == labels).mean()
    score = top_log_odds(logits) if atc is atc_mc else -log_entropy(logits)
    ties = max(np.unique(score, return_counts=True)[1]) - 1
    found = atc(logits, logits, labels)
    assert accuracy - 1e-12 <= found <= accuracy + ties / len(labels) + 1e-12


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_atc_by_sorting_confidences(temperature):
    world = simulated_world(0.4)
    probs = scipy.special.softmax(world.logits / temperature, axis=1)
    source = scipy.special.softmax(world.source_logits / temperature, axis=1)
    wrong = (source.argmax(axis=1) != world.source_labels).sum()
    for atc, score in (
        (atc_mc, lambda p: p.max(axis=1)),
        (atc_ne, lambda p: -scipy.stats.entropy(p, axis=1)),
    ):
        threshold = np.sort(score(source))[wrong]
        assert (score(source) < threshold).sum() == wrong
        found = atc(
            world.logits,
            world.source_logits,
            world.source_labels,
            temperature=temperature,
        )
        assert found == (score(probs) >= threshold).mean()


@BOTH
def test_atc_tells_saturated_confidences_apart(atc):
    """All confidences are 1.0 in float64: their order is in the logits."""
    source = np.array([[50.0, 0.0], [60.0, 0.0], [70.0, 0.0], [1e4, 0.0]])
    labels = np.array([1, 1, 0, 0])
    target = np.array([[55.0, 0.0], [65.0, 0.0], [75.0, 0.0], [2e4, 0.0]])
    assert (softmax(target).max(axis=1) == 1.0).all()
    assert atc(target, source, labels) == 0.5
    assert atc(source, source, labels) == 0.5


@BOTH
def test_atc_with_all_or_none_of_the_source_right(atc):
    source = np.log([[0.9, 0.1], [0.8, 0.2]])
    target = np.log([[0.85, 0.15], [0.7, 0.3]])
    assert atc(target, source, np.array([0, 0])) == 0.5  # as sure as the least sure
    assert atc(target, source, np.array([1, 1])) == 0.0


@quick
@given(world=worlds())
def test_scores_of_thresholds_order_as_confidence_and_entropy_do(world):
    probs = softmax(world.logits)
    top = probs.max(axis=1)
    plain = top < 1 - 1e-6
    assume(plain.any())
    odds = top_log_odds(world.logits)[plain]
    np.testing.assert_allclose(scipy.special.expit(odds), top[plain], rtol=1e-9)
    entropy = scipy.stats.entropy(probs[plain], axis=1)
    np.testing.assert_allclose(
        np.exp(log_entropy(world.logits)[plain]), entropy, rtol=1e-6
    )


def test_log_entropy_where_the_entropy_underflows():
    """r (1 + gap) with odds r against the top class, for small r."""
    gaps = np.array([20.0, 100.0, 500.0, 1e4])
    logits = np.stack([gaps, np.zeros(4)], axis=1)
    np.testing.assert_allclose(log_entropy(logits), np.log1p(gaps) - gaps, rtol=1e-9)


@quick
@given(world=worlds())
def test_difference_of_confidences_by_its_terms(world):
    source, labels = world.source_logits, world.source_labels
    accuracy = (source.argmax(axis=1) == labels).mean()
    fall = softmax(source).max(axis=1).mean() - softmax(world.logits).max(axis=1).mean()
    found = difference_of_confidences(world.logits, source, labels)
    assert found == pytest.approx(accuracy - fall)
    assert difference_of_confidences(source, source, labels) == pytest.approx(accuracy)


def test_importance_reweighting_image_by_image():
    world = simulated_world(0.4)
    right = world.source_logits.argmax(axis=1) == world.source_labels
    edges = np.linspace(0, 1, 11)[1:-1]
    source = np.digitize(softmax(world.source_logits).max(axis=1), edges)
    target = np.digitize(softmax(world.logits).max(axis=1), edges)
    weights = np.array([(target == b).mean() / (source == b).mean() for b in source])
    expected = (weights * right).sum() / weights.sum()
    found = importance_reweighting(
        world.logits, world.source_logits, world.source_labels
    )
    assert found == pytest.approx(expected)


def test_importance_reweighting_on_its_own_source_is_the_source_accuracy():
    world = simulated_world(0.5)
    source, labels = world.source_logits, world.source_labels
    accuracy = (source.argmax(axis=1) == labels).mean()
    assert importance_reweighting(source, source, labels) == pytest.approx(accuracy)


def test_importance_reweighting_without_common_bins_is_undefined():
    sure, unsure, labels = np.log([[0.95, 0.05]]), np.zeros((1, 2)), np.array([0])
    with pytest.raises(UndefinedMetricError, match="fewer `bins` than 10"):
        importance_reweighting(unsure, sure, labels)
    assert importance_reweighting(unsure, sure, labels, bins=1) == 1.0
    with pytest.raises(ValueError, match="at least 1, got 0"):
        importance_reweighting(unsure, sure, labels, bins=0)


def test_isotonic_map_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 30, 200) / 30  # with ties
    hits = rng.random(200) < scores**2
    theirs = IsotonicRegression(out_of_bounds="clip").fit(scores, hits)
    grid = np.linspace(-0.2, 1.2, 57)
    np.testing.assert_allclose(
        isotonic_map(scores, hits)(grid), theirs.predict(grid), atol=1e-12
    )


def test_a_calibrated_class_is_left_alone_more_often_than_a_miscalibrated_one():
    def kept(power: float) -> int:
        maps = 0
        for seed in range(20):
            rng = np.random.default_rng(seed)
            truth = rng.random(400)
            found = helpful_map(truth**power, rng.random(400) < truth)
            maps += found is not None
        return maps

    assert kept(3.0) == 20
    assert kept(1.0) < 15


def test_calibration_error_bins_hold_equal_numbers():
    rng = np.random.default_rng(0)
    scores = rng.random(40)
    hits = rng.random(40) < scores
    order = np.argsort(scores)
    gaps = [
        abs(scores[part].mean() - hits[part].mean()) * len(part) / 40
        for part in np.split(order, 10)
    ]
    assert calibration_error(scores, hits) == pytest.approx(sum(gaps))


def test_cbpe_corrects_confidence_where_average_confidence_does_not():
    world = simulated_world(0.5, n=2000)
    sharp = 4 * world.logits
    accuracy = (sharp.argmax(axis=1) == world.labels).mean()
    found = cbpe(sharp, sharp, world.labels)
    assert found == pytest.approx(accuracy, abs=0.02)
    assert average_confidence(sharp) > accuracy + 0.1


def test_cbpe_by_the_isotonic_maps_of_scikit_learn():
    world, shifted = (simulated_world(q, n=2000, seed=1) for q in (0.5, 0.4))
    source, target = softmax(4 * world.logits), softmax(4 * shifted.logits)
    mapped = np.empty_like(target)
    for j in range(5):
        hits = world.labels == j
        assert helpful_map(source[:, j], hits) is not None
        theirs = IsotonicRegression(out_of_bounds="clip").fit(source[:, j], hits)
        mapped[:, j] = theirs.predict(target[:, j])
    top = mapped[np.arange(len(mapped)), target.argmax(axis=1)]
    expected = (top / mapped.sum(axis=1)).mean()
    found = cbpe(4 * shifted.logits, 4 * world.logits, world.labels)
    assert found == pytest.approx(expected)


def test_cbpe_without_maps_is_average_confidence():
    world = simulated_world(0.5, n=8)
    few = world.source_logits[:4]
    found = cbpe(world.logits, few, world.source_labels[:4], temperature=2.0)
    assert found == pytest.approx(average_confidence(world.logits, temperature=2.0))


def test_source_and_target_must_be_of_one_model():
    with pytest.raises(ValueError, match="3 columns of `logits`, got 2; take both"):
        atc_mc(np.zeros((2, 3)), np.zeros((2, 2)), np.array([0, 1]))
    with pytest.raises(ValueError, match=r"`source_labels` must be in 0\.\.1, got 2"):
        atc_mc(np.zeros((2, 2)), np.zeros((2, 2)), np.array([0, 2]))


def sure_world(seed, sharpness):
    """1,000 images of five classes; the sharper the more nearly separated."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 5, 1000)
    noise = rng.normal(size=(1000, 5)) * np.linspace(1, 2, 5)
    return sharpness * np.eye(5)[labels] + noise, labels


@pytest.mark.parametrize(
    ("sharpness", "theirs", "ours"),
    [
        (2, 0.5536552949758653, 0.5569149016807292),
        (4, 0.8264110580606573, 0.8264110580606573),
        (6, 0.8186148145412555, 0.9595147788608425),  # 0.902 are right
        (10, 0.968825458156582, 0.9875723688987451),  # 0.997 are right
    ],
)
def test_cbpe_by_nannymls_rule_is_nannymls(sharpness, theirs, ours):
    """`theirs`: nannyml.CBPE 0.13.1 on these arrays, one chunk, without its limits."""
    source, labels = sure_world(0, sharpness)
    target, _ = sure_world(1, 0.7 * sharpness)
    found = cbpe(target, source, labels, rule="nannyml")
    assert found == pytest.approx(theirs, abs=1e-9)
    assert cbpe(target, source, labels) == pytest.approx(ours, abs=1e-9)


def test_cbpe_knows_two_rules():
    """And names them."""
    source, labels = sure_world(0, 2)
    with pytest.raises(ValueError, match="one of held-out, nannyml, got 'auc'"):
        cbpe(source, source, labels, rule="auc")


@pytest.mark.parametrize("s", [3, 20, 21, 95, 119, 1000])
def test_nannymls_bins_cover_every_image_once(s):
    """All in one sum: with hits at random the error is that of a plain loop."""
    rng = np.random.default_rng(s)
    confidences, hits = rng.random(s), rng.random(s) < 0.5
    count = s // 2 if s <= 20 else 10
    edges = list(range(0, s + 1, s // count))
    edges[-1] = s
    order = np.argsort(confidences)
    parts = [order[a:b] for a, b in itertools.pairwise(edges)]
    gaps = [len(p) * abs(confidences[p].mean() - hits[p].mean()) for p in parts]
    assert calibration._nannyml_error(confidences, hits) == pytest.approx(sum(gaps) / s)
