"""The `population` fixture: networks of one recipe from several seeds, in tests."""

import pytest
import torch.optim  # noqa: F401 - its lazy imports would run in the middle of a test

POPULATION = """

from harness.models.entry import ModelEntry
from harness.models.recipe import Recipe
from harness.models.trained_here import TrainedHere

_others = pytest_harness_register

def pytest_harness_register(registry):
    _others(registry)
    line = ModelEntry(
        name="line", base="toy", build="harness.models.architectures.small:linear",
        arguments={"size": [4, 4, 1], "classes": 3}, head="1", mean=(0.5,), std=(1.0,),
        weights=TrainedHere(recipe=Recipe(epochs=3, learning_rate=1e-1)),
        source="", licence="",
    )
    registry.add_population("lines", base="toy", model=line, seeds=(0, 1, 4))
"""


@pytest.fixture
def lines(toy):
    """The toy grid with a population of three linear networks of three epochs."""
    conftest = toy.path / "conftest.py"
    conftest.write_text(conftest.read_text() + POPULATION)
    return toy


def test_a_test_gets_networks_records_and_what_they_say(lines):
    """In the order of the seeds; each network is loaded when it is asked for."""
    lines.makepyfile(
        test_own="""
        import numpy as np

        def test_all_of_it(population):
            assert population.name == "lines"
            assert population.seeds == (0, 1, 4)
            assert population.names == ("lines-seed0", "lines-seed1", "lines-seed4")
            predicted = population.predicted()
            assert (predicted.shape, predicted.dtype) == ((3, 3, 60), np.uint8)
            assert (population.predicted("train") == predicted).all()  # as TOY has it
            right = predicted == population.labels()
            assert (population.accuracy() == right.mean(axis=2)).all()
            assert [r.facts["seed"] for r in population.records] == [0, 1, 4]
            assert all(r.learning_rate.shape == (3,) for r in population.records)
            named = [network.name for network in population.networks]
            assert tuple(named) == population.names
            assert population.networks[2] is population.networks[-1]
            assert [n.name for n in population.networks[1:]] == named[1:]
            assert len(population) == len(population.networks) == 3

        def test_on_a_dataset(population, dataset):
            said = [p.predicted() for p in population.predictions(dataset)]
            assert len(said) == 3
            labels = dataset.labels(None)
            assert min((s == labels).mean() for s in said) > 0.5

        def test_last(population):
            images = population.run.source
            last = population.predicted()[:, -1]
            now = [p.predicted() for p in population.predictions(images)]
            assert (np.stack(now) == last).all()
        """
    )
    result = lines.runpytest_inprocess("test_own.py", "-k", "all_of or last or in0")
    result.assert_outcomes(passed=3, deselected=6)
    result.stdout.fnmatch_lines(["harness: training lines-seed0 on toy, once; *"])


def test_members_are_models_where_they_are_named(lines):
    result = lines.runpytest_inprocess("--harness-models", "lines-seed*", "-k", "in0")
    result.assert_outcomes(passed=6, deselected=36)
    assert "sharp" not in result.stdout.str()


def test_without_any_the_test_is_skipped_with_what_to_do(toy):
    toy.makepyfile(test_own="def test_it(population): raise AssertionError")
    result = toy.runpytest_inprocess("-rs", "test_own.py")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*no population was chosen: --harness-population 'M*"])


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("lines?networks=2", "population lines must be run as it is registered"),
        ("lnies", "unknown trainable model 'lnies'"),
        ("lines?network=2", "unknown fact 'network'*did you mean networks"),
        ("lines?networks=0", "must be a whole number of at least 1, got '0'"),
        ("lines?name=a b", "must have a name like 'a-b'"),
    ],
    ids=range(5),
)
def test_a_population_that_cannot_be_is_refused_at_once(lines, option, message):
    result = lines.runpytest_inprocess("--harness-population", option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{message}*"])


def test_a_population_needs_images(toy):
    result = toy.runpytest_inprocess(
        *("--harness-population", "linear", "--harness-outputs", "a.npz")
    )
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_one_that_takes_long_is_refused_with_the_command(lines):
    """As a base's or a model's data that are not here: before anything is measured."""
    conftest = lines.path / "conftest.py"
    text = conftest.read_text()
    conftest.write_text(text.replace("-1)),", "-1), on_first_use=False),"))
    lines.makepyfile(test_own="def test_it(population): pass")

    result = lines.runpytest_inprocess("test_own.py")

    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(
        ["*train it with `harness train --base toy --model line --train-seed 0`*"]
    )
