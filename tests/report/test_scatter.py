"""The plot in letters: what lies where, and when there is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.correlation import correlate
from harness.measurement import Domain
from harness.report.scatter import scatter
from harness.report.terminal import report_text
from tests.report.test_terminal import measurement, summary

INSIDE = [(i / 4, 0.2 + 0.6 * i / 4) for i in range(5)]


def rows(inside, outside=(), metric="confidence", model="net"):
    """Cells at these places."""
    parts = ((Domain.INTERIOR, inside), (Domain.EXTERIOR, outside))
    return [
        measurement(metric, model, f"{domain}{i}", domain, x, y)
        for domain, places in parts
        for i, (x, y) in enumerate(places)
    ]


def plot(*places, **more):
    """The plot of cells at these places."""
    return scatter(correlate(rows(*places))[0], **more)


def test_a_plot_to_the_letter():
    """A line of five; one exterior on a corner, one on an interior point."""
    assert plot(INSIDE, [(0.0, 0.8), (0.5, 0.5)], width=21, height=5).splitlines() == [
        "accuracy (%) of net: o interior, ^ exterior, * both, . the interior's line",
        " 80.0 |^                 ..o",
        "      |             ..o..",
        " 50.0 |        ..*..",
        "      |   ..o..",
        " 20.0 |o..",
        "      +---------------------",
        "       0    confidence     1",
    ]


def test_a_constant_lies_in_the_middle_and_has_no_line():
    """Neither axis can be scaled by nothing."""
    assert plot([(0.5, 0.4)] * 5, width=9, height=3).splitlines()[1:4] == [
        "      |",
        " 40.0 |    o",
        "      |",
    ]


@given(
    places=st.lists(
        st.tuples(st.integers(-1000, 1000), st.integers(0, 100)),
        min_size=5,
        max_size=20,
    )
)
def test_it_is_ascii_in_its_frame(places):
    """Whatever the values are: 67 columns, 15 lines, at least one point."""
    places = [(x / 7, y / 100) for x, y in places]
    text = plot(places[:3], places[3:])
    lines = text.splitlines()

    assert text.isascii()
    assert len(lines) == 15
    assert max(map(len, lines[1:])) <= 67
    assert any(mark in "".join(lines[1:13]) for mark in "o^*")


@pytest.mark.parametrize(
    ("options", "count", "shown"),
    [
        ({"width": 80}, 5, True),
        ({"width": 79}, 5, False),
        ({"width": 80, "short": True}, 5, False),
        ({"width": 80}, 4, False),
    ],
)
def test_it_is_there_where_there_is_room_and_something_to_see(options, count, shown):
    """A full report, 80 columns, five datasets."""
    text = report_text(summary(rows(INSIDE[:count])), **options)

    assert ("o interior, ^ exterior" in text) is shown


def test_it_shows_the_best_metric_and_a_middling_model():
    """Not the model for which the metric works best, nor the one it fails for."""
    cells = []
    for model, off in (("good", 0.0), ("middling", 0.05), ("poor", 0.3)):
        outside = [(x, y - off) for x, y in INSIDE]
        cells += rows(INSIDE, outside, "steady", model)
        flipped = [(-x, y) for x, y in INSIDE]
        cells += rows(INSIDE, flipped, "turning", model)

    text = report_text(summary(cells), width=80)

    assert "accuracy (%) of middling:" in text
    assert " steady " in text.splitlines()[-1]
