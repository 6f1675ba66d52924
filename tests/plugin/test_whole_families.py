"""Numbers of a model alone and of a whole family; aggregates over its traits."""

import json

import pytest

CORRUPTED = """
def corrupted(corruption, severity):
    return lambda: images(80 * severity + (40 if corruption == "snow" else 0))

def pytest_harness_register(registry):
    register_toys(registry)
    from harness.datasets.family import Family
    from harness.datasets.own import own_dataset
    from dataclasses import replace

    def datasets(settings):
        return tuple(
            replace(
                own_dataset(
                    f"worn/{c}-{s}", Domain.EXTERIOR, corrupted(c, s), TOY,
                    {"corruption": c, "severity": s},
                ),
                family="worn",
            )
            for c in ("fog", "snow") for s in (1, 2)
        )

    registry.add_family(
        Family(name="worn", base="toy", domain=Domain.EXTERIOR, datasets=datasets,
               description="")
    )
"""
AGGREGATED = """
import pytest

@pytest.mark.harness_aggregate("mean_over_severities", "mean_over_corruptions")
def test_error(predictions, dataset, record):
    record("error", float((predictions.predicted() != dataset.labels()).mean()))
"""


@pytest.fixture
def worn(toy):
    """The toy grid with a family of two corruptions at two severities."""
    conftest = toy.path / "conftest.py"
    text = conftest.read_text()
    conftest.write_text(
        text.replace("def pytest_harness_register", "def register_toys") + CORRUPTED
    )
    (toy.path / "test_suite.py").unlink()
    toy.makeini("[pytest]\nharness_base = toy\nharness_families = in0,worn\n")
    return toy


def report(toy, *arguments):
    """A run's outcome and its JSON report."""
    path = toy.path / "report.json"
    result = toy.runpytest_inprocess(f"--harness-report-json={path}", *arguments)
    return result, json.loads(path.read_text())


def test_a_number_of_a_model_alone_is_recorded_once_a_model(toy):
    """No dataset is loaded and no network run for it; a table shows it."""
    toy.makepyfile(
        test_suite="""
        def test_weights(model, record):
            record("weights", 21.0 if model.name == "sharp" else 12.0)
        """
    )
    conftest = toy.path / "conftest.py"
    conftest.write_text(
        conftest.read_text().replace(
            "load=lambda noise=noise, i=i: images", "load=lambda: 1 / 0 or images"
        )
    )
    result, found = report(toy)

    result.assert_outcomes(passed=2)
    rows = found["measurements"]
    assert [(r["model"], r["dataset"], r["family"]) for r in rows] == [
        ("sharp", "", ""),
        ("soft", "", ""),
    ]
    assert {(r["accuracy"], r["images"], r["domain"]) for r in rows} == {(None, 0, "")}
    assert found["correlations"] == found["ranks"] == []
    result.stdout.fnmatch_lines(
        ["numbers of models and families", "weights *sharp *21"]
    )


def test_what_takes_request_may_ask_for_a_dataset_later(toy):
    """So it is spread over the grid, as a test that says nothing is."""
    toy.makepyfile(
        test_suite="""
        def test_late(request, model, record):
            record("late", request.getfixturevalue("predictions").logits().mean())

        def test_nothing(record):
            record("nothing", 1)
        """
    )

    toy.runpytest_inprocess().assert_outcomes(passed=28)


def test_a_family_is_a_fixture_and_its_number_belongs_to_no_dataset(worn):
    """Whoever looks at labels of a member has a score with labels."""
    worn.makepyfile(
        test_suite="""
        def test_spread(model, family, record):
            tops = [model.predictions(one).probs().max(axis=1) for one in family]
            found = [top.mean() for top in tops]
            record("spread", max(found) - min(found))

        def test_worst(model, family, record):
            record("worst", min(
                (model.predictions(one).predicted() == one.labels()).mean()
                for one in family
            ))
        """
    )
    result, found = report(worn)

    result.assert_outcomes(passed=8)
    rows = {(r["metric"], r["model"], r["family"]): r for r in found["measurements"]}
    assert len(rows) == 8
    one = rows["spread", "sharp", "worn"]
    assert (one["dataset"], one["domain"], one["label_free"]) == ("", "exterior", True)
    assert not rows["worst", "soft", "worn"]["label_free"]
    assert found["correlations"] == []
    result.stdout.fnmatch_lines(["spread *sharp *worn *0.*"])
    again = worn.runpytest_inprocess()
    again.stdout.fnmatch_lines(["cells: 8 found in the store"])


def test_a_member_that_changes_has_the_family_measured_anew(worn):
    """A family is known by the content of all of its members."""
    worn.makepyfile(
        test_suite="""
        def test_size(model, family, record):
            record("size", len(family))
        """
    )
    worn.runpytest_inprocess()
    conftest = worn.path / "conftest.py"
    conftest.write_text(conftest.read_text().replace("80 * severity", "81 * severity"))

    result = worn.runpytest_inprocess()

    result.stdout.fnmatch_lines(["cells: 2 measured, 2 found in the store"])


def test_traits_of_a_member_that_change_have_the_family_measured_anew(worn):
    """What a test computes over a family may go by them."""
    worn.makepyfile(
        test_suite="""
        def test_worst(model, family, record):
            record("worst", max(one.traits.get("severity", 0) for one in family))
        """
    )
    worn.runpytest_inprocess()
    conftest = worn.path / "conftest.py"
    text = conftest.read_text()
    conftest.write_text(text.replace('"severity": s}', '"severity": s + 5}'))

    result, found = report(worn)

    result.stdout.fnmatch_lines(["cells: 2 measured, 2 found in the store"])
    assert {r["value"] for r in found["measurements"] if r["family"] == "worn"} == {7}


def test_a_dataset_and_a_family_at_once_are_refused(toy):
    """A number belongs to the one or to the other."""
    toy.makepyfile(
        test_suite="def test_both(model, dataset, family, record): record('x', 1)"
    )
    result = toy.runpytest_inprocess()

    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*test_both must record for a `dataset` or for a*"])


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_an_aggregates_test_alone_measures_what_it_needs_and_only_once(worn, workers):
    """Of a family with the traits; a second run finds all, and the same numbers."""
    worn.makepyfile(test_suite=AGGREGATED)
    result, found = report(worn, *workers)

    result.assert_outcomes(passed=10)
    rows = {(r["model"], r["dataset"]): r["value"] for r in found["measurements"]}
    values = found["sections"]["aggregates"]["values"]
    whole = {v["model"]: v for v in values if v["aggregate"] == "mean_over_corruptions"}
    for model, one in whole.items():
        four = [v for (m, d), v in rows.items() if m == model and d.startswith("worn/")]
        assert len(set(four)) > 1
        assert one["value"] == pytest.approx(sum(four) / 4)
        assert (one["family"], one["datasets"], one["metric"]) == ("worn", 4, "error")
    fog = [v for v in values if v["axes"] == {"corruption": "fog"}]
    assert [v["model"] for v in fog] == ["sharp", "soft"]
    assert fog[0]["value"] == pytest.approx(
        (rows["sharp", "worn/fog-1"] + rows["sharp", "worn/fog-2"]) / 2
    )
    result.stdout.fnmatch_lines(["mean_over_corruptions", "error *sharp *worn * 4 *"])

    again, same = report(worn, *workers)
    again.stdout.fnmatch_lines(["cells: 10 found in the store"])
    assert same["sections"]["aggregates"] == found["sections"]["aggregates"]


def test_a_run_that_was_stopped_goes_on_to_the_same_aggregate(worn):
    """What had been measured is found; the rest is measured, nothing twice."""
    worn.makepyfile(test_suite=AGGREGATED)
    first, part = report(worn, "--maxfail=1", "-k", "fog")
    held = part["sections"]["aggregates"]["values"]
    lost = [v for v in held if v["aggregate"] == "mean_over_corruptions"]

    assert "nothing measured on worn/snow-1" in lost[0]["value"]["reason"]
    first.stdout.fnmatch_lines(
        ["*no value of error*: nothing measured on worn/snow-1*"]
    )
    second, whole = report(worn)
    second.stdout.fnmatch_lines(["cells: 6 measured, 4 found in the store"])
    assert not any(
        isinstance(v["value"], dict) for v in whole["sections"]["aggregates"]["values"]
    )


def test_an_unknown_aggregate_is_refused_before_anything_runs(toy):
    """With the names that there are."""
    toy.makepyfile(test_suite=AGGREGATED.replace("mean_over_sev", "mean_over_sew"))
    result = toy.runpytest_inprocess()

    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*unknown aggregate 'mean_over_sewerities'; did you*"])


def test_a_conftest_adds_an_aggregate(worn):
    """A pure function with its traits; what is none is refused."""
    conftest = worn.path / "conftest.py"
    conftest.write_text(
        conftest.read_text()
        + """
    from harness.analysis.aggregates import Aggregate
    registry.add_aggregate(Aggregate(
        name="worst", over=("corruption", "severity"), source="here",
        fn=lambda members: max(value for _, value in members),
    ))
"""
    )
    worn.makepyfile(test_suite=AGGREGATED.replace("mean_over_severities", "worst"))
    _, found = report(worn)

    rows = {(r["model"], r["dataset"]): r["value"] for r in found["measurements"]}
    values = found["sections"]["aggregates"]["values"]
    worst = {v["model"]: v["value"] for v in values if v["aggregate"] == "worst"}
    assert worst["soft"] == max(
        value
        for (model, name), value in rows.items()
        if (model, name[:4]) == ("soft", "worn")
    )


GATED = AGGREGATED.replace(
    "import pytest\n",
    "import pytest\n"
    'gate = pytest.mark.harness_gate("error on worn: mean_over_corruptions < 101%")\n',
).replace("@pytest.mark.harness_aggregate", "@gate\n@pytest.mark.harness_aggregate")


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_a_gate_is_set_on_an_aggregate(worn, workers):
    """By a marker and an option; each corruption that it keeps is judged by itself."""
    worn.makepyfile(test_suite=GATED)

    result, found = report(
        worn,
        "--harness-gate=error[sharp,corruption=fog]: mean_over_severities < 0",
        *workers,
    )

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*FAILED error[[]corruption=fog[]] on worn mean_over_severities < 0 *",
            "*passed error on worn mean_over_corruptions < 1.01 [[]sharp[]]: mean*",
            "*passed error on worn mean_over_corruptions < 1.01 [[]soft[]]: mean*",
        ]
    )
    assert [v["gate"]["aggregate"] for v in found["verdicts"]] == [
        "mean_over_severities",
        "mean_over_corruptions",
        "mean_over_corruptions",
    ]


@pytest.mark.parametrize("lost", ["dataset.name == 'worn/fog-1'", "True"])
def test_a_gate_on_an_aggregate_fails_where_members_are_lost(worn, lost):
    """One of them, or all that the model has: it does not pass on the other model."""
    body = f'    assert not (model.name == "soft" and {lost})\n    record('
    text = GATED.replace("    record(", body)
    worn.makepyfile(test_suite=text.replace("_error(", "_error(model, "))

    result = worn.runpytest_inprocess()

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*FAILED error on worn * [[]soft[]]: cannot be judged: nothing measured*",
            "*passed error on worn mean_over_corruptions < 1.01 [[]sharp[]]: *",
        ]
    )


@pytest.mark.parametrize("lost", ["assert 0", "return", "pytest.skip('no')"])
def test_a_gate_on_a_domains_aggregates_fails_where_a_family_is_lost(worn, lost):
    """It does not pass on the other family of the domain."""
    conftest = worn.path / "conftest.py"
    conftest.write_text(
        conftest.read_text()
        + """
    registry.add_family(Family(
        name="torn", base="toy", domain=Domain.EXTERIOR, description="",
        datasets=lambda settings: tuple(
            replace(one, name=f"torn/{i}", family="torn")
            for i, one in enumerate(datasets(settings))
        ),
    ))
"""
    )
    text = GATED.replace("on worn", "on exterior").replace(
        "    record(",
        f"    if dataset.family == 'torn':\n        {lost}\n    record(",
    )
    worn.makepyfile(test_suite=text)

    result = worn.runpytest_inprocess("--harness-families=in0,worn,torn")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*FAILED*torn*[[]sharp[]]: cannot be judged: nothing measured on torn/0*",
            "*passed*worn*[[]sharp[]]: mean_over_corruptions is *",
        ]
    )


def test_what_a_test_of_a_named_metric_records_beside_it_is_aggregated(worn):
    """Of each of its parameters; what another test records under the name is not."""
    worn.makepyfile(
        test_suite="""
        import pytest

        @pytest.mark.harness_aggregate("mean_over_corruptions")
        @pytest.mark.parametrize("metric", ["one", "two"])
        def test_both(predictions, record, metric):
            record(metric, 1)
            record("beside", 2, of=metric)

        def test_other(predictions, record):
            record("beside", 9, of="one")
            record("other", 9)
        """
    )
    _, found = report(worn)

    values = found["sections"]["aggregates"]["values"]
    assert {(v["metric"], *v["axes"].values(), v["value"]) for v in values} == {
        *(("one", 1), ("two", 1)),
        *(("beside", "one", 2), ("beside", "two", 2)),
    }


def test_a_gate_on_an_aggregate_that_nobody_knows_is_refused(worn):
    """Before anything runs, with what there is."""
    worn.makepyfile(test_suite=AGGREGATED)

    result = worn.runpytest_inprocess("--harness-gate=error: mean_over_severity < 1")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*unknown aggregate 'mean_over_severity'; did you mean mean_over_severities*"]
    )


def test_gates_on_values_of_families_and_of_models_alone(worn):
    """By the family's name or its domain; what is lost is missed in its place."""
    worn.makepyfile(
        test_suite="""
        def test_size(model, family, record):
            assert (model.name, family.name) != ("soft", "worn")
            record("size", len(family))

        def test_weights(model, record):
            assert model.name == "sharp"
            record("weights", 21)
        """
    )

    result = worn.runpytest_inprocess(
        "--harness-gate=size on worn: value >= 4",
        "--harness-gate=size on interior: value >= 1",
        "--harness-gate=weights: value <= 21",
    )

    result.stdout.fnmatch_lines(
        [
            "*FAILED size on worn * [[]soft[]]: 1 cell is missing (soft on worn)*",
            "*FAILED weights value <= 21 [[]soft[]]: 1 cell is missing (soft), *",
            "*passed size on worn value >= 4 [[]sharp[]]: value is 4 on worn (>= 4)",
            "*passed size on interior value >= 1 [[]soft[]]: value is 1 on in0*",
            "*passed weights value <= 21 [[]sharp[]]: value is 21 (<= 21)",
        ]
    )
