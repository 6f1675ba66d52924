"""Gates: named results that decide the exit status."""

import xml.etree.ElementTree as ET

import pytest

WORKERS = pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "workers"])


def run(toy, *arguments):
    """A nested run; with workers in a process of its own."""
    if "-n2" in arguments:
        return toy.runpytest_subprocess(*arguments)
    return toy.runpytest_inprocess(*arguments)


@WORKERS
def test_a_gate_that_holds_passes_the_run(toy, workers):
    """It is listed with its value, and does not count as a test."""
    result = run(toy, "--harness-gate=nuclear_norm: interior r2 >= 0.1", *workers)

    assert result.ret == 0
    result.assert_outcomes(passed=28)
    result.stdout.fnmatch_lines(
        ["*passed nuclear_norm interior r2 >= 0.1 [[]sharp[]]: r2 is 0.*"]
    )
    result.stdout.fnmatch_lines(["*28 passed, 2 gates passed*"])


@WORKERS
def test_a_missed_gate_fails_a_run_whose_tests_all_passed(toy, workers):
    """By name in the short summary and in JUnit, with exit status 1."""
    result = run(
        toy,
        "--harness-gate=nuclear_norm[sharp]: interior rho > 1",
        "--junitxml=junit.xml",
        *workers,
    )

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["FAILED gates::nuclear_norm interior rho > 1 [[]sharp[]]*wanted > 1*"]
    )
    cases = ET.parse(toy.path / "junit.xml").getroot().iter("testcase")
    failed = [case for case in cases if case.find("failure") is not None]
    assert [case.get("name") for case in failed] == [
        "nuclear_norm interior rho > 1 [sharp]"
    ]
    assert "wanted > 1" in failed[0].find("failure").get("message")


@pytest.mark.parametrize(
    ("gate", "selection", "reason"),
    [
        (
            "nuclear_nrom: interior r2 > 0",
            [],
            "*no measured metric matches*nuclear_norm*",
        ),
        ("nuclear_norm[blunt]: interior r2 > 0", [], "*no measured model matches*"),
        (
            "nuclear_norm: exterior r2 > 0",
            ["--harness-families=in*"],
            "*at least 3*got 0*",
        ),
        ("nuclear_norm: interior r2 > 0", ["-k", "confidence"], "*no measured metric*"),
        (
            "nuclear_norm: interior r2 > 0",
            ["-k", "nothing"],
            "*no metric was measured*",
        ),
    ],
)
def test_what_cannot_be_judged_fails_and_says_why(toy, gate, selection, reason):
    """Nothing measured, too few datasets, no such model: never a pass."""
    result = toy.runpytest_inprocess(f"--harness-gate={gate}", *selection)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"*FAILED *{reason}"])


def test_a_lost_cell_fails_a_gate_that_would_pass_on_the_rest(toy):
    """A run that lost its hard datasets must not pass on the easy ones."""
    with (toy.path / "test_suite.py").open("a") as suite:
        suite.write(
            """
def test_fragile(model, dataset, predictions, record):
    assert (model.name, dataset.name) != ("soft", "in3")
    record("fragile", predictions.probs().max(axis=1).mean())
"""
        )

    result = toy.runpytest_inprocess("--harness-gate=fragile: interior r2 >= 0")

    result.stdout.fnmatch_lines(
        [
            "*passed fragile interior r2 >= 0 [[]sharp[]]*",
            "*FAILED fragile * [[]soft[]]: 1 cell is missing (soft on in3)*",
        ]
    )


@WORKERS
def test_a_marker_and_the_ini_file_hold_gates_too(toy, workers):
    """A marker's gate is judged whenever its test runs."""
    toy.makeini(
        "[pytest]\nharness_base = toy\nharness_families = in*,out*\n"
        "harness_gates =\n    average_confidence: interior n >= 4\n"
    )
    text = (toy.path / "test_suite.py").read_text()
    (toy.path / "test_suite.py").write_text(
        "import pytest\n"
        + text.replace(
            "def test_nuclear",
            '@pytest.mark.harness_gate("nuclear_norm: interior r2 > 2")\n'
            "def test_nuclear",
        )
    )

    result = run(toy, *workers)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*passed average_confidence interior n >= 4 [[]sharp[]]*",
            "*FAILED nuclear_norm interior r2 > 2 [[]soft[]]*",
        ]
    )
    assert run(toy, "-k", "confidence", *workers).ret == 0


def test_a_misspelt_marker_stops_collection(toy):
    """Before anything runs, with the text and an example."""
    text = (toy.path / "test_suite.py").read_text()
    (toy.path / "test_suite.py").write_text(
        "import pytest\n"
        + text.replace(
            "def test_nuclear",
            '@pytest.mark.harness_gate("nuclear_norm: inner r2 > 2")\ndef test_nuclear',
        )
    )

    result = toy.runpytest_inprocess()

    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*inner*interior*"])
    result.stdout.no_fnmatch_line("*accuracy without labels*")


def test_gates_are_not_judged_when_nothing_runs(toy):
    """--collect-only neither measures nor judges."""
    result = toy.runpytest_inprocess(
        "--collect-only", "--harness-gate=nuclear_norm: interior r2 > 2"
    )

    assert result.ret == 0
