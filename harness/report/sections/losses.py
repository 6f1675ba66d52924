"""What has no value, what was skipped and what was left out, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from harness.report.markup import Html, folded, section, tag
from harness.report.text import some
from harness.report.writers.markdown import escaped

if TYPE_CHECKING:
    from harness.report.summary import Loss, Summary

_MANY = 12  # longer lists are folded


def loss_lines(summary: Summary) -> Iterator[str]:
    """A line for each reason."""
    yield from _losses("without a value", summary.failed)
    yield from _losses("skipped", summary.skipped)
    for name, reason in summary.absent.items():
        yield f"left out: {name}: {reason}"


def _losses(kind: str, losses: Sequence[Loss]) -> Iterable[str]:
    """A line for each reason: tests that lost the same cells share one."""
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for loss in losses:
        test = loss.test.rpartition("::")[2]
        groups.setdefault((loss.reason, loss.cells), []).append(test)
    for (reason, cells), tests in groups.items():
        yield f"{kind}: {some(tests)} [{some(cells)}]: {reason}"


def losses_html(summary: Summary) -> Html:
    """What has no value, what was skipped and what was left out, and why."""
    parts: list[Html] = []
    for title, losses in (
        ("Without a value", summary.failed),
        ("Skipped", summary.skipped),
    ):
        if losses:
            found = tag("ul", *map(_loss, losses))
            if len(losses) > _MANY:
                found = folded(_counted(losses), found)
            parts += [tag("h3", title), found]
    if summary.absent:
        items = [
            tag("li", tag("b", name), f": {why}")
            for name, why in summary.absent.items()
        ]
        parts += [tag("h3", "Left out"), tag("ul", *items)]
    return section("Missing", *parts, id_="missing") if parts else Html("")


def _loss(loss: Loss) -> Html:
    cells = loss.cells
    shown: Html | str = ", ".join(cells)
    if len(cells) > 3:
        shown = tag("details", tag("summary", f"{len(cells)} cells"), shown)
    name = tag("code", loss.test.rpartition("::")[2])
    return tag("li", name, ": ", loss.reason, tag("div", shown, class_="cells"))


def _counted(losses: Sequence[Loss]) -> str:
    cells = sum(len(loss.cells) for loss in losses)
    return f"{cells} cells, {len(losses)} tests and reasons"


def losses_markdown(summary: Summary) -> str:
    """A list of the same."""
    kinds = (("without a value", summary.failed), ("skipped", summary.skipped))
    lines = [
        f"- {kind}: {escaped(loss.test.rpartition('::')[2])} "
        f"({len(loss.cells)} cells): {escaped(loss.reason)}"
        for kind, losses in kinds
        for loss in losses
    ]
    lines += [
        f"- left out: {escaped(n)}: {escaped(why)}" for n, why in summary.absent.items()
    ]
    return "\n".join(["### Missing", "", *lines]) if lines else ""
