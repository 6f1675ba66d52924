"""The scorecard: models in rows, outcomes in columns, a block for each family."""

import json

import pytest

from harness.analysis.outcomes import label_scores
from harness.measurement import Domain, Measurement
from harness.report.run_file.json import plain
from harness.report.section import Context, shown_sections
from harness.report.sections.scorecard import FEW, ScorecardSection
from harness.report.table import Estimate, Table

CONTEXT = Context(described={})
SECTION = ScorecardSection()


def row(metric, value, *, model="net", dataset="test", family="test", **more):
    """An outcome's measurement on 100 images, half of them right."""
    fields = {
        "interval": (value - 0.1, value + 0.1),
        "accuracy": 0.5,
        "label_free": False,
        "facts": {"chance": "0.25", "prevalence": "0.2"},
        **more,
    }
    return Measurement(
        metric=metric,
        model=model,
        dataset=dataset,
        family=family,
        domain=Domain.EXTERIOR,
        value=value,
        images=100,
        seconds=0.0,
        key="k",
        **fields,
    )


def tables(rows):
    return [
        t for t in SECTION.tables(SECTION.find(rows, CONTEXT)) if isinstance(t, Table)
    ]


def test_nothing_is_found_where_no_outcome_but_accuracy_was_measured():
    """Scores that a test records by name have a table of their own already."""
    accuracy = row("accuracy", 0.5, interval=None, facts={})
    named = row("nmi", 0.5, interval=None, facts={})
    metric = row("entropy", 0.5, interval=None, facts={}, label_free=True)

    assert SECTION.find([accuracy, named, metric], CONTEXT) is None
    assert [score.metric for score in label_scores([accuracy, named])] == ["nmi"]


def test_declared_outcomes_are_no_label_scores():
    """They would be said twice."""
    assert label_scores([row("brier_score", 0.5)]) == ()


def test_one_dataset_shows_values_with_their_intervals_and_chance():
    """Accuracy comes first, with Wilson's interval; then outcomes in one order."""
    rows = [row("brier_score", 0.75), row("balanced_accuracy", 0.5)]
    (table,) = tables(rows)

    assert [c.group for c in table.columns] == ["", "", "balanced", ""]
    assert [c.head for c in table.columns] == [
        *("model", "accuracy (%)", "accuracy (%)", "brier score")
    ]
    net, chance = table.rows
    assert net[0] == "net"
    assert net[1].value == 0.5
    assert (net[1].low, net[1].high) == pytest.approx((0.4038, 0.5962), abs=1e-4)
    assert net[2:] == (
        Estimate(value=0.5, low=0.4, high=0.6),
        Estimate(value=0.75, low=0.65, high=0.85),
    )
    assert chance == ("(chance)", 0.2, 0.25, 0.25)
    assert table.columns[1].shown(net[1]) == "50.0 [40.4, 59.6]"
    assert table.columns[3].shown(net[3]) == "0.750 [0.650, 0.850]"


def test_under_a_mask_the_accuracy_among_all_classes_stands_beside():
    """A column of its own, with its interval; of the images that have an answer."""
    facts = {"truth": "one label; 2 of 10 classes", "top1_chance": "0.5"}
    masked = row("top_5", 0.9, facts={**facts, "top1_full": "0.25", "counted": "16"})
    other = row("top_5", 0.9, dataset="b", family="b")

    found = SECTION.find([masked, other], CONTEXT)

    assert found.outcomes == ("accuracy", "top1_full", "top_5")
    assert set(found.shares) == set(found.outcomes)
    scores = {block.family: block.rows[0].scores for block in found.blocks}
    full, accuracy = scores["test"]["top1_full"], scores["test"]["accuracy"]
    assert (full.value, full.chance, accuracy.chance) == (0.25, None, 0.5)
    assert accuracy.high - accuracy.low == pytest.approx(0.4395, abs=1e-3)  # n = 16
    assert "top1_full" not in scores["b"]


def test_few_datasets_have_a_row_each():
    """With the interval of each, and no number over all of them."""
    rows = [
        row("brier_score", i / 10, dataset=f"far/{i}", family="far", model=model)
        for i in range(FEW)
        for model in ("a", "b")
    ]
    (table,) = tables(rows)

    assert table.title == f"far: {FEW} datasets"
    assert [r[:2] for r in table.rows] == [
        *((m, f"far/{i}") for m in ("a", "b") for i in range(FEW)),
        ("(chance)", ""),
    ]
    assert table.rows[1][3] == Estimate(value=0.1, low=0.0, high=0.2)


def test_many_datasets_show_the_median_and_how_far_they_reach():
    """And say that the brackets are no interval."""
    rows = [
        row("brier_score", value, dataset=f"far/{i}", family="far")
        for i, value in enumerate((0.1, 0.9, 0.3, 0.2))
    ]
    (table,) = tables(rows)

    assert table.title == "far: median of 4 datasets [least, most]"
    assert table.rows[0][2] == Estimate(value=0.25, low=0.1, high=0.9)
    text = list(SECTION.tables(SECTION.find(rows, CONTEXT)))[-1].text
    assert "of a median, the least and the most over the datasets" in text
    assert "95 % interval" not in text


def test_what_has_no_value_is_a_dash_and_no_other_family_lends_one():
    """Of one model on a family; what no model has there is no column."""
    rows = [
        row("brier_score", 0.1, model="a"),
        row("lowest_recall", 0.2, model="b"),
        row("brier_score", 0.3, model="a", family="far", dataset="far", accuracy=None),
    ]
    far, test = tables(rows)

    shown = [
        [c.shown(v).split(" ")[0] for c, v in zip(t.columns, r, strict=True)]
        for t in (far, test)
        for r in t.rows
    ]
    assert shown == [
        ["a", "0.300"],
        ["(chance)", "0.250"],
        ["a", "50.0", "-", "0.100"],
        ["b", "50.0", "20.0", "-"],
        ["(chance)", "20.0", "25.0", "0.250"],
    ]


def test_more_outcomes_than_80_columns_hold_are_several_tables():
    """On a terminal three beside each other, with the models and levels of chance.

    A page and a file have room for all of them.
    """
    names = ("top_5", "balanced_accuracy", "lowest_recall", "brier_score", "mine")
    whole, first, second = tables([row(name, 0.5) for name in names])

    assert len(whole.columns) == 1 + 6
    assert (whole.title, whole.where) == ("test", ("page", "markdown"))
    assert first.where == second.where == ("terminal",)
    assert len(first.columns) == 1 + 3
    assert [c.name for c in second.columns[1:]] == ["recall", "brier score", "mine"]
    assert (first.title, second.title) == ("test", "test, continued")
    assert second.columns[-1].form == ".3f"  # of a scale that nobody knows


def test_an_outcome_along_axes_is_a_column_for_each():
    """As everywhere: ``recall[k=5]``."""
    from harness.measurement import Axes

    rows = [row("brier_score", 0.1, axes=Axes.of({"k": k})) for k in "15"]
    found = SECTION.find(rows, CONTEXT)

    assert found.outcomes == ("accuracy", "brier_score[k=1]", "brier_score[k=5]")


def test_json_holds_what_was_found():
    """Values, ends and levels by family, row and outcome."""
    found, (shown,) = shown_sections([SECTION], [row("brier_score", 0.75)], CONTEXT)

    assert shown.problem == ""
    (block,) = json.loads(json.dumps(found))["scorecard"]["blocks"]
    assert block["rows"][0]["scores"]["brier_score"] == {
        "value": 0.75,
        "low": 0.65,
        "high": 0.85,
        "datasets": 1,
        "chance": 0.25,
    }
    assert (
        plain(SECTION.find([row("brier_score", 0.75)], CONTEXT)) == found["scorecard"]
    )
