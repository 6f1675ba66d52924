"""Curves: a table with the axis in its columns, and a picture, in every report."""

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from types import SimpleNamespace

import pytest

from harness.analysis.correlation import Undefined
from harness.measurement import Axes
from harness.report.files import write_files
from harness.report.html import page
from harness.report.markdown import markdown
from harness.report.section import Context, Shown
from harness.report.sections.along_axes import AlongAxesSection
from harness.report.table import Curve, Estimate, Series
from harness.report.terminal import report_text
from harness.report.writers.svg import curve_svg
from tests.report.pages import measurements, sample

CURVE = Curve(
    title="knn along k",
    axis="k",
    at=("1", "5", "20"),
    series=(
        Series(name="lenet", values=(0.5, None, 0.75)),
        Series(
            name="linear",
            values=(0.25, Estimate(value=0.5, low=0.4, high=0.6), Undefined("no k=20")),
        ),
    ),
    value="accuracy",
    unit="%",
    form=".1f",
    scale=100,
    note="On the test split.",
)


def with_curve(curve=CURVE):
    """The sample with a curve in a section."""
    return replace(
        sample(), shown=(Shown(name="knn", title="nearest neighbours", parts=(curve,)),)
    )


def test_text_reports_have_the_axis_in_the_columns():
    """Terminal and Markdown; a gap is a dash, and its reason stands below."""
    text = report_text(with_curve(), width=80)
    block = text[text.index("nearest neighbours") : text.index("On the test split.")]

    rows = [line.split() for line in block.splitlines()]
    assert ["lenet", "50.0", "-", "75.0"] in rows
    assert "  no k 20 of linear: no k=20" in block.splitlines()
    assert "| lenet | 50.0 | - | 75.0 |" in markdown(with_curve())


def test_long_axes_are_thinned_where_there_is_no_room():
    """The ends stay, and the report says how many there are; the page has them all."""
    places = tuple(str(i) for i in range(100))
    series = Series(name="net", values=tuple(i / 7 for i in range(100)))
    curve = replace(
        CURVE, axis="epoch", at=places, series=(series,), form=".2f", scale=1
    )
    made = with_curve(curve)

    text = report_text(made, width=160)
    assert "12 of 100 places along epoch are shown." in text
    assert "14.14" in text
    assert len(re.findall(r"<circle", page(made))) == 100
    assert page(made).count('scope="col"') > 100


def test_a_narrow_terminal_keeps_the_ends_of_an_axis():
    """Places between them go, with a word on it; no digit does."""
    places = tuple(str(i) for i in range(12))
    series = Series(name="net", values=tuple(i + 0.1234 for i in range(12)))
    curve = replace(CURVE, at=places, series=(series,), form=".4f", scale=1)

    text = report_text(with_curve(curve), width=60)

    assert "no room for" in text
    assert "0.1234" in text
    assert "11.1234" in text
    assert "…" not in text[text.index("nearest neighbours") :].split("On the")[0]


def test_the_picture_puts_numbers_at_their_size():
    """20 lies five times as far from 1 as 5 does, less one; a gap is no line."""
    picture = ET.fromstring(curve_svg(CURVE, "knn"))

    lines = picture.findall(".//polyline")
    assert [len(line.get("points").split()) for line in lines] == [1, 1, 2]
    across = [float(dot.get("cx")) for dot in picture.iter("circle")]
    first, last = across[0], across[1]
    fifth = across[3]
    assert (fifth - first) / (last - first) == pytest.approx(4 / 19, abs=1e-3)
    words = [word.text for word in picture.iter("text")]
    assert {"k", "accuracy (%)", "1", "5", "20"} <= set(words)
    legend = [
        entry.findtext(".") or "".join(entry.itertext()) for entry in picture.iter("li")
    ]
    assert [entry.strip() for entry in legend] == ["lenet", "linear"]


def test_the_picture_shows_intervals():
    """A line from the low to the high end, above and below the value."""
    picture = ET.fromstring(curve_svg(CURVE, "knn"))

    (bar,) = [one for one in picture.iter("line") if one.get("x1") == one.get("x2")]
    dot = [one for one in picture.iter("circle") if one.get("cx") == bar.get("x1")]
    middle = (float(bar.get("y1")) + float(bar.get("y2"))) / 2
    assert middle == pytest.approx(float(dot[0].get("cy")), abs=0.2)


def test_without_a_value_there_is_no_picture():
    """Nor an error."""
    none = replace(CURVE, series=(Series(name="net", values=(None,) * 3),))

    assert curve_svg(none, "knn") == ""
    assert '<figure class="curve">' not in page(with_curve(none))


def test_a_flat_curve_has_a_picture():
    """One value everywhere, or one place: no division by nothing."""
    flat = replace(CURVE, at=("1",), series=(Series(name="net", values=(0.0,)),))

    assert "nan" not in curve_svg(flat, "knn")


@pytest.mark.parametrize("value", [float("inf"), -1e308, float("nan")])
def test_what_no_picture_has_room_for_is_a_gap(value):
    """The others have one, and the table says the number."""
    curve = replace(CURVE, series=(Series(name="net", values=(1.0, value, 2.0)),))

    assert len(ET.fromstring(curve_svg(curve, "knn")).findall(".//circle")) == 2


def test_pictures_for_a_paper_have_the_curves(tmp_path):
    """PNG and SVG, called by the title; two of one title are two files."""
    pytest.importorskip("matplotlib")
    made = with_curve()
    shown = replace(made.shown[0], parts=(CURVE, CURVE))
    write_files({"plots": tmp_path}, replace(made, shown=(shown,)))

    names = {path.name for path in tmp_path.iterdir()}
    for stem in ("knn-along-k", "knn-along-k-2"):
        assert {f"{stem}.png", f"{stem}.svg"} <= names
    text = (tmp_path / "knn-along-k.svg").read_text()
    assert all(word in text for word in ("lenet", "linear", "accuracy (%)"))


def test_json_gives_a_curve_back(tmp_path):
    """Gaps, reasons and intervals too."""
    from harness.report.run_file.reopening import reopen

    write_files({"report_json": tmp_path / "r.json"}, with_curve())

    assert reopen(tmp_path / "r.json").shown == with_curve().shown
    content = json.loads((tmp_path / "r.json").read_text())
    assert content["shown"][0]["parts"][0]["series"][1]["values"][2] == {
        "reason": "no k=20"
    }


@pytest.mark.parametrize(
    ("layers", "order"),
    [
        (("body", "head", "stem"), ["stem", "body", "head"]),
        (("body-max", "head", "stem-max"), ["stem-max", "body-max", "head"]),
        (("body", "stem-max"), None),
        (("body", "elsewhere"), None),
    ],
)
def test_layers_stand_in_the_order_that_they_run(layers, order):
    """As each model says; layers pooled in two ways are no one line."""
    row = measurements(models=1, datasets=2)[0]
    rows = [replace(row, axes=Axes.of({"layer": layer})) for layer in layers]
    run = ("stem", "stem-max", "body", "body-max", "head")
    chosen = SimpleNamespace(
        models=("net0",),
        layers=SimpleNamespace(of=lambda _: run),
        registry=SimpleNamespace(sections=()),
    )

    found = AlongAxesSection().find(rows, Context(described={}, run=chosen))

    assert (list(found.curves[0].at) if found else None) == order
    assert AlongAxesSection().find(rows, Context(described={})) is None
