"""Metrics along axes: parameters of tests and keywords of `record`, kept everywhere."""

import json
from fnmatch import fnmatchcase
from xml.etree import ElementTree

import pytest

from harness.report.sections.ranks import Ranks

KNN = """
import pytest

@pytest.mark.parametrize("k", [10, 2])
def test_knn(predictions, record, k):
    for layer in ("a", "b"):
        sure = predictions.probs().max(1) ** k
        record("knn", sure.mean() + (layer == "b"), layer=layer)
"""
KINDS = ("json", "csv", "md", "html")
LABELS = [f"knn[k={k},layer={layer}]" for k in (2, 10) for layer in ("a", "b")]


def measurements(toy, *arguments):
    """The measurements of a run, as the JSON report holds them."""
    toy.runpytest_inprocess("--harness-report-json=r.json", *arguments)
    return json.loads((toy.path / "r.json").read_text())["measurements"]


def test_every_report_keeps_the_axes(toy):
    """Each combination has its own fits and ranks, smaller numbers first."""
    toy.makepyfile(test_knn=KNN)

    result = toy.runpytest_inprocess(
        "test_knn.py",
        *(f"--harness-report-{kind}=r.{kind}" for kind in KINDS),
        "--harness-plots=plots",
        "--harness-detail=knn[k=2,layer=a]",
        "--harness-store=store",
    )

    result.assert_outcomes(passed=28)
    titles = [line for line in result.outlines if line in LABELS]
    assert titles == LABELS
    result.stdout.fnmatch_lines(["knn[[]k=2,layer=a[]] of sharp"])
    result.stdout.no_fnmatch_line("knn[[]k=2,layer=b[]] of *")
    report = json.loads((toy.path / "r.json").read_text())
    assert [row["axes"] for row in report["measurements"][:14:7]] == [
        {"k": "2", "layer": "a"}
    ] * 2
    assert len({str(row["axes"]) for row in report["ranks"]}) == 4
    for kind, name in (("md", r"knn\[k=10,layer=b\]"), ("html", LABELS[-1])):
        assert name in (toy.path / f"r.{kind}").read_text()
    assert '"k=10,layer=b"' in (toy.path / "r.csv").read_text()
    plots = {path.name for path in (toy.path / "plots").glob("*.png")}
    assert {label.replace("[", "-").replace("]", ".png") for label in LABELS} < plots


def test_reports_that_are_opened_again_say_the_same(toy):
    """JSON, CSV, Parquet and the store give axes back, and the curves along them."""
    pytest.importorskip("pyarrow")
    from harness.report.run_file.reopening import reopen

    toy.makepyfile(test_knn=KNN)
    arguments = ("test_knn.py", "--harness-store=store")
    toy.runpytest_inprocess(
        *arguments, *(f"--harness-report-{k}=r.{k}" for k in ("json", "csv", "parquet"))
    )
    again = toy.runpytest_inprocess(*arguments, "--harness-report-json=again.json")

    again.stdout.fnmatch_lines(["cells: 28 found in the store"])
    files = ("r.json", "again.json", "r.csv", "r.parquet")
    first, *others = (reopen(toy.path / n) for n in files)
    assert [row.label for row in first.of(Ranks).ranks] == [
        row.label for row in others[0].of(Ranks).ranks
    ]
    for other in others:
        assert other.correlations == first.correlations
        assert [one.name for one in other.shown] == ["along-axes"]
        assert other.shown == first.shown


def test_gates_name_axes(toy):
    """One without them judges each value; one with a value that is not there fails."""
    toy.makepyfile(test_knn=KNN)

    result = toy.runpytest_inprocess(
        "test_knn.py",
        "--harness-gate=knn[k=2]: interior n >= 4",
        "--harness-gate=knn[sharp, k=10, layer=a]: interior n >= 4",
        "--harness-gate=knn: exterior n >= 3",
        "--harness-gate=knn[k=7]: interior n >= 4",
        "--junitxml=gates.xml",
    )

    # The terminal folds those that passed.
    cases = ElementTree.parse(toy.path / "gates.xml").iter("testcase")
    names = [one.attrib["name"] for one in cases if one.find("failure") is None]
    assert [name for name in names if " interior n" in name] == [
        f"knn[k=2,layer={layer}] interior n >= 4 [{model}]"
        for layer in "ab"
        for model in ("sharp", "soft")
    ] + ["knn[k=10,layer=a] interior n >= 4 [sharp]"]
    assert "knn[k=10,layer=b] exterior n >= 3 [soft]" in names
    result.stdout.fnmatch_lines(
        [
            "*FAILED knn[[]k=7[]] interior n >= 4 *no measured metric matches "
            "'knn[[]k=7[]]'*measured: knn[[]k=2,layer=a[]]*",
        ]
    )
    result.assert_outcomes(passed=28, failed=1)


def test_a_saved_run_is_compared_along_axes(toy):
    """Each value with itself, and rules name them."""
    toy.makepyfile(test_knn=KNN)
    toy.runpytest_inprocess("test_knn.py", "--harness-save-run=main")
    toy.makepyfile(test_knn=KNN.replace("** k", "** (k if k == 2 else -k)"))

    result = toy.runpytest_inprocess(
        "test_knn.py",
        "--harness-compare=main",
        "--harness-fail-on=knn[k=2]: rho changes 1",
        "--harness-fail-on=knn[k=10,layer=a]: interior rho changes 1",
    )

    result.stdout.fnmatch_lines(
        [
            "*FAILED knn[[]k=10,layer=a[]] interior rho changes 1 [[]sharp[]]*",
            "*passed knn[[]k=2,layer=a[]] interior rho changes 1 [[]sharp[]]*",
        ]
    )


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ("[1, 0.5, True, None, 'a b']", ["1", "0.5", "True", "None", "a b"]),
        ("[np.int64(3), np.float32(0.1), np.bool_(True)]", ["3", "0.1", "True"]),
        ("[Thing(), Thing()]", ["what0", "what1"]),
        ("[Thing(), Thing(), pytest.param(Thing(), id='c')], ids=['a', None, None]",
         ["a", "what1", "c"]),
        ("[Thing(), Thing()], ids=lambda thing: 'x'", ["x"]),
        ("[Thing, max]", ["Thing", "max"]),
        ("['[CLS], x\\n']", ["(CLS); x"]),
    ],
)  # fmt: skip
def test_values_are_short_text_and_objects_go_by_pytests_id(toy, values, texts):
    """Numbers and text as they are; what an axis cannot hold is replaced."""
    toy.makepyfile(
        test_what=f"""
        import numpy as np
        import pytest
        class Thing: pass
        @pytest.mark.parametrize("what", {values})
        def test_what(predictions, record, what):
            record("score", predictions.probs().max(1).mean())
        """
    )

    rows = measurements(toy, "test_what.py", "--harness-models=sharp")

    assert {row["axes"]["what"] for row in rows} == set(texts)
    assert len(rows) == 7 * values.count("Thing()") or "Thing()" not in values


def test_parameters_of_a_fixture_are_axes_too(toy):
    """By the fixture's name; objects go by their ids or by their places."""
    toy.makepyfile(
        test_depth="""
        import pytest
        class Layer: pass
        @pytest.fixture(params=[Layer(), pytest.param(Layer(), id="last")])
        def layer(request):
            return request.param
        def test_depth(predictions, record, layer):
            record("depth", predictions.probs().max(1).mean())
        """
    )

    rows = measurements(toy, "test_depth.py")

    assert {row["axes"]["layer"] for row in rows} == {"layer0", "last"}


def test_a_parameter_that_is_the_metric_is_no_axis(toy):
    """Suites that run over metrics have one row a metric, as ever."""
    toy.makepyfile(
        test_many="""
        import pytest
        from harness.metrics.label_free.softmax_corr import softmax_corr
        from harness.metrics.label_free.nuclear_norm import nuclear_norm
        both = [softmax_corr, nuclear_norm]
        @pytest.mark.parametrize("metric", both)
        def test_metric(predictions, record, metric):
            record(metric, predictions.probs())
        @pytest.mark.parametrize("function", [max, min])
        def test_function(predictions, record, function):
            record(function, predictions.probs().max(1))
        @pytest.mark.parametrize("name", ["a", "b"])
        def test_name(predictions, record, name):
            record(name, predictions.probs().max(1).mean())
        """
    )

    rows = measurements(toy, "test_many.py")

    assert {row["metric"] for row in rows} == {
        "softmax_corr", "nuclear_norm", "max", "min", "a", "b",
    }  # fmt: skip
    assert not any(row["axes"] for row in rows)


def test_keywords_after_a_function_are_its_options(toy):
    """They are kept as parameters, and are no axes."""
    toy.makepyfile(
        test_power="""
        import pytest
        def power(p, *, k):
            return (p.max(1) ** k).mean()
        @pytest.mark.parametrize("k", [1, 2])
        def test_power(predictions, record, k):
            record(power, predictions.probs(), k=2 * k)
        """
    )

    rows = measurements(toy, "test_power.py")

    assert {(row["axes"]["k"], row["parameters"]["k"]) for row in rows} == {
        ("1", 2),
        ("2", 4),
    }


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("record('a', 1.0, k=1); record('a', 2.0, k=1)", "'a[[]k=1,q=1[]]' was recor*"),
        ("record('a', 1.0, model='x')", "*keyword 'model' of `record` must name an *"),
        ("record('a', 1.0, k=[1])", "*axis 'k' must be text or a number, got [[]1[]]*"),
        ("record('a', 1.0, q=5)", "*axis 'q' must be the test's parameter, 1, got 5*"),
        ("record(' ', 1.0)", "*name of a metric must not be empty*"),
        ("record(lambda p: 1.0, 0)", "*give it a name: record(NAME, VALUE)"),
        ("record(partial(max, 0), 1)", "*give it a name: record(NAME, VALUE)"),
        ("record(5, 1)", "*must be a name or a function, got 5; give it a name*"),
    ],
)
def test_what_cannot_be_told_apart_is_refused_with_the_cure(toy, body, reason):
    """Functions without a name, axes that say two things, values that are no text."""
    toy.makepyfile(
        test_broken=f"""
        from functools import partial
        import pytest
        @pytest.mark.parametrize("q", [1])
        def test_broken(predictions, record, q):
            {body}
        """
    )

    result = toy.runpytest_inprocess(
        "test_broken.py", "--harness-models=sharp", "--harness-families=in0"
    )

    result.assert_outcomes(failed=1)
    text = " ".join(result.stdout.str().partition("without a value")[2].split())
    assert fnmatchcase(text, f"*{reason}*")


TWICE = """
def test_one(predictions, record):
    record("power", predictions.probs().max(1).mean())
"""


def test_contradicting_results_are_named_and_never_shown(toy):
    """Two files that record one name: no fit, plot, detail or prediction guesses."""
    toy.makepyfile(test_a=TWICE, test_b=TWICE.replace(".mean()", ".min()"))

    result = toy.runpytest_inprocess(
        "test_a.py", "test_b.py", "--harness-detail=power", "--harness-plots=plots",
        "--harness-report-json=r.json",
    )  # fmt: skip

    text = " ".join(result.stdout.str().split())
    why = "sharp on in0 was measured twice with different results: value 0.9"
    assert f"no numbers of power: {why}" in text
    assert "by test_a.py::test_one and test_b.py::test_one; record each" in text
    assert f"power of sharp no fit: {why}" in text
    assert "R² " not in text.partition("no numbers of power")[2].partition("RMSE")[0]
    assert "accuracy (%) of" not in text
    assert not list((toy.path / "plots").iterdir())
    rows = json.loads((toy.path / "r.json").read_text())["correlations"]
    assert [len(row["contradicting"]) for row in rows] == [14, 14, 28]
    assert not any(row["points"] or row["targets"] for row in rows)


def test_a_metric_along_an_ordered_axis_is_a_curve(toy):
    """In every report; layers that are names without a number have no order."""
    pytest.importorskip("matplotlib")
    toy.makepyfile(test_knn=KNN)

    result = toy.runpytest_inprocess(
        "test_knn.py",
        *(f"--harness-report-{kind}=r.{kind}" for kind in KINDS),
        "--harness-plots=plots",
    )

    result.stdout.fnmatch_lines(
        [
            "along axes",
            "knn along k, on the exterior",
            "* k",
            "model * 2 * 10",
            "sharp, layer=a *",
            "Medians over 3 datasets, the same at every k of a line.",
            "knn along k, on the interior",
        ]
    )
    report = json.loads((toy.path / "r.json").read_text())
    (first, second) = report["sections"]["along-axes"]["curves"]
    assert [first["axis"], first["at"], first["block"]] == [
        "k",
        ["2", "10"],
        "exterior",
    ]
    assert [len(line["values"]) for line in second["lines"]] == [2] * 4
    assert "<svg" in (toy.path / "r.html").read_text()
    assert "#### knn along k, on the exterior" in (toy.path / "r.md").read_text()
    names = {path.name for path in (toy.path / "plots").iterdir()}
    stem = "knn-along-k-on-the-exterior"
    assert {f"{stem}.png", f"{stem}.svg"} < names
