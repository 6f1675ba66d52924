"""What the pages of docs/ tell users to write can be written."""

import re
from pathlib import Path

import pytest

from harness.analysis.fail_on import RULE_STATISTICS, VERBS, Rule, parse_rule
from harness.analysis.gate_syntax import DOMAINS, OPERATORS, STATISTICS, Gate
from harness.analysis.gates import parse_gate
from harness.analysis.target_gates import (
    BOUNDS,
    TargetGate,
    is_target_gate,
    parse_target_gate,
)
from harness.options import OPTIONS

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / "docs" / f"{name}.md" for name in ("data", "models", "reports", "training")
]


def examples(kind):
    """The lines of the reports page's fenced blocks of a kind, without comments."""
    text = (ROOT / "docs" / "reports.md").read_text()
    blocks = re.findall(rf"```{kind}\n(.*?)```", text, flags=re.DOTALL)
    return [line.partition("#")[0].strip() for b in blocks for line in b.splitlines()]


def parsed(text):
    """The gate that a line describes, of either kind."""
    return parse_target_gate(text) if is_target_gate(text) else parse_gate(text)


def test_gates_can_be_parsed_and_show_every_form():
    """Every domain, statistic, operator, bound and way to name a model."""
    lines = examples("gate")
    found = [parsed(line) for line in lines]
    correlations = [gate for gate in found if isinstance(gate, Gate)]
    targets = [gate for gate in found if isinstance(gate, TargetGate)]

    assert {gate.domain for gate in correlations} == set(DOMAINS)
    assert {gate.statistic for gate in correlations} == set(STATISTICS.values())
    assert {gate.operator for gate in correlations} == set(OPERATORS)
    assert {"all", "*"} < {gate.model for gate in correlations}
    assert {gate.bound for gate in targets} == set(BOUNDS)
    assert any(gate.metric for gate in targets)
    assert any(gate.model != "*" for gate in targets)


def test_rules_can_be_parsed_and_show_every_form():
    """Every part, statistic and verb, with and without chance."""
    found: list[Rule] = [parse_rule(line) for line in examples("rule")]

    assert {rule.part for rule in found} == {None, *DOMAINS}
    assert {rule.statistic for rule in found} == set(RULE_STATISTICS.values())
    assert {rule.verb for rule in found} == set(VERBS)
    assert {rule.beyond_chance for rule in found} == {True, False}
    assert {"all", "*"} < {rule.model for rule in found}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_gates_and_rules_of_commands_can_be_parsed(page):
    """What stands in quotes after the options."""
    text = " ".join(page.read_text().split())

    for gate in re.findall(r"--harness-gate '([^']+)'", text):
        assert parsed(gate)
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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    """Every file that is linked to is there."""
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []
