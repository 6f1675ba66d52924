"""The pages of docs/ say what the code says."""

from dataclasses import fields

import pytest

from docs import glossary, metrics
from docs.docstrings import read_docstring
from docs.measured import from_report, load_measured, save_measured
from harness.errors import BadData
from harness.metrics import METRICS

MAY_BE_EMPTY = {"options", "notes", "references"}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_metric_has_every_field(metric):
    """What it is, formula, range, direction, inputs, cost, source and numbers."""
    entry = metrics.entry_of(metric, load_measured())

    empty = {f.name for f in fields(entry) if not getattr(entry, f.name).strip()}
    assert empty <= MAY_BE_EMPTY
    assert entry.inputs.count("`") == 2 * len(metric.inputs)
    assert ".. math" not in entry.formula


def test_the_page_is_what_the_code_makes():
    """Run `python -m docs.metrics` after a docstring, a fact or a number changed."""
    assert metrics.PATH.read_text() == metrics.page(load_measured())


def test_the_glossary_is_what_the_reports_know():
    """Run `python -m docs.glossary` after a word changed."""
    assert glossary.PATH.read_text() == glossary.page()


def test_measured_numbers_are_of_metrics_that_exist():
    """A renamed metric does not leave its numbers behind."""
    measured = load_measured()
    known = {metric.name for metric in METRICS}

    assert {row.metric for row in measured.rows} <= known
    assert set(measured.skipped) <= known


def no_formula(logits):
    """Return something.

    Parameters
    ----------
    logits : (n, k) array

    Returns
    -------
    float
        Something.
    """


def test_a_docstring_without_a_formula_is_refused():
    """The error names the function."""
    with pytest.raises(BadData, match=r"no_formula must hold a `.. math::` formula"):
        read_docstring(no_formula)


def report(images=(10, 10, 10, 10)):
    """A JSON report of a metric on the test split and three exterior datasets."""
    sets = [("test", "test"), *(("far", f"far/{i}") for i in range(3))]
    return {
        "measurements": [
            {
                "metric": "cot",
                "model": "lenet",
                "family": family,
                "dataset": dataset,
                "images": n,
                "accuracy": 0.75,
                "seconds": 0.25,
            }
            for (family, dataset), n in zip(sets, images, strict=True)
        ],
        "correlations": [
            {
                "metric": "cot",
                "model": model,
                "interior": {"reason": "a fit needs at least 3 datasets, got 1"},
                "transfer": {"r2": -1.23456, "mae": 0.0321},
                "exterior": {"spearman": 0.5},
                "exterior_error": {"mae": 0.04},
            }
            for model in ("lenet", None)
        ],
        "skipped": [
            {"test": "suites/test_agreement.py::test_aline_s", "reason": "one"}
        ],
    }


WORDS = {"command": "pytest suites", "data": "digits", "machine": "mine"}


def test_a_report_is_condensed(tmp_path):
    """Undefined parts are absent, and what was written is read again."""
    measured = from_report(report(), **WORDS)
    save_measured(measured, tmp_path / "measured.json")

    assert load_measured(tmp_path / "measured.json") == measured
    (row,) = measured.rows
    assert (row.metric, row.model, row.interior_r2) == ("cot", "lenet", None)
    assert (row.exterior_r2, row.exterior_mae, row.ms) == (-1.2346, 0.0321, 250.0)
    assert row.own_mae == 0.04
    assert measured.about.families == {"far": 3, "test": 1}
    assert measured.about.models == {"lenet": 0.75}
    text = metrics.page(measured)
    assert "| lenet | - | - | -1.235 | +0.500 | 3.21 | 4.00 |" in text
    assert "far (3), test (1)" in text
    assert "lenet (75.0 %)" in text
    assert "Not measured in this run: one." in text


def test_datasets_of_unequal_size_are_refused():
    """The page names one number of images."""
    with pytest.raises(BadData, match="must be of one size"):
        from_report(report(images=(10, 10, 10, 9)), **WORDS)


def test_a_report_without_the_test_split_is_refused():
    """The page names the models' accuracy on it."""
    found = report()
    for measurement in found["measurements"]:
        measurement["family"] = "far"

    with pytest.raises(BadData, match="must hold the test split"):
        from_report(found, **WORDS)
