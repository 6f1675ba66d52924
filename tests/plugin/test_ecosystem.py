"""Plugins that many have installed, with cells: the numbers are what they are without.

`.ci/plugins` installs them and runs this. Where one is not installed its tests skip.
"""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path

import pytest

LIST = Path(__file__).parents[2] / ".ci" / "plugins.txt"
SUITE = """
def test_average_confidence(measure):
    measure("average_confidence")

def test_margin(predictions, record):
    top = predictions.probs()
    top.sort(axis=1)
    record("margin", (top[:, -1] - top[:, -2]).mean())

def test_no_cell():
    pass
"""
#: What loads each plugin, and what turns it on.
PLUGINS = {
    "pytest-xdist": ("-p xdist", "-n2"),
    "pytest-cov": ("-p pytest_cov", "--cov=harness.metrics --cov-report="),
    "pytest-randomly": ("-p randomly", "--randomly-seed=1"),
    "pytest-rerunfailures": ("-p rerunfailures", "--reruns=2"),
    "pytest-timeout": ("-p timeout", "--timeout=300"),
    "pytest-html": ("-p pytest_metadata.plugin -p html", "--html=page.html"),
    "pytest-json-report": (
        "-p pytest_metadata.plugin -p pytest_jsonreport",
        "--json-report",
    ),
    "pytest-sugar": ("-p sugar", "--force-sugar"),
    "pytest-split": ("-p pytest-split", "--splits=1 --group=1"),
    "pytest-repeat": ("-p repeat", ""),
    "pytest-forked": ("-p pytest_forked", ""),
    "pytest-mock": ("-p pytest_mock", ""),
    "pytest-asyncio": ("-p asyncio", "--asyncio-mode=auto"),
    "pytest-instafail": ("-p instafail", "--instafail"),
    "pytest-benchmark": ("-p benchmark", ""),
}
#: What cannot be loaded twice in one process.
ALONE = {"pytest-cov"}
#: Other than in the first run, so that more would move if it could.
SECOND = {"pytest-randomly": "--randomly-seed=2"}


def loads(name):
    """The options that load a plugin; skips where it is not installed."""
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{name} is not installed; .ci/plugins installs it")
    return PLUGINS[name][0].split()


DIGITS = """
[pytest]
harness_base = digits
harness_models = linear
harness_families = test,interior
harness_interior = 3
harness_max_images = 60
harness_report_json = report.json
"""


@pytest.fixture
def digits(toy, monkeypatch):
    """A small run of bundled digits, without any other plugin."""
    toy.path.joinpath("conftest.py").unlink()
    toy.path.joinpath("tox.ini").unlink()
    toy.path.joinpath("pytest.ini").write_text(DIGITS)
    toy.makepyfile(test_suite=SUITE)
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p harness")
    return toy


_plain = []  # what the first of the tests measured without a plugin


def plain(digits):
    """The numbers without a plugin, measured once."""
    if not _plain:
        digits.runpytest_inprocess("--harness-store=plain")
        _plain.extend(measurements(digits)[0])
    return _plain


def measurements(toy):
    """What was measured, without times, and how many cells were of which kind."""
    found = json.loads((toy.path / "report.json").read_text())
    rows = [
        {name: value for name, value in row.items() if "seconds" not in name}
        for row in found["measurements"]
    ]
    return sorted(rows, key=json.dumps), found["counts"]


def test_each_is_installed_by_the_list():
    assert set(LIST.read_text().split()) == set(PLUGINS)
    assert len(PLUGINS) == 15


@pytest.mark.slow
@pytest.mark.parametrize("name", PLUGINS)
def test_numbers_are_the_same_with_a_plugin(digits, name):
    """In a run that measures and in one that finds them in the store."""
    plugin = loads(name)
    expected = plain(digits)
    first = PLUGINS[name][1]
    run = digits.runpytest_subprocess if name in ALONE else digits.runpytest_inprocess

    for options, how in ((first, "measured"), (SECOND.get(name, first), "stored")):
        result = run(*plugin, *options.split())
        rows, counts = measurements(digits)

        assert result.ret == pytest.ExitCode.OK
        assert rows == expected
        assert counts == {how: 8, "not run": 0}


ONE = ("--harness-models=sharp", "--harness-families=in0")


@pytest.mark.parametrize(
    ("name", "option", "marker", "why"),
    [
        ("pytest-forked", "--forked", "forked", "would run each network anew"),
        ("pytest-repeat", "--count=2", "repeat(2)", "would measure each cell several"),
    ],
)
def test_what_cannot_work_with_cells_says_so_in_a_line(toy, name, option, marker, why):
    """As an option and as a marker, before anything is measured."""
    plugin = loads(name)
    refused = toy.runpytest_inprocess(*plugin, option, *ONE)

    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    refused.stderr.fnmatch_lines([f"ERROR: {option.replace('=', ' ')} {why}*"])

    toy.makepyfile(
        test_suite=f"""
        import pytest

        @pytest.mark.{marker}
        def test_marked(record): record("marked", 1.0)
        """
    )
    result = toy.runpytest_inprocess(*plugin, *ONE)

    result.assert_outcomes(errors=1)
    name = marker.partition("(")[0]
    result.stdout.fnmatch_lines([f"*test_marked: @pytest.mark.{name} {why}*"])


def test_a_cell_that_passes_at_its_second_try_is_measured(toy):
    plugin = loads("pytest-rerunfailures")
    toy.makepyfile(
        test_suite="""
        tries = []

        def test_flaky(predictions, record):
            tries.append(1)
            record("flaky", float(predictions.probs().max()))
            assert len(tries) > 1

        def test_never(record):
            record("never", 1.0)
            assert False
        """
    )
    arguments = (*plugin, "--reruns=1", "--harness-report-json=report.json", *ONE)

    for how in ("measured", "stored"):
        result = toy.runpytest_inprocess(*arguments)
        rows, counts = measurements(toy)

        assert counts == {how: 1, "failed": 1, "not run": 0}
        assert [row["metric"] for row in rows] == ["flaky"]
        assert result.ret == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize(
    ("name", "test"),
    [
        ("pytest-asyncio", "async def test_own(record): record('own', 1.0)"),
        (
            "pytest-mock",
            "def test_own(record, mocker):\n"
            "    record('own', mocker.Mock(return_value=1.0)())",
        ),
        (
            "pytest-benchmark",
            "def test_own(record, benchmark): record('own', benchmark(float, 1))",
        ),
    ],
    ids=["asyncio", "mock", "benchmark"],
)
def test_fixtures_and_kinds_of_tests_of_others_work_in_cells(toy, name, test):
    plugin = (*loads(name), *PLUGINS[name][1].split())
    toy.makepyfile(test_suite=test)

    for how in ("measured", "stored"):
        result = toy.runpytest_inprocess(
            *plugin, "--harness-report-json=report.json", *ONE
        )
        rows, counts = measurements(toy)

        result.assert_outcomes(passed=1)
        assert [(row["metric"], row["value"]) for row in rows] == [("own", 1.0)]
        assert counts == {how: 1, "not run": 0}


def test_groups_of_a_split_run_measure_all_together(toy):
    plugin = loads("pytest-split")
    report = "--harness-report-json=report.json"
    toy.runpytest_inprocess("--harness-store=whole", report)
    whole, _ = measurements(toy)
    for group in (1, 2):
        result = toy.runpytest_inprocess(*plugin, "--splits=2", f"--group={group}")
        result.assert_outcomes(passed=14, deselected=14)

    toy.runpytest_inprocess(report)

    assert measurements(toy) == (whole, {"stored": 28, "not run": 0})
