"""What the pages of docs/ tell users to write can be written."""

import io
import re
from pathlib import Path

import numpy as np
import pytest

from harness.analysis.gates import parse, parse_rule
from harness.analysis.gates.aggregates import ANY, OfFamily
from harness.analysis.gates.changes import STATISTICS as MOVING
from harness.analysis.gates.changes import VERBS
from harness.analysis.gates.fits import DOMAINS, STATISTICS, Fit
from harness.analysis.gates.predictions import BOUNDS, Predicted
from harness.analysis.gates.rows import WORDS, OfRows
from harness.analysis.gates.sections import OfSection
from harness.analysis.gates.texts import OPERATORS
from harness.answers.saving import About, packed
from harness.measurement import Domain
from harness.metrics.references import references_of
from harness.options import OPTIONS

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / "docs" / f"{name}.md"
    for name in (
        "data",
        "models",
        "paper",
        "reports",
        "robustness",
        "scale",
        "training",
    )
]


def examples(kind):
    """The lines of the reports page's fenced blocks of a kind, without comments."""
    text = (ROOT / "docs" / "reports.md").read_text()
    blocks = re.findall(rf"```{kind}\n(.*?)```", text, flags=re.DOTALL)
    return [line.partition("#")[0].strip() for b in blocks for line in b.splitlines()]


def quantities(gates, kind):
    """What those of the gates are set on that are of a kind."""
    return [gate.quantity for gate in gates if isinstance(gate.quantity, kind)]


def test_gates_can_be_parsed_and_show_every_form():
    """Every domain, statistic, operator, bound and way to name a model."""
    found = [parse(line) for line in examples("gate")]
    fits, targets = quantities(found, Fit), quantities(found, Predicted)

    assert {fit.domain for fit in fits} == set(DOMAINS)
    assert {fit.statistic for fit in fits} == set(STATISTICS.values())
    assert {gate.operator for gate in found} == set(OPERATORS)
    assert {"all", "*"} < {gate.model for gate in found}
    assert {target.bound for target in targets} == set(BOUNDS)
    assert {row.name for row in quantities(found, OfRows)} == set(WORDS)
    assert quantities(found, OfSection)
    assert {one.name for one in quantities(found, OfFamily)} > {ANY}
    assert {"interior", "*"} < {gate.datasets for gate in found}


def test_rules_can_be_parsed_and_show_every_form():
    """Every part, statistic and verb, with and without chance."""
    found = [parse_rule(line) for line in examples("rule")]
    moves = [rule.quantity for rule in found]

    assert {move.part for move in moves} == {None, *DOMAINS}
    assert {move.statistic for move in moves} == set(MOVING.values())
    assert {rule.operator for rule in found} == set(VERBS)
    assert {move.beyond_chance for move in moves} == {True, False}
    assert {"all", "*"} < {rule.model for rule in found}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_gates_and_rules_of_commands_can_be_parsed(page):
    """What stands in quotes after the options."""
    text = " ".join(page.read_text().split())

    for gate in re.findall(r"--harness-gate '([^']+)'", text):
        assert parse(gate)
    for rule in re.findall(r"--(?:harness-)?fail-on '([^']+)'", text):
        assert parse_rule(rule)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_options_exist(page):
    """Every --harness option and ini name."""
    text = page.read_text()
    known = {f"--harness-{option.name}" for option in OPTIONS}
    options = set(re.findall(r"--harness-[a-z]+(?:-[a-z]+)*", text))
    inis = set(re.findall(r"`(harness_[a-z_]+)", text))

    assert options
    assert options <= known
    assert inis <= {option.ini for option in OPTIONS}


def test_the_entry_of_the_paper_is_the_one_that_is_written():
    """And the arrays of a saved file are those that are told."""
    text = (ROOT / "docs" / "paper.md").read_text()
    (entry,) = re.findall(r"```bibtex\n(.*?)```", text, flags=re.DOTALL)
    (found,) = references_of("arXiv:2305.15640")
    about = About(model="m", dataset="d", family="f", domain=Domain.EXTERIOR, key="key")
    rows = np.arange(3)
    content = packed(about, np.eye(3, dtype=np.float32), rows, rows, ["a", "b", "c"])

    assert entry == found.entry
    told = re.findall(r"^\| `(\w+)` \|", text.partition("as NumPy reads it")[2], re.M)
    with np.load(io.BytesIO(content)) as file:
        assert told == [*sorted(file.files, key=told.index)]


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.stem
)
def test_links_lead_somewhere(page):
    """Every file that is linked to is there."""
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []
