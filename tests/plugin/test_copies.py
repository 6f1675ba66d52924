"""The fixture `copies`, as neighbourhood invariance uses it."""

import json


def test_a_model_that_sees_nothing_is_invariant_and_each_copy_is_one_pass(toy):
    """Ten passes a pair beside the one for accuracy; exactly 1 for a constant."""
    toy.makeconftest(
        toy.path.joinpath("conftest.py").read_text()
        + """
    def constant():
        made = network(0.0)
        made.register_forward_hook(lambda _m, _x, y: calls.append(len(y)))
        return made
    registry.add_model(
        "blind", base="toy", build=constant, head="1", mean=(0.5,), std=(1.0,)
    )
calls = []
def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line(f"calls {calls.count(60)}")  # not those of the dry run
"""
    )
    toy.makepyfile(
        test_suite="""
from harness.metrics.label_free.neighborhood_invariance import neighborhood_invariance
def test_neighborhood_invariance(copies, record):
    record(neighborhood_invariance, copies)
"""
    )

    result = toy.runpytest_inprocess("--harness-report-json=r.json")

    result.assert_outcomes(passed=21)
    result.stdout.fnmatch_lines(["calls 77"])
    rows = json.loads((toy.path / "r.json").read_text())["measurements"]
    values = {(m["model"], m["dataset"]): m["value"] for m in rows}
    assert {values[pair] for pair in values if pair[0] == "blind"} == {1.0}
    assert 0.3 < values["sharp", "in0"] < 1

    again = toy.runpytest_inprocess()
    again.stdout.fnmatch_lines(["cells: 21 found in the store"])
    other = toy.runpytest_inprocess("--harness-seed=1")
    other.stdout.fnmatch_lines(["cells: 21 measured"])
