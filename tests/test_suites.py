"""Every metric has a test in the suite of its folder; a suite may have other tests."""

import ast
import re
from pathlib import Path

import pytest

from harness.metrics import METRICS

ROOT = Path(__file__).parent.parent
SUITES = sorted(p.parent.name for p in (ROOT / "suites").glob("*/__init__.py"))
#: Folders of `harness.metrics` that a suite measures beside the one of its name.
BESIDE = {"label_free": ("outcomes",), "representation": ("embeddings",)}


def folders(suite: str) -> set[str]:
    """Folders of `harness.metrics` that belong to a suite."""
    return {suite, *BESIDE.get(suite, ())}


def folder_of(metric) -> str:
    """The folder of `harness.metrics` that a metric lies in."""
    return metric.fn.__module__.removeprefix("harness.metrics.").split(".")[0]


def names_in(suite: str) -> set[str]:
    """What the tests of a suite are called."""
    files = sorted((ROOT / "suites" / suite).rglob("test_*.py"))
    text = "".join(path.read_text() for path in files)
    return set(re.findall(r"^def test_(\w+)\(", text, flags=re.MULTILINE))


@pytest.mark.parametrize("suite", SUITES)
def test_a_suite_measures_every_metric_of_its_folder(suite):
    """`test_NAME` stands in it; of a name at a place of another metric, that one's."""
    here = [metric for metric in METRICS if folder_of(metric) in folders(suite)]
    own = {m.stands_for[0] if m.stands_for else m.name for m in here}

    assert own - names_in(suite) == set()


def test_the_first_suite_measures_nothing_else():
    """A test there that is no metric is one that was forgotten in METRICS."""
    assert names_in("label_free") - {metric.name for metric in METRICS} == set()


def test_no_metric_is_without_a_suite():
    """Its folder is one that a suite measures."""
    known = {folder for suite in SUITES for folder in folders(suite)}

    assert {folder_of(metric) for metric in METRICS} <= known


@pytest.mark.parametrize("suite", SUITES)
def test_a_suite_says_what_it_is(suite):
    """Every folder of suites/ with tests is a package with a docstring."""
    text = (ROOT / "suites" / suite / "__init__.py").read_text()

    assert ast.get_docstring(ast.parse(text))
    assert {p.parent.name for p in (ROOT / "suites").glob("*/test_*.py")} == set(SUITES)
