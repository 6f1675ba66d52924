"""The page as text: complete, escaped, and in need of nothing else."""

import json
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from harness.analysis.correlation import Undefined
from harness.analysis.fits.several_metrics import fit_plane
from harness.errors import HarnessError
from harness.measurement import Domain
from harness.report.html import page, write_html
from harness.report.sections.gates import Gates
from harness.report.sections.predictions import Predictions
from harness.report.sections.ranks import Ranks
from harness.report.terminal import report_text
from harness.report.words import WORDS
from tests.report.pages import ODD, measurements, sample, summary

EMPTY = {"meta", "link", "input", "br"}


class Reader(HTMLParser):
    """What is on the page: text by section, tables, attributes; checks the nesting."""

    def __init__(self):
        super().__init__()
        self.open, self.sections, self.tables = [], {}, {}
        self.attributes, self.data, self.label = [], "", ""

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.attributes.append((tag, found))
        if tag not in EMPTY:
            self.open.append((tag, found))
        if tag == "div" and found.get("role") == "region":
            self.label = found["aria-label"]
            self.tables[self.label] = []
        if tag == "tr":
            self.tables[self.label].append([])
        if tag in ("td", "th"):
            self.tables[self.label][-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, text):
        names = [tag for tag, _ in self.open]
        if names[-1:] == ["script"]:
            self.data += text if "id" in self.open[-1][1] else ""
            return
        section = next((a.get("id") for t, a in self.open if t == "section"), "")
        self.sections[section] = self.sections.get(section, "") + text
        if "td" in names or "th" in names:
            self.tables[self.label][-1][-1] += text


def read(text):
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert not reader.open
    return reader


@pytest.fixture(scope="module")
def sampled():
    return sample()


@pytest.fixture(scope="module")
def reader(sampled):
    return read(page(sampled))


def test_parts_come_in_the_order_in_which_they_are_read(reader):
    parts = [a["id"] for tag, a in reader.attributes if tag == "section"]

    assert parts == [
        "gates",
        "predictions",
        "comparison",
        "accuracies",
        "ranks",
        "plot",
        "correlations",
        "lines",
        "found",
        "missing",
        "settings",
        "words",
    ]


def test_the_opening_counts(reader):
    text = reader.sections[""]

    assert "Accuracy without labels: toy" in text
    assert "models (8)net0, net1" in text
    assert "datasets25" in text
    assert "cells400 measured" in text


def test_gates_that_failed_come_first_with_reasons(sampled, reader):
    text = reader.sections["gates"]

    verdicts = sampled.of(Gates).verdicts
    failed = [v for v in verdicts if not v.passed]
    assert f"{len(failed)} of {len(verdicts)} gates FAILED" in text
    assert text.rindex("FAILED") < text.index("passed")
    for verdict in verdicts:
        assert verdict.reason in text


def test_numbers_are_those_of_the_analysis(sampled, reader):
    row = next(
        r for r in sampled.correlations if r.metric == "rising" and r.model == "net3"
    )
    cells = next(
        cells
        for cells in reader.tables["Every metric and model"]
        if cells[:2] == ["rising", "net3"]
    )
    assert cells[2:] == [
        text
        for fit in (row.interior, row.exterior, row.transfer)
        for text in (
            str(fit.n),
            f"{fit.r2:.3f}",
            f"{100 * fit.rmse:.2f}",
            f"{fit.spearman:+.3f}",
        )
    ]
    ranks = [cells[0] for cells in reader.tables["Metrics compared"][2:]]
    assert ranks == [rank.metric for rank in sampled.of(Ranks).ranks]


def test_predictions_have_intervals(sampled, reader):
    one = next(
        p
        for p in sampled.of(Predictions).predictions
        if p.model == "net0" and len(p.predictor.metrics) == 2
    )
    cells = next(
        cells
        for cells in reader.tables["Predicted accuracy"]
        if cells[:3] == ["night", "net0", "all 2 metrics"]
    )
    found = one.prediction
    assert cells[3:5] == [
        f"{100 * found.accuracy:.1f}{'' if found.inside else '!'}",
        f"{100 * found.low:.1f} to {100 * found.high:.1f}",
    ]


def test_what_moved_since_the_earlier_run_is_listed(reader):
    rows = reader.tables["Compared with before"]

    cells = next(c for c in rows if c[:3] == ["rising", "net1", "interior ρ"])
    assert float(cells[3]) == -float(cells[4]) < 0
    assert float(cells[5]) == pytest.approx(2 * float(cells[4]), abs=0.002)
    assert {c[1] for c in rows[1:]} <= {"net1", "all"}


def test_long_lists_of_gates_are_folded(sampled):
    many = sampled.of(Gates).verdicts * 10

    reader = read(page(summary([], Gates(verdicts=many))))
    text = reader.sections["gates"]
    assert f"{sum(not v.passed for v in many) - 12} more FAILED" in text
    assert f"{sum(v.passed for v in many)} passed" in text


def test_what_is_missing_is_said_with_its_reason(reader):
    text = reader.sections["missing"]

    assert f"without a value: test_a {ODD}net0-in0" in text
    assert "skipped: test_b no head5 cells" in text
    assert "left out: far not found" in text


def test_names_stay_text(sampled):
    text = page(sampled)

    assert ODD not in text
    assert "</" not in read(text).data
    reader = read(text)
    assert ODD in reader.sections["lines"]
    assert ODD in {name for name, *_ in json.loads(reader.data)["datasets"]}


def test_a_name_cannot_end_the_data():
    for name in ("</script><script>alert(1)</script>", "<!--<script>"):
        found = [
            replace(m, dataset=name) if m.dataset == "in0" else m
            for m in measurements(models=1)
        ]
        text = page(summary(found))
        assert text.count("<script") == 2
        assert "<!--" not in text
        names = {n for n, *_ in json.loads(read(text).data)["datasets"]}
        assert name in names


def test_the_page_asks_for_nothing(reader):
    for tag, attributes in reader.attributes:
        assert "src" not in attributes, tag
        assert attributes.get("href", "#").startswith(("#", "data:,"))
    policies = [a for _, a in reader.attributes if "http-equiv" in a]
    assert "default-src 'none'" in policies[0]["content"]


def test_the_band_is_the_interval_that_predictions_have(sampled, reader):
    """Half widths from the page's numbers, against those of the fitted plane."""
    data = json.loads(reader.data)
    line = next(r for r in data["metrics"]["rising"] if r["model"] == "net0")
    line = line["interior"]
    row = next(
        r for r in sampled.correlations if r.metric == "rising" and r.model == "net0"
    )
    points = row.of(Domain.INTERIOR)
    plane = fit_plane([[p.x] for p in points], [p.y for p in points], ridge=0.0)
    assert not isinstance(plane, Undefined)
    for x in (line["x_mean"], line["x_mean"] + line["x_sd"] / 2):
        away = (x - line["x_mean"]) / line["x_sd"]
        half = line["ts"] * (1 + (1 + away**2) / line["n"]) ** 0.5
        middle = line["y_mean"] + line["slope"] * (x - line["x_mean"])
        (expected,) = plane.predictions([[x]])
        assert (middle - half, middle + half) == pytest.approx(
            (expected.low, expected.high)
        )


def test_points_are_written_once():
    """A hundred metrics of ten models are a few megabytes, not tens."""
    names = [f"metric_{i:03}" for i in range(100)]
    found = measurements(metrics=names, models=10, datasets=30)

    text = page(summary(found))

    data = json.loads(read(text).data)
    rows = [row for rows in data["metrics"].values() for row in rows]
    assert len(rows) == 1100
    assert sum(len(row["points"]) for row in rows) == len(found)
    assert len(text) < 5e6


def test_a_run_without_anything_is_a_page():
    text = page(summary([], run={}))

    assert "cellsnone" in read(text).sections[""]


def test_fits_that_do_not_exist_say_why():
    """Of one domain in the table; where there is none at all a sentence is enough."""
    few = [m for m in measurements(models=1) if m.dataset in ("in0", "in1", "out0")]
    more = [
        m for m in measurements(models=1) if m.family == "in" or m.dataset == "out0"
    ]

    reader = read(page(summary(few)))
    assert "Every metric and model" not in reader.tables
    assert reader.sections["correlations"] == (
        "Every metric and model"
        "no line of any metric on the interior: a fit needs at least 3 datasets, got 2"
        "no line of any metric on the exterior: a fit needs at least 3 datasets, got 1"
    )
    reader = read(page(summary(more)))
    assert reader.tables["Every metric and model"][-1][6:10] == ["-"] * 4
    assert "a fit needs at least 3 datasets, got 1" in reader.sections["correlations"]


def test_scores_with_labels_are_in_no_table_of_lines():
    """A suite's own measures, which its section shows."""
    rows = [replace(m, label_free=False) for m in measurements(models=2)]

    assert "correlations" not in read(page(summary(rows))).sections


def test_it_is_called_what_it_is_about(sampled):
    """And names the models that anything was measured of."""
    run = {"base": "toy", "models": ["net1", "unused", "net0"]}
    found = measurements(models=2)

    reader = read(page(summary(found, run=run, title="<b>robustness")))

    assert "\n<b>robustness: toy" in reader.sections[""]
    assert "models (2)net1, net0" in reader.sections[""]


def test_every_word_of_the_glossary_is_there_and_linked(reader):
    links = [a["href"] for tag, a in reader.attributes if tag == "a"]

    assert links[0] == "#words"
    assert {word for word, _ in reader.tables["Words"]} == WORDS.keys()


def test_what_metrics_are_compared_by_is_said_in_the_words_of_the_table(reader):
    """Those of a terminal are shorter."""
    groups, names, *_ = reader.tables["Metrics compared"]
    heads = " ".join([*groups, *names])
    text = reader.sections["ranks"]

    for word in ("MAE as it is", "exterior", "interior", "95 %", "cost"):
        assert word in heads
        assert f"{word}:" in text or f"{word}, " in text
    for word in ("raw:", "ms:", "int., ext.:"):
        assert word not in text
    shown = report_text(sample(), width=200)
    assert "raw: MAE" in shown
    assert "MAE as it is:" not in shown


def test_colours_tell_families_apart():
    """The largest of each domain has its line's colour; the smallest ones share one."""
    rows = [
        replace(m, family=f"f{m.dataset[3:].zfill(2)}")
        if m.dataset.startswith("out") and m.dataset != "out0"
        else m
        for m in measurements(models=1)
    ]
    data = json.loads(read(page(summary(rows))).data)

    colours = {family: colour for _, family, _, _, colour in data["datasets"]}
    assert colours["in"] == 0
    assert colours["out"] == 1  # out0 and the odd one
    assert [colours[f"f{i:02}"] for i in range(1, 11)] == [2, 3, 4, 5, *[6] * 6]
    assert colours["test"] == data["others"] == 6
    assert colours["night"] is None


def test_a_place_that_cannot_be_is_an_error(tmp_path, sampled):
    (tmp_path / "file").write_text("")

    with pytest.raises(HarnessError, match="cannot be written"):
        write_html(tmp_path / "file" / "page.html", sampled)
