"""Saved runs in Python: rows, fits, comparisons, pictures."""

import dataclasses
import importlib
import re
from pathlib import Path

import numpy as np
import pytest

import harness
from harness.analysis.correlation import Undefined
from harness.errors import BadData, HarnessError, MissingData, UnknownName
from harness.measurement import Axes, Domain, Measurement
from harness.report.run_file.reopening import write_json
from harness.report.run_file.table_files import write_csv
from harness.report.summary import summary_of

PAGE = Path(__file__).parents[2] / "docs" / "library.md"
ACCURACIES = np.linspace(0.3, 0.9, 12)


def rows(model, *, slope=2.0, noise=0.01, seed=0, metric="margin", axes=()):
    """A metric that goes with accuracy on interior and exterior sets."""
    moves = np.random.default_rng(seed).normal(0, noise, len(ACCURACIES))
    return [
        Measurement(
            metric=metric,
            model=model,
            dataset=f"{domain}/{i}",
            family=str(domain),
            domain=domain,
            value=float(slope * accuracy + move),
            accuracy=float(accuracy),
            images=100,
            seconds=0.1,
            test=f"test_{metric}.py::test_{metric}",
            key=f"{model}{metric}{axes}{domain}{i}",
            traits={"kind": f"k{i % 4}"},
            axes=Axes.of(dict(axes)),
        )
        for domain in (Domain.INTERIOR, Domain.EXTERIOR)
        for i, (accuracy, move) in enumerate(zip(ACCURACIES, moves, strict=True))
    ]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    found = [
        *rows("a"),
        *rows("b", seed=1),
        *rows("a", metric="knn", axes=[("k", "5")]),
    ]
    place = tmp_path_factory.mktemp("runs") / "main.json"
    write_json(place, summary_of(found))
    return place


@pytest.fixture(scope="module")
def report(path):
    return harness.open(path)


def test_every_metric_and_outcome_is_a_function_of_the_package():
    from harness.metrics import METRICS

    for metric in METRICS:
        assert getattr(harness, metric.name) is metric.fn
        assert metric.name in dir(harness)
    with pytest.raises(AttributeError, match="no attribute 'nuclear_nrm'"):
        harness.nuclear_nrm  # noqa: B018


def test_no_metric_has_the_name_of_a_module():
    """It would be one or the other, by what was imported first."""
    from harness.metrics import METRICS

    for metric in METRICS:
        assert importlib.util.find_spec(f"harness.{metric.name}") is None


def test_a_line_is_fitted_and_predicts():
    fit = harness.fit([1.0, 2.0, 3.0], [0.2, 0.4, 0.6])

    assert fit.predict(4.0) == pytest.approx(0.8)
    assert fit.r2 == pytest.approx(1.0)


def test_rows_and_fits_are_those_that_were_written(path, report):
    assert len(report.measurements) == 72
    assert report.run["models"] == ["a", "b"]
    found = report.correlation("margin", "a")
    line = harness.fit([2 * p.y for p in found.points], [p.y for p in found.points])
    assert line.slope == pytest.approx(0.5)
    assert found.interior.r2 > 0.99
    assert report.correlation("margin").model is None
    assert report.correlation("knn[k=5]", "a").axes == Axes.of({"k": "5"})


def test_a_table_of_measurements_is_a_report_too(tmp_path, report):
    write_csv(tmp_path / "rows.csv", summary_of(report.measurements))

    again = harness.open(str(tmp_path / "rows.csv"))

    assert [m.value for m in again.measurements] == [
        m.value for m in report.measurements
    ]
    assert again.correlation("margin", "b").interior == (
        report.correlation("margin", "b").interior
    )


def test_what_is_not_there_is_named(report):
    with pytest.raises(UnknownName, match=r"unknown metric 'margn'; did you mean marg"):
        report.correlation("margn")
    with pytest.raises(UnknownName, match="unknown model 'c'; known: a, b"):
        report.correlation("margin", "c")


def test_what_is_no_report_is_refused(tmp_path):
    with pytest.raises(MissingData, match=r"nothing\.json"):
        harness.open(tmp_path / "nothing.json")
    (tmp_path / "torn.json").write_text('{"schema": 1')
    with pytest.raises(BadData, match=r"torn\.json"):
        harness.open(tmp_path / "torn.json")


def test_a_frame_has_a_row_for_each_number(report):
    pytest.importorskip("pandas")
    frame = report.frame()

    assert len(frame) == 72
    means = frame.groupby(["metric", "model"])["accuracy"].mean()
    assert means["margin", "a"] == pytest.approx(ACCURACIES.mean())
    assert frame["traits"].iloc[0]["kind"].startswith("k")
    assert set(frame.loc[frame.metric == "knn", "axes"].map(lambda a: a["k"])) == {"5"}
    numbers = frame[["chance", "low", "high", "outcome"]]  # of which there is none here
    assert numbers.isna().all().all()
    assert set(map(str, numbers.dtypes)) == {"float64"}


def test_a_run_beside_itself_has_not_moved(report):
    pytest.importorskip("pandas")
    frame = report.compare(report).frame()

    known = frame.dropna(subset=["before", "after"])
    assert len(known) > 10
    assert (known.before == known.after).all()
    assert not known.beyond.astype(bool).any()


def test_what_has_moved_beyond_chance_is_said(tmp_path, report):
    worse = summary_of(rows("a", noise=0.6, seed=3))
    write_json(tmp_path / "worse.json", worse)

    compared = report.compare(harness.open(tmp_path / "worse.json"))

    moved = {(c.metric, c.model) for c in compared.changes if c.beyond}
    assert ("margin", "a") in moved
    assert not {model for _, model in moved} & {"b"}  # which the later run lacks
    assert "worse.json, compared with main.json" in repr(compared)


def test_runs_of_different_outcomes_are_not_compared(report):
    other = harness.Report(
        report.path,
        dataclasses.replace(report._summary, run={**report.run, "outcome": "ece"}),
    )

    with pytest.raises(HarnessError, match="--harness-outcome"):
        report.compare(other)


def test_what_is_no_report_is_compared_with_none(report):
    with pytest.raises(TypeError, match=r"harness\.open returns it, got str"):
        report.compare("worse.json")


def test_a_plot_has_the_points_and_both_lines(report):
    pytest.importorskip("matplotlib")
    ax = report.plot("margin", model="a")

    assert [len(dots.get_offsets()) for dots in ax.collections] == [12, 12]
    assert len(ax.lines) == 2
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("margin", "accuracy (%)")
    assert report.plot("knn[k=5]", ax=ax) is ax  # one model has it


def test_a_plot_of_several_models_asks_which(report):
    pytest.importorskip("matplotlib")
    with pytest.raises(HarnessError, match=r"model=NAME: a, b"):
        report.plot("margin")


@pytest.mark.parametrize(("ask", "of"), [("frame", "pandas"), ("plot", "matplotlib")])
def test_what_is_missing_is_named(report, monkeypatch, ask, of):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(HarnessError, match=f"needs {of}.*pip install"):
        report.frame() if ask == "frame" else report.plot("margin", model="a")


def test_it_shows_itself_in_a_terminal_and_a_notebook(report):
    assert re.search(r"accuracy\nmodel .*interior +exterior\n", repr(report))
    assert "margin" in repr(report)
    page = report._repr_html_()
    assert page.startswith("<section")
    assert "Accuracy" in page
    assert "margin" in page


def test_its_text_is_text_in_a_notebook_too(report, monkeypatch):
    """rich shows things beside what it returns, where it sees a notebook."""
    text = repr(report)
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)

    assert repr(report) == text


def test_fits_and_forecasts_show_themselves_in_a_notebook(report):
    line = harness.fit([0.0, 1.0, 2.0, 3.0], [0.1, 0.2, 0.4, 0.5])._repr_html_()
    found = report.correlation("margin", "a")
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 200)
    source = rng.normal(size=(200, 3)) + 3 * np.eye(3)[labels]
    forecast = harness.predict_accuracy(source[:100], source, labels)

    # slope 0.14, mean 0.3 at 1.5; residuals 0.01, -0.03, 0.03, -0.01
    assert "<td>0.09 +0.14 × metric</td>" in line
    assert "<td>0.980</td>" in line  # 1 - 0.002 / 0.1
    page = found._repr_html_()
    assert "accuracy and margin of a<" in page
    assert f"R² {found.transfer.r2:.3f}" in page
    short = replace_fit(found, Undefined("fewer than <3>"))._repr_html_()
    assert "fewer than &lt;3&gt;" in short
    page = forecast._repr_html_()
    assert f"{100 * forecast.low:.1f} to {100 * forecast.high:.1f} %" in page
    assert f"cott {100 * forecast.raw['cott']:.1f}" in page
    assert forecast.weaker in page


def replace_fit(correlation, reason):
    return dataclasses.replace(correlation, interior=reason)


def test_names_from_a_file_cannot_inject_markup(tmp_path):
    evil = "<script>alert(1)</script>"
    write_json(tmp_path / "evil.json", summary_of(rows(evil, metric="x")))

    report = harness.open(tmp_path / "evil.json")

    for shown in (report, report.correlation("x", evil)):
        page = shown._repr_html_()
        assert "<script" not in page
        assert "&lt;script&gt;" in page


def test_undefined_statistics_are_nan(report):
    pytest.importorskip("pandas")
    short = harness.open(report.path)
    gone = [c for c in report.compare(short).changes if isinstance(c.before, Undefined)]

    frame = report.compare(short).frame()

    assert frame.before.isna().sum() == len(gone)


def test_the_examples_of_the_page_run(monkeypatch, tmp_path, path):
    """In order, in one namespace, with a report where they look for one."""
    pytest.importorskip("pandas")
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    for name in ("main", "report"):
        (tmp_path / f"{name}.json").write_bytes(path.read_bytes())
    blocks = re.findall(
        r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    assert len(blocks) >= 4
    names = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    assert names["forecast"].low <= names["forecast"].accuracy <= names["forecast"].high
