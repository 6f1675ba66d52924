"""Collector: the controller's memory of a run, fed by finished test reports."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.measurement import Measurement
from harness.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one cell that was to be measured.

    Attributes
    ----------
    nodeid
        The test with its parameters.
    status
        "measured", "stored" (found in the store), "failed" or "skipped".
    reason
        Why, for the last two.
    """

    nodeid: str
    status: str
    reason: str = ""


def pack(rows: Sequence[Measurement], *, stored: bool) -> str:
    """One string for a report attribute: strings cross process borders unharmed."""
    lines = ", ".join(row.to_json() for row in rows)
    return f'{{"stored": {json.dumps(stored)}, "rows": [{lines}]}}'


def unpack(packed: str) -> tuple[list[Measurement], bool]:
    """The inverse of `pack`: the measurements, and whether the store had them."""
    content = json.loads(packed)
    rows = [Measurement.from_dict(row) for row in content["rows"]]
    return rows, bool(content["stored"])


class Collector:
    """Gathers measurements and outcomes; writes new measurements to the store.

    Parameters
    ----------
    store
        Where finished cells go as they arrive.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.measurements: list[Measurement] = []
        self.outcomes: dict[str, Outcome] = {}
        self.expected: tuple[str, ...] = ()
        self.cells: frozenset[str] = frozenset()  # the same, to look one up
        self.gates: set[str] = set()  # texts of the markers of tests that ran

    def expect(self, nodeids: Iterable[str]) -> None:
        """Note the cells that were collected; workers all report the same.

        Raises
        ------
        HarnessError
            If the store cannot take them: better now than after the first hour.
        """
        self.expected = tuple(nodeids)
        self.cells = frozenset(self.expected)
        if self.expected:
            self.store.open()

    def finish(self, nodeid: str, packed: str) -> None:
        """Take over what a passing test recorded."""
        rows, stored = unpack(packed)
        if not stored:
            self.store.append(rows)
        self.measurements += rows
        status = "stored" if stored else "measured"
        self.outcomes[nodeid] = Outcome(nodeid=nodeid, status=status)

    def fail(self, nodeid: str, reason: str) -> None:
        """Note a cell that ended without a measurement."""
        self.outcomes[nodeid] = Outcome(nodeid=nodeid, status="failed", reason=reason)

    def skip(self, nodeid: str, reason: str) -> None:
        """Note a cell that a test declined to measure."""
        self.outcomes[nodeid] = Outcome(nodeid=nodeid, status="skipped", reason=reason)

    def count(self) -> Counter[str]:
        """How many cells ended how; "not run" for those that never did."""
        counts = Counter(outcome.status for outcome in self.outcomes.values())
        counts["not run"] = len(set(self.expected) - set(self.outcomes))
        return counts
