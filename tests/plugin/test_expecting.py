"""What was expected and not measured fails a gate, wherever the gate stands."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.measurement import Axes
from harness.plan import Plan, PlannedCell, Variant

GATED = """
import pytest
from harness.errors import UndefinedMetricError

@pytest.mark.harness_gate("gated: interior r2 >= 0.9999")
def test_gated(record, predictions):
    record("gated", predictions.probs().max(axis=1).mean())
"""
PARTED = """
import pytest
from harness.errors import UndefinedMetricError

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


@pytest.mark.slow
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


SOME = """
import pytest
def test_some(record, predictions, model, dataset):
    {}
    record("some", predictions.probs().max(axis=1).mean())
"""


@pytest.mark.parametrize(
    "gate", ["some: interior n >= 1", "so*[soft]: exterior n >= 1", "some[all]: "]
)
def test_a_model_that_skipped_everything_fails_its_gates(toy, gate):
    """By name, with the reason; a gate on the other model passes."""
    toy.makepyfile(test_suite=SOME.format('model.name == "soft" and pytest.skip("hm")'))
    gate += "interior n >= 1" if gate.endswith(" ") else ""

    result = toy.runpytest_inprocess(
        f"--harness-gate={gate}", "--harness-gate=some[sharp]: interior n >= 4"
    )

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["*FAILED *[[]soft[]]: all 7 cells were skipped: hm*"], consecutive=False
    )
    result.stdout.fnmatch_lines(["*passed some interior n >= 4 [[]sharp[]]*"])


ABSENT = """
    from harness.datasets.family import Family
    from harness.errors import MissingData
    def nothing(settings, *more):
        raise MissingData("odd one", ["here"], "make it")
    registry.add_family(Family(
        name="out-odd", base="toy", domain=Domain.EXTERIOR, datasets=nothing,
        description="",
    ))
    registry.add_family(Family(
        name="in-odd", base="toy", domain=Domain.INTERIOR, datasets=nothing,
        description="",
    ))
"""


def test_a_family_that_a_pattern_chose_and_that_is_absent_fails_its_domain(toy):
    """Not the gates of other domains; and none if nobody asked for the family."""
    with (toy.path / "conftest.py").open("a") as file:
        file.write(ABSENT.partition("    from harness.models")[0])
    gates = [
        f"--harness-gate=nuclear_norm: {d} n >= 1" for d in ("interior", "exterior")
    ]

    result = toy.runpytest_inprocess(*gates, "--harness-families=in?,out*", "-knuclear")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*FAILED nuclear_norm exterior *[[]soft[]]: family out-odd was asked *",
            "*passed nuclear_norm interior n >= 1 [[]soft[]]*",
        ]
    )
    result = toy.runpytest_inprocess(*gates, "-o", "harness_families=", "-knuclear")
    assert result.ret == 0


ENDS = "dataset.name == 'out2' and pytest.exit('enough', returncode=0)"


@pytest.mark.parametrize(
    ("code", "arguments", "status", "told"),
    [
        (ENDS, [], 1, "not judged*: the run was interrupted"),
        ("dataset.name == 'in1' and missing", ["-x"], 1, "FAILED*cells are missing*"),
        ("dataset.name == 'in1' and pytest.exit('enough')", [], 2, "not judged*"),
    ],
)
def test_a_run_that_ends_early_passes_no_gate(toy, code, arguments, status, told):
    """And says so of each by name, whoever ended it and with what status."""
    toy.makepyfile(test_suite=SOME.format(code))

    result = toy.runpytest_inprocess(
        "--harness-gate=some: interior n >= 0", "--harness-models=soft", *arguments
    )

    assert result.ret == status
    word, _, reason = told.partition("*")
    result.stdout.fnmatch_lines([f"  {word} some interior n >= 0 *{reason}"])


def test_pytest_that_ends_before_its_first_test_passes_no_gate(toy):
    """With status 0 at that."""
    with (toy.path / "conftest.py").open("a") as file:
        file.write(
            "\ndef pytest_collection():\n"
            "    import pytest\n"
            "    pytest.exit('no', returncode=0)\n"
        )

    assert toy.runpytest_inprocess("--harness-gate=m: interior n >= 1").ret == 1


NAMES = """
    for name in ("a", "a-b", "a-a"):
        registry.add_model(
            name, base="toy", build=lambda: network(4.0), head="1",
            mean=(0.5,), std=(1.0,),
        )
    for i, name in enumerate(("c", "b-c", "\\u00e9-c", "c-c")):
        registry.add_dataset(
            name, base="toy", load=lambda i=i: images(90, seed=i), domain="interior",
        )
"""


def test_every_pair_has_an_id_of_its_own(toy):
    """Whatever the names: a-b with c, and a with b-c; a skip of one is missed."""
    with (toy.path / "conftest.py").open("a") as file:
        file.write(NAMES)
    toy.makepyfile(
        test_suite=SOME.format(
            '(model.name, dataset.name) == ("a", "b-c") and pytest.skip("hm")'
        )
    )

    result = toy.runpytest_inprocess(
        "-v", "--harness-models=a,a-b", "--harness-families=[!c]*c,c",
        "--harness-gate=some: interior n >= 1",
    )  # fmt: skip

    result.assert_outcomes(passed=5, failed=1, skipped=1)
    for name in ("a-c", "a:b-c", "a-b:c", "a-b-b-c"):
        result.stdout.fnmatch_lines([f"*test_some[[]{name}[]] *"])
    result.stdout.fnmatch_lines(
        [
            "*FAILED some *[[]a[]]: 1 cell is missing (a on b-c)*",
            "*passed some *[[]a-b[]]*",
        ]
    )


def test_tests_of_other_parameters_that_are_called_alike_are_refused(toy):
    """Before the first: nothing could tell their cells apart."""
    with (toy.path / "conftest.py").open("a") as file:
        file.write(NAMES)
    toy.makepyfile(
        test_suite="""
        import pytest
        @pytest.mark.parametrize("k", ["x", "x-a", "c-x"])
        def test_x(record, k): record("x", 1.0)
        """
    )

    result = toy.runpytest_inprocess(
        "--harness-families=c,c-c", "--harness-models=a,a-a"
    )

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "two tests are called" in result.stdout.str() + result.stderr.str()


TARGETS = """
    for i, noise in enumerate((50, 90)):
        registry.add_dataset(
            f"cam{i}", base="toy", domain="target",
            load=lambda noise=noise: images(noise)[0],
        )
"""


@pytest.mark.parametrize("by", ["", " by some"])
@pytest.mark.parametrize(
    ("lost", "reason"),
    [
        ("cam1", "*predicted accuracy on cam1 *: soft on cam1 was not measured"),
        ("in2", "*predicted accuracy on cam0 *: 1 cell is missing (soft on in2)*"),
    ],
)
def test_a_target_or_a_dataset_of_its_fit_that_is_lost_fails_the_gate(
    toy, by, lost, reason
):
    """Also where others of the pattern are predicted."""
    with (toy.path / "conftest.py").open("a") as file:
        file.write(TARGETS)
    toy.makepyfile(
        test_suite=SOME.format(f"dataset.name == {lost!r} and pytest.skip('no value')")
    )

    result = toy.runpytest_inprocess(
        f"--harness-gate=predicted accuracy on cam*{by} at high >= 0",
        "--harness-models=soft", "--harness-families=in*,cam*",
    )  # fmt: skip

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"*FAILED {reason}"])


def test_a_rule_fails_where_datasets_of_the_stored_run_are_lost(toy):
    """A run without its hard datasets has dropped nothing else."""
    toy.runpytest_inprocess("--harness-save-run=main", "-knuclear")

    result = toy.runpytest_inprocess(
        "--harness-compare=main", "--harness-fail-on=interior r2 drops 1", "-knuclear",
        "--harness-families=in0,in1,in2,out*",
    )  # fmt: skip

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["*FAILED *missing, of the stored run's datasets: in3*"]
    )


PLACES = ("ini", "environment", "command line", "marker")
FATES = {
    "measured": "",
    "deselected": "",
    "skipped": "if odd: pytest.skip('hm')",
    "xfailed": "if odd: pytest.xfail('hm')",
    "failed": "assert not odd",
    "undefined": "if odd: raise UndefinedMetricError('hm')",
    "silent": "if odd: return",
}
ANY = """
import pytest
from harness.errors import UndefinedMetricError
{marks}
def test_any(record, predictions, model, dataset{own}):
    odd = (model.name, dataset.name) == ("soft", "out1")
    {code}
    record("any", predictions.probs().max(axis=1).mean())
"""
COMBINED = random.Random(15).sample(
    list(itertools.product(PLACES, FATES, [False, True], [False, True])), 14
)


@pytest.mark.parametrize(
    ("place", "fate", "own", "stored"), [*COMBINED, ("marker", "skipped", True, True)]
)
def test_the_rule_holds_for_combinations(toy, monkeypatch, place, fate, own, stored):
    """Of where the gate stands, parameters, what the store has, and a cell's fate."""
    gate = "any: exterior n >= 1"
    options = ["-o", "harness_models=soft"]
    marks = '@pytest.mark.parametrize("k", [1, 2])' if own else ""
    if place == "ini":
        options += ["-o", f"harness_gates={gate}"]
    elif place == "environment":
        monkeypatch.setenv("HARNESS_GATES", gate)
    elif place == "command line":
        options.append(f"--harness-gate={gate}")
    else:
        marks += f"\n@pytest.mark.harness_gate({gate!r})"
    if fate == "deselected":
        options.append("-knot out1")
    suite = ANY.format(marks=marks, own=", k" if own else "", code=FATES[fate])
    (toy.path / "test_suite.py").write_text(suite)
    if stored:  # all but the odd cell
        toy.runpytest_inprocess(*options, "-q")

    result = toy.runpytest_inprocess(*options)

    assert result.ret == (0 if fate in ("measured", "deselected") else 1)
    word = "passed" if result.ret == 0 else "FAILED"
    result.stdout.fnmatch_lines([f"*{word} any* exterior n >= 1 [[]soft[]]: *"])
    if word == "FAILED":
        result.stdout.fnmatch_lines(["*FAILED any*(soft on out1)*"])


@pytest.mark.parametrize("arguments", [[], ["--durations=3"]], ids=["quick", "plain"])
def test_a_test_that_passes_and_records_nothing_is_named(toy, arguments):
    """It is no cell that was not run; and a gate on it fails with the reason."""
    toy.makepyfile(test_suite=SOME.format("if model.name == 'soft': return"))

    result = toy.runpytest_inprocess("--harness-gate=some: interior n >= 1", *arguments)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "cells: 7 measured, 7 skipped",
            "skipped: test_some *: the test passed and recorded nothing",
            "*FAILED some *[[]soft[]]: all 7 cells were skipped: the test passed*",
        ]
    )


FAILING = """
def test_good(record, predictions):
    record("good", predictions.probs().max(axis=1).mean())
def test_bad(record, predictions):
    1 / 0
    record("worse", 1.0)
"""


def test_a_metric_that_failed_everywhere_is_said_to_have_failed(toy):
    """With the reason; it is not among what was measured, and has a name, or none."""
    toy.makepyfile(test_suite=FAILING)

    result = toy.runpytest_inprocess(
        "--harness-models=soft",
        "--harness-gate=bad: interior n >= 1",
        "--harness-gate=bad on in2: value >= 1",
        "--harness-gate=worse: interior n >= 1",
        "--harness-gate=worse: value >= 1",
        "--harness-gate=bad[sharp]: interior n >= 1",
    )

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    text = " ".join(result.stdout.str().partition("\ngates\n")[2].split())
    zero = "ZeroDivisionError: division by zero"
    measured = f"measured: good; bad failed: {zero}"
    for line in (
        "bad interior n >= 1 [soft]: 4 cells are missing (soft on in0, soft on in1, "
        f"soft on in2, ...), for all failed: {zero}; without them cannot be judged",
        "bad on in2 value >= 1 [soft]: 1 cell is missing (soft on in2), for all "
        f"failed: {zero}; without them there is nothing to judge",
        f"worse interior n >= 1 [*]: no measured metric matches 'worse'; {measured}",
        f"worse value >= 1 [*]: no measured metric matches 'worse'; {measured}",
        f"bad interior n >= 1 [sharp]: no measured metric matches 'bad'; {measured}",
    ):
        assert f"FAILED {line}" in text
