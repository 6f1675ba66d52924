"""Code under test that ends the process: no run that seems to have passed."""

import os

import pytest

from harness.exits import watch_exits

LEAVES = """
import os
def test_leaves(predictions, record):
    predictions.probs()
    os._exit({status})
"""
NETWORK = """
import os, sys, torch

class Leaves(torch.nn.Module):
    def __init__(self, leave):
        super().__init__()
        self.last, self.leave = torch.nn.Linear(16, 3), leave

    def forward(self, images):
        self.leave(0)
        return self.last(images.flatten(1))

def softly():
    return Leaves(sys.exit)

def at_once():
    return Leaves(os._exit)
"""


@pytest.mark.parametrize(("status", "comes"), [(0, 1), (7, 7)])
def test_a_test_that_leaves_pytest_does_not_pass(toy, status, comes):
    """The word and the status; other statuses speak for themselves."""
    toy.makepyfile(test_suite=LEAVES.format(status=status))

    result = toy.runpytest_subprocess("--harness-gate=m: interior n >= 1")

    assert result.ret == comes
    said = "os._exit(0) and ended pytest" in result.stderr.str()
    assert said == (status == 0)


def test_a_network_that_leaves_in_the_dry_run_does_not_pass(toy):
    """Before anything is measured."""
    toy.makepyfile(leaving=NETWORK)

    result = toy.runpytest_subprocess("--harness-model=leaving.py:at_once?mean=0&std=1")

    assert result.ret == 1
    assert "os._exit(0) and ended pytest" in result.stderr.str()


def test_a_network_that_raises_systemexit_is_named(toy):
    """As any other error of its own."""
    toy.makepyfile(leaving=NETWORK)

    result = toy.runpytest_inprocess("--harness-model=leaving.py:softly?mean=0&std=1")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*model softly must take images of base toy*"])


def test_processes_that_are_forked_may_leave():
    """multiprocessing leaves its children so."""
    usual = os._exit
    undo = watch_exits()
    try:
        child = os.fork()
        if not child:
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    finally:
        undo()
    assert os._exit is usual


SKIPS = """
import pytest
def test_skips(predictions, record):
    pytest.skip("no such layer")
"""


def test_a_run_that_measures_nothing_does_not_pass(toy):
    """An axis that was mistyped skips every cell: no gate would notice."""
    toy.makepyfile(test_suite=SKIPS)

    result = toy.runpytest_inprocess("--harness-models=sharp", "--harness-families=in0")

    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(["ERROR: nothing was measured: its cell was skipped*"])


def test_a_run_that_skips_its_cells_and_passes_other_tests_passes(toy):
    toy.makepyfile(test_suite=SKIPS + "\n\ndef test_other():\n    pass\n")

    result = toy.runpytest_inprocess("--harness-models=sharp", "--harness-families=in0")

    assert result.ret == 0
    assert "nothing was measured" not in result.stdout.str()


def test_a_run_that_measures_a_cell_passes(toy):
    own = "def test_m(predictions, record):\n    record('m', 1.0)\n"
    toy.makepyfile(test_suite=SKIPS + "\n\n" + own)

    result = toy.runpytest_inprocess("--harness-models=sharp", "--harness-families=in0")

    assert result.ret == 0
