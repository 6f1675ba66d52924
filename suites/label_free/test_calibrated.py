"""Estimates of accuracy calibrated on the base's labelled test split."""

from harness.metrics.label_free.atc import atc_mc, atc_ne
from harness.metrics.label_free.cbpe import cbpe
from harness.metrics.label_free.cot import cot, cott
from harness.metrics.label_free.difference_of_confidences import (
    difference_of_confidences,
)
from harness.metrics.label_free.importance_reweighting import importance_reweighting


def test_atc_mc(measure):
    measure(atc_mc)


def test_atc_ne(measure):
    measure(atc_ne)


def test_difference_of_confidences(measure):
    measure(difference_of_confidences)


def test_importance_reweighting(measure):
    measure(importance_reweighting)


def test_cot(measure):
    measure(cot)


def test_cott(measure):
    measure(cott)


def test_cbpe(measure):
    measure(cbpe)
