"""docs/suites.md: a metric by a hook, and a suite by a folder, as they are shown."""

import json
import re
from pathlib import Path

import pytest

from tests.plugin.conftest import CONFTEST

PAGE = (Path(__file__).parents[2] / "docs" / "suites.md").read_text()
FILES = dict(re.findall(r"```python\n# (\S+\.py)\n(.*?)```", PAGE, flags=re.DOTALL))
FOLDER = {name for name in FILES if name.startswith("top_mass/")}
TABLE = ["probability of the likeliest classes", "model*k*mean", "sharp*1*0.*"]


def write_suite(place: Path) -> None:
    """The page's folder."""
    (place / "top_mass").mkdir(parents=True)
    (place / "top_mass" / "__init__.py").touch()
    for name in FOLDER:
        (place / name).write_text(FILES[name])


@pytest.fixture
def suite(toy: pytest.Pytester) -> pytest.Pytester:
    """The toy grid, and the page's suite beside it; no other test."""
    (toy.path / "test_suite.py").unlink()
    write_suite(toy.path)
    return toy


def test_the_page_has_both():
    """A conftest with a test, and the files of a folder."""
    listed = set(re.findall(r"^        (\w+\.py)", PAGE, flags=re.MULTILINE))

    assert set(FILES) - FOLDER == {"conftest.py", "test_margin.py"}
    assert {f"top_mass/{name}" for name in listed} == {*FOLDER, "top_mass/__init__.py"}


def test_the_metric_is_measured(toy):
    """By its name, from the page's conftest."""
    joined = FILES["conftest.py"] + CONFTEST + "    registry.add_metric(MARGIN)\n"
    toy.makeconftest(joined)
    (toy.path / "test_suite.py").write_text(FILES["test_margin.py"])

    result = toy.runpytest_inprocess("-m", "metric(name='margin')")

    result.assert_outcomes(passed=14)
    result.stdout.fnmatch_lines(["margin*"])


def test_the_folder_is_a_suite(suite):
    """Named on the command line it has its option; its numbers have their axis."""
    result = suite.runpytest_inprocess(
        "top_mass", "--top-mass-k=1,3", "--harness-report-json=r.json"
    )

    result.assert_outcomes(passed=28)
    result.stdout.fnmatch_lines(TABLE)
    found = json.loads((suite.path / "r.json").read_text())
    assert {tuple(row["axes"].items()) for row in found["measurements"]} == {
        (("k", "1"),),
        (("k", "3"),),
    }
    means = {
        (one["model"], one["k"]): one["mean"]
        for one in found["sections"]["top_mass"]["of"]
    }
    assert means["soft", "3"] == pytest.approx(1)


@pytest.mark.parametrize("deep", ["", "mine/robust"])
def test_it_is_heard_wherever_it_lies(suite, deep):
    """Also where pytest comes upon its folder while it collects."""
    if deep:
        (suite.path / deep).mkdir(parents=True)
        (suite.path / "top_mass").rename(suite.path / deep / "top_mass")
    result = suite.runpytest_inprocess("--harness-models=sharp")

    result.assert_outcomes(passed=14)
    result.stdout.fnmatch_lines(TABLE)


def test_it_is_heard_where_workers_run_the_tests(suite):
    """Where only they collect, and the report is made in the main process."""
    (suite.path / "mine").mkdir()
    (suite.path / "top_mass").rename(suite.path / "mine" / "top_mass")
    result = suite.runpytest_inprocess("-n2", "--harness-families=in0")

    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(TABLE)


def test_its_metric_is_measured_anew_when_it_changes_and_not_for_its_section(suite):
    """What a conftest registers is known by its content."""
    one = "--harness-families=in0"
    suite.runpytest_inprocess(one).stdout.fnmatch_lines(["cells: 4 measured"])
    section = suite.path / "top_mass" / "section.py"
    section.write_text(section.read_text().replace("likeliest", "first"))
    shown = suite.runpytest_inprocess(one)
    measure = suite.path / "top_mass" / "measure.py"
    measure.write_text(measure.read_text().replace(".mean()", ".max()"))
    changed = suite.runpytest_inprocess(one)

    shown.stdout.fnmatch_lines(["cells: 4 found in the store"])
    changed.stdout.fnmatch_lines(["cells: 4 measured"])


def test_what_is_registered_twice_deep_in_the_tree_is_refused(suite):
    """By its name."""
    write_suite(suite.path / "again")
    other = (suite.path / "again" / "top_mass").rename(suite.path / "again" / "other")
    conftest = FILES["top_mass/conftest.py"].partition("def pytest_addoption")[0]
    (other / "conftest.py").write_text(conftest)
    result = suite.runpytest_inprocess()

    assert result.ret != pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*metric top_mass is registered twice*"])
