"""Do different models say the same? Compares every chosen model with the others."""

from harness.metrics.label_free.agreement import agreement
from harness.metrics.label_free.aline import aline_d, aline_s


def test_agreement(measure, peers):
    measure(agreement)


def test_aline_s(measure, peers):
    measure(aline_s)


def test_aline_d(measure, peers):
    measure(aline_d)
