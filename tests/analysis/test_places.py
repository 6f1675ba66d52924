"""Metrics by R² and by RMSE, and models without spread."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from harness.analysis.correlation import correlate
from harness.analysis.places import Flat, has_spread, places
from harness.measurement import Domain
from harness.report.sections.ranks import Ranks, RanksSection
from tests.report.pages import measurements, summary


@given(
    st.lists(
        st.tuples(st.integers(20, 300), st.floats(0.05, 0.95)), min_size=2, max_size=8
    )
)
def test_spread_is_pearsons_test_of_homogeneity(sets):
    """As SciPy has it for the table of right and wrong images."""
    right = [round(n * p) for n, p in sets]
    images = [n for n, _ in sets]
    table = np.array([right, [n - r for n, r in zip(images, right, strict=True)]])
    found = chi2_contingency(table, correction=False)

    shares = [r / n for r, n in zip(right, images, strict=True)]
    if abs(found.pvalue - 0.05) > 1e-6:
        assert has_spread(shares, images) == (found.pvalue < 0.05)


def test_accuracies_that_are_one_have_no_spread():
    """Nor has one dataset; what is no share has some if it moves at all."""
    assert not has_spread([1.0, 1.0, 1.0], [9, 9, 9])
    assert not has_spread([0.5], [1000])
    assert not has_spread([2.5, 2.5], None)
    assert has_spread([2.5, 2.5000001], None)


def of(rows):
    """Places of measurements."""
    return places(correlate(rows))


def test_places_are_of_medians_over_the_models():
    """By hand: R² and RMSE of each model's fit, their medians, and who is better."""
    rows = measurements(("falling", "rising", "noise"), models=3)
    correlations = [row for row in correlate(rows) if row.model is not None]

    found, flat = places(correlations)
    assert not flat
    for one in found:
        for part in ("interior", "exterior", "transfer"):
            medians = {
                metric: [
                    float(
                        np.median(
                            [
                                getattr(getattr(row, part), name)
                                for row in correlations
                                if row.metric == metric
                            ]
                        )
                    )
                    for name in ("r2", "rmse")
                ]
                for metric in ("falling", "rising", "noise")
            }
            r2, rmse = medians[one.metric]
            placed = getattr(one, part)
            assert (placed.r2, placed.rmse, placed.models) == (r2, rmse, 3)
            assert placed.by_r2 == 1 + sum(other > r2 for other, _ in medians.values())
            assert placed.by_rmse == 1 + sum(o < rmse for _, o in medians.values())
    assert [one.transfer.rmse for one in found] == sorted(
        one.transfer.rmse for one in found
    )


def test_metrics_that_are_as_good_share_the_better_place():
    """A line of another metric has its errors, but for rounding."""
    rows = measurements(("rising",), models=2)
    twins = [replace(m, metric="twin", value=3 * m.value + 1) for m in rows]
    worse = [replace(m, metric="worse", value=m.value**9) for m in rows]

    found, _ = of([*rows, *twins, *worse])
    places_of = {one.metric: one.interior.by_rmse for one in found}
    assert sorted(places_of.values()) in ([1, 1, 3], [1, 2, 2])
    assert places_of["rising"] == places_of["twin"]


@pytest.fixture
def with_flat():
    """Three models, of which the third is as right everywhere on the exterior."""
    rows = measurements(("falling", "rising"), models=3)
    wobble = {m.dataset: 0.5 + 0.001 * (i % 3) for i, m in enumerate(rows)}
    return [
        replace(m, accuracy=wobble[m.dataset])
        if m.model == "net2" and m.domain is Domain.EXTERIOR
        else m
        for m in rows
    ]


def test_a_model_without_spread_is_left_out_and_named(with_flat):
    """On that domain alone, and of lines that are judged on it."""
    found, flat = of(with_flat)
    others, _ = of([m for m in with_flat if m.model != "net2"])

    assert flat == (
        Flat(model="net2", domain=Domain.EXTERIOR, datasets=12, low=0.5, high=0.502),
    )
    for one, other in zip(found, others, strict=True):
        assert (one.interior.models, one.exterior.models, one.transfer.models) == (
            *(3, 2, 2),
        )
        assert one.exterior == other.exterior
        assert one.transfer == other.transfer


def test_the_table_says_who_is_left_out(with_flat):
    """With its accuracies, under the numbers of the others."""
    section = RanksSection()
    found = summary(with_flat).of(Ranks)

    _, table = section.tables(found)
    assert table.title == "by RMSE"
    assert len(table.columns) == 1 + 3 * 4
    assert table.without == (
        "left out of the exterior: net2, whose accuracy on 12 datasets, 50 to 50.2, "
        "differs by no more than chance",
    )
    assert [row[0].label for row in table.rows] == [p.label for p in found.places]
    assert table.rows[0][9:] == (
        found.places[0].transfer.r2,
        found.places[0].transfer.by_r2,
        found.places[0].transfer.rmse,
        found.places[0].transfer.by_rmse,
    )


def test_of_flat_models_alone_there_is_no_place(with_flat):
    """And no table of places."""
    rows = [
        replace(m, accuracy=0.5) for m in with_flat if m.domain is not Domain.TARGET
    ]
    found, flat = of(rows)

    assert found == ()
    assert {(one.model, str(one.domain)) for one in flat} == {
        (f"net{i}", domain) for i in range(3) for domain in ("interior", "exterior")
    }
