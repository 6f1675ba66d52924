"""Outcomes against other implementations, naive loops, and the arithmetic of bounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from sklearn import metrics as reference

from harness.arrays import softmax
from harness.errors import UndefinedMetricError
from harness.metrics import OUTCOMES
from harness.metrics.outcomes.accuracy import accuracy
from harness.metrics.outcomes.brier import brier_score
from harness.metrics.outcomes.calibration_error import (
    calibration_error_equal_mass,
    calibration_error_equal_width,
)
from harness.metrics.outcomes.likelihood import negative_log_likelihood
from harness.metrics.outcomes.recalls import balanced_accuracy, lowest_recall
from harness.metrics.outcomes.top_k import among_top, top_5
from tests.strategies import simulated_world, worlds

some = settings(max_examples=50, deadline=None)


def world(seed, *, n=300, k=7, quality=0.5):
    """Logits and labels of classes of very unequal size."""
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(k))
    labels = rng.choice(k, n, p=shares)
    logits = rng.normal(0, 2, (n, k)) + 4 * quality * np.eye(k)[labels]
    return logits, labels


seeds = pytest.mark.parametrize("seed", range(5))


@seeds
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
def test_recalls_as_in_scikit_learn(seed):
    """Mean and least over the classes that have images."""
    logits, labels = world(seed)
    predicted = logits.argmax(axis=1)
    each = reference.recall_score(
        labels, predicted, labels=np.unique(labels), average=None, zero_division=0
    )

    assert balanced_accuracy(logits, labels) == pytest.approx(
        reference.balanced_accuracy_score(labels, predicted), abs=1e-12
    )
    assert lowest_recall(logits, labels) == pytest.approx(each.min(), abs=1e-12)


@seeds
def test_top_5_as_in_scikit_learn(seed):
    """On logits without ties."""
    logits, labels = world(seed)
    expected = reference.top_k_accuracy_score(labels, logits, k=5, labels=np.arange(7))

    assert top_5(logits, labels) == pytest.approx(expected, abs=1e-12)


@seeds
def test_proper_scores_as_in_scikit_learn(seed):
    """Log loss in nats; Brier's score over all classes, not halved.

    Theirs of the 0 and 1 of one class, as versions before 1.7 know no others, added up.
    """
    logits, labels = world(seed)
    probs = softmax(logits)
    by_class = [
        reference.brier_score_loss(labels == c, p, pos_label=True)
        for c, p in enumerate(probs.T)
    ]

    assert negative_log_likelihood(logits, labels) == pytest.approx(
        reference.log_loss(labels, probs, labels=np.arange(7)), abs=1e-12
    )
    assert brier_score(logits, labels) == pytest.approx(sum(by_class), abs=1e-12)


def naive_error(logits, labels, member, bins):
    """Expected calibration error, bin by bin and image by image."""
    total = 0.0
    probs = [np.exp(row) / np.exp(row).sum() for row in logits]
    for m in range(bins):
        inside = [i for i in range(len(labels)) if member(i, m)]
        if inside:
            right = sum(logits[i].argmax() == labels[i] for i in inside) / len(inside)
            sure = sum(probs[i].max() for i in inside) / len(inside)
            total += len(inside) / len(labels) * abs(right - sure)
    return total


@seeds
@pytest.mark.parametrize("bins", [1, 4, 15])
def test_equal_width_as_in_a_plain_loop(seed, bins):
    logits, labels = world(seed, n=80)
    sure = softmax(logits).max(axis=1)

    def member(i, m):
        return m / bins < sure[i] <= (m + 1) / bins

    assert calibration_error_equal_width(logits, labels, bins=bins) == pytest.approx(
        naive_error(logits, labels, member, bins), abs=1e-12
    )


@seeds
@pytest.mark.parametrize("bins", [1, 4, 15])
def test_equal_mass_as_in_a_plain_loop(seed, bins):
    """Without ties, and with a number of images that the bins divide: equal parts."""
    logits, labels = world(seed, n=60)
    rank = softmax(logits).max(axis=1).argsort().argsort()

    def member(i, m):
        return rank[i] // (60 // bins) == m

    assert calibration_error_equal_mass(logits, labels, bins=bins) == pytest.approx(
        naive_error(logits, labels, member, bins), abs=1e-12
    )


def test_a_confidence_on_an_edge_is_in_the_bin_below():
    """0.2 is the upper edge of the third of 15 bins, whatever rounding makes of it."""
    uniform = np.zeros((2, 5))  # confidence 0.2, right once
    above = np.log([[0.21, 0.2, 0.2, 0.2, 0.19]] * 2)  # 0.21, never right
    labels = np.array([0, 1, 4, 4])
    value = calibration_error_equal_width(np.vstack([uniform, above]), labels)

    assert value == pytest.approx((2 * abs(0.5 - 0.2) + 2 * 0.21) / 4)


def test_images_of_one_confidence_are_never_parted():
    """So the value does not hang on their order; parted, it would be 0.45 or 0.05."""
    logits = np.log([[0.5, 0.5]] * 4)
    value = calibration_error_equal_mass(logits, np.array([0, 0, 1, 1]), bins=2)

    assert value == pytest.approx(0.0)


def test_uneven_bins_differ_by_one_image():
    """Eight images in three bins: 3, 2 and 3; fewer images than bins: one each."""
    sure = np.linspace(0.55, 0.9, 8)
    logits = np.log(np.column_stack([sure, 1 - sure]))
    right = np.array([1, 1, 1, 0, 0, 1, 1, 1])
    gaps = right - sure
    expected = sum(abs(gaps[a:b].sum()) for a, b in ((0, 3), (3, 5), (5, 8))) / 8

    found = calibration_error_equal_mass(logits, 1 - right, bins=3)
    assert found == pytest.approx(expected)
    alone = calibration_error_equal_mass(logits, 1 - right, bins=15)
    assert alone == pytest.approx(np.abs(gaps).mean())


@pytest.mark.parametrize(
    "error", [calibration_error_equal_mass, calibration_error_equal_width]
)
def test_no_bins_are_refused(error):
    with pytest.raises(ValueError, match=r"`bins` must be at least 1, got 0"):
        error(*world(0), bins=0)


def test_fewer_classes_than_k_have_no_top_k():
    """With as many it is 1, which is what chance has."""
    logits, labels = world(0, k=4)
    with pytest.raises(UndefinedMetricError, match="top-5 needs at least 5 classes"):
        top_5(logits, labels)
    assert top_5(*world(0, k=5)) == 1.0
    with pytest.raises(ValueError, match="`k` must be at least 1, got 0"):
        among_top(logits, labels, k=0)


@some
@given(world=worlds(max_k=6))
def test_top_k_is_accuracy_and_grows(world):
    """Top-1 is accuracy, ties and all; each class more never takes an image away."""
    logits, labels = world.logits, world.labels
    found = [
        among_top(logits, labels, k=k).mean() for k in range(1, logits.shape[1] + 1)
    ]

    assert found[0] == accuracy(logits, labels)
    assert found == sorted(found)
    assert found[-1] == 1.0


@some
@given(world=worlds())
def test_a_wrong_image_costs_at_least_log_2(world):
    """Who is right of fewer images must have said so: NLL >= (1 - accuracy) log 2."""
    logits, labels = world.logits, world.labels
    least = (1 - accuracy(logits, labels)) * np.log(2)

    assert negative_log_likelihood(logits, labels) >= least - 1e-9


@some
@given(world=worlds())
def test_recalls_are_ordered(world):
    """The lowest recall is at most their mean, and at most accuracy."""
    lowest = lowest_recall(world.logits, world.labels)

    assert lowest <= balanced_accuracy(world.logits, world.labels) + 1e-12
    assert lowest <= accuracy(world.logits, world.labels) + 1e-12


@some
@given(world=worlds())
def test_calibration_errors_are_at_least_the_gap_of_all_images(world):
    """However images are binned: bins can hide less than one bin does."""
    logits, labels = world.logits, world.labels
    whole = abs(accuracy(logits, labels) - softmax(logits).max(axis=1).mean())

    for error in (calibration_error_equal_mass, calibration_error_equal_width):
        assert error(logits, labels) >= whole - 1e-9


# --- chance ---------------------------------------------------------------------------

CHANCE = {m.name: m.chance for m in OUTCOMES if m.chance is not None}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("accuracy", 1 / 8),
        ("top_5", 5 / 8),
        ("balanced_accuracy", 1 / 8),
        ("lowest_recall", 1 / 8),
        ("negative_log_likelihood", np.log(8)),
        ("brier_score", 7 / 8),
    ],
)
def test_chance_of_even_classes(name, expected):
    """What is reached without a look at any image."""
    logits, labels = np.zeros((16, 8)), np.arange(16) % 8

    assert CHANCE[name](logits, labels) == pytest.approx(expected)


def test_chance_of_uneven_classes():
    """The shares of the labels are known, and nothing else."""
    logits, labels = np.zeros((10, 6)), np.array([0] * 5 + [1] * 3 + [2, 3])

    assert CHANCE["accuracy"](logits, labels) == 0.5
    assert CHANCE["top_5"](logits, labels) == pytest.approx(1.0)
    assert CHANCE["balanced_accuracy"](logits, labels) == 0.25  # two have no image
    assert CHANCE["brier_score"](logits, labels) == pytest.approx(1 - 0.36)
    entropy = -(0.5 * np.log(0.5) + 0.3 * np.log(0.3) + 0.2 * np.log(0.1))
    assert CHANCE["negative_log_likelihood"](logits, labels) == pytest.approx(entropy)


@seeds
def test_chance_is_what_constant_answers_reach(seed):
    """Always the labels' shares: the proper scores of logits that say just that."""
    _, labels = world(seed)
    shares = np.bincount(labels, minlength=7) / len(labels)
    logits = np.tile(np.log(shares + 1e-300), (len(labels), 1))

    for outcome in (accuracy, top_5, negative_log_likelihood, brier_score):
        level = CHANCE[outcome.__name__](logits, labels)
        assert outcome(logits, labels) == pytest.approx(level, abs=1e-9)


# --- intervals ------------------------------------------------------------------------

SHARES = {"accuracy", "top_5", "balanced_accuracy", "lowest_recall"}  # of images
INTERVALS = pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda o: o.name)


def given_to(outcome, logits, labels):
    """What it asks for: labels, and logits or the classes that they predict."""
    asked = {"logits": logits, "predicted": logits.argmax(axis=1), "labels": labels}
    return [asked[ask.what] for ask in outcome.inputs]


@INTERVALS
@some
@given(world=worlds(max_k=6))
def test_the_value_lies_in_its_interval(outcome, world):
    arrays = world.arrays(outcome.inputs)
    try:
        value = outcome(*arrays)
        low, high = outcome.interval(*arrays)
    except UndefinedMetricError:
        return
    assert outcome.bounds[0] <= low <= value + 1e-9
    assert value - 1e-9 <= high <= outcome.bounds[1]


@pytest.mark.parametrize(
    "outcome",
    [
        o
        for o in OUTCOMES
        if o.name not in ("lowest_recall", "balanced_accuracy")
        and {ask.what for ask in o.inputs} <= {"logits", "predicted", "labels"}
    ],
    ids=lambda o: o.name,
)
def test_intervals_are_those_of_a_bootstrap(outcome):
    """Half widths within a quarter of 1.96 deviations of values of drawn images."""
    w = simulated_world(0.6, n=1500, k=8)
    logits, labels = 2 * w.logits, w.labels
    rng = np.random.default_rng(0)
    draws = rng.integers(0, len(labels), (200, len(labels)))
    drawn = [outcome(*given_to(outcome, logits[d], labels[d])) for d in draws]
    low, high = outcome.interval(*given_to(outcome, logits, labels))

    assert (high - low) / 2 == pytest.approx(1.96 * np.std(drawn, ddof=1), rel=0.25)


def test_the_interval_of_balanced_accuracy_is_of_stratified_draws():
    """As many images of each class in every draw."""
    w = simulated_world(0.6, n=1600, k=8)
    rng = np.random.default_rng(0)
    members = [np.flatnonzero(w.labels == c) for c in range(8)]
    values = []
    for _ in range(200):
        rows = np.concatenate([rng.choice(m, len(m)) for m in members])
        values.append(balanced_accuracy(w.logits[rows], w.labels[rows]))
    (found,) = (o for o in OUTCOMES if o.name == "balanced_accuracy")
    low, high = found.interval(w.logits, w.labels)

    assert (high - low) / 2 == pytest.approx(1.96 * np.std(values, ddof=1), rel=0.15)


@pytest.mark.parametrize("name", ["balanced_accuracy", "lowest_recall"])
def test_intervals_of_recalls_hold_the_truth(name):
    """At least 95 of 100 times, of classes whose recall is known."""
    rng = np.random.default_rng(1)
    truth = np.array([0.6, 0.75, 0.9, 1.0])
    (outcome,) = (o for o in OUTCOMES if o.name == name)
    goal = truth.mean() if name == "balanced_accuracy" else truth.min()
    held = 0
    for _ in range(400):
        labels = np.repeat(np.arange(4), (40, 60, 30, 20))
        right = rng.random(len(labels)) < truth[labels]
        logits = np.eye(4)[np.where(right, labels, (labels + 1) % 4)]
        low, high = outcome.interval(logits, labels)
        held += low <= goal <= high
    assert held / 400 >= 0.94


@pytest.mark.parametrize(
    "outcome",
    [o for o in OUTCOMES if o.name in SHARES],
    ids=lambda o: o.name,
)
def test_an_interval_is_never_a_single_number_where_images_are_few(outcome):
    """All right, or all wrong, of twelve images proves nothing."""
    labels = np.arange(12) % 6
    for logits in (np.eye(6)[labels], np.eye(6)[(labels + 1) % 6]):
        low, high = outcome.interval(logits, labels)
        assert high - low > 0.1
