"""What the checks let through and what they refuse, to the word."""

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings

from harness.metrics.checks import (
    check_features,
    check_labels,
    check_logits,
    check_peers,
    check_predicted,
    check_probs,
    check_source,
    check_source_features,
    check_view_probs,
    log_softmax,
    log_sum_exp,
    softmax,
)
from tests.strategies import worlds

quick = settings(max_examples=40, deadline=None)
ONES = np.full((3, 2), 0.5)


@pytest.mark.parametrize(
    ("probs", "message"),
    [
        (
            np.array([[0.5, 0.6]]),
            r"`probs` must sum to 1, but row 0 sums to 1\.1; pass",
        ),
        (np.array([[1.0, 0.0], [1.5, -0.5]]), r"must not be negative, got -0\.5; pass"),
        (np.array([[1.0, np.nan]]), r"must be finite, got nan at \[0, 1\]"),
        (np.ones((3, 1)), r"and 2 columns, got shape \(3, 1\)"),
        (np.ones((0, 2)), r"at least one row and 2 columns, got shape \(0, 2\)"),
        (np.ones(3), r"must have 2 axes, .* got shape \(3,\)"),
        (np.ones((2, 3, 4)), r"must have 2 axes, .* got shape \(2, 3, 4\)"),
    ],
)
def test_probs_refused(probs, message):
    with pytest.raises(ValueError, match=message):
        check_probs(probs)


def test_probs_may_be_rounded_to_single_precision():
    logits = np.random.default_rng(0).normal(size=(50, 1000))
    check_probs(softmax(logits).astype(np.float32))


def test_view_probs_refused():
    check_view_probs(ONES[None], 3, 2)
    with pytest.raises(ValueError, match=r"shape \(any, 3, 4\), got \(1, 3, 2\)"):
        check_view_probs(ONES[None], 3, 4)
    with pytest.raises(ValueError, match="must have 3 axes"):
        check_view_probs(ONES)


def test_logits_and_features_refused():
    with pytest.raises(
        ValueError, match=r"`logits` must be finite, got inf at \[0, 0\]"
    ):
        check_logits(np.array([[np.inf, 0.0]]))
    with pytest.raises(ValueError, match=r"at least one row and 1 column, got shape"):
        check_features(np.ones((2, 0)))
    check_features(np.ones((2, 1)))


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        (np.array([0, 3]), ValueError, r"must be in 0\.\.2, got 3"),
        (np.array([0, -1]), ValueError, r"must be in 0\.\.2, got -1"),
        (np.array([0]), ValueError, r"must have shape \(2\), got \(1,\)"),
        (np.array([[0, 1]]), ValueError, r"must have shape \(2\), got \(1, 2\)"),
        (np.array([0.0, 1.0]), TypeError, "whole numbers, got dtype float64"),
        (np.array([True, False]), TypeError, "whole numbers, got dtype bool"),
        ([0, 1], TypeError, "must be a numpy array, got list"),
    ],
)
def test_labels_refused(labels, error, message):
    with pytest.raises(error, match=f"`labels` .*{message}"):
        check_labels(labels, 2, 3)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
def test_any_whole_numbers_are_classes(dtype):
    classes = np.array([0, 2], dtype=dtype)
    check_labels(classes, 2, 3)
    check_predicted(classes)
    check_peers(classes[None])


def test_predicted_and_peers_refused():
    with pytest.raises(ValueError, match=r"`predicted` must have shape \(any\), got"):
        check_predicted(np.empty(0, dtype=np.int64))
    with pytest.raises(ValueError, match="`predicted` must not be negative, got -2"):
        check_predicted(np.array([-2]))
    with pytest.raises(ValueError, match=r"shape \(2, any\), got \(1, 3\)"):
        check_peers(np.zeros((1, 3), dtype=np.int64), m=2)


def test_source_must_fit_the_target():
    with pytest.raises(ValueError, match="`source_logits` must have the 3 columns of"):
        check_source(np.ones((2, 2)), np.array([0, 1]), 3)
    with pytest.raises(ValueError, match="`source_features` must have the 3 columns"):
        check_source_features(np.ones((2, 2)), 3)


@quick
@given(world=worlds())
def test_softmax_is_that_of_scipy(world):
    for rows in (world.logits, world.view_logits):
        np.testing.assert_allclose(softmax(rows), scipy.special.softmax(rows, axis=-1))
        np.testing.assert_allclose(
            log_softmax(rows), scipy.special.log_softmax(rows, axis=-1), atol=1e-12
        )
        np.testing.assert_allclose(
            log_sum_exp(rows), scipy.special.logsumexp(rows, axis=-1), atol=1e-12
        )


def test_softmax_is_in_double_precision_whatever_comes():
    rows = np.array([[1e4, 0.0, -1e4]], dtype=np.float32)
    assert softmax(rows).dtype == np.float64
    assert softmax(rows).tolist() == [[1.0, 0.0, 0.0]]
    assert log_softmax(rows).tolist() == [[0.0, -1e4, -2e4]]


def test_log_sum_exp_of_nothing_is_minus_infinity():
    values = np.array([[-np.inf, -np.inf], [1e4, -np.inf], [0.0, 0.0]])
    assert log_sum_exp(values).tolist() == [-np.inf, 1e4, np.log(2)]
