"""What was expected and not measured fails a gate, wherever the gate stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.measurement import Axes
from harness.plan import Plan, PlannedCell, Variant

GATED = """
import pytest
from harness.metrics.checks import UndefinedMetricError

@pytest.mark.harness_gate("gated: interior r2 >= 0.9999")
def test_gated(record, predictions):
    record("gated", predictions.probs().max(axis=1).mean())
"""
PARTED = """
import pytest
from harness.metrics.checks import UndefinedMetricError

@pytest.mark.parametrize("k", [1])
def test_parted(record, predictions, model, dataset, k):
    if (model.name, dataset.name) == ("soft", "out1"):
        raise UndefinedMetricError("no value here")
    record("parted", predictions.probs().max(axis=1).mean())
"""


def run(toy, *arguments):
    """A nested run; with workers in a process of its own."""
    if "-n2" in arguments:
        return toy.runpytest_subprocess(*arguments)
    return toy.runpytest_inprocess(*arguments)


@pytest.mark.parametrize(
    "arguments", [["-q"], ["-v"], ["--junitxml=j.xml"], ["-n2"]], ids=lambda a: a[0]
)
def test_a_markers_gate_is_judged_when_its_cells_are_found_in_the_store(toy, arguments):
    """The second run fails as the first did."""
    toy.makepyfile(test_suite=GATED)
    first = run(toy, "-q", "--harness-models=soft")

    again = run(toy, "--harness-models=soft", *arguments)

    assert first.ret == again.ret == pytest.ExitCode.TESTS_FAILED
    again.stdout.fnmatch_lines(
        ["cells: 7 found in the store", "*FAILED gated interior r2 >= 0.9999 *"]
    )


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "workers"])
def test_a_test_with_a_parameter_of_its_own_misses_its_cells(toy, workers):
    """As one without does, by name; and they are among the skips."""
    toy.makepyfile(test_suite=PARTED)

    result = run(toy, "--harness-gate=parted: exterior rmse <= 90", *workers)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "cells: 13 measured, 1 skipped",
            "skipped: test_parted [[]*soft-out1*[]]: no value here",
            "*FAILED parted*[[]soft[]]: 1 cell is missing (soft on out1)*",
        ]
    )


def test_a_marker_holds_on_every_kind_of_test(toy):
    """On one that measures nothing, and on a parameter set: judged all the same."""
    toy.makepyfile(
        test_suite="""
        import pytest
        @pytest.mark.harness_gate("nuclear_norm: interior n >= 1")
        def test_plain(): pass
        one = pytest.mark.harness_gate("entropy: interior n >= 1")
        @pytest.mark.parametrize("k", [pytest.param(1, marks=one), 2])
        def test_more(k): pass
        """
    )

    result = toy.runpytest_inprocess()

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    for metric in ("nuclear_norm", "entropy"):
        result.stdout.fnmatch_lines([f"*FAILED {metric} *nothing to judge*"])


@pytest.mark.parametrize(
    ("marker", "status"),
    [
        ('@pytest.mark.harness_gate("")', pytest.ExitCode.INTERRUPTED),
        ("@pytest.mark.harness_gate()", pytest.ExitCode.INTERRUPTED),
        ('@pytest.mark.harness_gate(text="m: inner")', pytest.ExitCode.INTERRUPTED),
        (
            '@pytest.mark.parametrize("k", [pytest.param(1, marks='
            'pytest.mark.harness_gate("m: inner"))])',
            pytest.ExitCode.USAGE_ERROR,
        ),
    ],
)
def test_a_marker_that_is_no_gate_is_refused(toy, marker, status):
    """Empty, by keyword, on a parameter set: before anything runs."""
    toy.makepyfile(
        test_suite=f"import pytest\n{marker}\ndef test_x(record, k=1): record('m', 1.0)"
        if "parametrize" not in marker
        else f"import pytest\n{marker}\ndef test_x(record, k): record('m', 1.0)"
    )

    result = toy.runpytest_inprocess()

    assert result.ret == status
    assert "gate '" in result.stdout.str() + result.stderr.str()
    result.stdout.no_fnmatch_line("*cells: *")


texts = st.text(max_size=5)
variants = st.builds(
    Variant,
    test=texts,
    metric=texts,
    by_parameter=st.booleans(),
    axes=st.dictionaries(texts, texts, max_size=2).map(Axes.of),
)
cells = st.builds(PlannedCell, texts, variants, texts, texts)


@given(
    st.builds(
        Plan,
        cells=st.lists(cells, max_size=5).map(tuple),
        gates=st.lists(texts, max_size=3).map(tuple),
    )
)
def test_a_plan_survives_the_way_from_a_worker(plan):
    """Whatever is in the names."""
    assert Plan.from_json(plan.to_json()) == plan
