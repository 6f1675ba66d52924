"""Names and reasons that would be more: through every writer they stay text."""

import csv
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from harness.analysis.assumptions import Doubt, Finding
from harness.analysis.correlation import Undefined
from harness.errors import HarnessError
from harness.printable import printable
from harness.queries import safe_name
from harness.report.files import write_files
from harness.report.html import page
from harness.report.markdown import markdown
from harness.report.portable import portable
from harness.report.run_file.reopening import reopen
from harness.report.run_file.table_files import read_csv
from harness.report.section import Shown
from harness.report.sections.assumptions import Assumptions
from harness.report.sections.losses import Loss, Losses
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
from tests.report.pages import measurements, sample, summary

PAYLOADS = {
    "html": "<img src=x onerror=alert(1)>",
    "script": "</script><script>alert(1)</script>",
    "entity": "&lt;b&gt;",
    "template": "{{ 7*7 }}{% raw %}{# gone #}",
    "link": "[click](javascript:alert(1))",
    "image": "![x](http://example.org/x.png)",
    "table": "a | b | **passed**",
    "emphasis": "*a* _b_ ~~c~~ `d`",
    "math": "$x^$",
    "formula": '=HYPERLINK("http://example.org")',
    "plus": "+1+1",
    "minus": "-2+3",
    "at": "@SUM(1)",
    "tab": "\t=1",
    "return": "\r=1",
    "apostrophe": "'=1",
    "escape": "\x1b[2J\x1bc",
    "c1": "\x9b31m",
    "bell": "\x07\x08\x00",
    "title": "\x1b]0;owned\x07",
    "line": "x\npassed everything\n",
    "separator": "x\u2028passed",
    "bidi": "\u202etfel\u2066",
    "surrogate": "\udc80",
}
NUMBER = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")
CONTROLS = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


@pytest.fixture(params=PAYLOADS)
def payload(request):
    """One of them."""
    return PAYLOADS[request.param]


@pytest.fixture
def found(payload):
    """A summary with it in every name, and in what was lost."""
    rows = [
        replace(m, model=payload, test=f"t.py::{payload}", family=payload)
        if m.model == "net0"
        else replace(m, dataset=payload)
        if m.dataset == "in0"
        else m
        for m in measurements(metrics=("rising", payload), models=2, datasets=4)
    ]
    lost = (Loss(test=f"t.py::{payload}", reason=payload, cells=(payload,)),)
    return summary(
        rows,
        Losses(failed=lost, skipped=lost, absent={payload: payload}),
        run={"base": payload, "models": [payload], "data": payload},
        temperatures={payload: 1.0},
        sections={payload: {payload: payload}},
        shown=(shown(payload), Shown(name="broken", title=payload, problem=payload)),
    )


def shown(payload):
    """A section with it wherever a text may be."""
    half = Estimate(value=0.5, low=0.25, high=0.75)
    columns = (
        Column(name=payload, unit=payload, group=payload),
        Column(name=payload, form=".1f", unit=payload),
    )
    return Shown(
        name=payload,
        title=payload,
        parts=(
            Table(columns=columns, rows=((payload, half),), note=payload),
            Table(
                columns=columns, rows=((payload, Undefined(payload)),), title=payload
            ),
            Curve(
                axis=payload,
                at=(payload, "2"),
                series=(Series(name=payload, values=(0.5, Undefined(payload))),),
                who=payload,
                value=payload,
                unit=payload,
                title=payload,
                note=payload,
            ),
            Text(text=payload),
            Table(
                columns=columns,
                rows=((Plotted(label=payload, model=payload), Said(text=payload)),),
                folded=payload,
            ),
        ),
        quantities={payload: 0.5},
    )


def test_a_terminal_gets_no_control_characters(found):
    """With colours and without; those of colours are rich's own."""
    assert not CONTROLS.search(report_text(found, width=120))
    coloured = report_text(found, width=120, colour=True)
    assert not CONTROLS.search(re.sub(r"\x1b\[[\d;]*m", "", coloured))
    assert "\x1b[2J" not in coloured


def test_markdown_stays_text(found):
    """Every mark stands behind a backslash, and every name on its line."""
    text = markdown(found)

    assert not CONTROLS.search(text)
    for mark in ("<", "[", "`", "*", "~", "$", "&"):
        ours = text.replace("**FAILED**", "")
        assert not re.search(rf"(?<!\\)(?:\\\\)*{re.escape(mark)}", ours), mark
    for block in text.split("\n\n"):
        if block.startswith("|"):  # a table: as many cells in every line
            lines = block.splitlines()
            assert len({len(re.findall(r"(?<!\\)\|", x)) for x in lines}) == 1
    assert not re.search(r"^passed everything", text, re.MULTILINE)


def test_csv_runs_nothing_and_reads_back(found, tmp_path):
    """No text begins as a formula does, numbers stay numbers, names come back."""
    write_files({"report_csv": tmp_path / "m.csv"}, found)
    with (tmp_path / "m.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))

    texts = [cell for row in rows for name, cell in row.items() if name != "value"]
    begin = ("=", "+", "-", "@", "\t", "\r")
    assert not [cell for cell in texts if cell.startswith(begin)]
    assert any(row["value"].startswith("-") for row in rows)
    again = read_csv(tmp_path / "m.csv")
    assert [m.value for m in again] == [m.value for m in found.measurements]
    known = {printable(m.model) for m in found.measurements}
    assert {m.model for m in again} == known


def test_tables_of_sections_run_nothing(found, tmp_path):
    """Neither as CSV nor as Parquet; heads are held to it as well."""
    pytest.importorskip("pyarrow")
    write_files({"tables_csv": tmp_path / "c", "tables_parquet": tmp_path / "p"}, found)

    tables = [path.read_text() for path in (tmp_path / "c").iterdir()]
    assert len(tables) == len(list((tmp_path / "p").iterdir())) == 8
    for text in tables:
        cells = [cell for row in csv.reader(text.splitlines()) for cell in row]
        texts = [cell for cell in cells if not NUMBER.fullmatch(cell)]
        assert not [t for t in texts if t.startswith(("=", "+", "-", "@", "\t", "\r"))]
        assert not CONTROLS.search(text)


def test_latex_has_no_command_of_theirs(found, tmp_path):
    """Nor does BibTeX an entry: all that is written stands behind a backslash."""
    write_files(
        {"tables_latex": tmp_path / "t", "report_bib": tmp_path / "m.bib"}, found
    )

    ours = re.compile(
        r"\\(?:begin|end|caption|label|multicolumn|cmidrule|resizebox|setlength|cite)"
        r"(?:\(lr\))?(?:\[htbp\])?\{[^{}\\]*|\\(?:text\w+|ldots)\{\}|\\char34"
        r"|\\(?:toprule|midrule|bottomrule|endfirsthead|endhead|addlinespace|centering"
        r"|small|smallskip|raggedright|footnotesize|scriptsize|par|linewidth|tabcolsep"
        r"|textsuperscript|usepackage)\b|\\[&%$#_{}\\]|\$(?:[+-]|\\\w+)\$"
    )
    tables = [p for p in (tmp_path / "t").glob("*.tex") if p.stem != "preview"]
    assert len(tables) == 8
    for path in tables:
        text = path.read_text()
        assert not CONTROLS.search(text)
        left = ours.sub("", text)
        assert "\\" not in left, left
        assert not re.search(r"(?m)(?<!^)(?<!\{)%|[#_^~$]", left), left
    assert not re.search(r"(?m)@", (tmp_path / "m.bib").read_text())


def test_a_page_stays_well_formed(found):
    """It has no element of theirs."""
    text = page(found)

    assert "<img" not in text
    assert "<script>alert" not in text


def test_what_looks_like_a_template_is_no_template():
    """Names stand in the page as they are, wherever a text may be."""
    name = PAYLOADS["template"]
    rows = [replace(m, model=name) for m in measurements(models=1)]
    text = page(summary(rows, shown=(shown(name),), run={"base": name, "x": name}))

    assert text.count(name) > 30
    assert "49" not in re.sub(r"[\d.:,e+-]{3,}", "", text.partition("<main>")[2][:2000])


def test_templates_are_loaded_when_a_page_is_written():
    """Other reports do without them."""
    code = (
        "import sys, harness.report.html, harness.report.terminal; "
        "assert 'jinja2' not in sys.modules; "
        "from harness.report.templates import filled; filled('plot.html', title=''); "
        "assert 'jinja2' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_pictures_stay_well_formed(tmp_path):
    """They are XML, and dollars are no formula."""
    pytest.importorskip("matplotlib")
    names = (PAYLOADS["math"], PAYLOADS["script"] + PAYLOADS["c1"])
    rows = [replace(m, model=names[0]) for m in measurements(names, 1, 4)]

    curves = tuple(map(shown, names))
    write_files({"plots": tmp_path / "plots"}, summary(rows, shown=curves))

    pictures = list((tmp_path / "plots").glob("*.svg"))
    assert len(pictures) == 5
    for picture in pictures:
        ET.parse(picture)


def test_json_from_elsewhere_is_shown_as_text(found, tmp_path):
    """What is read back can be shown anywhere: no new line, no control character."""
    write_files({"report_json": tmp_path / "r.json"}, found)

    again = reopen(tmp_path / "r.json")

    names = {m.model for m in again.measurements}
    names |= {loss.reason for loss in again.of(Losses).failed}
    assert all(name.isprintable() for name in names)
    assert not CONTROLS.search(report_text(again, width=100))


def test_names_and_errors_are_printable(payload):
    """Where a name is made of a path or a file's content; and in every message."""
    assert safe_name(payload).isprintable()
    assert not CONTROLS.search(str(HarnessError(payload)))


def test_what_names_no_path_is_written_as_it_is():
    """The words of enumerations too, which are compared as what they are."""
    worst = Finding(doubt=Doubt.IMAGES, model="net0", where="", value=2.0, warns=True)
    made = sample().having(Assumptions(assumptions=(worst,)))

    again = portable(made)

    assert again == made
    assert again.of(Assumptions).assumptions[0].doubt is Doubt.IMAGES


def test_files_hold_no_path_of_the_machine(tmp_path):
    """Of the data, and in reasons; addresses and relative paths stay."""
    place = "/home/me/data set/x.npy"
    reason = f"no {place}: see https://a.b/c/d"
    lost = Loss(test="tests/t.py::test", reason=reason, cells=())
    losses = Losses(failed=(lost,), absent={"far": f"looked at {place}, '/mnt/w/y.pt'"})
    made = replace(
        sample().having(losses),
        run={"base": "toy", "models": [], "data": place, "settings": {"x": [place]}},
        sections={"mine": {"read": [place]}},
        shown=(shown(reason), Shown(name="broken", title="", problem=reason)),
    )
    forms = ("report_json", "report_md", "report_html", "report_csv")
    write_files({form: tmp_path / form for form in forms}, made)

    for form in forms:
        text = (tmp_path / form).read_text()
        assert "/home/me" not in text, form
        assert "/mnt/w" not in text, form
    run = json.loads((tmp_path / "report_json").read_text())
    assert run["failed"][0]["test"] == "tests/t.py::test"
    assert run["failed"][0]["reason"].endswith("see https://a.b/c/d")
    assert run["absent"]["far"].endswith("'.../y.pt'")
