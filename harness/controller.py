"""Controller: hears every finished test, keeps the store, judges gates, reports.

One per pytest session, in the main process, with workers or without.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError
from harness.fixtures.cells import GATES_ATTRIBUTE, REPORT_ATTRIBUTE, pair_of, tail_of

if TYPE_CHECKING:
    from harness.analysis.gates import Gate, Verdict
    from harness.report.summary import Summary
    from harness.run import Run


class Controller:
    """The hooks of the main process.

    Raises
    ------
    ValueError
        If a gate is misspelt.
    """

    def __init__(self, config: pytest.Config, run: Run) -> None:
        from harness.collector import Collector
        from harness.store import Store

        self.config = config
        self.run = run
        self.collector = Collector(Store(run.settings.store))
        self.gates: tuple[Gate, ...] = ()
        self.verdicts: tuple[Verdict, ...] = ()
        self._summary: Summary | None = None
        self._interrupted = False
        if run.settings.gates:
            from harness.analysis.gates import parse_gate

            self.gates = tuple(parse_gate(text) for text in run.settings.gates)

    # --- what is to be measured -------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note the chosen cells, and the gates that their tests carry."""
        cells = [item for item in session.items if pair_of(item)]
        if not session.config.option.collectonly:
            self._expect(item.nodeid for item in cells)
        reporter = self.config.pluginmanager.getplugin("terminalreporter")
        if cells and reporter is not None and reporter.verbosity == 0:
            # Cells of one pair come from many files: a line for each change is noise.
            reporter.showfspath = False

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Iterable[str]) -> None:
        """Note the chosen cells; every worker collects the same."""
        if not self.collector.expected:
            tails = self._tails()
            self._expect(i for i in ids if tail_of(i) in tails)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config) -> object | None:
        """Keep pairs together under plain -n; leave --dist MODE to xdist.

        A project that sets nothing of the harness keeps xdist's own scheduler.
        """
        from harness.options import given

        if config.getvalue("dist") != "load" or not given(config):
            return None
        from harness.distribution import PairScheduling

        models = {f"{m}-{d}": m for m in self.run.models for d in self.run.datasets}
        return PairScheduling(len(config.getvalue("tx")), models)

    def _expect(self, nodeids: Iterable[str]) -> None:
        try:
            self.collector.expect(nodeids)
        except HarnessError as error:
            raise pytest.UsageError(str(error)) from None

    def _tails(self) -> set[str]:
        return {f"{m}-{d}" for m in self.run.models for d in self.run.datasets}

    def pytest_report_collectionfinish(self) -> list[str]:
        """Say what will run where, and what is left out for want of files."""
        if not self.collector.expected or self.config.get_verbosity() < 0:
            return []
        from harness.report.terminal import opening

        return opening(self.run)

    # --- what was measured ------------------------------------------------------------

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take measurements off reports as they arrive, so that a kill loses none."""
        self.collector.gates.update(getattr(report, GATES_ATTRIBUTE, "").splitlines())
        packed = getattr(report, REPORT_ATTRIBUTE, None)
        if packed is not None:
            self.collector.finish(report.nodeid, packed)
        elif report.nodeid not in self.collector.cells:
            return
        elif report.failed:
            self.collector.fail(report.nodeid, _reason(report))
        elif report.skipped:
            self.collector.skip(report.nodeid, _reason(report))

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(
        self, report: pytest.TestReport
    ) -> tuple[str, str, str] | None:
        """Show the value beside a test in -v; keep gates out of the count of tests."""
        if report.nodeid.startswith(GATE_PREFIX) and report.passed:
            return "gates passed" if report.when == "call" else "", "", ""
        packed = getattr(report, REPORT_ATTRIBUTE, None)
        if packed is None or not report.passed:
            return None
        from harness.collector import unpack

        rows, stored = unpack(packed)
        values = ", ".join(f"{row.value:.4f}" for row in rows)
        return "passed", ".", f"{values}{' (stored)' if stored else ''}"

    # --- the verdict ------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(
        self, session: pytest.Session
    ) -> Generator[None, object, object]:
        """Judge the gates when every worker's last report is in."""
        try:
            result = yield
        except (KeyboardInterrupt, pytest.exit.Exception):
            self._interrupted = True
            raise
        finally:
            self.collector.store.close()
            if not self._interrupted and not session.config.option.collectonly:
                self._judge()
        return result

    def _judge(self) -> None:
        from harness.analysis.gates import judge_gate, parse_gate

        gates = (*self.gates, *map(parse_gate, sorted(self.collector.gates)))
        if not gates:
            return
        summary = self.summary()
        self.verdicts = tuple(
            verdict
            for gate in gates
            for verdict in judge_gate(gate, summary.correlations)
        )
        self._summary = None
        for verdict in self.verdicts:
            self._announce(verdict)

    def _announce(self, verdict: Verdict) -> None:
        """A gate is a test result: in the summary, in JUnit, in the exit status."""
        nodeid = verdict.id
        for when in ("setup", "call", "teardown"):
            failed = when == "call" and not verdict.passed
            report = pytest.TestReport(
                nodeid=nodeid,
                location=("gates", None, nodeid.removeprefix(GATE_PREFIX)),
                keywords={},
                outcome="failed" if failed else "passed",
                longrepr=f"{verdict.gate}: {verdict.reason}" if failed else None,
                when=when,
            )
            self.config.hook.pytest_runtest_logreport(report=report)

    # --- the report -------------------------------------------------------------------

    def summary(self) -> Summary:
        """Correlations, verdicts, what is missing and why: what every report shows."""
        from harness.report.summary import summarise

        if self._summary is None:
            self._summary = summarise(self.run, self.collector, self.verdicts)
        return self._summary

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> None:
        """Print the report, if anything was to be measured."""
        if not (self.collector.expected or self.verdicts):
            return
        if self.config.option.collectonly:
            return
        from harness.report.terminal import write

        write(terminalreporter, self.summary(), interrupted=self._interrupted)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Write the files asked for: also with -p no:terminal."""
        path = self.run.settings.report_json
        if path is not None and not self.config.option.collectonly:
            from harness.report.json import write_json

            write_json(path, self.summary())


GATE_PREFIX = "gates::"


def _reason(report: pytest.TestReport) -> str:
    """The line of a failure or skip that says why."""
    longrepr = report.longrepr
    if isinstance(longrepr, tuple):
        return str(longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(longrepr, "reprcrash", None)
    text = crash.message if crash is not None else str(longrepr)
    return text.strip().partition("\n")[0]
