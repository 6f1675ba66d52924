"""A section from a conftest's hook is a part of the run's report, in every writer."""

import json
import re
from pathlib import Path

from harness.cli import main
from harness.report.run_file.reopening import reopen
from harness.report.sections.gates import Gates
from tests.plugin.conftest import CONFTEST

SECTION = """
from dataclasses import dataclass
from harness.report.table import Column, Table

@dataclass(frozen=True)
class Seen:
    models: tuple[str, ...]
    base: str

class Models:
    name = "models"
    title = "models that were seen"

    def find(self, rows, context):
        assert context.run is not None
        names = tuple(sorted({row.model for row in rows}))
        return Seen(models=names, base=context.described["base"])

    def tables(self, found):
        columns = (Column(name="model"), Column(name="letters", form=".0f"))
        yield Table(columns=columns, rows=tuple((m, len(m)) for m in found.models))

    def quantities(self, found):
        return {"models": len(found.models)}

def pytest_harness_register(registry):
    registry.add_section(Models())
"""


def test_a_registered_section_is_in_every_report(toy, capsys):
    """Terminal, page, Markdown and JSON; and again in `harness report`, without it."""
    toy.makepyfile(sections=SECTION)
    toy.makeconftest(
        "import sections\n"
        + CONFTEST
        + "    sections.pytest_harness_register(registry)\n"
    )
    files = ("html", "md", "json")
    result = toy.runpytest_inprocess(
        *(f"--harness-report-{f}={f}.out" for f in files), "--harness-tables-csv=tables"
    )

    result.assert_outcomes(passed=28)
    result.stdout.fnmatch_lines(
        ["models that were seen", "*model*letters*", "*sharp*5"]
    )
    for name in ("html", "md"):
        assert "Models that were seen" in (toy.path / f"{name}.out").read_text()
    content = json.loads((toy.path / "json.out").read_text())
    assert content["sections"]["models"] == {"models": ["sharp", "soft"], "base": "toy"}
    assert content["shown"][0]["quantities"] == {"models": 2}
    written = (toy.path / "tables" / "models.csv").read_text()
    assert written == "model,letters\nsharp,5.0\nsoft,4.0\n"
    main(["report", "json.out", "--short"])
    assert "models that were seen" in capsys.readouterr().out


def test_a_gate_is_set_on_what_a_section_publishes(toy):
    """Judged as any other; a section that nobody registered is refused at once."""
    toy.makepyfile(sections=SECTION)
    toy.makeconftest(
        "import sections\n"
        + CONFTEST
        + "    sections.pytest_harness_register(registry)\n"
    )

    result = toy.runpytest_inprocess(
        "-knuclear",
        "--harness-gate=models.models >= 2",
        "--harness-gate=models.m* > 2",
        "--harness-report-json=r.json",
        "--junitxml=junit.xml",
    )

    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "  FAILED models.models > 2: models is 2, wanted > 2",
            "  passed models.models >= 2: models is 2 (>= 2)",
            "*14 passed, 14 deselected, 1 gate passed*",
        ]
    )
    again = reopen(toy.path / "r.json").of(Gates).verdicts
    assert [one.id for one in again] == [
        "gates::models.models >= 2",
        "gates::models.models > 2",
    ]
    result = toy.runpytest_inprocess("--harness-gate=model.models >= 2")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*unknown section 'model'; did you mean models?*"])


def test_a_section_that_raises_does_not_cost_the_report(toy):
    """The run passes, the section's name and error are said, files are written."""
    broken = SECTION.replace("return {", "raise KeyError('gone')\n        return {")
    toy.makepyfile(sections=broken)
    toy.makeconftest(
        "import sections\n"
        + CONFTEST
        + "    sections.pytest_harness_register(registry)\n"
    )
    result = toy.runpytest_inprocess("--harness-report-json=r.json")

    result.assert_outcomes(passed=28)
    result.stdout.fnmatch_lines(
        ["metrics compared", "section 'models' could not be made: KeyError: 'gone'"]
    )
    assert (toy.path / "r.json").exists()


def test_a_half_section_is_refused_at_the_start(toy):
    """By what it lacks, before anything is measured."""
    toy.makeconftest(
        CONFTEST + "    registry.add_section(type('Half', (), {'name': 'half'})())\n"
    )
    result = toy.runpytest_inprocess()

    assert result.ret != 0
    output = result.stdout.str() + result.stderr.str()
    assert "got a Half without 'title'" in output


def test_the_documented_section_can_be_written_so(toy):
    """The conftest of docs/sections.md adds its table, and has its quantities."""
    page = (Path(__file__).parents[2] / "docs" / "sections.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    toy.makepyfile(sections=code)
    toy.makeconftest(
        "import sections\n"
        + CONFTEST
        + "    sections.pytest_harness_register(registry)\n"
    )
    result = toy.runpytest_inprocess("--harness-report-json=r.json")

    result.stdout.fnmatch_lines(
        ["spread of the metrics", "*metric*mean*spread*", "*nuclear_norm*"]
    )
    content = json.loads((toy.path / "r.json").read_text())
    assert len(content["sections"]["spread"]["of"]) == 2
    assert set(content["shown"][0]["quantities"]) == {
        "spread of average_confidence",
        "spread of nuclear_norm",
    }
