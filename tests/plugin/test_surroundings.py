"""Odd places: names of folders and parameters, import modes and encodings."""

import json

import pytest

SUITE = """
import pytest

class TestOdd:
    @pytest.mark.parametrize("k", [1, "ü]", None, 2.5, (1, 2), "a[b"])
    def test_in(self, predictions, record, k):
        record("top", predictions.probs().max(axis=1).mean())
"""
FOLDERS = ("ü's %s {x}", "a [b] -c")


def measured(path):
    """How many of each kind, and the axes."""
    found = json.loads(path.read_text())
    axes = {row["axes"]["k"] for row in found["measurements"] if "k" in row["axes"]}
    return found["counts"], axes


@pytest.mark.parametrize("mode", ["prepend", "importlib"])
def test_odd_names_are_measured_and_found_again(toy, mode):
    """Whatever folders and parameters are called, and however modules are imported."""
    toy.path.joinpath("test_suite.py").unlink()
    for number, folder in enumerate(FOLDERS):
        toy.path.joinpath(folder).mkdir()
        path = toy.path / folder / f"test_odd_{number}.py"
        path.write_text(SUITE, encoding="utf-8")
    report = toy.path / "report.json"
    arguments = (
        f"--import-mode={mode}",
        "--harness-models=soft",
        "--harness-families=in0,out0",
        f"--harness-report-json={report}",
        "-k test_odd_0",
    )

    for stored in (False, True):
        result = toy.runpytest_inprocess(*arguments)
        result.assert_outcomes(passed=12, deselected=12)
        counts, axes = measured(report)
        assert counts == {"stored" if stored else "measured": 12, "not run": 0}
        assert len(axes) == 6


@pytest.mark.slow
def test_a_terminal_that_knows_ascii_alone_is_written_to(toy, monkeypatch):
    """The report has lines and letters that it cannot show; a worker's too."""
    for name, value in (
        ("LC_ALL", "C"),
        ("PYTHONIOENCODING", "ascii"),
        ("PYTHONUTF8", "0"),
        ("PYTHONCOERCECLOCALE", "0"),
    ):
        monkeypatch.setenv(name, value)

    result = toy.runpytest_subprocess("--harness-families=in*", "-n1")

    result.assert_outcomes(passed=16)
    assert result.ret == 0
