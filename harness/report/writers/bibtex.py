"""BibTeX of what the metrics of a run are from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from harness.metrics.references import references_of
from harness.printable import printable
from harness.report.run_file.json import write_report

if TYPE_CHECKING:
    from harness.report.summary import Summary


def write_bibtex(path: Path, summary: Summary) -> None:
    """Write the entries of a run's metrics.

    Raises
    ------
    HarnessError
        If the file cannot be written.
    """
    write_report(path, bibtex(summary))


def bibtex(summary: Summary) -> str:
    """Each entry once, by its key; then, in words, what no entry was found for."""
    sources = sources_of(summary)
    found = {m: references_of(source) for m, source in sources.items()}
    entries = {one.key: one.entry for some in found.values() for one in some}
    without = "".join(
        f"{_word(metric)}: {_word(sources[metric]) or 'it names no source'}\n"
        for metric, some in found.items()
        if not some
    )
    said = f"Of these metrics no entry is known:\n{without}" if without else ""
    return "\n".join(
        [*(entries[key] for key in sorted(entries)), *filter(None, [said])]
    )


def cited(summary: Summary) -> dict[str, tuple[str, ...]]:
    """By metric, the keys of what it is from."""
    return {
        metric: tuple(one.key for one in references_of(source))
        for metric, source in sources_of(summary).items()
    }


def sources_of(summary: Summary) -> dict[str, str]:
    """By metric that was measured, its source; empty where it names none.

    Those that the run says, and of older reports and tables the harness's own.
    """
    from harness.metrics import METRICS

    known: Mapping[str, str] = {
        **{metric.name: metric.source for metric in METRICS},
        **summary.run.get("sources", {}),
    }
    measured = dict.fromkeys(m.metric for m in summary.measurements)
    return {name: str(known.get(name, "")) for name in sorted(measured)}


def _word(text: str) -> str:
    """On one line, and no entry: BibTeX takes all that follows an @ for one."""
    return printable(" ".join(text.split())).replace("@", "(at)")
