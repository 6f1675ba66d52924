"""What runs: options, -k, -m, and the order of the cells."""

import pytest


def test_every_model_meets_every_dataset(toy):
    """Two models, seven datasets, two metrics: 28 cells, all measured."""
    result = toy.runpytest_inprocess()

    result.assert_outcomes(passed=28)
    result.stdout.fnmatch_lines(["*cells: 28 measured"])


def test_models_and_families_can_be_chosen(toy):
    """Names and wildcards; the metric by -k or exactly by its marker."""
    result = toy.runpytest_inprocess(
        "--harness-models=sh*", "--harness-families=in0,out*", "-k", "nuclear"
    )

    result.assert_outcomes(passed=4, deselected=4)

    result = toy.runpytest_inprocess("-m", "metric(name='nuclear_norm')")

    result.assert_outcomes(passed=14, deselected=14)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--harness-models=shrap", "*unknown model 'shrap'; did you mean sharp?*"),
        ("--harness-families=inn0", "*unknown family 'inn0'; did you mean in0*"),
        ("--harness-base=tot", "*unknown base 'tot'; did you mean toy?*"),
        (
            "--harness-interior=many",
            "*--harness-interior must be a whole number*'many'*",
        ),
        ("--harness-data-root=/no/such", "*--harness-data-root must be an existing*"),
        ("--harness-gate=nuclear_norm interior r2", "*nuclear_norm interior r2*"),
        ("--harness-jigsaw-permutations=25", "*in 2..24 for a 2x2 grid, got 25*"),
        (
            "--harness-jigsaw-grid=3",
            "*: a 3x3 jigsaw needs sides divisible by 3, got 4x4*",
        ),
    ],
)
def test_a_wrong_option_is_refused_before_anything_runs(toy, option, message):
    """Exit status 4, the option's name, what was expected; no test is collected."""
    result = toy.runpytest_inprocess(option)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])
    result.stdout.no_fnmatch_line("*collected*")


def test_cells_are_ordered_by_model_then_dataset(toy):
    """Each model is taken up once, and each pair's metrics follow each other."""
    result = toy.runpytest_inprocess("--collect-only", "-q")

    names = [line for line in result.outlines if "::" in line]
    pairs = [line.partition("[")[2] for line in names]
    assert len(pairs) == 28
    assert pairs == sorted(pairs)
    result.stdout.no_fnmatch_line("*accuracy without labels*")


def test_each_view_is_run_once_and_each_model_loaded_once(toy):
    """The network's calls are counted: two metrics share one pass a dataset."""
    toy.makeconftest(
        toy.path.joinpath("conftest.py").read_text()
        + """
import atexit
calls = {"built": 0, "run": 0}
def count(network, images, _):
    calls["run"] += len(images[0]) == 60  # not the few images of the dry run
inner = network
def network(sharpness):
    made = inner(sharpness)
    calls["built"] += 1
    made.register_forward_hook(count)
    return made
def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line(f"calls {calls}")
"""
    )

    result = toy.runpytest_inprocess()

    # Each is built twice to know that its weights are settled, and once to run.
    result.stdout.fnmatch_lines(["calls {'built': 6, 'run': 14}"])


def test_a_zoo_fits_in_the_memory_of_one(toy):
    """However many models there are, at most one network is alive when one is built."""
    toy.makeconftest(
        toy.path.joinpath("conftest.py")
        .read_text()
        .replace(
            '("soft", 2.0))', '("soft", 2.0), *((f"m{i}", 1.0 + i) for i in range(8)))'
        )
        + """
import weakref
built, most = [], [0]
inner = network
def network(sharpness):
    most[0] = max(most[0], sum(one() is not None for one in built))
    made = inner(sharpness)
    built.append(weakref.ref(made))
    return made
def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line(f"built {len(built)}, alive at most {most[0]}")
"""
    )

    result = toy.runpytest_inprocess()

    result.assert_outcomes(passed=140)
    # Two for its fingerprint and one to run, of each.
    result.stdout.fnmatch_lines(["built 30, alive at most [01]"])


def test_comparing_models_costs_no_further_pass(toy):
    """Cells that compare run last, on the classes that each model was seen to give."""
    toy.makeconftest(
        toy.path.joinpath("conftest.py").read_text()
        + """
calls = {"run": 0}
def count(network, images, _):
    calls["run"] += len(images[0]) == 60  # not the few images of the dry run
inner = network
def network(sharpness):
    made = inner(sharpness)
    made.register_forward_hook(count)
    return made
def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line(f"calls {calls}")
"""
    )
    toy.makepyfile(
        test_compare="""
from harness.metrics.label_free.agreement import agreement
def test_agreement(measure, peers): measure(agreement)
"""
    )

    result = toy.runpytest_inprocess()

    result.assert_outcomes(passed=42)
    result.stdout.fnmatch_lines(["calls {'run': 14}"])


def test_the_environment_and_the_ini_file_set_options_too(toy, monkeypatch):
    """The command line wins over the environment, and that over the ini file."""
    monkeypatch.setenv("HARNESS_MODELS", "soft")

    toy.runpytest_inprocess().assert_outcomes(passed=14)
    result = toy.runpytest_inprocess("--harness-models=sharp", "-v")

    result.assert_outcomes(passed=14)
    result.stdout.no_fnmatch_line("*[[]soft*")


def test_help_shows_the_options_in_a_group_of_their_own(pytester):
    """Every option, with an example or its default."""
    result = pytester.runpytest_inprocess("--help")

    result.stdout.fnmatch_lines(
        ["models that meet unlabelled data (harness):", "*--harness-base=NAME*"]
    )


MINE = """
import sys
import pytest

@pytest.fixture
def record():
    return []

@pytest.mark.parametrize("model", ["vit", "resnet"])
@pytest.mark.parametrize("dataset", ["dogs", "cats"])
def test_fit(model, dataset, record, request):
    record.append(model)
    assert not list(request.node.iter_markers("metric"))

def test_imports():
    heavy = {"torch", "torchvision", "numpy", "scipy", "sklearn", "PIL", "rich"}
    assert not heavy & set(sys.modules)
"""


def test_other_projects_see_nothing_of_it(toy):
    """Fixtures of the same names, their order, no import, no file, no word."""
    toy.makeini("[pytest]")
    toy.makeconftest("")
    (toy.path / "test_suite.py").unlink()
    toy.makepyfile(test_mine=MINE)

    plain = toy.runpytest_subprocess("-v", "-p", "no:harness")
    result = toy.runpytest_subprocess("-v")

    result.assert_outcomes(passed=5)
    assert lines(result) == lines(plain)
    assert not (toy.path / ".harness").exists()


def lines(result):
    """What a run said, but for times and the list of plugins."""
    return [
        line
        for line in result.outlines
        if not line.startswith(("plugins:", "===")) and line
    ]


def test_parts_of_the_plugin_cannot_be_left_out(toy):
    """Tests without gates, store and report would pass in silence."""
    result = toy.runpytest_inprocess("-p", "no:harness-controller")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*-p no:harness-controller*-p no:harness"])


def test_nothing_heavy_is_imported_for_help_and_collection(toy):
    """`pytest --help` and collecting the digits grid load neither torch nor scipy."""
    toy.makeini("[pytest]")
    toy.makeconftest(
        """
def pytest_unconfigure():
    import sys
    heavy = {"torch", "torchvision", "scipy", "sklearn"} & set(sys.modules)
    print("heavy:", sorted(heavy))
"""
    )

    for arguments in (["--help"], ["--collect-only", "-q"]):
        result = toy.runpytest_subprocess(*arguments)

        result.stdout.fnmatch_lines(["heavy: []"])


@pytest.mark.parametrize(
    ("options", "said"), [([], "False"), (["--harness-outcome", "brier_score"], "True")]
)
def test_metrics_are_imported_for_tests_that_ask_for_one(toy, options, said):
    """A measure of one's own needs none of them, and the usual outcome is there."""
    with (toy.path / "conftest.py").open("a") as conftest:
        conftest.write(
            """
def pytest_unconfigure():
    import sys
    print("metrics:", "harness.metrics" in sys.modules)
"""
        )
    (toy.path / "test_suite.py").write_text(
        "def test_own(predictions, record):\n    record('own', 1.0)\n"
    )
    result = toy.runpytest_subprocess("--collect-only", "-q", *options)

    result.stdout.fnmatch_lines([f"metrics: {said}"])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("add_dataset('in0', base='toy', load=images)", "*in0 of base toy is*twice*"),
        ("add_dataset('a b', base='toy', load=images)", "*free of spaces*'a b'*"),
        ("add_dataset('x', base='tyo', load=images)", "*'tyo'; did you mean toy*"),
        (
            "add_dataset('x', base='toy', load=images, domain='outer')",
            "*unknown domain 'outer'*",
        ),
    ],
)
def test_a_wrong_registration_is_refused(toy, line, message):
    """As a usage error that names it, not as a traceback."""
    with (toy.path / "conftest.py").open("a") as conftest:
        conftest.write(
            f"""
inner = pytest_harness_register
def pytest_harness_register(registry):
    inner(registry)
    registry.{line}
"""
        )

    result = toy.runpytest_inprocess()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


@pytest.mark.slow
def test_a_run_that_finds_everything_imports_no_torch(toy):
    """Half of such a run would be that import."""
    toy.makeini("[pytest]\nharness_base = digits\nharness_models = mlp\n")
    toy.makeconftest(
        """
def pytest_unconfigure():
    import sys
    print("torch:", "torch" in sys.modules)
"""
    )
    arguments = ("--harness-families=test", "-k", "average_confidence")
    first = toy.runpytest_subprocess(*arguments)
    first.stdout.fnmatch_lines(["torch: True"])

    again = toy.runpytest_subprocess(*arguments)

    again.stdout.fnmatch_lines(["cells: * found in the store", "torch: False"])


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (
            ["-k", "margn or (sorft and entropy)"],
            ["harness: -k: no test, model or dataset is called 'margn'; did you mean "
             "margin?",
             "harness: -k: no test, model or dataset is called 'sorft'; did you mean "
             "soft?"],
        ),
        (["-k", "margin and xyzzy"],
         ["harness: -k: no test, model or dataset is called 'xyzzy'"]),
        (["-m", "metric(name='margn')"],
         ["harness: -m: no metric is called 'margn'; did you mean margin?"]),
        (["-m", "metrc(name='margin')"],
         ["harness: -m: no test is marked 'metrc'; did you mean metric?"]),
        (["-m", "metric(nam='margin')"],
         ["harness: -m: a metric is chosen by metric(name='...')"]),
        (["-k", "margin and not MARGIN"], []),
    ],
)  # fmt: skip
def test_a_mistyped_word_that_leaves_nothing_is_told(toy, arguments, lines):
    """A metric of -k or -m was deselected with all others, and no word."""
    toy.makepyfile(test_suite="def test_margin(predictions, record): ...")

    result = toy.runpytest_inprocess(*arguments)

    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert lines == [line for line in result.outlines if " -k: " in line or
                     " -m: " in line]  # fmt: skip


def test_words_of_other_projects_are_their_own_affair(toy):
    """Nothing of theirs is a cell."""
    toy.makepyfile(test_suite="def test_margin(): ...")

    result = toy.runpytest_inprocess("-k", "margn")

    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert "did you mean" not in result.stdout.str()
