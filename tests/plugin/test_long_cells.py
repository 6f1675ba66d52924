"""A cell that takes long is named on stderr, past pytest's capture, while it runs."""

import os
import re

import pytest

from harness import progress

SUITE = """
import time

def test_quick(predictions, record):
    record("quick", 1.0)

def test_slow(predictions, record, model, dataset):
    print("kept by pytest")
    if (model.name, dataset.name) == ("soft", "in0"):
        time.sleep(1.5)
    record("slow", 2.0)
"""
LINE = r"\n?harness: test_suite.py::test_slow\[soft-in0\]: \d s so far"


@pytest.fixture
def slow(toy, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.7)
    toy.makepyfile(test_suite=SUITE)
    return toy


@pytest.mark.parametrize("how", [[], ["-s"]], ids=["captured", "not"])
def test_it_is_named_with_what_is_left(slow, capfd, how):
    before = len(os.listdir("/dev/fd"))
    slow.runpytest_inprocess("--harness-families=in0", *how).assert_outcomes(passed=4)

    err = capfd.readouterr().err
    told = re.findall(LINE + r"; 3 of 4 cells done, about \d+ s left\n", err)
    assert told
    assert "kept by pytest" not in err
    assert len(os.listdir("/dev/fd")) == before
