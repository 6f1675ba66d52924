"""Only a cell that passed from set-up to teardown is kept, and all that it recorded."""

import json

import pytest

ONE = ("--harness-models=sharp", "--harness-families=in0", "test_one.py")

SUBTESTS = """
def test_one(predictions, record, subtests):
    for k in (1, 2):
        with subtests.test(k=k):
            record(f"power{k}", (predictions.probs().max(1) ** k).mean())
            assert k < LIMIT
"""
TEARDOWN = """
import pytest

@pytest.fixture
def held():
    yield
    raise RuntimeError("cannot let go")

def test_one(record, held):
    record("held", 1.0)
"""


def runs(toy, *arguments):
    """The same call twice; the second finds in the store what the first kept."""
    return [toy.runpytest_inprocess(*ONE, *arguments) for _ in range(2)]


def test_a_failed_subtest_fails_in_the_next_run_too(toy):
    toy.makepyfile(test_one=SUBTESTS.replace("LIMIT", "2"))

    for result in runs(toy):
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines(["cells: 1 failed"])


def test_what_is_recorded_in_subtests_is_kept_from_first_to_last(toy):
    toy.makepyfile(test_one=SUBTESTS.replace("LIMIT", "3"))

    first, second = runs(toy, "-v")

    first.stdout.fnmatch_lines(["cells: 1 measured"])
    second.stdout.fnmatch_lines(["cells: 1 found in the store"])
    for result in (first, second):
        result.stdout.fnmatch_lines(["*test_one*sharp-in0* 0.9*, 0.9*"])


def test_a_cell_whose_teardown_fails_is_measured_again(toy):
    toy.makepyfile(test_one=TEARDOWN)

    for result in runs(toy):
        result.assert_outcomes(passed=1, errors=1)
        result.stdout.fnmatch_lines(["cells: 1 failed"])


def test_what_a_finalizer_records_is_kept(toy):
    """Also in the second run, and nothing twice."""
    toy.makepyfile(
        test_one="""
        import pytest

        @pytest.fixture
        def late(record):
            yield
            record("late", 2.0)

        def test_one(record, late):
            record("early", 1.0)
        """
    )

    for state in ("measured", "stored"):
        result = toy.runpytest_inprocess(*ONE, "--harness-report-json=r.json")
        found = json.loads((toy.path / "r.json").read_text())
        result.assert_outcomes(passed=1)
        assert found["counts"][state] == 1
        assert [m["metric"] for m in found["measurements"]] == ["early", "late"]


def test_recording_after_the_test_is_an_error(toy):
    toy.makepyfile(
        test_one="""
        import pytest

        kept = []

        @pytest.fixture(scope="module")
        def after():
            yield
            kept[0]("after", 2.0)

        def test_one(after, record):
            kept.append(record)
            record("early", 1.0)

        def test_two():
            pass
        """
    )

    result = toy.runpytest_inprocess(*ONE)

    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*`record` was called after test_one*had ended*"])


@pytest.mark.parametrize(
    ("ending", "outcomes"),
    [
        ("pytest.skip('no more')", {"skipped": 1}),
        ("pytest.xfail('known')", {"xfailed": 1}),
        ("assert False", {"failed": 1}),
        ("request.applymarker(pytest.mark.xfail)", {"xpassed": 1}),
        ("request.applymarker(pytest.mark.xfail); assert False", {"xfailed": 1}),
        ("subtest_skips(subtests)", {"passed": 1}),
    ],
)
def test_what_did_not_simply_pass_is_run_again(toy, ending, outcomes):
    """A value before a skip, an expected failure or a surprise is not kept."""
    toy.makepyfile(
        test_one=f"""
        import pytest

        def subtest_skips(subtests):
            with subtests.test():
                pytest.skip("not this")

        def test_one(record, request, subtests):
            record("value", 1.0)
            {ending}
        """
    )

    for result in runs(toy):
        result.assert_outcomes(**outcomes)
        result.stdout.no_fnmatch_line("*found in the store*")


def test_a_plugin_that_fails_a_passed_cell_is_heard(toy):
    """Whoever changes the outcome of a report, the cell is measured again."""
    toy.makepyfile(test_one="def test_one(record): record('value', 1.0)")
    with (toy.path / "conftest.py").open("a") as conftest:
        conftest.write(
            """
import pytest
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call":
        report.outcome, report.longrepr = "failed", "too warm"
    return report
"""
        )

    for result in runs(toy):
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["cells: 1 failed", "*too warm*"])


def test_workers_keep_what_passed_and_nothing_else(toy):
    """Under xdist as without."""
    toy.makepyfile(
        test_one=SUBTESTS.replace("LIMIT", "2").replace("one", "sub") + TEARDOWN
    )
    files = "--harness-models=sharp", "--harness-families=in0", "-n1"

    first, second = [toy.runpytest_subprocess(*files) for _ in range(2)]

    first.stdout.fnmatch_lines(["cells: 2 measured, 2 failed"])
    second.stdout.fnmatch_lines(["cells: 2 found in the store, 2 failed"])
