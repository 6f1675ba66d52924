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
        "datasets": {"in0", "out2", "as", "it", "is"},
        "metrics": {metric.name for metric in METRICS},
        "published": {"conv5", "50.5", "61.7"},
    }
    assert expected[kind] <= set(shown.split())
    assert "passed" not in shown


@pytest.mark.parametrize("base", ["digits", "cifar10"])
def test_what_is_missing_is_listed_in_a_line_each(toy, monkeypatch, base):
    """The table is not buried under paragraphs; who asks by name gets one."""
    monkeypatch.setenv("COLUMNS", "80")
    toy.makeini("[pytest]\n")
    result = toy.runpytest_inprocess(
        "--harness-list=families", f"--harness-base={base}"
    )

    name = {"digits": "mnist-8x8", "cifar10": "cifar10.1"}[base]
    result.stdout.fnmatch_lines([f"{name} *absent*", f"  {name}: no * here*"])
    shown = result.stdout.str()
    notes = [line for line in result.outlines if ": no " in line]
    assert len(notes) == shown.count(" absent ")
    assert max(map(len, notes)) <= 80
    model = {"digits": "linear", "cifar10": "resnet20-random"}[base]  # which is here
    asked = toy.runpytest_inprocess(
        f"--harness-base={base}",
        f"--harness-families={name}",
        f"--harness-models={model}",
    )
    asked.stderr.fnmatch_lines(["*not found; looked at *set --harness-data-root to*"])


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
