"""Collector: the controller's memory of a run, fed by finished test reports."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TypeAlias

from harness.answers.ledger import Ledger
from harness.errors import HarnessError
from harness.measurement import Axes, Measurement
from harness.plan import Plan, PlannedCell
from harness.store import Recorded, Store

AllSeries: TypeAlias = tuple[tuple[str, Axes], ...]  # of the rows of a test


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
        self.cells: dict[str, PlannedCell] = {}  # what is to be measured, by node id
        self.gates: tuple[str, ...] = ()  # texts of the markers of the chosen tests
        self.series: dict[str, AllSeries] = {}  # by node id
        self._alike: dict[AllSeries, AllSeries] = {}  # each of those once
        self.unstored = 0  # cells that were measured, and that the store did not take
        self.stored_skips = 0  # cells without a value, of which the store knew that
        self.kept = Ledger()  # of answers, of all processes
        self._silent: set[str] = set()
        self.unwritten = ""  # why it did not
        self.why_left = ""  # why cells were not run, once it is over
        self.refused = ""  # why it takes nothing, where it need not as yet

    def expect(self, plan: Plan) -> None:
        """Note what was collected; workers all report the same.

        Raises
        ------
        HarnessError
            If the store cannot take them: better now than after the first hour. With
            `refused` set, the first that the store does not have raises it.
        """
        for cell in plan.cells:
            if self.cells.setdefault(cell.nodeid, cell) != cell:
                raise HarnessError(
                    f"two tests are called {cell.nodeid}; give their parameters `ids` "
                    "that cannot be taken for parts of a model's or dataset's name"
                )
        self.gates = plan.gates
        if self.cells:
            self.store.open()

    def hear_of_kept(self, text: str) -> None:
        """Note what a process read and kept of answers since it last said."""
        self.kept.add(Ledger.from_json(text))

    def finish(self, nodeid: str, recorded: Recorded) -> None:
        """Take over what a passing test recorded, or the store had of it.

        Once a test: what failed or was skipped, in any report, stays so. That a cell
        has no value is for later runs alone: an earlier report has said it to this one.
        """
        if recorded.skipped is not None:
            self.stored_skips += recorded.stored
            if not (recorded.stored or self.refused):
                self._keep(recorded)
            return
        if nodeid in self.outcomes:
            return
        if recorded.keep and not recorded.stored:
            self._keep(recorded)
        self.measurements += recorded.rows
        series = tuple(row.series for row in recorded.rows)
        self.series[nodeid] = self._alike.setdefault(series, series)
        status = "stored" if recorded.stored else "measured"
        self.outcomes[nodeid] = Outcome(nodeid=nodeid, status=status)

    def _keep(self, recorded: Recorded) -> None:
        """Write to the store; where it takes no more, measuring goes on."""
        if self.refused:
            raise HarnessError(self.refused)
        try:
            self.store.append(recorded)
        except HarnessError as error:
            self.unstored += recorded.skipped is None
            self.unwritten = self.unwritten or str(error)

    def close(self) -> None:
        """Nothing more will be written."""
        try:
            self.store.close()
        except HarnessError as error:
            self.unwritten = self.unwritten or str(error)

    def fail(self, nodeid: str, reason: str) -> None:
        """Note a cell that ended without a measurement."""
        self.outcomes[nodeid] = Outcome(nodeid=nodeid, status="failed", reason=reason)

    def skip(self, nodeid: str, reason: str) -> None:
        """Note a cell that a test declined to measure."""
        self.outcomes[nodeid] = Outcome(nodeid=nodeid, status="skipped", reason=reason)

    def end(self, nodeid: str) -> None:
        """Note a cell whose test ended well, and has not recorded anything so far."""
        self._silent.add(nodeid)

    def settle(self, why: str = "") -> None:
        """When no report is to come: what ended well without a value was skipped.

        Parameters
        ----------
        why
            Those that nothing was heard of were not run.
        """
        for nodeid in sorted(self._silent - self.outcomes.keys()):
            self.skip(nodeid, "the test passed and recorded nothing")
        self.why_left = why

    def count(self) -> Counter[str]:
        """How many cells ended how; "not run" for those that never did.

        "not stored" are measured too, but the store could not take them; "stored skips"
        are skipped too, but were found in the store.
        """
        counts = Counter(outcome.status for outcome in self.outcomes.values())
        if self.unstored:
            counts["not stored"] = self.unstored
        if self.stored_skips:
            counts["stored skips"] = self.stored_skips
        counts["not run"] = len(self.cells.keys() - self.outcomes.keys())
        return counts
