"""Workers: the same numbers, models kept together, and killed ones survived."""

import json

import pytest

pytestmark = pytest.mark.slow  # each starts workers


def rows(toy, *arguments):
    """(metric, model, dataset) -> value of a run in a process of its own."""
    path = toy.path / "report.json"
    result = toy.runpytest_subprocess(
        f"--harness-report-json={path}", "--harness-recalculate", *arguments
    )
    report = json.loads(path.read_text())
    return result, {
        (row["metric"], row["model"], row["dataset"]): (row["value"], row["accuracy"])
        for row in report["measurements"]
    }


def test_workers_measure_what_one_process_measures(toy):
    """Every cell once, the values equal to the bit."""
    _, alone = rows(toy)
    result, shared = rows(toy, "-n2")

    result.assert_outcomes(passed=28)
    assert len(alone) == 28
    assert alone == shared


def test_a_pair_stays_on_one_worker_and_a_model_too(toy):
    """Two models, two workers: each loads one; no pair is run twice."""
    toy.makepyfile(
        test_where="""
        import os
        def test_where(record):
            record("where", float(os.environ["PYTEST_XDIST_WORKER"][2:]))
        def test_there(record):
            record("there", float(os.environ["PYTEST_XDIST_WORKER"][2:]))
        """
    )
    _, found = rows(toy, "-n2", "test_where.py")

    workers = {}
    for (_, model, dataset), (worker, _) in found.items():
        workers.setdefault((model, dataset), set()).add(worker)
    assert len(found) == 28
    assert all(len(which) == 1 for which in workers.values())
    # One model is done by one worker but for what the other takes over at the end.
    assert len({which for (model, _), found in workers.items() for which in found}) == 2


@pytest.mark.parametrize("count", ["-n2"])
def test_a_killed_worker_loses_its_cell_only(toy, count):
    """The cell fails by name, every other runs, a rerun measures what is missing."""
    toy.makepyfile(
        test_deadly="""
        import os, pathlib, signal
        def test_deadly(model, dataset, record):
            if (model.name, dataset.name) == ("soft", "in1"):
                if not pathlib.Path("safe").exists():
                    os.kill(os.getpid(), signal.SIGKILL)
            record("deadly", 1.0)
        """
    )

    result = toy.runpytest_subprocess(count, timeout=120)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=41, failed=1)
    result.stdout.fnmatch_lines(["cells: 41 measured, 1 failed"])
    result.stdout.fnmatch_lines(["*test_deadly*soft-in1*crashed*"])
    (toy.path / "safe").touch()
    again = toy.runpytest_subprocess(count, timeout=120)
    again.assert_outcomes(passed=42)
    again.stdout.fnmatch_lines(["cells: 1 measured, 41 found in the store"])


def test_a_crash_in_the_very_last_test_does_not_hang(toy):
    """One cell, one worker, and that cell kills it."""
    toy.makepyfile(
        test_last="""
        import os, signal
        def test_last(record):
            os.kill(os.getpid(), signal.SIGKILL)
        """
    )

    result = toy.runpytest_subprocess(
        "-n2", "test_last.py", "--harness-models=soft", "--harness-families=in0",
        timeout=120,
    )  # fmt: skip

    result.assert_outcomes(failed=1)


def test_a_mode_of_distribution_asked_for_is_respected(toy):
    """--dist is the user's word: the harness's scheduler stands back."""
    result = toy.runpytest_subprocess("-n2", "--dist=loadfile")

    result.assert_outcomes(passed=28)


def test_an_option_that_a_suite_refuses_in_workers_runs_and_judges_nothing(toy):
    """Workers alone collect; what else there was did run, and the status was 1."""
    toy.makepyfile(
        test_kinds="""
        from harness.errors import HarnessError

        def pytest_generate_tests(metafunc):
            if "kind" in metafunc.fixturenames:
                raise HarnessError("--kinds must be few, got 'many'")

        def test_kind(record, model, dataset, kind):
            record("kind", 1.0)
        """
    )
    gate = "--harness-gate=nuclear_norm: interior r2 >= 0.5"
    result = toy.runpytest_subprocess("-n2", gate)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --kinds must be few, got 'many'"])
    result.assert_outcomes(errors=1)
    result.stdout.no_fnmatch_line("*gate*")
    goes_on = toy.runpytest_subprocess("-n2", "--continue-on-collection-errors")
    goes_on.assert_outcomes(passed=28, errors=1)


def test_words_that_nothing_is_called_by_are_named_by_workers_too(toy):
    result = toy.runpytest_subprocess("-n2", "-k", "nuclear_nrom")

    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(
        ["harness: -k: no test, *'nuclear_nrom'; did you mean nuclear_norm*"]
    )
