"""What the checks let through and what they refuse, to the word."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.special
import torch
from hypothesis import given, settings

from harness.arrays import log_softmax, log_sum_exp, probability_total, softmax
from harness.metrics import METRICS
from harness.metrics.numerics.checks import (
    check_features,
    check_labels,
    check_logits,
    check_peers,
    check_predicted,
    check_probs,
    check_scores,
    check_source,
    check_source_features,
    check_view_probs,
)
from harness.metrics.numerics.temperature import fitted_temperature
from harness.metrics.spec import Input
from tests.strategies import simulated_world, worlds

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


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (np.array([["a", "b"]]), "`x` must be real numbers, got dtype <U1"),
        (np.array([[None, 1.0]]), "`x` must be real numbers, got dtype object"),
        (np.zeros((1, 2), "M8[s]"), r"`x` must be real numbers, got dtype datetime64"),
        (ONES + 1j, "`x` must be real numbers, got dtype complex128"),
        (np.ma.masked_greater(np.eye(2), 0.5), "`x` must not be masked, got 2 masked"),
    ],
)
def test_what_is_no_number_is_refused_by_name(scores, message):
    """Before NumPy says it without a name, or drops an imaginary part or a mask."""
    for check in check_scores, check_logits, check_probs, check_features:
        with pytest.raises((TypeError, ValueError), match=message):
            check(scores, name="x")


def test_masked_labels_are_refused_and_arrays_that_mask_nothing_are_not():
    labels = np.ma.masked_equal(np.array([0, 1, 1]), 1)
    with pytest.raises(ValueError, match="`labels` must not be masked, got 2"):
        check_labels(labels, 3, 2)
    check_labels(np.ma.masked_array(np.array([0, 1, 1])), 3, 2)


@pytest.mark.parametrize(
    ("logits", "message"),
    [
        ("abc", "`logits` must be real numbers, got dtype <U3"),
        ([[1j, 0]], "`logits` must be real numbers, got dtype complex128"),
        (np.zeros((1, 2), "M8[s]"), "`logits` must be real numbers"),
        ([[1, 2], [3]], "`logits` must be an array: "),
        (None, r"`logits` must have a last axis of classes, got shape \(\)"),
        (np.zeros((3, 0)), r"a last axis of classes, got shape \(3, 0\)"),
        (np.ma.masked_greater(np.eye(2), 0.5), "`logits` must not be masked, got 2"),
    ],
)
def test_softmax_refuses_what_has_none(logits, message):
    with pytest.raises((TypeError, ValueError), match=message):
        softmax(logits)


def test_softmax_takes_tensors_that_need_a_gradient():
    found = softmax(torch.zeros(2, 4, requires_grad=True))
    assert found.tolist() == [[0.25] * 4] * 2


def test_probs_may_be_rounded_to_single_precision():
    logits = np.random.default_rng(0).normal(size=(50, 1000))
    check_probs(softmax(logits).astype(np.float32))


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_probs_of_half_precision_are_told_from_logits(kind):
    logits = torch.from_numpy(np.random.default_rng(0).normal(0, 3, (2000, 10)))
    probs = torch.softmax(logits.to(kind), dim=1).float().numpy()

    with pytest.raises(ValueError, match=r"sums to .*; compute the softmax in fl"):
        check_probs(probs)


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
        ([0, 1], TypeError, r"must be a numpy array, got list; give np\.asarray"),
        (
            torch.tensor([0, 1]),
            TypeError,
            r"Tensor; give \.numpy\(force=True\)",
        ),
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


def _rounded_forms(probs):
    """How probabilities come: other types, decimals, percent, softmaxes elsewhere."""
    tensor = torch.from_numpy(np.log(probs))
    yield "float64", probs, 1
    yield "float32", probs.astype(np.float32), 1
    yield "float16", probs.astype(np.float16), 1
    yield "float16 as float64", probs.astype(np.float16).astype(np.float64), 1
    yield "bfloat16", torch.from_numpy(probs).bfloat16().double().numpy(), 1
    yield "softmax in bfloat16", tensor.bfloat16().softmax(1).float().numpy(), 1
    yield "softmax in float16", tensor.half().softmax(1).numpy(), 1
    yield "three decimals", probs.round(3), 1
    yield "two decimals", probs.round(2), 1
    yield "percent", 100 * probs, 100
    yield "percent in float16", (100 * probs).astype(np.float16), 100
    yield "percent to one decimal", (100 * probs).round(1), 100


@pytest.mark.parametrize("k", [2, 3, 10, 100])
@pytest.mark.parametrize("scale", [0.5, 4.0, 15.0])
def test_probabilities_are_seen_however_they_were_rounded(k, scale):
    """And logits that are not negative, in any precision, are not taken for them."""
    logits = scale * np.random.default_rng(k).normal(size=(100, k))
    for form, rows, total in _rounded_forms(softmax(logits)):
        assert probability_total(rows) == total, form
    for rows in (logits, np.maximum(logits, 0), abs(logits), abs(logits).round(1)):
        assert probability_total(rows) == 0
        assert probability_total(rows.astype(np.float16)) == 0


# For these it only counts which scores of an image are largest.
ORDER_ALONE = {"accuracy", "top_5", "balanced_accuracy", "lowest_recall"}
LOGIT_METRICS = [
    metric
    for metric in METRICS
    if not {Input.LOGITS, Input.SOURCE_LOGITS}.isdisjoint(metric.inputs)
    and metric.name not in ORDER_ALONE
]


@pytest.mark.parametrize("metric", LOGIT_METRICS, ids=lambda metric: metric.name)
def test_metrics_of_logits_refuse_probabilities(metric):
    """Each array in turn, by its name."""
    world = simulated_world(0.5, n=40)
    for word in map(str, {Input.LOGITS, Input.SOURCE_LOGITS} & set(metric.inputs)):
        swapped = replace(world, **{word: softmax(getattr(world, word))})
        with pytest.raises(ValueError, match=f"`{word}` must be logits, got probab"):
            metric(*swapped.arrays(metric.inputs))


def test_temperature_is_not_fitted_on_probabilities():
    """Nor on a source set of them."""
    world = simulated_world(0.5, n=40)
    with pytest.raises(ValueError, match="must be logits, got probabilities"):
        fitted_temperature(softmax(world.source_logits), world.source_labels)
