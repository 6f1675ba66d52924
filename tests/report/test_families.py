"""Families by colour in pictures for a paper, as on the page."""

from dataclasses import replace

import pytest

from harness.analysis.correlation import correlate
from harness.measurement import Domain
from harness.report.families import OTHERS, family_colours
from harness.report.writers.svg import PALETTE
from tests.report.pages import measurements


def rows(families):
    """The fits of a model; the exterior in so many families, the last a large one."""
    found = [
        replace(m, family=f"f{min(int(m.dataset[3:]), families - 1):02}$x^$")
        if m.dataset.startswith("out")
        else m
        for m in measurements(models=2, metrics=("rising",))
    ]
    return correlate(found)


def test_the_largest_family_of_a_domain_has_the_colour_of_its_line():
    found = family_colours(rows(3))

    assert found == {
        (Domain.INTERIOR, "in"): 0,
        (Domain.EXTERIOR, "f02$x^$"): 1,
        (Domain.EXTERIOR, "f00$x^$"): 2,
        (Domain.EXTERIOR, "f01$x^$"): 3,
        (Domain.INTERIOR, "test"): 5,
        (Domain.EXTERIOR, "out"): 4,
    }


def test_more_families_than_colours_share_one():
    found = family_colours(rows(9))

    assert len(found) == 12
    assert sorted(found.values()) == [0, 1, 2, 3, 4, 5, *[OTHERS] * 6]


def test_a_plot_has_them_and_their_names(tmp_path):
    """Names stay text; of a domain with one family its line is all that is said."""
    pytest.importorskip("matplotlib")
    from matplotlib.colors import to_hex

    from harness.report.plots import draw, new_axes

    row = rows(3)[0]
    axis = new_axes()
    draw(axis, row)

    colours = {to_hex(one.get_facecolor()[0]).upper() for one in axis.collections}
    assert colours == {PALETTE[i] for i in range(6)}
    texts = [entry.get_text() for entry in axis.get_legend().get_texts()]
    assert texts == [
        f"interior, R² {row.interior.r2:.3f}: in",
        "test",
        f"exterior, R² {row.exterior.r2:.3f}: f02$x^$",
        "f00$x^$",
        "f01$x^$",
        "out",
    ]
    axis.figure.savefig(tmp_path / "plot.png")  # no formula
