"""A disk that is full while a run goes on."""

import subprocess
import sys

import pytest

from harness.store import Store


def test_a_run_on_a_full_disk_measures_on_and_says_so(toy):
    """Some lines fit: they are found; the others are measured, counted and named."""
    script = """
import resource, sys, pytest
resource.setrlimit(resource.RLIMIT_FSIZE, (6000, resource.RLIM_INFINITY))
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider"]))
"""
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=toy.path
    )

    assert ran.returncode == pytest.ExitCode.USAGE_ERROR, ran.stdout + ran.stderr
    assert "28 passed" in ran.stdout
    assert "INTERNALERROR" not in ran.stdout + ran.stderr
    kept, unread = Store(toy.path / ".harness").read()
    lost = 28 - len(kept)
    assert (lost > 0, len(kept) > 0, unread) == (True, True, 0)
    assert f"cells: 28 measured, {lost} not stored" in ran.stdout
    assert f"ERROR: {lost} cells were measured and not kept: store " in ran.stdout


def test_a_report_that_cannot_be_written_costs_no_other(toy):
    """Nor the saved run: each is tried, and the failure is named."""
    toy.makepyfile(
        test_suite="""
        from harness.metrics.label_free.nuclear_norm import nuclear_norm

        def test_nuclear_norm(predictions, record):
            record(nuclear_norm, predictions.probs())

        def test_gone():
            import os
            if not os.path.islink("r.html"):
                os.symlink("/dev/full", "r.html")
        """
    )

    result = toy.runpytest_inprocess(
        "--harness-report-html=r.html",
        "--harness-report-md=r.md",
        "--harness-save-run=main",
    )

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(
        ["ERROR: report r.html cannot be written: it is a link*"]
    )
    assert (toy.path / "r.md").exists()
    assert (toy.path / ".harness" / "runs" / "main.json").exists()
