"""The report as text: widths, colour, encodings, and reasons instead of nan."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.correlation import correlate
from harness.analysis.ranking import rank
from harness.measurement import Domain, Measurement
from harness.report.sections.losses import Loss, Losses
from harness.report.terminal import report_text
from tests.report.pages import summary


def measurement(metric, model, dataset, domain, value, accuracy, **more):
    """A cell with all that does not matter here filled in."""
    return Measurement(
        metric=metric,
        model=model,
        dataset=dataset,
        family=more.pop("family", "f"),
        domain=domain,
        value=value,
        accuracy=accuracy,
        images=100,
        seconds=0.002,
        key="k",
        **more,
    )


ROWS = [
    measurement("steady", "net", f"i{i}", Domain.INTERIOR, i / 10, 0.3 + i / 20)
    for i in range(5)
] + [
    measurement("steady", "net", f"e{i}", Domain.EXTERIOR, i / 10, 0.5 - i / 20)
    for i in range(4)
]


def test_a_table_to_the_letter():
    """Own fits are perfect lines; the interior's line fails on the exterior."""
    text = report_text(summary(ROWS), width=80)

    table = text[text.index("\nsteady\n") + 1 :].splitlines()[:6]
    # By hand: y = 0.3 + x/2 predicts .3 .35 .4 .45 where .5 .45 .4 .35 are true, so
    # SSE = .04 + .01 + 0 + .01 = .06 and SST = .0125; RMSE = sqrt(.015) = .1225.
    assert table == [
        "steady",
        "        interior                  exterior                  by int. line",
        "model     n     R²  RMSE      ρ     n     R²  RMSE      ρ       R²  RMSE",
        "─" * 72,
        "net       5  1.000  0.00 +1.000     4  1.000  0.00 -1.000   -3.800 12.25",
        "all       5  1.000  0.00 +1.000     4  1.000  0.00 -1.000   -3.800 12.25",
    ]


@pytest.mark.parametrize("width", [60, 80, 99, 100, 200])
def test_no_line_is_wider_than_the_terminal(width):
    """At 80 columns nothing is cut; narrower ones lose letters, never run over."""
    text = report_text(summary(ROWS), width=width)

    assert max(map(len, text.splitlines())) <= width
    if width >= 80:
        assert "…" not in text


def test_no_colour_means_no_escape_codes():
    """And colour means some."""
    assert "\x1b" not in report_text(summary(ROWS), width=80)
    assert "\x1b[" in report_text(summary(ROWS), width=80, colour=True)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8", "nonsense"])
def test_a_stream_without_greek_gets_words(encoding):
    """The text can always be written."""
    text = report_text(summary(ROWS), width=80, encoding=encoding)

    if encoding == "utf-8":
        assert "ρ" in text
    else:
        text.encode("ascii")
        assert "rho" in text
        assert "R2" in text
        assert "?" not in text


def test_what_cannot_be_fitted_says_why():
    """Two datasets, a constant metric: words, and never nan."""
    rows = [
        measurement("flat", "net", f"i{i}", Domain.INTERIOR, 0.5, 0.3 + i / 20)
        for i in range(4)
    ] + [
        measurement("flat", "net", f"e{i}", Domain.EXTERIOR, i, 0.3 + i / 20)
        for i in range(2)
    ]

    text = report_text(summary(rows), width=100)

    assert "nan" not in text
    assert "at least 3 datasets, got 2" in text
    assert "0.5 on all 4 datasets" in text


def test_what_was_lost_and_left_out_is_named():
    """Failures and skips by reason, with the cells; absent families with the cure."""
    lost = Loss(
        test="suites/t.py::test_broken", reason="it broke", cells=tuple("abcde")
    )
    text = report_text(
        summary(
            ROWS,
            Losses(failed=(lost,), absent={"mnist": "not found; set --x"}),
            interrupted=True,
        ),
        width=100,
    )

    assert "without a value: test_broken [a, b, c and 2 more]: it broke" in text
    assert "left out: mnist: not found; set --x" in text
    assert "interrupted; cells: 9 measured" in text


def test_metrics_are_ranked_by_how_they_transfer():
    """The one whose interior line holds outside comes first."""
    other = [
        measurement(
            "honest",
            m.model,
            m.dataset,
            m.domain,
            m.accuracy + 0.01,
            m.accuracy,
            estimate=True,
        )
        for m in ROWS
    ]

    ranks = rank(correlate([*ROWS, *other]), [*ROWS, *other])

    assert [one.metric for one in ranks] == ["honest", "steady"]
    assert ranks[0].mae == pytest.approx(0.01)
    assert ranks[0].transfer_r2 == pytest.approx(1)
    assert ranks[1].mae is None
    assert ranks[1].seconds == pytest.approx(0.002)


@given(order=st.permutations(ROWS))
def test_the_report_does_not_depend_on_the_order_of_measurements(order):
    """Workers deliver them in any."""
    assert report_text(summary(order), width=80) == report_text(summary(ROWS), width=80)


def test_sections_without_content_are_not_printed():
    """Of one dataset there is no fit to explain and nothing to compare."""
    rows = [
        measurement(metric, "net", "i0", Domain.INTERIOR, 0.5, 0.5)
        for metric in ("one", "two")
    ]
    text = report_text(summary(rows), width=120)

    assert "no line of any metric on the interior: a fit needs at least 3" in text
    assert "RMSE in points" not in text
    assert "metrics compared" not in text
    nothing = report_text(summary([]), width=120)
    assert nothing.strip() == "cells: none"


def test_a_line_that_fails_badly_keeps_to_its_columns():
    """R² of prediction has no lower bound, and the comparison one line a metric."""
    rows = [
        replace(row, metric=metric, value=1e4 * row.value)
        if row.domain is Domain.EXTERIOR
        else replace(row, metric=metric)
        for metric in ("a_name_of_twenty_letters_", "steady")
        for row in ROWS
    ]
    text = report_text(summary(rows), width=80)

    table = text[text.index("metrics compared") :].splitlines()[1:6]
    assert [line.split()[0] for line in table[3:]] == [
        "a_name_of_twenty_letters_",
        "steady",
    ]
    assert " -3e+08 " in table[4]
