"""A test may be of some datasets alone, and record values with their intervals."""

import json

import pytest

CONFTEST = """
def pytest_harness_register(registry):
    register_toys(registry)
    for i, traits in enumerate(({"weather": "fog"}, {"weather": "fog", "night": 1})):
        registry.add_dataset(
            f"road{i}", base="toy", load=lambda i=i: images(40, seed=i), traits=traits,
        )
"""


@pytest.fixture
def roads(toy):
    """The toy grid with two further sets that have traits."""
    conftest = toy.path / "conftest.py"
    text = conftest.read_text()
    conftest.write_text(
        text.replace("def pytest_harness_register", "def register_toys") + CONFTEST
    )
    toy.makeini("[pytest]\nharness_base = toy\nharness_families = in0,road*\n")
    return toy


def test_a_marker_chooses_datasets_by_their_traits(roads):
    """Several markers hold at once; there is no cell of other datasets."""
    roads.makepyfile(
        test_suite="""
        import pytest
        pytestmark = pytest.mark.harness_datasets(having="weather")

        def test_any(predictions, record):
            record("any", 0.5)

        @pytest.mark.harness_datasets(lacking=("night", "member"))
        def test_day(predictions, record):
            record("day", 0.5)
        """
    )
    result = roads.runpytest_inprocess("--harness-report-json=r.json")

    result.assert_outcomes(passed=6)
    rows = json.loads((roads.path / "r.json").read_text())["measurements"]
    places = {(row["metric"], row["dataset"]) for row in rows}
    assert places == {("any", "road0"), ("any", "road1"), ("day", "road0")}


def test_without_such_a_dataset_one_test_is_skipped_with_the_reason(roads):
    roads.makepyfile(
        test_suite="""
        import pytest

        @pytest.mark.harness_datasets(having="frames", lacking="night")
        def test_flips(predictions, record):
            record("flips", 0.5)
        """
    )
    result = roads.runpytest_inprocess("-rs")

    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(
        ["*no chosen dataset has the trait frames and is without night; choose with*"]
    )


@pytest.mark.parametrize(
    ("marker", "asks", "words"),
    [
        ("('frames')", "predictions", "*must say `having` or `lacking`*got 'frames';*"),
        ("(has='frames')", "predictions", "*must say `having`*got has;*"),
        ("(having=3)", "predictions", "*must name traits by a text or several, got 3*"),
        ("(having='frames')", "model", "*is marked harness_datasets and asks for no*"),
    ],
)
def test_a_marker_that_cannot_be_is_refused(roads, marker, asks, words):
    roads.makepyfile(
        test_suite=f"""
        import pytest

        @pytest.mark.harness_datasets{marker}
        def test_flips({asks}, record):
            record("flips", 0.5)
        """
    )
    result = roads.runpytest_inprocess("--co", "-q")

    assert result.ret != 0
    result.stdout.fnmatch_lines([words])


def test_a_value_may_come_with_its_interval_and_chance(roads):
    """As the scorecard's numbers, it is then shown with them."""
    roads.makepyfile(
        test_suite="""
        from types import SimpleNamespace as Some

        def test_kappa(dataset, predictions, record):
            dataset.labels()
            record("kappa", Some(value=0.5, low=0.25, high=0.75, chance=0.125))

        def test_odd(predictions, record):
            record("odd", Some(value=0.5, low=0.625, high=0.75))
        """
    )
    result = roads.runpytest_inprocess(
        "--harness-report-json=r.json", "--harness-models=sharp", "-k", "road0"
    )

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*interval of odd must hold its value 0.5, got 0.625 to 0.75"]
    )
    (row,) = json.loads((roads.path / "r.json").read_text())["measurements"]
    assert (row["value"], row["interval"]) == (0.5, [0.25, 0.75])
    assert (row["facts"]["chance"], row["label_free"]) == ("0.125", False)
    result.stdout.fnmatch_lines(["*0.500 ?0.250, 0.750?*"])


def test_a_value_may_come_with_facts(roads):
    """Texts by name, which what the harness says of the cell goes before."""
    roads.makepyfile(
        test_suite="""
        from types import SimpleNamespace as Some

        def test_kappa(model, dataset, predictions, record):
            value = {"value": 0.5, "low": 0.25, "high": 0.75}
            record("kappa", Some(**value, facts={"seen": "[3, 1]", "device": "mine"}))

        def test_odd(model, dataset, predictions, record):
            record("odd", Some(value=0.5, low=0.25, high=0.75, facts={"seen": [3]}))

        def test_warm(model, dataset, predictions, record):
            warm = {"temperature": "lukewarm"}
            record("warm", Some(value=0.5, low=0.25, high=0.75, facts=warm))
        """
    )
    result = roads.runpytest_inprocess(
        "--harness-report-json=r.json",
        "--harness-models=soft",
        "--harness-families=in0",
    )

    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*the facts of odd must be a dict of texts by name*",
            "*of warm, `facts` must have a number as temperature, got 'lukewarm'*",
        ]
    )
    (row,) = json.loads((roads.path / "r.json").read_text())["measurements"]
    assert row["facts"]["seen"] == "[3, 1]"
    assert row["facts"]["device"] == "cpu"
