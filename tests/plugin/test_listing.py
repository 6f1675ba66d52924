"""`harness list` and --harness-list: what there is to choose from."""

import subprocess
import sys

import pytest

from harness.metrics import METRICS
from harness.report.listing import KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_listing_runs_nothing_and_succeeds(toy, kind):
    """Conftest registrations are heard."""
    result = toy.runpytest_inprocess(f"--harness-list={kind}", "-qq")

    assert result.ret == 0
    shown = result.stdout.str()
    expected = {
        "bases": {"toy", "digits", "cifar10"},
        "models": {"sharp", "soft"},
        "families": {"in0", "out2"},
        "metrics": {metric.name for metric in METRICS},
    }
    assert expected[kind] <= set(shown.split())
    assert "passed" not in shown


def test_what_is_missing_is_listed_with_its_cure(toy, tmp_path):
    toy.makeini("[pytest]\n")
    result = toy.runpytest_inprocess("--harness-list=families", "--harness-base=digits")

    result.stdout.fnmatch_lines(["mnist-8x8 *absent*", "*family mnist-8x8 not found*"])


def test_the_command_starts_pytest_with_its_options(toy):
    toy.makeini("[pytest]\n")
    result = subprocess.run(
        [sys.executable, "-m", "harness", "list", "families", "--harness-base", "toy"],
        cwd=toy.path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stderr
    assert "in0" in result.stdout


def test_unknown_arguments_are_refused(capsys):
    from harness.cli import main

    with pytest.raises(SystemExit) as refused:
        main(["report", "x.csv", "--percentage"])
    assert refused.value.code == 2
    assert "--percentage" in capsys.readouterr().err
