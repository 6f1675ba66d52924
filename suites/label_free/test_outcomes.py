"""Outcomes beside top-1 accuracy: what labels say. Run on request: -k outcome."""

import pytest

from harness.metrics.outcomes.aurra import aurra
from harness.metrics.outcomes.brier import brier_score
from harness.metrics.outcomes.calibration_error import (
    calibration_error_equal_mass,
    calibration_error_equal_width,
)
from harness.metrics.outcomes.likelihood import negative_log_likelihood
from harness.metrics.outcomes.recalls import balanced_accuracy, lowest_recall
from harness.metrics.outcomes.rms_calibration import (
    rms_calibration_error,
    rms_calibration_error_official,
)
from harness.metrics.outcomes.top_k import top_5

pytestmark = pytest.mark.harness_on_request


def test_top_5(measure):
    measure(top_5)


def test_balanced_accuracy(measure):
    measure(balanced_accuracy)


def test_lowest_recall(measure):
    measure(lowest_recall)


def test_negative_log_likelihood(measure):
    measure(negative_log_likelihood)


def test_brier_score(measure):
    measure(brier_score)


def test_calibration_error_equal_width(measure):
    measure(calibration_error_equal_width)


def test_calibration_error_equal_mass(measure):
    measure(calibration_error_equal_mass)


def test_rms_calibration_error(measure):
    measure(rms_calibration_error)


def test_rms_calibration_error_official(measure):
    measure(rms_calibration_error_official)


def test_aurra(measure):
    measure(aurra)
