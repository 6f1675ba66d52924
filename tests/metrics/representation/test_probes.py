"""Probes: counts on digits, scikit-learn's solvers, what chooses, few labels."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from harness.errors import UndefinedMetricError
from harness.metrics.representation import logistic_probe as logistic
from harness.metrics.representation import standardised
from harness.metrics.representation.bank import (
    drawn_per_class,
    first_per_class,
    held_out_rows,
)
from harness.metrics.representation.duplicates import duplicates_across
from harness.metrics.representation.few_labels import (
    FEW_LABELS,
    few_labels,
    first_labels,
    images_per_class,
)
from harness.metrics.representation.knn import knn
from harness.metrics.representation.linear_probe import (
    LINEAR_PROBE,
    chosen_penalty,
    linear_probe,
)
from harness.metrics.representation.linear_probe import Ridge as Ours
from harness.metrics.representation.logistic_probe import (
    chosen_strength,
    logistic_probe,
)
from tests.metrics.representation.digits import parts


@pytest.mark.parametrize(
    ("penalty", "right"), [(1, 709), (10, 711), (100, 711), (1000, 705)]
)
def test_ridge_on_digits_is_counted_exactly(penalty, right):
    """One-hot classes, inputs standardised by the bank, targets centred."""
    assert linear_probe(*parts(), penalties=(penalty,)) * 797 == pytest.approx(right)


@pytest.mark.parametrize(("strength", "right"), [(0.01, 704), (1.0, 743)])
def test_logistic_regression_on_digits_is_counted_exactly(strength, right):
    """On pixels from 0 to 1 as they are."""
    found = logistic_probe(*parts(16), strengths=(strength,), standardise=False)

    assert found * 797 == pytest.approx(right)


@pytest.mark.parametrize(
    ("per_class", "ridge", "one_nn"), [(1, 435, 497), (5, 580, 672), (10, 597, 697)]
)
def test_the_first_images_of_each_class(per_class, ridge, one_nn):
    """Ridge with a penalty of 10, and the nearest neighbour, on digits."""
    bank, classes, images, labels = parts()
    found = first_labels(bank, classes, images, labels, per_class=per_class)
    rows = first_per_class(classes, per_class)
    nearest = knn(bank[rows], classes[rows], images, labels, k=1)

    assert found * 797 == pytest.approx(ridge)
    assert nearest * 797 == pytest.approx(one_nn)


@pytest.mark.parametrize("images", [40, 400])
def test_ridge_weights_are_those_of_scikit_learn(images):
    """Where there are fewer images than features, and where more."""
    bank, classes, others, _ = parts()
    bank, classes = bank[:images], classes[:images]
    scaled = StandardScaler().fit(bank)
    other = Ridge(alpha=10.0).fit(scaled.transform(bank), np.eye(10)[classes])
    ours = Ours(bank, classes)
    weights = ours.weights(10.0)

    assert weights == pytest.approx(other.coef_.T, abs=1e-9)
    expected = other.predict(scaled.transform(others)).argmax(axis=1)
    assert np.array_equal(ours.answers(others, weights), expected)


def test_blocks_change_no_weight(monkeypatch):
    """However small they are, in rows and in columns."""
    bank, classes, _, _ = parts()
    for images in (40, 400):
        whole = Ours(bank[:images], classes[:images]).weights(1.0)
        with monkeypatch.context() as patch:
            patch.setattr(standardised, "BLOCK", 700)
            few = Ours(bank[:images], classes[:images]).weights(1.0)
        assert few == pytest.approx(whole, abs=1e-10)


def test_penalties_are_chosen_on_held_out_training_images():
    """The labels of the images that are judged cannot choose: they are not given."""
    bank, classes, images, labels = parts()
    chosen = chosen_penalty(bank, classes)
    learnt, held = held_out_rows(classes, 0.2, 0)
    right = {
        penalty: linear_probe(
            bank[learnt],
            classes[learnt],
            bank[held],
            classes[held],
            penalties=(penalty,),
        )
        for penalty in (1.0, 10.0, 100.0, 1000.0)
    }

    assert right[chosen] == max(right.values())
    assert linear_probe(bank, classes, images, labels) == linear_probe(
        bank, classes, images, labels, penalties=(chosen,)
    )
    assert set(learnt) & set(held) == set()
    assert len(learnt) + len(held) == 1000
    assert chosen_strength(bank, classes) in logistic.STRENGTHS


def test_of_penalties_that_are_as_right_the_strongest_is_chosen():
    bank, classes = np.array([[-1.0], [-1.1], [1.0], [1.1]]), np.array([0, 0, 1, 1])

    assert chosen_penalty(bank, classes, penalties=(1.0, 5.0, 2.0)) == 5.0
    assert chosen_strength(bank, classes, strengths=(1.0, 0.5, 2.0)) == 0.5


def test_logistic_regression_is_that_of_scikit_learn_on_standardised_features():
    bank, classes, images, labels = parts()
    scaled = StandardScaler().fit(bank)
    other = LogisticRegression(C=0.1, max_iter=2000).fit(
        scaled.transform(bank), classes
    )

    assert logistic_probe(
        bank, classes, images, labels, strengths=(0.1,)
    ) == other.score(scaled.transform(images), labels)


def test_few_labels_are_a_mean_over_draws():
    """Each an own probe on as many images of each class; the interval is theirs."""
    bank, classes, images, labels = parts()
    each = []
    for seed in range(3):
        rows = drawn_per_class(classes, 5, seed)
        assert np.bincount(classes[rows]).tolist() == [5] * 10
        each.append(
            linear_probe(bank[rows], classes[rows], images, labels, penalties=(10.0,))
        )
    found = few_labels(bank, classes, images, labels, share=0.05, draws=3)

    assert found == pytest.approx(np.mean(each))
    low, high = FEW_LABELS.interval(*parts(), share=0.05, draws=3)
    half = 4.30265273 * np.std(each, ddof=1) / 3**0.5
    assert (low, high) == pytest.approx((found - half, found + half))


def test_a_share_of_the_labels_is_one_of_each_class_at_least():
    assert images_per_class(np.arange(776) % 10, 0.01) == 1
    assert images_per_class(np.arange(50_000) % 10, 0.01) == 50
    with pytest.raises(
        ValueError, match="`share` must be above 0 and at most 1, got 0"
    ):
        images_per_class(np.arange(10), 0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"penalties": ()}, "`penalties` must be positive and finite, one at least"),
        ({"penalties": (0.0,)}, "`penalties` must be positive and finite"),
        ({"held_out": 1.0}, "`held_out` must be between 0 and 1, got 1.0"),
    ],
)
def test_options_that_cannot_be_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        linear_probe(*parts(), **options)


def test_what_a_probe_has_no_value_on(monkeypatch):
    bank, classes = np.array([[0.0], [1.0]]), np.array([0, 1])
    with pytest.raises(UndefinedMetricError, match="no training image can be held out"):
        linear_probe(bank, classes, bank, classes)
    with pytest.raises(UndefinedMetricError, match="but 0 is absent from it"):
        linear_probe(bank, np.array([1, 1]), bank, classes, penalties=(1.0,))
    same = np.array([1, 1])
    with pytest.raises(UndefinedMetricError, match="one class alone"):
        logistic_probe(bank, same, bank, same, strengths=(1.0,))
    monkeypatch.setattr(logistic, "LARGEST", 1)
    with pytest.raises(ValueError, match="at most 1 numbers for this solver, got 2"):
        logistic_probe(bank, classes, bank, classes, strengths=(1.0,))


def test_a_solver_that_does_not_end_is_no_result(monkeypatch):
    monkeypatch.setattr(logistic, "STEPS", 2)
    with pytest.raises(UndefinedMetricError, match="no minimum in 2 steps at C 1"):
        logistic_probe(*parts(), strengths=(1.0,))


def test_intervals_hold_the_value():
    low, high = LINEAR_PROBE.interval(*parts(), penalties=(10.0,))

    assert low < 711 / 797 < high


def test_duplicates_are_counted_number_by_number():
    rng = np.random.default_rng(0)
    bank = rng.integers(0, 256, (50, 12), dtype=np.uint8)
    rows = np.concatenate([bank[[3, 4]], bank[[3]] ^ 1])
    found = duplicates_across(bank, np.arange(50) % 5, rows, np.array([3, 0, 3]))

    assert (found.images, found.shared, found.contradicted) == (3, 2, 1)
    with pytest.raises(ValueError, match="`rows` must be uint8"):
        duplicates_across(bank, np.arange(50), rows.astype(float), np.arange(3))
    with pytest.raises(ValueError, match=r"must be \(n, 12\) as `train_rows` are"):
        duplicates_across(bank, np.arange(50), rows[:, :5], np.arange(3))


@pytest.mark.parametrize("value", [0.1, 1 / 3, 0.7, 1e6 + 0.1])
def test_a_feature_that_never_changes_is_divided_by_1_however_it_is_rounded(value):
    """Else a change of it among the images weighs 10**15 deviations."""
    for rows in (1000, 5000, 4099):
        scale = standardised.Scale.of(np.full((rows, 3), value))

        assert scale.mean.tolist() == [value] * 3
        assert scale.deviation.tolist() == [1.0] * 3
