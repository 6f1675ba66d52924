"""Targets: predicted accuracy in the report, gated, and true where we know better."""

import json

import numpy as np
import pytest

TARGETS = """
import conftest

def pytest_harness_register(registry):
    for i, noise in enumerate((30, 70, 90, 130)):
        registry.add_dataset(
            f"more{i}", base="toy", domain="interior",
            load=lambda noise=noise, i=i: conftest.images(noise, seed=20 + i),
        )
    registry.add_dataset(
        "cam", base="toy", domain="target",
        load=lambda: conftest.images(80, n=300, seed=30)[0],
    )
    registry.add_dataset(
        "far", base="toy", domain="target",
        load=lambda: conftest.images(3, seed=31)[0] // 8,
    )
"""


@pytest.fixture
def targets(toy):
    """The toy grid with eight interior sets and two targets, one out of range."""
    toy.makepyfile(more=TARGETS)
    toy.makeini("[pytest]\nharness_base = toy\naddopts = -p more\npythonpath = .\n")
    return toy


def run(targets, *arguments):
    path = targets.path / "report.json"
    path.unlink(missing_ok=True)
    result = targets.runpytest_inprocess(f"--harness-report-json={path}", *arguments)
    return result, json.loads(path.read_text()) if path.exists() else None


def test_predictions_stand_in_the_report_with_their_record(targets):
    result, found = run(targets)

    assert result.ret == 0
    rows = {
        (p["dataset"], p["predictor"]["model"], len(p["predictor"]["metrics"])): p
        for p in found["predictions"]
    }
    assert {(d, n) for d, _, n in rows} == {
        ("cam", 1),
        ("cam", 2),
        ("far", 1),
        ("far", 2),
    }
    one = rows["cam", "sharp", 2]["prediction"]
    assert 0 <= one["low"] <= one["accuracy"] <= one["high"] <= 1
    result.stdout.fnmatch_lines(
        [
            "predicted accuracy",
            "cam *sharp *all 2 metrics * to * of 8 * of 3",
            "!: outside the range of the fit*",
        ]
    )


def test_the_interval_holds_what_the_labels_say(targets):
    """The same images with labels, which the run above has not seen."""
    from importlib.util import module_from_spec, spec_from_file_location

    _, found = run(targets)
    spec = spec_from_file_location("toy_conftest", targets.path / "conftest.py")
    conftest = module_from_spec(spec)
    spec.loader.exec_module(conftest)
    pixels, labels = conftest.images(80, n=300, seed=30)
    patterns = conftest.PATTERNS.reshape(3, 16) / 255
    flat = pixels.reshape(len(pixels), 16) / 255
    nearest = ((flat[:, None] - patterns[None]) ** 2).sum(2).argmin(1)
    accuracy = (nearest == labels).mean()

    for p in found["predictions"]:
        if p["dataset"] == "cam" and len(p["predictor"]["metrics"]) == 2:
            assert p["prediction"]["low"] <= accuracy <= p["prediction"]["high"]


@pytest.mark.parametrize(
    ("gate", "status", "line"),
    [
        ("predicted accuracy on cam >= 0.01", 0, "*passed predicted accuracy on cam*"),
        ("predicted accuracy on cam >= 0.999", 1, "*FAILED predicted accuracy on cam*"),
        ("predicted accuracy on far >= 0", 1, "*FAILED*outside the range of the fit*"),
        ("predicted accuracy on can >= 0", 1, "*FAILED*no target matches 'can'*"),
    ],
)
def test_gates_on_targets_decide_the_exit_status(targets, gate, status, line):
    result, _ = run(targets, f"--harness-gate={gate}")

    assert result.ret == status
    result.stdout.fnmatch_lines([line])


def test_a_misspelt_gate_on_a_target_is_a_usage_error(targets):
    result, _ = run(targets, "--harness-gate=predicted accuracy of cam >= 0.5")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*must start with 'predicted accuracy on'*"])


def test_a_short_report_has_no_table_a_metric(targets):
    full, _ = run(targets)
    short, _ = run(targets, "--harness-report=short")
    none, _ = run(targets, "--harness-report=none")

    assert "nuclear_norm\n" in full.stdout.str()
    assert "nuclear_norm\n" not in short.stdout.str()
    short.stdout.fnmatch_lines(["metrics compared", "predicted accuracy"])
    assert "accuracy without labels" not in none.stdout.str()


def test_numbers_of_the_report_are_plain(targets):
    """No numpy type reaches the file, whatever analysis made it."""
    _, found = run(targets)

    def walk(value):
        if isinstance(value, dict):
            return all(map(walk, value.values()))
        if isinstance(value, list):
            return all(map(walk, value))
        return not isinstance(value, str) or "np." not in value

    assert walk(found)
    assert np.isfinite(found["predictions"][0]["prediction"]["accuracy"])
