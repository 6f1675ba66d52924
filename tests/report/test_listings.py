"""Lists of gates: what failed is read first, and of much that passed how much it is."""

import pytest

from harness.report.section import Shown
from harness.report.table import MANY, Item, Listing
from harness.report.text import rendered
from harness.report.writers.markdown import section_markdown
from harness.report.writers.terminal import section_lines


def gates(passed, failed):
    """Passed ones first, as they were judged."""
    ends = [("passed", True)] * passed + [("FAILED", False)] * failed
    items = tuple(
        Item(word=word, name=f"gate {i}", text=f"r2 is {i}", fine=fine)
        for i, (word, fine) in enumerate(ends)
    )
    return Shown(name="gates", title="gates", parts=(Listing(items=items, of="gate"),))


def on_terminal(shown):
    return rendered(section_lines(shown, 80), width=80).strip().splitlines()


def test_what_failed_is_first():
    assert on_terminal(gates(2, 1)) == [
        "gates",
        "  FAILED gate 2: r2 is 2",
        "  passed gate 0: r2 is 0",
        "  passed gate 1: r2 is 1",
    ]
    lines = section_markdown(gates(2, 1)).splitlines()
    assert [line[2:8] for line in lines[-3:]] == ["**FAIL", "passed", "passed"]


@pytest.mark.parametrize("failed", [0, MANY + 1])
def test_many_that_passed_are_folded_and_none_that_failed(failed):
    lines = on_terminal(gates(MANY + 1, failed))
    assert [line[:8] for line in lines[1:-1]] == ["  FAILED"] * failed
    assert lines[-1] == f"  passed {MANY + 1}: gate 0, gate 1, gate 2 and 10 more"

    text = section_markdown(gates(MANY + 1, failed))
    above, _, folded = text.partition(f"<details><summary>{MANY + 1} passed</summary>")
    assert above.count("FAILED") == failed
    assert "passed" not in above
    assert folded.count("| passed |") == MANY + 1
    assert folded.endswith("</details>")


def test_as_many_as_can_be_read_are_all_there():
    assert len(on_terminal(gates(MANY, 0))) == 1 + MANY
    assert "<details>" not in section_markdown(gates(MANY, 0))
