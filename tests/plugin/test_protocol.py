"""The protocol of cells: shorter than pytest's, and nobody can tell."""

import gc
import json
import xml.etree.ElementTree as ET

import pytest

from harness.protocol.cells import CellProtocol
from harness.protocol.garbage import EVERY, Sweeper

ONE = ("--harness-models=sharp", "--harness-families=in0")


def taken(toy, *arguments):
    """Which tests the protocol takes, of those that pytest collects."""
    items, _ = toy.inline_genitems(*arguments)
    protocol = CellProtocol(items[0].config)
    return {item.originalname for item in items if protocol.takes(item)}


def test_plain_cells_are_taken_and_others_are_left_to_pytest(toy):
    toy.makepyfile(
        test_kinds="""
        import pytest

        @pytest.fixture
        def mine(predictions):
            return len(predictions)

        def test_plain(predictions, record): record("plain", 1.0)
        def test_measured(measure): pass
        @pytest.mark.parametrize("power", [1, 2])
        def test_with_parameter(record, power): record("power", power)
        def test_with_my_fixture(record, mine): record("mine", mine)
        def test_with_request(record, request): record("request", 1.0)
        def test_with_capsys(record, capsys): record("capsys", 1.0)
        @pytest.mark.xfail
        def test_marked(record): record("marked", 1.0)
        def test_no_cell(model, dataset): pass
        """
    )

    assert taken(toy, "test_kinds.py", *ONE) == {
        "test_plain",
        "test_measured",
        "test_with_parameter",
    }


@pytest.mark.parametrize(
    "option", ["--setup-show", "--pdb", "--log-level=INFO", "--log-cli-level=INFO"]
)
def test_options_that_look_into_a_test_bring_back_pytests_protocol(toy, option):
    name = option.partition("=")[0]
    if name == "--log-cli-level":
        option = "-olog_cli=true"

    assert taken(toy, *ONE, option) == set()


def test_the_tests_of_a_pair_share_what_lives_as_long_as_the_pair(toy):
    """Predictions are the same object for a pair and no other; record is each's own."""
    toy.makepyfile(
        test_shared="""
        seen = {}

        def look(model, dataset, predictions, record):
            pair = model.name, dataset.name
            seen.setdefault(pair, []).append((predictions, record))
            record("seen", float(len(predictions)))

        def test_a(model, dataset, predictions, record):
            look(model, dataset, predictions, record)

        def test_b(model, dataset, predictions, record):
            look(model, dataset, predictions, record)

        def test_c(measure, model, dataset, predictions, record):
            look(model, dataset, predictions, record)

        def test_last():
            pairs = list(seen.values())
            assert len(pairs) == 14
            for pair in pairs:
                assert len(pair) == 3
                assert len({id(predictions) for predictions, _ in pair}) == 1
                assert len({id(record) for _, record in pair}) == 3
            assert len({id(pair[0][0]) for pair in pairs}) == 14
        """
    )

    toy.runpytest_inprocess("test_shared.py").assert_outcomes(passed=43)


FAILING = """
import logging
import sys
import pytest

def test_fails(record):
    print("on the way")
    print("aside", file=sys.stderr)
    logging.getLogger("mine").warning("mind %s", "this")
    assert False, "no good"

def test_after(record):
    record("after", 1.0)
"""


def test_a_failing_cell_shows_what_it_wrote_and_logged(toy):
    toy.makepyfile(test_failing=FAILING)

    result = toy.runpytest_inprocess("test_failing.py", *ONE)

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*def test_fails(record):*",
            "E * AssertionError: no good",
            "*Captured stdout call*",
            "on the way",
            "*Captured stderr call*",
            "aside",
            "*Captured log call*",
            "WARNING * mine:test_failing.py:8 mind this",
        ]
    )
    assert result.outlines.count("on the way") == 1


def test_what_a_passing_cell_wrote_is_shown_where_that_is_asked_for(toy):
    toy.makepyfile(
        test_talks="""
        def test_talks(record):
            print("by the way")
            record("talks", 1.0)
        """
    )

    result = toy.runpytest_inprocess("test_talks.py", *ONE, "-rP")

    result.stdout.fnmatch_lines(["*Captured stdout call*", "by the way"])
    shown = toy.runpytest_inprocess(
        "test_talks.py", *ONE, "-s", "--harness-recalculate"
    )
    shown.stdout.fnmatch_lines(["*by the way*"])


def test_a_cell_that_cannot_be_set_up_is_an_error(toy):
    """As pytest has it: an error at setup, and the next cell runs."""
    conftest = toy.path / "conftest.py"
    conftest.write_text(
        conftest.read_text()
        + """
from harness.answers.predictions import Predictions
def broken(self, view=None):
    raise RuntimeError("no such luck")
Predictions.predicted = broken
"""
    )
    result = toy.runpytest_subprocess(*ONE)

    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*ERROR at setup of test_*", "E * no such luck"])


def test_the_first_failure_stops_the_session_where_that_is_asked_for(toy):
    toy.makepyfile(test_failing=FAILING)

    result = toy.runpytest_inprocess("test_failing.py", "-x")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*stopping after 1 failures*"])


LISTENER = """
import pytest

heard = []

def pytest_runtest_setup(item): heard.append(("setup", item.nodeid))
def pytest_runtest_call(item): heard.append(("call", item.nodeid))
def pytest_runtest_teardown(item): heard.append(("teardown", item.nodeid))

@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    if heard:
        with open(f"heard-{len(heard)}", "a") as file:
            file.write("\\n".join(" ".join(line) for line in heard))
"""


def test_hooks_around_the_phases_are_called_for_every_cell(toy):
    with (toy.path / "conftest.py").open("a") as conftest:
        conftest.write(LISTENER)

    toy.runpytest_subprocess().assert_outcomes(passed=28)

    lines = [
        line
        for path in toy.path.glob("heard-*")
        for line in path.read_text().splitlines()
    ]
    assert len(lines) == len(set(lines)) == 3 * 28


# Deaf in workers: only the controller can know that somebody listens.
REPORTED = """
import os

def hear(*words):
    with open("reported", "a") as file:
        print(*words, file=file)

if "PYTEST_XDIST_WORKER" not in os.environ:
    def pytest_runtest_logreport(report): hear(report.when, report.nodeid)
    def pytest_runtest_logstart(nodeid): hear("start", nodeid)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "stored"), [((), True), (("-n2",), False)])
def test_who_listens_to_reports_hears_of_every_phase(toy, workers, stored):
    """Also where only the controller's plugin listens, and of cells that are found."""
    toy.makepyfile(ears=REPORTED)
    if stored:
        toy.runpytest_subprocess()

    toy.runpytest_subprocess("-p", "ears", *workers).assert_outcomes(passed=28)

    lines = (toy.path / "reported").read_text().splitlines()
    assert len(lines) == len(set(lines)) == 4 * 28


def test_junit_has_every_cell_with_its_properties(toy):
    toy.makepyfile(
        test_more="""
        def test_more(record, record_property):
            record_property("colour", "red")
            record("more", 1.0)
        """
    )

    result = toy.runpytest_inprocess(
        *ONE, "--junitxml=junit.xml", "-ojunit_family=xunit1"
    )
    result.assert_outcomes(passed=3)

    cases = ET.parse(toy.path / "junit.xml").getroot().findall(".//testcase")
    assert sorted(case.attrib["name"] for case in cases) == [
        "test_average_confidence[sharp-in0]",
        "test_more[sharp-in0]",
        "test_nuclear_norm[sharp-in0]",
    ]
    properties = [p.attrib["value"] for case in cases for p in case.iter("property")]
    assert properties == ["red"]


def test_durations_are_those_of_all_phases(toy):
    result = toy.runpytest_inprocess(*ONE, "--durations=0", "-vv")

    for phase in ("setup", "call", "teardown"):
        result.stdout.fnmatch_lines([f"*s {phase} *test_nuclear_norm[[]sharp-in0[]]"])


def test_marks_set_while_collecting_are_respected(toy):
    with (toy.path / "conftest.py").open("a") as conftest:
        conftest.write(
            """
import pytest
def pytest_collection_modifyitems(items):
    for item in items:
        if "soft" in item.name:
            item.add_marker(pytest.mark.skip(reason="too soft"))
"""
        )

    toy.runpytest_inprocess().assert_outcomes(passed=14, skipped=14)


def test_a_cell_that_is_run_again_records_anew(toy):
    """As plugins that rerun failures do it."""
    toy.makepyfile(
        again="""
        from _pytest.runner import runtestprotocol
        def pytest_runtest_protocol(item, nextitem):
            for _ in range(2):
                runtestprotocol(item, nextitem=nextitem, log=False)
            return None
        """
    )

    result = toy.runpytest_subprocess("-p", "again", *ONE)

    result.assert_outcomes(passed=2)


def test_garbage_is_still_collected_in_a_large_grid():
    """What was kept is left alone; a cycle that nobody holds is gone at the latest
    with the next sweep."""
    import weakref

    class Node:
        pass

    sweeper = Sweeper()
    for _ in range(EVERY - 1):
        sweeper.pytest_runtest_logreport()
    node = Node()
    node.itself = node
    gone = weakref.ref(node)
    del node
    try:
        sweeper.pytest_runtest_logreport()
        assert gone() is None
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()


# As pytest-rerunfailures: it runs the protocol itself and logs reports afterwards, and
# keeps on the item what the reports of one phase leave for those of the next.
RERUNNER = """
import pytest
from _pytest.runner import runtestprotocol

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "setup":
        item._ended = {}
    item._ended[report.when] = report.outcome
    return report

def pytest_runtest_protocol(item, nextitem):
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in runtestprotocol(item, nextitem=nextitem, log=False):
        assert item._ended[report.when]
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
"""
# As pytest-json-report: each test's phases, looked up when its teardown is reported.
JOURNAL = """
phases, hooks = {}, []

def pytest_runtest_logreport(report):
    phases.setdefault(report.nodeid, {})[report.when] = report.outcome
    if report.when == "teardown":
        assert phases[report.nodeid] == dict.fromkeys(phases[report.nodeid], "passed")
        assert len(phases[report.nodeid]) == 3

def pytest_runtest_setup(item): hooks.append("setup")
def pytest_runtest_call(item): hooks.append("call")
def pytest_runtest_teardown(item): hooks.append("teardown")

def pytest_unconfigure(config):
    workers = hasattr(config, "workerinput") or config.getoption("numprocesses", None)
    assert workers or len(phases) == 2
    assert hooks == ["setup", "call", "teardown"] * (len(hooks) // 3)
    assert workers or len(hooks) == 6
"""


@pytest.mark.parametrize(
    ("plugin", "workers"),
    [(RERUNNER, ()), (JOURNAL, ()), (RERUNNER + JOURNAL, ("-n1",))],
    ids=["rerunner", "journal", "worker"],
)
def test_plugins_that_listen_see_stored_cells_as_any_test(toy, plugin, workers):
    """All phases, in pytest's order, in the first run and when the cells are found."""
    with (toy.path / "conftest.py").open("a") as conftest:
        conftest.write(plugin)

    for how in ("measured", "found in the store"):
        result = toy.runpytest_inprocess(*ONE, *workers)

        assert result.ret == pytest.ExitCode.OK
        result.assert_outcomes(passed=2)
        result.stdout.fnmatch_lines([f"cells: 2 {how}"])


def test_whoever_listens_brings_back_pytests_protocol(toy):
    """It is all or nothing: a plugin of somebody else on any hook around tests."""
    conftest = toy.path / "conftest.py"
    quiet = conftest.read_text()
    assert taken(toy, *ONE) == {"test_average_confidence", "test_nuclear_norm"}
    for hook in ("protocol(item)", "logstart()", "makereport()", "logreport()"):
        conftest.write_text(f"{quiet}\ndef pytest_runtest_{hook}: pass\n")

        assert taken(toy, *ONE) == set()


@pytest.mark.parametrize("missing", ["capture", "logging", "terminal", "cacheprovider"])
def test_pytests_own_plugins_can_be_left_out(toy, missing):
    """In the first run and when the cells are found."""
    for _ in range(2):
        result = toy.inline_run("-p", f"no:{missing}", *ONE)

        passed, skipped, failed = result.countoutcomes()
        assert (passed, skipped, failed) == (2, 0, 0)


def test_a_parameter_that_a_fixture_takes_goes_through_the_fixture(toy):
    """What it returns reaches the test, not what it was given."""
    toy.makepyfile(
        test_suite="import pytest\n"
        "@pytest.fixture(params=[1, 5], scope='session')\n"
        "def k(request):\n    return 10 * request.param\n"
        "def test_own(record, k):\n    record('own', k)\n"
        "@pytest.fixture(params=[1, 5], scope='session')\n"
        "def harness_like(request):\n    return 10 * request.param\n"
        "harness_like._get_wrapped_function().__module__ = 'harness.fixtures.here'\n"
        "def test_ours(record, harness_like):\n    record('ours', harness_like)\n"
    )
    toy.runpytest_inprocess(
        "--harness-families=in0",
        "--harness-models=soft",
        "--harness-report-json=r.json",
    )
    found = json.loads((toy.path / "r.json").read_text())["measurements"]

    assert [row["value"] for row in found] == [10, 50, 10, 50]
