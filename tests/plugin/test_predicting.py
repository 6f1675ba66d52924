"""Targets: predicted accuracy in the report, gated, and true where we know better."""

import csv
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
    _, found = run(targets)
    accuracy = truth_of(targets, 80, 300, 30)[1].mean()

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


def truth_of(targets, noise, n, seed):
    """The images of a target again, with their labels, and what is right on them."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("toy_conftest", targets.path / "conftest.py")
    conftest = module_from_spec(spec)
    spec.loader.exec_module(conftest)
    pixels, labels = conftest.images(noise, n=n, seed=seed)
    patterns = conftest.PATTERNS.reshape(3, 16) / 255
    flat = pixels.reshape(len(pixels), 16) / 255
    nearest = ((flat[:, None] - patterns[None]) ** 2).sum(2).argmin(1)
    return labels, nearest == labels


def test_labels_of_a_list_give_the_interval_that_was_asked_for(targets):
    """The images of all models are the same; the forecast stays what it was."""
    path = targets.path / "list.csv"
    _, before = run(targets, f"--harness-label-next={path}")
    labels, right = truth_of(targets, 80, 300, 30)
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert list(rows[0])[4:6] == ["predicted sharp", "confidence sharp"]
    for row in rows:
        if row["dataset"] == "cam":
            row["label"] = "abc"[labels[int(row["index"])]]
    filled = targets.path / "filled.csv"
    with filled.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)

    result, after = run(targets, f"--harness-labels={filled}")

    assert result.ret == 0
    assert after["predictions"] == before["predictions"]
    (old,), (new,) = (
        [
            one
            for one in found["headlines"]
            if (one["model"], one["dataset"]) == ("sharp", "cam")
        ]
        for found in (before, after)
    )
    assert old["trust"] != "trust it"
    assert new["trust"] == "trust it"
    asked = [
        one["advice"]["label"]
        for one in before["headlines"]
        if one["dataset"] == "cam" and one["advice"] is not None
    ]
    assert old["advice"]["label"] <= max(asked) < 300
    assert new["labelled"]["labelled"] == max(asked)
    assert new["high"] - new["low"] <= old["advice"]["high"] - old["advice"]["low"]
    assert new["low"] <= right.mean() <= new["high"]
    result.stdout.fnmatch_lines(["sharp on cam: about * right, between * by * labels*"])


@pytest.mark.parametrize(
    ("option", "problem"),
    [
        ("--harness-labels=no.csv", "*labels no.csv cannot be read*"),
        ("--harness-labels=", "*must be a path, got an empty text*"),
        ("--harness-label-next=conftest.py", "*is there and is no list of images*"),
    ],
)
def test_what_cannot_be_read_or_written_ends_the_run_at_its_start(
    targets, option, problem
):
    """Nothing was measured by then."""
    result, found = run(targets, option)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert found is None
    result.stderr.fnmatch_lines([problem])


def test_without_a_target_there_is_nothing_to_label(toy):
    """And no list of it."""
    result = toy.runpytest_inprocess("--harness-label-next=l.csv")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*lists images of targets, and the run has none*"])
