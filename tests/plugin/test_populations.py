"""The `population` fixture: networks of one recipe from several seeds, in tests."""

import json
import shutil
from itertools import combinations

import numpy as np
import pytest
import torch._dynamo  # noqa: F401 - which training imports; nested runs cannot again

from harness.models.record import read_record

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


def test_parameters_of_a_population_ask_for_no_dataset(lines):
    """However they are given, and what pytest's own fixtures do."""
    lines.makepyfile(
        test_own="""
        def pytest_generate_tests(metafunc):
            metafunc.parametrize("level", [1, 2])

        def test_it(population, record, level, tmp_path):
            record("it", 1.0)
        """
    )
    lines.runpytest_inprocess("test_own.py").assert_outcomes(passed=2)


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
        (
            "lines?networks=0",
            "has networks, which must be a whole number of at least 1",
        ),
        ("lines?name=a b", "must have a name like 'a-b'"),
    ],
    ids=range(5),
)
def test_a_population_that_cannot_be_is_refused_at_once(lines, option, message):
    result = lines.runpytest_inprocess("--harness-population", option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{message}*"])


def test_populations_need_no_other_models(lines):
    """A base may have none: what asks for one is refused with what to do."""
    conftest = lines.path / "conftest.py"
    conftest.write_text(
        conftest.read_text().replace('(("sharp", 8.0), ("soft", 2.0))', "()")
    )
    lines.makepyfile(
        test_own="def test_it(population, record): record('it', 1.0)",
        test_model="def test_it(model, record): record('it', 1.0)",
    )
    lines.runpytest_inprocess("test_own.py").assert_outcomes(passed=1)
    result = lines.runpytest_inprocess("test_model.py")
    result.stdout.fnmatch_lines(["*no model of base toy is known; *"])
    result.assert_outcomes(errors=1)


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


# --- what tests record of it ----------------------------------------------------------

AGREEMENT = """
from itertools import combinations

def test_agreement(population, record):
    predicted = population.predicted()  # (networks, epochs, n)
    pairs = list(combinations(predicted, 2))
    for epoch in range(predicted.shape[1]):
        same = [(a[epoch] == b[epoch]).mean() for a, b in pairs]
        record("agreement", sum(same) / len(same), epoch=epoch + 1)
"""


def rows_of(toy):
    return json.loads((toy.path / "r.json").read_text())["measurements"]


def measured(toy, *arguments):
    result = toy.runpytest_inprocess("--harness-report-json=r.json", *arguments)
    return rows_of(toy), result


def test_ten_lines_record_a_number_of_a_population_along_epochs(lines):
    """It has no dataset, and is a curve; by hand from the records of the cache."""
    lines.makepyfile(test_own=AGREEMENT)

    rows, result = measured(lines, "test_own.py")

    result.assert_outcomes(passed=1)
    records = [
        read_record(path).predicted["test"]
        for path in (lines.path / "cache").rglob("*.record.npz")
    ]
    expected = [
        np.mean([(a[e] == b[e]).mean() for a, b in combinations(records, 2)])
        for e in range(3)
    ]
    assert [row["value"] for row in rows] == pytest.approx(expected, abs=1e-15)
    assert [row["axes"] for row in rows] == [{"epoch": f"{e}"} for e in (1, 2, 3)]
    assert {(row["model"], row["dataset"], row["family"]) for row in rows} == {
        ("lines", "", "")
    }
    assert {row["accuracy"] for row in rows} == {None}
    assert {row["label_free"] for row in rows} == {True}
    result.stdout.fnmatch_lines(["agreement along epoch", "lines *"])


def test_it_is_found_in_the_store_as_long_as_all_networks_are_the_same(lines):
    """Whatever it is called; another seed of one network, and it is measured anew."""
    lines.makepyfile(test_own=AGREEMENT)
    before, _ = measured(lines, "test_own.py")

    again, result = measured(lines, "test_own.py")
    assert again == before
    result.stdout.fnmatch_lines(["cells: *1 *store*"])

    conftest = lines.path / "conftest.py"
    text = conftest.read_text()
    conftest.write_text(text.replace('"lines", base', '"others", base'))
    renamed, result = measured(lines, "test_own.py")
    assert [row["value"] for row in renamed] == [row["value"] for row in before]
    assert {row["model"] for row in renamed} == {"others"}
    result.stdout.fnmatch_lines(["cells: *1 *store*"])

    conftest.write_text(text.replace("(0, 1, 4)", "(0, 1, 5)"))
    other, result = measured(lines, "test_own.py")
    result.stdout.fnmatch_lines(["cells: 1 measured*"])
    assert other[0]["key"] != before[0]["key"]


ON_DATASETS = """
def test_disagreement(population, dataset, record):
    said = [p.predicted() for p in population.predictions(dataset)]
    record("disagreement", (said[0] != said[1]).mean())
"""


def test_on_a_dataset_its_accuracy_is_the_mean_of_its_networks(lines):
    """And what is recorded is fitted against that, as of a model."""
    lines.makepyfile(test_own=ON_DATASETS)
    rows, result = measured(lines, "test_own.py")
    result.assert_outcomes(passed=7)
    lines.makepyfile(test_own="def test_n(model, dataset, record): record('n', 1.0)")
    single, _ = measured(lines, "test_own.py", "--harness-models=lines-seed*")

    for row in rows:
        each = [one["accuracy"] for one in single if one["dataset"] == row["dataset"]]
        assert len(each) == 3
        assert row["accuracy"] == pytest.approx(np.mean(each), abs=1e-15)
        assert row["images"] == 60
        assert row["model"] == "lines"
        assert row["domain"] == ("interior" if "in" in row["dataset"] else "exterior")
    result.stdout.fnmatch_lines(["disagreement", "*lines *4 *3 *"])


def test_workers_measure_what_one_process_does(lines):
    """Each network is trained once, and each cell measured once."""
    lines.makepyfile(test_own=AGREEMENT + ON_DATASETS)
    alone, _ = measured(lines, "test_own.py")
    shutil.rmtree(lines.path / "cache")
    shutil.rmtree(lines.path / ".harness")

    result = lines.runpytest_subprocess(
        "--harness-report-json=r.json", "test_own.py", "-n2"
    )

    result.assert_outcomes(passed=8)
    assert result.stderr.str().count("on toy, once") == 3
    kept = ("value", "key", "accuracy", "model", "dataset", "axes")
    assert [{k: row[k] for k in kept} for row in rows_of(lines)] == [
        {k: row[k] for k in kept} for row in alone
    ]


@pytest.mark.parametrize(
    "look", ["labels()", "accuracy()", "records[0].labels"], ids=range(3)
)
def test_what_looks_at_labels_is_a_score_with_labels(lines, look):
    """Predicted classes alone are none; the next test is not held responsible."""
    lines.makepyfile(
        test_own=f"""
        def test_own(population, record):
            population.{look}
            record("own", 1.0)

        def test_plain(population, record):
            record("plain", float(population.predicted().mean()))
        """
    )
    rows, _ = measured(lines, "test_own.py")
    assert {row["metric"]: row["label_free"] for row in rows} == {
        "own": False,
        "plain": True,
    }


def test_on_a_family_it_is_a_number_of_that(lines):
    lines.makepyfile(
        test_own="def test_n(population, family, record): record('n', len(family))"
    )
    rows, result = measured(lines, "test_own.py", "--harness-families=in0,out1")
    result.assert_outcomes(passed=2)
    assert [(row["model"], row["dataset"], row["family"]) for row in rows] == [
        ("lines", "", "in0"),
        ("lines", "", "out1"),
    ]


@pytest.mark.parametrize("name", ["model", "predictions", "measure", "accuracy"])
def test_a_number_is_of_a_population_or_of_a_model(lines, name):
    lines.makepyfile(test_own=f"def test_it(population, {name}, record): pass")
    result = lines.runpytest_inprocess("test_own.py")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [f"*must record for a `population` or for a model, and asks for `{name}` too*"]
    )


@pytest.mark.parametrize("name", ["population", "family"])
def test_a_parameter_of_the_tests_own_of_that_name_is_an_axis(toy, name):
    """As it was before there was such a fixture; found in the store by its value."""
    toy.makepyfile(
        test_own=f"""
        import pytest

        @pytest.mark.parametrize("{name}", ["few", "many"])
        def test_n(predictions, record, {name}):
            record("n", len({name}))
        """
    )
    for _ in range(2):
        rows, result = measured(toy, "test_own.py", "--harness-families=in0")
        result.assert_outcomes(passed=4)
        assert [(row["model"], row["axes"], row["value"]) for row in rows] == [
            (model, {name: value}, len(value))
            for value in ("few", "many")
            for model in ("sharp", "soft")
        ]
