"""Assumptions: what is printed without labels, and that it is right."""

from dataclasses import replace

import numpy as np
import pytest

from harness.analysis.assumptions import (
    LIMITS,
    MODELS,
    Doubt,
    assumptions,
    marginal_noise,
    usual_gaps,
)
from harness.analysis.correlation import correlate
from harness.analysis.targets import predict_targets
from harness.measurement import Domain, Measurement
from harness.report.html import page
from harness.report.markdown import markdown
from harness.report.sections.assumptions import Assumptions, assumption_lines
from harness.report.terminal import report_text
from tests.report.pages import measurements, summary

#: Metrics whose value depends on the number of images.
DRIFTING = ("frechet_distance",)
CALM = {"marginal_gap": "0.05", "saturated": "0.0"}


def cell(
    dataset,
    model="net",
    metric="nuclear_norm",
    images=1000,
    domain=Domain.EXTERIOR,
    **facts,
):
    """A measurement whose facts are calm unless told otherwise."""
    return Measurement(
        metric=metric,
        model=model,
        dataset=dataset,
        family=dataset,
        domain=domain,
        value=0.5,
        accuracy=0.5,
        images=images,
        seconds=0.0,
        key="k",
        facts=CALM | {name: repr(value) for name, value in facts.items()},
    )


def lines(*cells):
    return list(assumption_lines(assumptions(cells, classes=10, drifting=DRIFTING)))


def test_calm_cells_give_one_line():
    assert lines(cell("a"), cell("b", source_ece=0.01)) == [
        "assumptions: nothing unusual"
    ]


def test_cells_without_facts_say_nothing():
    """Of what was not looked at there is nothing to say, good or bad."""
    assert lines(replace(cell("a"), facts={})) == []


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (
            {"marginal_gap": 0.6},
            "predicted classes unlike the source's: net (1 of 2 datasets, most 0.60 "
            "on b)",
        ),
        ({"source_ece": 0.081}, "confidence off on the source: net (8.1 points)"),
        (
            {"saturated": 0.25},
            "images with a confidence of exactly 1: net (1 of 2 datasets, most 25 % "
            "on b)",
        ),
    ],
)
def test_each_doubt_names_the_worst_dataset(facts, expected):
    assert lines(cell("a"), cell("b", **facts)) == ["assumptions", f"  {expected}"]


def lined(models, **r2):
    return [
        cell(name, model=f"net{i}", line_r2=value)
        for i in range(models)
        for name, value in r2.items()
    ]


def test_a_loose_line_of_many_models_is_named():
    assert lines(*lined(MODELS, a=0.99, b=0.5)) == [
        "assumptions",
        "  agreement line loose: 1 of 2 datasets, least R² 0.50 on b",
    ]
    assert lines(*lined(MODELS, a=0.99)) == ["assumptions: nothing unusual"]


def test_the_line_of_few_models_is_not_judged():
    """Five models make ten pairs that share them: a loose line is no news."""
    assert lines(*lined(5, a=0.99, b=0.1)) == [
        "assumptions: nothing unusual",
        "  agreement line not judged: 5 models, of 8 that it takes",
    ]


def interior(gaps):
    return [
        cell(f"i{i}", domain=Domain.INTERIOR, marginal_gap=gap)
        for i, gap in enumerate(gaps)
    ]


def test_the_interior_has_the_sources_labels_whatever_is_predicted():
    """Errors push the predicted classes there; elsewhere as far is no sign either."""
    gaps = interior([0.9, *[0.5] * 9])
    assert usual_gaps(gaps) == {"net": 0.5}
    assert lines(*gaps) == ["assumptions: nothing unusual"]
    calm = lines(*gaps, cell("out", marginal_gap=0.45))
    assert calm == ["assumptions: nothing unusual"]
    (_, line) = lines(*gaps, cell("out", marginal_gap=0.55))
    assert line.endswith("net (1 of 1 datasets, most 0.55 on out)")


def test_few_datasets_of_the_interior_say_nothing_of_what_is_usual():
    few = interior([0.5] * 9)
    assert usual_gaps(few) == {}
    assert len(lines(*few, cell("out", marginal_gap=0.45))) == 2


def test_small_sets_are_allowed_their_scatter():
    """The same gap is a sign on many images and none on few."""
    gap = LIMITS[Doubt.MARGINAL] + 0.1
    assert marginal_noise(10, 40) > 0.1 > marginal_noise(10, 1000)
    few, many = (cell("a", images=n, marginal_gap=gap) for n in (40, 1000))
    assert lines(few) == ["assumptions: nothing unusual"]
    assert len(lines(many)) == 2


def test_the_noise_is_a_bound():
    """Shares of finite samples scatter by no more on average."""
    rng = np.random.default_rng(0)
    for classes, images in ((2, 50), (10, 100), (100, 100)):
        law = rng.dirichlet(np.ones(classes))
        drawn = rng.multinomial(images, law, size=500) / images
        gaps = np.abs(drawn - law).sum(axis=1) / 2
        assert gaps.mean() <= marginal_noise(classes, images)


def test_metrics_that_drift_are_named_with_their_images():
    cells = [
        cell("a", metric=metric, images=images)
        for metric in ("frechet_distance", "nuclear_norm")
        for images in (100, 360)
    ]
    expected = "drifts with the number of images, which differs: frechet_distance"
    assert lines(*cells) == ["assumptions", f"  {expected} (100 to 360 images)"]
    assert lines(*cells[::2])[0] == "assumptions: nothing unusual"


def test_many_models_are_counted():
    cells = [cell("a", model=f"net{i}", saturated=0.2 + i / 100) for i in range(5)]
    (_, line) = lines(*cells)
    assert line.index("net4") < line.index("net3") < line.index("net2")
    assert line.endswith("; 2 more")


def test_targets_outside_the_fits_are_named():
    """A target twice as far as anything that was fitted."""
    found = [
        replace(m, value=9.0) if m.dataset == "night" else m
        for m in measurements(models=1)
    ]
    targets = predict_targets(correlate(found))
    doubts = assumptions(found, targets, classes=10)

    assert list(assumption_lines(doubts)) == [
        "assumptions",
        "  metrics outside the range of their fits: night (net0: 2 of 2)",
    ]


def test_every_report_shows_them():
    """Warnings everywhere, all numbers on the page."""
    doubts = assumptions([cell("a"), cell("b", saturated=0.25)], classes=10)
    found = summary(measurements(models=2), Assumptions(assumptions=doubts))

    text = report_text(found, width=80)
    assert "images with a confidence of exactly 1: net" in text
    assert max(map(len, text.splitlines())) <= 80
    assert "net (1 of 2 datasets, most 25 % on b)" in markdown(found)
    html = page(found)
    assert "<summary>1 in full</summary>" in html
    assert 'id="assumptions"' in html
    assert "1 that nothing speaks against" in html
