"""Confidences of a sigmoid: by hand, by naive loops, and by other implementations."""

import math

import numpy as np
import pytest
import scipy.optimize
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.activation import Activation
from harness.arrays import confidence, sigmoid
from harness.metrics import METRICS
from harness.metrics.numerics.diagnostics import saturated_among, tied_images
from harness.metrics.numerics.temperature import fitted_temperature
from harness.metrics.outcomes.aurra import aurra
from harness.metrics.outcomes.calibration_error import (
    calibration_error_equal_mass,
    calibration_error_equal_width,
)
from harness.metrics.outcomes.rms_calibration import (
    rms_calibration_error,
    rms_calibration_error_official,
)
from tests.metrics.outcomes.test_outcomes import world

some = settings(max_examples=50, deadline=None)
SIGMOID = {"activation": "sigmoid"}
GO_BY_IT = [metric for metric in METRICS if metric.goes_by_activation]


def naive(logits):
    """(n,) confidences and (n,) answers, one image at a time."""
    sure = [1 / (1 + math.exp(-max(row))) for row in logits.tolist()]
    return np.array(sure), logits.argmax(axis=1)


def test_a_sigmoid_is_that_of_torch_and_does_not_overflow():
    z = np.array([-1e4, -40.0, -1.0, 0.0, 1.0, 40.0, 1e4])
    assert sigmoid(z) == pytest.approx(torch.sigmoid(torch.from_numpy(z)).numpy())
    assert sigmoid(np.array([-40.0]))[0] == pytest.approx(math.exp(-40), rel=1e-12)


@some
@given(st.lists(st.floats(-30, 30), min_size=2, max_size=6))
def test_of_two_classes_a_softmax_is_the_sigmoid_of_their_difference(first):
    """log odds of the larger: the identity that ties the two together."""
    z = np.array(first)
    pairs = np.stack([z, np.zeros(len(z))], axis=1)
    apart = np.stack([np.abs(z), np.full(len(z), -1e3)], axis=1)
    assert confidence(pairs) == pytest.approx(confidence(apart, "sigmoid"))


@pytest.mark.parametrize("seed", range(3))
def test_calibration_is_that_of_a_loop_over_bins(seed):
    logits, labels = world(seed)
    logits -= 2
    sure, said = naive(logits)
    right = (said == labels).astype(float)
    ece = sum(
        abs((right - sure)[(sure > m / 15) & (sure <= (m + 1) / 15)].sum())
        for m in range(15)
    )
    order = np.argsort(sure)
    bins = np.array_split(order, 3)  # 300 images, a hundred each
    squares = [(right[b].mean() - sure[b].mean()) ** 2 / 3 for b in bins]
    first = np.array([right[order[::-1]][: k + 1].mean() for k in range(len(sure))])

    found = calibration_error_equal_width(logits, labels, **SIGMOID)
    assert found == pytest.approx(ece / len(sure))
    assert rms_calibration_error(logits, labels, **SIGMOID) == pytest.approx(
        math.sqrt(sum(squares))
    )
    assert rms_calibration_error_official(logits, labels, **SIGMOID) == pytest.approx(
        math.sqrt(sum(squares[:2]))
    )
    assert aurra(logits, labels, **SIGMOID) == pytest.approx(first.mean())


def test_bins_of_equal_mass_go_by_the_sigmoid():
    """1/4 and 3/4 of which none and all are right, whatever the other class has."""
    logits = np.log([[1 / 3, 1 / 9]] * 4 + [[3.0, 2.0]] * 4)
    labels = np.array([1] * 4 + [0] * 4)
    found = calibration_error_equal_mass(logits, labels, bins=2, **SIGMOID)
    assert found == pytest.approx(0.25)


def test_images_that_a_float_ties_are_told_apart_by_their_logits():
    """Sigmoids of 50 and 40 are 1: the surer is right, and comes first."""
    logits = np.array([[40.0, 0.0], [50.0, 0.0]])
    assert aurra(logits, np.array([1, 0]), **SIGMOID) == 0.75
    assert tied_images(logits, **SIGMOID).all()
    assert saturated_among(confidence(logits, **SIGMOID)) == 1
    assert not tied_images(np.array([[3.0, 0.0], [2.0, 0.0]]), **SIGMOID).any()


@pytest.mark.parametrize("seed", range(3))
def test_a_temperature_makes_the_binary_questions_most_likely(seed):
    logits, labels = world(seed)
    logits = 3 * (logits - 1)
    asked = torch.nn.functional.one_hot(torch.from_numpy(labels), 7).double()

    def loss(log_t):
        z = torch.from_numpy(logits / math.exp(log_t))
        return torch.nn.functional.binary_cross_entropy_with_logits(z, asked).item()

    found = scipy.optimize.minimize_scalar(loss, bounds=(-3, 4), method="bounded")
    temperature = fitted_temperature(logits, labels, **SIGMOID)
    assert temperature == pytest.approx(math.exp(found.x), rel=1e-3)
    assert temperature != pytest.approx(fitted_temperature(logits, labels), rel=0.01)


def test_measures_of_distributions_do_not_ask_for_an_activation():
    """What a sigmoid gives is none, so theirs is a softmax, and docs say so."""
    assert {metric.name for metric in GO_BY_IT} == {
        "calibration_error_equal_width",
        "calibration_error_equal_mass",
        "rms_calibration_error",
        "rms_calibration_error_official",
        "aurra",
        "average_confidence",
        "atc_mc",
        "difference_of_confidences",
        "importance_reweighting",
    }


@pytest.mark.parametrize("metric", GO_BY_IT, ids=lambda metric: metric.name)
def test_the_usual_one_is_a_softmax_and_another_is_refused(metric):
    logits, labels = world(0)
    given = {"logits": logits, "labels": labels}
    arrays = [given[a.what] for a in metric.inputs]

    plain = metric(*arrays)
    assert metric(*arrays, activation=Activation.SOFTMAX) == plain
    if metric.name not in ("atc_mc", "difference_of_confidences"):
        # Of the source itself these two are its accuracy, either way.
        assert metric(*arrays, **SIGMOID) != plain or "reweighting" in metric.name
    with pytest.raises(ValueError, match="must be one of softmax, sigmoid, got 'relu'"):
        metric(*arrays, activation="relu")


@pytest.mark.parametrize("metric", GO_BY_IT, ids=lambda metric: metric.name)
def test_a_constant_changes_a_sigmoid_and_no_softmax(metric):
    """Three more on all logits makes every sigmoid surer."""
    logits, labels = world(1)
    logits = np.round(256 * logits) / 256  # so that the sum is exact
    given = {"labels": labels}
    rows = [
        [given.get(a.what, logits + (shift if a.of == "target" else 0))
         for a in metric.inputs]
        for shift in (0, 3)
    ]  # fmt: skip
    plain, moved = (metric(*arrays, **SIGMOID) for arrays in rows)
    is_order = metric.name == "aurra"  # which one constant for all leaves as it is
    assert (plain == pytest.approx(moved)) is is_order
    assert metric(*rows[0]) == pytest.approx(metric(*rows[1]))
