"""The gates, judged: on the terminal all, on the page those that failed first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from harness.report.markup import Html, folded, section, tag
from harness.report.writers.markdown import escaped, grid

if TYPE_CHECKING:
    from rich.console import RenderableType

    from harness.analysis.gates import Verdict
    from harness.report.summary import Summary

_MANY = 12  # longer lists are folded


def verdict_lines(verdicts: Sequence[Verdict]) -> Iterable[RenderableType]:
    """Each gate and rule with what came of it."""
    from rich.text import Text

    if not verdicts:
        return
    yield ""
    yield Text("gates", style="bold")
    for verdict in verdicts:
        word, style = ("passed", "green") if verdict.passed else ("FAILED", "red")
        yield Text.assemble(
            (f"  {word} ", style),
            f"{verdict.id.partition('::')[2]}: {verdict.reason}",
        )


def gates_html(summary: Summary) -> Html:
    """Verdicts, those that failed first; many that passed are folded."""
    if not summary.verdicts:
        return Html("")
    failed = [v for v in summary.verdicts if not v.passed]
    passed = [v for v in summary.verdicts if v.passed]
    if failed:
        headline = f"{len(failed)} of {len(summary.verdicts)} gates FAILED"
    else:
        headline = f"All {len(passed)} gates passed"
    parts = [tag("p", headline, class_=f"verdict {'failed' if failed else 'passed'}")]
    if failed:
        parts.append(_verdicts(failed[:_MANY]))
    if more := failed[_MANY:]:
        parts.append(folded(f"{len(more)} more FAILED", _verdicts(more)))
    if passed:
        found = _verdicts(passed)
        long = len(passed) > _MANY
        parts.append(folded(f"{len(passed)} passed", found) if long else found)
    return section("Gates", *parts, id_="gates")


def _verdicts(verdicts: Sequence[Verdict]) -> Html:
    return tag("ul", *map(_verdict, verdicts), class_="gates")


def _verdict(verdict: Verdict) -> Html:
    word = "passed" if verdict.passed else "FAILED"
    return tag(
        "li",
        tag("b", word, class_="passed" if verdict.passed else "failed"),
        " ",
        tag("code", verdict.id.partition("::")[2]),
        " ",
        tag("span", verdict.reason),
    )


def gates_markdown(summary: Summary) -> str:
    """A row for each, those that failed first."""
    rows = [
        (
            "passed" if v.passed else "**FAILED**",
            escaped(v.id.partition("::")[2]),
            escaped(v.reason),
        )
        for v in sorted(summary.verdicts, key=lambda v: v.passed)
    ]
    return f"### Gates\n\n{grid(('', 'gate', 'why'), rows)}" if rows else ""
