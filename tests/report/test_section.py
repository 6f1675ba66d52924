"""Sections: every writer shows what they found, and an error costs only themselves."""

import json
from dataclasses import dataclass, replace

import pytest

from harness.analysis.correlation import Undefined
from harness.errors import HarnessError
from harness.registry import Registry
from harness.report.files import write_files
from harness.report.html import page
from harness.report.markdown import markdown
from harness.report.run_file.reopening import reopen
from harness.report.section import Context, Shown, shown_sections
from harness.report.sections.accuracies import NAME as ACCURACIES
from harness.report.sections.doubts import NAME as DOUBTS
from harness.report.sections.found import KEPT
from harness.report.sections.own import OTHERS, PAGE, PLOT, TERMINAL
from harness.report.table import (
    Column,
    Curve,
    Estimate,
    Plotted,
    Said,
    Series,
    Table,
    Text,
)
from harness.report.terminal import report_text
from tests.report.pages import sample

CONTEXT = Context(described={})
NAMES = (Column(name="name"),)


@dataclass(frozen=True)
class Counted:
    """What the toy section finds."""

    rows: int
    share: float
    worst: Undefined


class Toy:
    """A section with a part of each kind."""

    name = "toy"
    title = "counted rows"

    def find(self, rows, context):
        """The number of rows; nothing where there is none."""
        if not rows:
            return None
        return Counted(rows=len(rows), share=0.25, worst=Undefined("no labels"))

    def tables(self, found):
        """A table, a curve and a text."""
        yield Table(
            columns=(
                Column(name="model"),
                Column(name="rows", form=".0f"),
                Column(name="share", unit="%", form=".1f", scale=100, group="seen"),
                Column(name="worst", form=".1f", group="seen"),
            ),
            rows=(
                (
                    "net",
                    found.rows,
                    Estimate(value=found.share, low=0.2, high=0.3),
                    found.worst,
                ),
            ),
            note="Rows are counted.",
        )
        yield Curve(
            title="along k",
            axis="k",
            at=("1", "5"),
            series=(Series(name="net", values=(0.125, 0.5)),),
        )
        yield Text(text="That is all.")

    def quantities(self, found):
        """What can be gated on."""
        return {"rows": found.rows, "worst": found.worst}


def with_sections(*sections):
    """The sample's summary with these."""
    made = sample()
    found, shown = shown_sections(sections, made.measurements, CONTEXT)
    return replace(made, sections=found, shown=shown)


def test_the_terminal_shows_a_section():
    """Its title, its tables with the reasons of missing values, its text."""
    text = report_text(with_sections(Toy()), width=100)
    block = text[text.index("counted rows") : text.index("That is all.")]

    assert "25.0 [20.0, 30.0]" in block
    assert "  no seen worst of net: no labels" in block
    assert "Rows are counted." in block
    assert block.index("along k") < block.index("0.125")


def test_a_narrow_terminal_loses_columns_of_a_section():
    """The largest `goes` first, with a word on it."""

    class Wide(Toy):
        def tables(self, found):
            columns = [Column(name=f"column{i}", form=".3f", goes=i) for i in range(8)]
            row = ("net", *map(float, range(8)))
            yield Table(columns=(Column(name="model"), *columns), rows=(row,))

    text = report_text(with_sections(Wide()), width=60)

    assert "no room for column" in text
    assert "0.000" in text
    assert "7.000" not in text


def test_the_page_shows_a_section():
    """Under its title, sortable by the numbers themselves."""
    text = page(with_sections(Toy()))

    assert '<section id="section-toy"><h2>Counted rows</h2>' in text
    assert 'data-sort="0.25">25.0 [20.0, 30.0]' in text
    assert "<li>no seen worst of net: no labels</li>" in text
    assert "<h3>along k</h3>" in text


def test_markdown_shows_a_section():
    """A table in Markdown, its note below."""
    text = markdown(with_sections(Toy()))

    assert "### Counted rows\n\n| model | rows | seen share (%) |" in text
    assert "| net | 400 | 25.0 \\[20.0, 30.0\\] | - |" in text
    assert "| model | k 1 | k 5 |" in text


def test_json_holds_what_a_section_found_and_gives_its_tables_back(tmp_path):
    """Under its name as it is; the report again shows it without the section's code."""
    made = with_sections(Toy())
    write_files({"report_json": tmp_path / "r.json"}, made)

    content = json.loads((tmp_path / "r.json").read_text())
    again = reopen(tmp_path / "r.json")

    worst = {"reason": "no labels"}
    found = {"rows": 400, "share": 0.25, "worst": worst}
    assert content["sections"] == {"toy": found}
    assert again.shown == made.shown
    assert again.shown[0].quantities == {"rows": 400, "worst": Undefined("no labels")}
    assert page(again) == page(made)


def test_files_from_before_there_were_sections_are_read(tmp_path):
    """A file that lacks their keys has none."""
    write_files({"report_json": tmp_path / "r.json"}, sample())
    content = json.loads((tmp_path / "r.json").read_text())
    del content["sections"], content["shown"]
    (tmp_path / "r.json").write_text(json.dumps(content))

    assert reopen(tmp_path / "r.json").shown == ()


def test_a_section_that_finds_nothing_is_not_there():
    """No heading without a word below it."""
    assert shown_sections([Toy()], (), CONTEXT) == ({}, ())


def broken(**members):
    """A section in which something is wrong."""
    return type("Broken", (Toy,), {"name": "broken", **members})()


def fail(*_):
    """Raise."""
    raise RuntimeError("no <b>data</b>")


@dataclass(frozen=True)
class Holds:
    """Anything."""

    value: object


@pytest.mark.parametrize(
    ("section", "said"),
    [
        (broken(find=fail), "RuntimeError: no <b>data</b>"),
        (broken(tables=fail), "RuntimeError"),
        (broken(quantities=fail), "RuntimeError"),
        (broken(find=lambda *_: exit(3)), "SystemExit: 3"),
        (broken(find=lambda *_: pytest.skip("later")), "Skipped: later"),
        (broken(find=lambda *_: {"rows": 1}), "must return a dataclass or None, got"),
        (broken(find=lambda *_: Holds(object())), "not JSON serializable"),
        (broken(find=lambda *_: Holds(fail)), "not JSON serializable"),
        (
            broken(tables=lambda *_: ["text"]),
            "must yield Table, Curve, Text, Listing or Gallery of",
        ),
        (broken(tables=lambda *_: [Text(text=3)]), "parts[0].text must be str, got 3"),
        (broken(quantities=lambda *_: {"a": "b"}), "must be float or Undefined"),
        (
            broken(tables=lambda *_: [Table(columns=NAMES, rows=((True,),))]),
            "got True",
        ),
    ],
)
def test_a_section_that_raises_costs_only_itself(section, said, tmp_path):
    """Its name and the error stand in its place, and the others are there."""
    made = with_sections(section, Toy())

    problem, toy = made.shown
    assert said in problem.problem
    assert (problem.parts, toy.problem) == ((), "")
    assert set(made.sections) == {"toy"}
    text = report_text(made, width=100)
    assert "section 'broken' could not be made: " in text
    assert "That is all." in text
    assert "section &#39;broken&#39; could not be made" in page(made)
    assert "<b>data" not in page(made)
    assert "section 'broken' could not be made" in markdown(made)
    write_files({"report_json": tmp_path / "r.json"}, made)
    assert reopen(tmp_path / "r.json").shown == made.shown


def test_two_sections_of_one_name_are_not_mixed_up():
    """The second says so; the file has one key for both."""
    found, shown = shown_sections([Toy(), Toy()], sample().measurements, CONTEXT)

    assert set(found) == {"toy"}
    assert [one.problem for one in shown] == [
        "",
        "ValueError: another section has the name; choose a new one",
    ]


def shown_with(*parts):
    """The sample with a section of these parts."""
    return replace(sample(), shown=(Shown(name="s", title="parts", parts=parts),))


def test_parts_are_shown_where_they_are_meant_for():
    """Each writer has those of its own, and those of all."""
    made = shown_with(
        Text(text="for all"),
        Text(text="for terminals", where=("terminal",)),
        Text(text="for pages", where=("page", "markdown")),
    )

    reports = [report_text(made, width=80), page(made), markdown(made)]

    for text, told in (("for all", 3), ("for terminals", 1), ("for pages", 2)):
        assert sum(text in report for report in reports) == told
    assert "for terminals" in reports[0]


def test_tables_with_titles_stand_apart_on_a_terminal():
    """The first stands right below the section's title."""
    one, two = (Table(columns=NAMES, rows=(("net",),), title=t) for t in ("one", "two"))

    block = report_text(shown_with(one, two), width=80).partition("parts\n")[2]

    assert block.startswith("one\nname\n────\nnet\n\ntwo\nname\n")


def test_a_section_without_a_part_for_a_writer_is_not_there():
    """No heading without a word below it."""
    made = shown_with(Text(text="for terminals", where=("terminal",)))

    assert "parts" in report_text(made, width=80)
    assert "section-s" not in page(made)
    assert "### Parts" not in markdown(made)


def test_what_a_terminal_leaves_out_has_no_heading_there():
    table = Table(columns=NAMES, rows=(("net",),), folded="1 set", where=("page",))

    assert "parts" not in report_text(shown_with(table), width=80)


def test_a_folded_table_is_opened_on_the_page():
    """Under words of its own."""
    table = Table(columns=NAMES, rows=(("net",),), folded="1 that is fine", title="all")
    text = page(shown_with(table))

    assert "<details><summary>1 that is fine</summary>" in text
    assert "<h3>all</h3>" not in text


def test_numbers_in_words_are_sorted_as_numbers():
    """And the name of a metric leads to its plot."""
    columns = (Column(name="metric"), Column(name="held", align="right"))
    rows = ((Plotted(label="rising", model="net0"), Said(text="9 of 12", number=0.75)),)
    made = shown_with(Table(columns=columns, rows=rows))

    assert 'data-sort="0.75">9 of 12<' in page(made)
    link = '<a href="#plot" data-metric="rising" data-model="net0">rising</a>'
    assert link in page(made)
    assert "rising   9 of 12" in report_text(made, width=80)
    assert "| rising | 9 of 12 |" in markdown(made)


def test_close_numbers_stand_under_their_groups():
    """In one block, each below its own heading; else each group is a block."""
    columns = (
        Column(name="model"),
        Column(name="R²", form=".1f", group="int.", width=5),
        Column(name="ρ", form="+.1f", width=5),
    )
    table = Table(columns=columns, rows=(("net", 0.5, 0.5),), close=True)
    block = report_text(shown_with(table), width=80).partition("parts")[2]
    apart = report_text(shown_with(replace(table, close=False)), width=80)

    assert "net       0.5  +0.5" in block
    assert "net       0.5    +0.5" in apart


def test_what_is_found_is_not_nested_too_deep():
    """Or the file that holds it could not be read again."""
    deep = []
    for _ in range(30):
        deep = [deep]

    _, (shown,) = shown_sections([broken(find=lambda *_: Holds(deep))], (), CONTEXT)

    assert "must be nested 12 deep at most, got 32" in shown.problem


def test_an_interrupt_ends_the_report():
    """Somebody insists: that is no error of the section."""

    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shown_sections([broken(find=interrupt)], (), CONTEXT)


def test_a_section_is_registered_once_and_whole():
    """Two of a name would be one key of the file; what lacks a member is none."""
    registry = Registry()
    registry.add_section(Toy())

    with pytest.raises(HarnessError, match="section toy is registered twice"):
        registry.add_section(Toy())
    with pytest.raises(HarnessError, match="got a object without 'name'"):
        registry.add_section(object())
    assert [one.name for one in registry.sections] == ["toy"]


def test_every_section_of_the_harness_has_its_place():
    """On the page as on a terminal, each once."""
    names = sorted([*(one.name for one in KEPT), ACCURACIES, DOUBTS, OTHERS, PLOT])

    assert sorted(PAGE) == sorted(TERMINAL) == names
