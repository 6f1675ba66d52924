"""Tables in narrow terminals: fewer columns, whole numbers, names that differ."""

import re
from dataclasses import replace

import pytest

from harness.analysis.detail import detail
from harness.report.columns import Block, Columns, Names, Number
from harness.report.sections.details import Details
from harness.report.terminal import report_text
from harness.report.text import rendered
from tests.report.pages import measurements, sample, summary


@pytest.fixture(scope="module")
def everything():
    """A summary in which every table has something to say."""
    found = sample()
    chosen = (found.correlations[0], found.correlations[-1])
    return found.having(Details(details=tuple(map(detail, chosen))))


def numbers(text):
    """What reads as a number in a text."""
    return set(re.findall(r"[-+]?\d+\.?\d*", text))


@pytest.mark.parametrize("width", [40, 47, 55, 60, 66, 72, 79, 80, 100])
def test_every_number_is_one_of_the_full_report(everything, width):
    """None is cut, whatever the width, and no line is wider than the terminal."""
    text = report_text(everything, width=width)

    assert numbers(text) <= numbers(report_text(everything, width=300))
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text


def test_what_there_is_no_room_for_is_named(everything):
    """R² of the interior's line on the exterior stays to the last."""
    text = report_text(everything, width=40)

    assert "no room for n, RMSE, ρ" in text
    assert re.search(r"model +R² +R² +R²\n─+\nnet0 +0\.969 +0\.882 +0\.856", text)
    assert re.findall("no room.*", report_text(everything, width=80)) == [
        "no room for int. 95 %"  # of the comparison; else nothing is lost
    ]
    assert "no room" not in report_text(everything, width=100)


def test_names_are_cut_only_where_they_can_be_told_apart():
    """At their end if that is enough, else before their end, else not at all."""
    rows = [
        replace(m, model=f"published_network_of_{m.model}")
        for m in measurements(models=3)
    ]
    text = report_text(summary(rows), width=80)

    for model in ("net0", "net1", "net2"):
        assert re.search(rf"\npublis[a-z_]*…[a-z_]*{model[-1]} +12 ", text)


def test_names_share_a_column_where_each_has_no_room():
    """Joined by commas, folded between words."""
    table = Columns(
        names=tuple(Names(head=f"name {i}", widest=12) for i in range(3)),
        blocks=(Block(numbers=(Number(name="value", width=9),)),),
    )
    table.add(("somewhere", "something", "somehow"), ("12345.678",))

    assert rendered([table], width=30).splitlines()[3:] == [
        "somewhere,           12345.678",
        "something, somehow",
    ]


def test_a_metric_longer_than_its_table_stands_above_it():
    """Values along axes are not cut either."""
    rows = [replace(m, metric="a" * 60) for m in measurements(("rising",), models=1)]

    assert "a" * 60 + "\n" in report_text(summary(rows), width=66)


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (40, ["name       count   what", "resnet20   1,234   a residual network"]),
        (30, ["name       count   what", "resnet20   1,234   a residual"]),
        (22, ["name       what", "resnet20   a residual"]),
    ],
)
def test_texts_behind_numbers_are_folded_and_names_stay_whole(width, lines):
    """Numbers go before a name is cut, or the text has fewer than eight letters."""
    table = Columns(
        names=(
            Names(head="name", widest=60, whole=True),
            Names(head="what", widest=1000, last=True),
        ),
        blocks=(Block(numbers=(Number(name="count", goes=1),)),),
    )
    table.add(("resnet20", "a residual network"), ("1,234",))

    text = rendered([table], width=width).splitlines()

    assert [text[0], text[2]] == lines


def test_a_long_name_takes_what_a_short_one_leaves():
    """Half of the room is too narrow for it, and both fit."""
    numbers = (Number(name="score", width=6),)
    table = Columns(
        names=tuple(Names(head=h, widest=24, cut=True) for h in ("task", "model")),
        blocks=(Block(numbers=numbers),),
    )
    for task in ("jigsaw-2x2-4", "jigsaw-2x2-8"):
        table.add((task, "nin"), ("0.500",))

    assert "jigsaw-2x2-4   nin" in rendered([table], width=30)


def test_a_very_long_name_is_cut_in_its_middle_where_it_stays_apart():
    """Files have it whole; a text of several words is no name."""
    a, b = "a" * 200, "a" * 100 + "b" * 100
    names = Names(head="dataset", widest=16)
    table = Columns(names=(names,), blocks=(Block(numbers=(Number(name="n"),)),))
    for name in (a, b, "words " * 20):
        table.add((name,), ("1",))
    text = rendered([table], width=80)

    assert text.count("\u2026") == 2
    assert text.count("b") == 23
    assert text.count("words") == 20
    assert max(map(len, text.splitlines())) <= 80

    table.rows.clear()
    alike = ["a" * 100 + middle + "a" * 100 for middle in "bc"]
    for name in alike:
        table.add((name,), ("1",))
    assert "\u2026" not in rendered([table], width=80)
