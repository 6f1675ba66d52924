"""Gates: named results that decide the exit status."""

import json
import xml.etree.ElementTree as ET

import pytest

WORKERS = pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "workers"])


def run(toy, *arguments):
    """A nested run; with workers in a process of its own."""
    if "-n2" in arguments:
        return toy.runpytest_subprocess(*arguments)
    return toy.runpytest_inprocess(*arguments)


def test_a_gate_that_holds_passes_the_run(toy):
    """It is listed with its value, and does not count as a test."""
    result = run(toy, "--harness-gate=nuclear_norm: interior r2 >= 0.1")

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
        [
            "*_ gate nuclear_norm interior rho > 1 [[]sharp[]] _*",
            "FAILED gates::nuclear_norm interior rho > 1 [[]sharp[]]*wanted > 1*",
        ]
    )
    result.stdout.no_fnmatch_line("*[[]10[1-9]%[]]*")
    cases = list(ET.parse(toy.path / "junit.xml").getroot().iter("testcase"))
    assert [case.get("classname") for case in cases[:2]] == ["gates", "test_suite"]
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
            "*FAILED fragile * [[]soft[]]: 1 cell is missing (soft on in3)*",
            "*passed fragile interior r2 >= 0 [[]sharp[]]*",
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
            "*FAILED nuclear_norm interior r2 > 2 [[]soft[]]*",
            "*passed average_confidence interior n >= 4 [[]sharp[]]*",
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


def junit_gates(path):
    """Of each gate in a JUnit file: its properties, by name."""
    return {
        case.get("name"): {p.get("name"): p.get("value") for p in case.iter("property")}
        for case in ET.parse(path).getroot().iter("testcase")
        if case.find("properties") is not None
    }


@WORKERS
def test_exit_status_junit_json_and_markdown_agree(toy, workers):
    """One that holds, one that fails and one that cannot be judged, told by each."""
    result = run(
        toy,
        "--harness-gate=nuclear_norm[sharp]: interior r2 >= 0.1",
        "--harness-gate=nuclear_norm[sharp]: transfer rmse < 0.5",
        "--harness-gate=nuclear_nrom: exterior rho > 0",
        "--junitxml=junit.xml",
        "--harness-report-md=r.md",
        "--harness-report-json=r.json",
        *workers,
    )

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    verdicts = json.loads((toy.path / "r.json").read_text())["verdicts"]
    names = [
        "nuclear_norm interior r2 >= 0.1 [sharp]",
        "nuclear_norm transfer rmse < 0.5 [sharp]",
        "nuclear_nrom exterior rho > 0 [*]",
    ]
    found = junit_gates(toy.path / "junit.xml")
    assert list(found) == names
    for name, verdict in zip(names, verdicts, strict=True):
        gate = verdict["gate"]
        assert found[name] == {
            "metric": verdict["metric"],
            "model": verdict["model"],
            "statistic": f"{gate['domain']} {gate['statistic']}",
            "operator": gate["operator"],
            "threshold": repr(gate["threshold"]),
            "value": "" if verdict["value"] is None else repr(verdict["value"]),
            "verdict": "passed" if verdict["passed"] else "failed",
        }
    assert [v["passed"] for v in verdicts] == [True, False, False]
    assert verdicts[2]["value"] is None
    lines = (toy.path / "r.md").read_text().replace("\\", "").splitlines()
    assert lines[0].endswith("2 gates FAILED")
    for name, one in found.items():
        word = "passed" if one["verdict"] == "passed" else "**FAILED**"
        assert any(line.startswith(f"| {word} | {name} |") for line in lines)
        escaped = name.replace("[", "[[]")
        result.stdout.fnmatch_lines([f"  {word.strip('*')} {escaped}:*"])


def test_rules_and_gates_on_predictions_have_properties_too(toy):
    """The statistic names the dataset, and the part that moved."""
    with (toy.path / "conftest.py").open("a") as file:
        file.write(
            """
    registry.add_dataset(
        "camera", base="toy", domain="target", load=lambda: images(90)[0]
    )
"""
        )
    toy.runpytest_inprocess("--harness-save-run=main", "--harness-families=*")

    toy.runpytest_inprocess(
        "--harness-families=*",
        "--harness-compare=main",
        "--harness-fail-on=nuclear_norm[sharp]: interior r2 drops 0.05",
        "--harness-gate=predicted accuracy on camera by nuclear_norm >= 0.99",
        "--junitxml=junit.xml",
    )

    found = list(junit_gates(toy.path / "junit.xml").values())
    assert [one["model"] for one in found] == ["sharp", "soft", "sharp"]
    assert found[0]["statistic"] == "camera predicted accuracy, low"
    assert 0 < float(found[0]["value"]) < float(found[0]["threshold"]) == 0.99
    assert found[0]["verdict"] == "failed"
    moved = found[2]
    assert moved["statistic"] == "interior r2"
    assert (moved["operator"], float(moved["threshold"])) == ("drops", 0.05)
    assert (float(moved["value"]), moved["verdict"]) == (0, "passed")


@WORKERS
def test_gates_on_values_and_outcomes_are_judged_by_every_dataset(toy, workers):
    """From the command line and from a marker; the reason names the worst."""
    text = (toy.path / "test_suite.py").read_text()
    gate = "nuclear_norm[soft] on out*: outcome >= 101%"
    (toy.path / "test_suite.py").write_text(
        "import pytest\n"
        + text.replace(
            "def test_nuclear",
            f"@pytest.mark.harness_gate({gate!r})\ndef test_nuclear",
        )
    )

    result = run(
        toy,
        "--harness-gate=nuclear_norm[sharp] on interior: value > 10%",
        "--harness-report-json=r.json",
        *workers,
    )

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*FAILED nuclear_norm on out[*] outcome >= 1.01 [[]soft[]]: 3 of 3*",
            "*passed nuclear_norm on interior value > 0.1 [[]sharp[]]: the worst*",
        ]
    )
    verdicts = json.loads((toy.path / "r.json").read_text())["verdicts"]
    assert [v["gate"]["quantity"] for v in verdicts] == ["value", "outcome"]


def test_a_lost_cell_fails_a_gate_on_values_of_its_dataset(toy):
    """Also of a score that labels are used for; not of other datasets."""
    toy.makepyfile(
        test_suite="""
        def test_score(model, dataset, accuracy, record):
            assert (model.name, dataset.name) != ("soft", "in3")
            record("score", accuracy)
        """
    )

    result = toy.runpytest_inprocess(
        "--harness-gate=score on interior: value >= 0",
        "--harness-gate=score on exterior: value >= 0",
    )

    result.stdout.fnmatch_lines(
        [
            "*FAILED score on interior * [[]soft[]]: 1 cell is missing (soft on in3)*",
            "*passed score on interior value >= 0 [[]sharp[]]*",
            "*passed score on exterior value >= 0 [[]soft[]]*",
        ]
    )
