"""Saving outputs: what is saved stands for the networks, number for number."""

import json

import numpy as np
import pytest

pytestmark = pytest.mark.slow

SAVE = "--harness-save-outputs=saved"
FILES = 2 * (7 + 1)  # models; datasets and the source set

# Metrics of the source set, and of other models, among them.
SUITE = """
import pytest

@pytest.mark.parametrize("metric", ["nuclear_norm", "atc_mc", "cot", "agreement"])
def test_one(measure, metric):
    measure(metric)
"""


@pytest.fixture
def grid(toy):
    """The toy grid with this suite."""
    toy.makepyfile(test_suite=SUITE)
    return toy


def saved(grid):
    """The files, by name."""
    return {path.name: path for path in (grid.path / "saved").glob("*.npz")}


def numbers(grid, *options):
    """What a run reports: rows, fits and ranks, but for what tells runs apart."""
    result = grid.runpytest_inprocess(*options, "--harness-report-json=r.json")
    assert result.ret == 0, result.stdout.str()
    report = json.loads((grid.path / "r.json").read_text())
    rows = {
        (m["metric"], m["model"], m["dataset"]): [
            *(m[name] for name in ("value", "accuracy", "images", "family", "domain")),
            m["traits"],
        ]
        for m in report["measurements"]
    }
    fits = [
        [row[name] for name in ("metric", "model", "interior", "exterior", "transfer")]
        for row in report["correlations"]
    ]
    return result, rows, fits


def test_a_run_of_saved_outputs_has_the_same_numbers(grid):
    """Values, accuracies, domains, traits and fits: to the last bit."""
    result, rows, fits = numbers(grid, SAVE)

    result.stdout.fnmatch_lines(
        ["harness: outputs of 16 pairs of a model and a dataset are saved in saved: *"]
    )
    assert len(rows) == 4 * 2 * 7
    assert len(saved(grid)) == FILES
    grid.makeini("[pytest]\nharness_store = other\n")
    _, again, fits_again = numbers(grid, "--harness-outputs=saved")
    assert again == rows
    assert fits_again == fits


def test_a_sample_is_saved_as_one(grid):
    """Its rows say which images of the dataset they are."""
    _, rows, fits = numbers(grid, SAVE, "--harness-max-images=30")
    grid.makeini("[pytest]\nharness_store = other\n")

    assert numbers(grid, "--harness-outputs=saved")[1:] == (rows, fits)
    with np.load(next(iter(saved(grid).values()))) as file:
        assert len(file["rows"]) == 30
        assert file["rows"].max() > 30


def test_two_workers_save_what_one_saves(grid):
    """Whoever had an answer writes it; the rest is answered at the end."""
    grid.runpytest_inprocess(SAVE)
    alone = {name: path.read_bytes() for name, path in saved(grid).items()}
    for path in saved(grid).values():
        path.unlink()
    result = grid.runpytest_subprocess(SAVE, "-n2", "--harness-store=other")

    assert result.ret == 0
    assert {n: p.read_bytes() for n, p in saved(grid).items()} == alone


def test_where_no_cell_needs_an_answer_none_is_left_out(grid):
    """All cells are in the store: the networks are run for the files alone."""
    _, rows, fits = numbers(grid)
    result = grid.runpytest_inprocess(SAVE)

    assert result.ret == 0
    said = result.stdout.str() + result.stderr.str()
    assert "cells: 56 found in the store" in said
    assert "harness: 16 outputs are answered for --harness-save-outputs" in said
    assert len(saved(grid)) == FILES
    grid.makeini("[pytest]\nharness_store = other\n")
    assert numbers(grid, "--harness-outputs=saved")[1:] == (rows, fits)


def test_what_is_saved_is_kept(grid):
    """As long as it would be the same; other images are written anew."""
    grid.runpytest_inprocess(SAVE)
    before = {name: path.stat().st_mtime_ns for name, path in saved(grid).items()}
    kept = grid.runpytest_inprocess(SAVE, "--harness-recalculate")
    kept.stdout.fnmatch_lines(["*0 bytes to write, 16 are there*"])
    assert {n: p.stat().st_mtime_ns for n, p in saved(grid).items()} == before

    grid.runpytest_inprocess(SAVE, "--harness-max-images=30")
    after = {name: path.stat().st_mtime_ns for name, path in saved(grid).items()}
    assert after.keys() == before.keys()
    assert all(after[name] > before[name] for name in before)


def test_a_run_that_is_interrupted_loses_none(grid):
    """It says how many are left, and the same command writes these."""
    grid.makepyfile(
        test_zz_stop="""
        def test_stop(model, dataset, record):
            if model.name == "soft" and dataset.name == "out0":
                raise KeyboardInterrupt
            record("one", 1.0)
        """
    )
    result = grid.runpytest_subprocess(SAVE)
    assert result.ret == 2
    written = set(saved(grid))
    assert 7 <= len(written) < FILES
    result.stdout.fnmatch_lines(
        [f"harness: {FILES - len(written)} outputs are not saved yet; *"]
    )
    before = {name: path.stat().st_mtime_ns for name, path in saved(grid).items()}
    (grid.path / "test_zz_stop.py").unlink()
    assert grid.runpytest_inprocess(SAVE).ret == 0
    assert len(saved(grid)) == FILES
    assert all(saved(grid)[n].stat().st_mtime_ns == before[n] for n in written)


def test_a_file_of_somebody_else_is_not_replaced(grid):
    """It may be all that there is of what it holds."""
    grid.runpytest_inprocess(SAVE)
    path = next(iter(saved(grid).values()))
    np.savez(path, mine=np.arange(3))
    result = grid.runpytest_inprocess(SAVE)

    assert result.ret == 4
    result.stderr.fnmatch_lines([f"*would replace *{path.name}, which it did not*"])
    with np.load(path) as file:
        assert file.files == ["mine"]


def test_what_cannot_be_saved_is_refused_before_the_run(grid):
    """Outputs that were saved; networks that run elsewhere; a file in the way."""
    grid.runpytest_inprocess(SAVE)
    again = grid.runpytest_inprocess("--harness-outputs=saved", SAVE)
    assert again.ret == 4
    again.stderr.fnmatch_lines(["*these outputs were saved before; leave it out*"])
    away = grid.runpytest_inprocess(SAVE, "--harness-engine=processes")
    assert away.ret == 4
    away.stderr.fnmatch_lines(["*--harness-engine runs them elsewhere*"])
    (grid.path / "file").write_text("")
    file = grid.runpytest_inprocess("--harness-save-outputs=file")
    assert file.ret == 4
    file.stderr.fnmatch_lines(["*file cannot be made: *choose another folder*"])
