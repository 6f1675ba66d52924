"""The table of metrics compared: in every writer, at every width, with its reasons."""

import csv
import json
from dataclasses import replace

import pytest

from harness.analysis.correlation import Undefined
from harness.measurement import Domain
from harness.report.files import write_files
from harness.report.run_file.reopening import reopen, write_json
from harness.report.sections.ranks import Ranks, RanksSection
from harness.report.terminal import report_text
from harness.report.text import rendered
from harness.report.writers.markdown import section_markdown
from harness.report.writers.terminal import section_lines
from tests.analysis.test_ranking import many
from tests.report.pages import summary

LONG = "a_metric_of_25_characters"


@pytest.fixture(scope="module")
def found():
    """Four metrics that were compared on six kinds; one has a long name."""
    return summary([replace(m, metric=LONG) if m.metric == "m2" else m for m in many()])


@pytest.fixture(scope="module")
def without():
    """The same without kinds."""
    return summary([replace(m, traits={}) for m in many()])


def lines(found, width=80):
    """The section on a terminal."""
    shown = RanksSection().shown(found.of(Ranks))
    return rendered(section_lines(shown, width), width=width).splitlines()[1:]


def test_eighty_columns_hold_what_the_order_is_by(found):
    """Errors of lines and of raw estimates, and both intervals."""
    text = lines(found)

    assert text[1].split() == ["kinds"] * 3 + ["line"] * 3 + ["ext."]
    assert " ".join(text[2].split()) == "metric MAE 95 % raw R² 95 % MAE raw"
    assert max(map(len, text)) <= 80
    cells = [line.split() for line in text[4:8]]
    ranks = found.of(Ranks).ranks
    assert [c[0] for c in cells] == [one.metric for one in ranks]
    marks = [c[1].endswith("=") for c in cells]
    assert marks == [one.as_good for one in ranks] == [True, True, False, False]
    for row, one in zip(cells, ranks, strict=True):
        assert float(row[1].rstrip("=")) == pytest.approx(
            100 * one.kind_error, abs=5e-3
        )
        interval = one.kind_interval
        low, high = map(float, row[2].strip("[]").split(","))
        assert (low, high) == pytest.approx(
            (100 * interval.low, 100 * interval.high), rel=0.06
        )
        raw = "-" if one.kind_raw is None else f"{100 * one.kind_raw:.2f}"
        assert row[3] == raw
        assert row[-2] == f"{100 * one.transfer_mae:.2f}"
    places = {line.index(".", 28) for line in text[4:8]}
    assert len(places) == 1  # of all points, with a mark or without


@pytest.mark.parametrize("width", [40, 60, 72, 79, 80, 100, 120, 160])
def test_no_line_is_too_wide_and_the_first_column_stays(found, width):
    text = lines(found, width)
    assert max(map(len, text)) <= width
    assert "kinds" in text[1]
    assert all("=" in line for line in text[4:6])


def test_all_columns_of_before_are_there_where_there_is_room(found):
    heads = " ".join(lines(found, 160)[2].split())
    assert heads == "metric MAE 95 % raw R² 95 % MAE RMSE raw ρ R² R² 95 % ms"


def test_the_note_says_what_the_order_is_by(found, without):
    text = " ".join(lines(found))
    assert "the best first by MAE on left-out kinds" in text
    assert "=: no further behind the first than chance" in text
    other = " ".join(lines(without))
    assert "the best first by R² of the interior's line on the exterior" in other
    assert "needs at least 3 kinds of datasets" in other
    assert "=:" not in other
    assert "kinds" not in lines(without)[1]


def test_few_kinds_have_an_order_and_no_marks():
    rows = [m for m in many() if m.traits.get("corruption") not in ("fog", "frost")]
    few = summary(rows)
    text = " ".join(lines(few))
    assert "Which differences are real is not known" in text
    assert "at least 5 kinds, got 4 (blur, noise, snow, tilt)" in text
    assert "=" not in text.replace("=:", "")


def test_the_order_is_marked_on_the_column_that_it_is_by(found, without):
    orders = []
    for one in (found, without):
        table, *_ = RanksSection().tables(one.of(Ranks))
        orders.append({c.group: c.order for c in table.columns if c.order != "none"})
    assert orders == [
        {"left-out kinds": "ascending"},
        {"interior's line on exterior": "descending"},
    ]


def test_every_writer_has_the_numbers(found, tmp_path):
    """Files hold fractions and a column of marks; people read points."""
    write_files(
        {"tables_csv": tmp_path / "c", "report_html": tmp_path / "r.html"}, found
    )
    with (tmp_path / "c" / "ranks.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    ranks = found.of(Ranks).ranks
    for row, one in zip(rows, ranks, strict=True):
        assert float(row["left-out kinds MAE"]) == one.kind_error
        assert ("=" in row["left-out kinds MAE mark"]) is one.as_good
        assert float(row["left-out kinds 95 % low"]) == one.kind_interval.low
        assert row["left-out kinds MAE as it is"] == (
            "" if one.kind_raw is None else repr(one.kind_raw)
        )
        assert float(row["interior's line on exterior 95 % high"]) == (
            one.transfer_interval.high
        )
    shown = f"{100 * ranks[0].kind_error:.2f}="
    assert shown in (tmp_path / "r.html").read_text()
    markdown = section_markdown(RanksSection().shown(found.of(Ranks)))
    assert shown in markdown.replace("\\", "")
    assert "left-out kinds" in markdown


def test_a_report_of_before_has_its_order_and_says_so(found, tmp_path):
    """Keys that came later are read as if there were nothing to say under them."""
    later = ("transfer_interval", "transfer_mae", "behind")
    later += ("kind_error", "kind_interval", "kind_raw")
    path = tmp_path / "old.json"
    write_json(path, found)
    old = json.loads(path.read_text())
    for one in old["ranks"]:
        for key in later:
            del one[key]
    path.write_text(json.dumps(old))

    again = reopen(path)

    ranks = again.of(Ranks).ranks
    assert [one.metric for one in ranks] == [m["metric"] for m in old["ranks"]]
    assert all(isinstance(one.kind_interval, Undefined) for one in ranks)
    assert "does not say" in " ".join(lines(again))


def test_of_interiors_alone_intervals_of_their_fits_are_shown():
    """Where nothing is outside, the interior's own fit is what there is."""
    rows = [replace(m, traits={}) for m in many() if m.domain is Domain.INTERIOR]
    alone = summary(rows)
    first = alone.of(Ranks).ranks[0]
    interval = first.interior_interval
    assert interval.low < first.interior_r2 < interval.high
    text = report_text(alone, width=80)
    assert f"{first.interior_r2:.3f}" in text
