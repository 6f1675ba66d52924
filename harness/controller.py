"""Controller: hears every finished test, keeps the store, judges gates, reports.

One per pytest session, in the main process, with workers or without.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import pytest

from harness.errors import HarnessError
from harness.exits import watch_exits
from harness.fixtures.cells import (
    KEPT_ATTRIBUTE,
    REPORT_ATTRIBUTE,
    VALUES_ATTRIBUTE,
    plan_of,
    refused_options,
    run_of,
)
from harness.interrupts import Deadline, catch_termination, finishing
from harness.printable import printable
from harness.protocol.garbage import sweep
from harness.protocol.others import check_options
from harness.shards import closing, elsewhere, measuring

if TYPE_CHECKING:
    from harness.analysis.gates import Gate, Verdict
    from harness.analysis.labelling import Labelled
    from harness.plan import Plan
    from harness.report.given_labels import Given
    from harness.report.run_file.saved import SavedRun
    from harness.report.summary import Summary
    from harness.run import Run
    from harness.settings import Settings
    from harness.store import Recorded


class Controller:
    """The hooks of the main process.

    Raises
    ------
    ValueError
        If a gate is misspelt.
    """

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        from harness.collector import Collector
        from harness.distribution import Told
        from harness.store import Store

        self.config = config
        self.settings = measuring(settings) if settings.shard else settings
        self.collector = Collector(Store(settings.store))
        self.verdicts: tuple[Verdict, ...] = ()
        self._gates: dict[str, Gate] = {}  # by text, of all places
        self._rules: dict[str, Gate] = {}
        self._told = Told()
        self._planned = False
        self._elsewhere = 0  # tests of other shards
        self._others = False  # whether a test that is no cell has passed
        self._summary: Summary | None = None
        self._interrupted = False
        self._refused = False  # options that tests are spread by
        limit = self.settings.time_limit
        self._deadline = Deadline(limit, self._stop_soon)
        self._over = f"--harness-time-limit of {limit:g} s is over" if limit else ""
        self._checked = False
        self._earlier: SavedRun | None = None
        self._unwritten = ""
        self._unsaved = ""  # outputs
        self._given: dict[str, Given] = {}  # labels, by dataset
        self._check(self.settings)

    @cached_property
    def run(self) -> Run:
        """The session's."""
        return run_of(self.config)

    def _check(self, settings: Settings) -> None:
        """Refuse what cannot be judged or saved before anything is measured."""
        from harness.report.files import check_files, paths_of

        paths = paths_of(settings)
        if settings.label_next is not None:
            from harness.report.label_list import check_list

            paths["label_next"] = settings.label_next
            check_list(settings.label_next)
        check_files(paths)
        if settings.gates:
            from harness.analysis.gates import parse

            self._gates = {text: parse(text) for text in settings.gates}
        if settings.save_run or settings.compare:
            from harness.report.run_file.saved import (
                check_outcomes,
                find_run,
                read_run,
                run_path,
            )

            if settings.save_run:
                run_path(settings.store, settings.save_run)
            if settings.compare:
                self._earlier = read_run(find_run(settings.store, settings.compare))
                check_outcomes(self._earlier, settings.outcome)
        if settings.fail_on:
            from harness.analysis.gates import parse_rule

            self._rules = {text: parse_rule(text) for text in settings.fail_on}
            if not settings.compare:
                raise HarnessError(
                    "--harness-fail-on needs a run to compare with: --harness-compare"
                )

    def check_run(self) -> None:
        """Refuse settings that cannot be, once.

        Raises
        ------
        HarnessError, ValueError
            With what they would have to be.
        """
        from harness.given import given

        if self._checked:
            return
        self._checked = True
        self.config.add_cleanup(watch_exits())
        self.config.add_cleanup(catch_termination())
        asked = given(self.config)
        if "cache_dir" in asked:
            from harness.artifacts import check_cache

            check_cache(self.settings.cache_dir)
        store = self.settings.store
        if store.exists() and not store.is_dir():
            raise HarnessError(
                f"--harness-store must name a folder, but {store} is a file"
            )
        if asked:
            self.run.check()
        if self._gates:
            from harness.report.judging import check_names

            check_names(self._gates.values(), self.run.registry)
        if any(field.startswith("jigsaw") for field in asked):
            self.run.task("jigsaw")
        if asked and not self.config.option.collectonly:
            self.run.verify()
            self._check_labels()

    def _check_labels(self) -> None:
        """Read labels that were given, and refuse to list what cannot be."""
        settings = self.settings
        if settings.label_next is None and settings.labels is None:
            return
        from harness.report.given_labels import read_labels, targets_of

        if settings.label_next is not None and not targets_of(self.run):
            raise HarnessError(
                "--harness-label-next lists images of targets, and the run has none; "
                "name a folder with --harness-data 'FOLDER?role=target'"
            )
        if settings.labels is not None:
            self._given = read_labels(settings.labels, self.run)

    # --- what is to be measured -------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note the chosen cells, and the gates that their tests carry."""
        plan = plan_of(session.items)
        self._elsewhere = elsewhere(self.config)
        if not session.config.option.collectonly:
            self._expect(plan)
        reporter = self.config.pluginmanager.getplugin("terminalreporter")
        if plan.cells and reporter is not None and reporter.verbosity == 0:
            # Cells of one pair come from many files: a line for each change is noise.
            reporter.showfspath = False

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker what is to be reported, and be told what it collects."""
        from harness.protocol.listeners import tell_worker

        self._told.listen(node)
        tell_worker(node.workerinput, self.config)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(
        self, node: Any, ids: Sequence[str]
    ) -> None:
        """Note the chosen cells and gates; every worker collects the same."""
        some = bool(ids or self.settings.shard)
        if self._planned or not (some or self._told.has(node)):
            return
        plan = self._told.take(node)
        self._refuse(plan.refused)
        unmatched = self.config.pluginmanager.getplugin("harness-unmatched")
        if unmatched is not None:
            unmatched.hear(plan.unmatched)
        if some:
            self._elsewhere = plan.elsewhere
            self._hear(plan)
            self._expect(plan)
            sweep(self.config, len(self.collector.cells))

    def _hear(self, plan: Plan) -> None:
        """Have here what the workers' conftests register."""
        from harness.conftests import hear

        try:
            hear(self.config, plan.conftests)
        except HarnessError as error:
            raise pytest.UsageError(str(error)) from None

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config) -> object | None:
        """Keep pairs together under plain -n; leave --dist MODE to xdist.

        A project that sets nothing of the harness keeps xdist's own scheduler.
        """
        from harness.given import asks

        if config.getvalue("dist") != "load" or not asks(config):
            return None
        from harness.distribution import PairScheduling

        return PairScheduling(len(config.getvalue("tx")), self.collector.cells)

    def _expect(self, plan: Plan) -> None:
        self._planned = True
        try:
            if plan.gates:
                from harness.analysis.gates import parse

                gates = {text: parse(text) for text in plan.gates}
                if not self.settings.shard:
                    self._gates |= gates
            self._open_store(plan)
            if plan.cells:
                self.check_run()
                check_options(self.config)
                if self.run.saved is not None:
                    self.run.saved.check(self._pairs())
        except (HarnessError, ValueError) as error:
            raise pytest.UsageError(str(error)) from None

    def _open_store(self, plan: Plan) -> None:
        """A store that can be read alone is enough, as long as it has every cell."""
        try:
            self.collector.expect(plan)
            if self.settings.shard:
                self.collector.store.open()  # to be merged, also without a cell
        except HarnessError as error:
            with suppress(HarnessError):  # it cannot be read either
                if self.run.stored:
                    self.collector.refused = str(error)
            if not self.collector.refused:
                raise

    def pytest_report_collectionfinish(self) -> list[str]:
        """Say what will run where, and what is left out for want of files."""
        if not self.collector.cells or self.config.get_verbosity() < 0:
            return []
        from harness.report.terminal import opening

        subjects = {cell.model for cell in self.collector.cells.values()}
        lines = opening(self.run, subjects)
        if self.settings.keep != "none":
            from harness.report.kept_size import size_line

            lines.append(size_line(self.run, self.collector.cells.values()))
        return [printable(line) for line in lines]

    # --- what was measured ------------------------------------------------------------

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take measurements off reports as they arrive, so that a kill loses none."""
        if kept := getattr(report, KEPT_ATTRIBUTE, ""):
            self.collector.hear_of_kept(kept)
        recorded: Recorded | None = getattr(report, REPORT_ATTRIBUTE, None)
        if recorded is not None:
            try:
                self.collector.finish(report.nodeid, recorded)
            except HarnessError as error:  # at the first cell: none is lost
                raise pytest.UsageError(str(error)) from None
            if recorded.text:  # the terminal keeps every report
                setattr(report, REPORT_ATTRIBUTE, replace(recorded, text=""))
        elif report.nodeid not in self.collector.cells:
            self._others |= report.passed and report.when == "call"
        elif report.failed:
            self.collector.fail(report.nodeid, _reason(report))
        elif report.skipped and not isinstance(report, pytest.SubtestReport):
            self.collector.skip(report.nodeid, _reason(report))
        elif report.when == "teardown" or REPORT_ATTRIBUTE in vars(report):
            self.collector.end(report.nodeid)

    # pytest's own tells first that a test holds subtests that failed.
    def pytest_report_teststatus(
        self, report: pytest.TestReport
    ) -> tuple[str, str, str] | None:
        """Show the value beside a test in -v; keep gates out of the count of tests."""
        if report.nodeid.startswith(GATE_PREFIXES) and not report.failed:
            word = "passed" if report.passed else "not judged"
            alike = sum(verdict.word == word for verdict in self.verdicts)
            gates = "gate" if alike == 1 else "gates"
            return f"{gates} {word}" if report.when == "call" else "", "", ""
        values: str = getattr(report, VALUES_ATTRIBUTE, "")
        if not values or not report.passed or hasattr(report, "wasxfail"):
            return None
        return "passed", ".", values

    # --- the verdict ------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(
        self, session: pytest.Session
    ) -> Generator[None, object, object]:
        """Judge the gates when every worker's last report is in."""
        self._session = session
        self._refuse(refused_options(session))
        why = "the run was stopped before"
        try:
            with self._deadline:
                result = yield
        except (KeyboardInterrupt, pytest.exit.Exception) as error:
            self._interrupted = True
            why = self._over if self._deadline.passed else "the run was interrupted"
            self.verdicts = self._not_judged(why)
            self._announce_all()
            if self._deadline.passed:
                goes_on = f"{why}; the same command goes on from here"
                raise pytest.exit.Exception(goes_on) from error
            raise
        finally:
            self.collector.settle(why)
            self.collector.close()
            ended = self._interrupted or self._refused
            if not ended and not session.config.option.collectonly:
                self._judge_in_spite_of_interrupts()
            if not session.config.option.collectonly:
                self._complete_outputs()
        return result

    def _refuse(self, options: Sequence[str]) -> None:
        """End as other options do that cannot be: nothing is run or judged."""
        if options:
            self._refused = True
            raise pytest.UsageError(*options)

    def _stop_soon(self) -> None:
        """Have pytest start no other test."""
        self._session.shouldstop = self._over

    def _pairs(self) -> list[tuple[str, str]]:
        """Models and datasets of the cells; of whole families all members."""
        run = self.run
        places = {cell.place for cell in self.collector.cells.values()}
        return sorted(
            {
                (place.subject, dataset)
                for place in places
                if place.subject in run.models
                for dataset in (
                    [place.dataset]
                    if place.dataset
                    else [one.name for one in run.families.get(place.family, ())]
                )
            }
        )

    def _complete_outputs(self) -> None:
        """Save what no cell asked for; of a run that was cut short, say what is left.

        Raises
        ------
        KeyboardInterrupt
            If somebody has no patience for it.
        """
        saved = self.run.saved if self.collector.cells else None
        if saved is None:
            return
        try:
            if not self._interrupted:
                saved.complete(self._pairs())
        except KeyboardInterrupt:
            self._interrupted = True
            raise
        except HarnessError as error:  # the report is made all the same
            self._unsaved = str(error)
        finally:
            if self._interrupted and (left := saved.left(self._pairs())):
                self.run.tell(
                    f"{left} outputs are not saved yet; the same command goes on"
                )

    def _judge_in_spite_of_interrupts(self) -> None:
        try:
            with finishing("while gates are judged"):
                self._judge()
        except KeyboardInterrupt:
            self._interrupted = True
            raise

    def _judge(self) -> None:
        """Judge gates and comparison; the summary that follows shows the verdicts."""
        if not self._gates and self._earlier is None:
            return
        from harness.report.judging import judged
        from harness.report.sections.gates import Gates

        summary = self.summary()
        gates = (*self._gates.values(), *self._rules.values())
        self.verdicts = judged(gates, self.run, self.collector, summary)
        self._summary = summary.having(Gates(verdicts=self.verdicts))
        # Those that failed are shown as tests, and progress is of all of them.
        if self._session.testscollected:
            failed = sum(not verdict.passed for verdict in self.verdicts)
            self._session.testscollected += failed
        self._announce_all()

    def _not_judged(self, reason: str) -> tuple[Verdict, ...]:
        """Gates and rules that nobody could judge: none of them passes."""
        gates = (*self._gates.values(), *self._rules.values())
        return tuple(gate.not_reached(reason) for gate in gates)

    def _announce_all(self) -> None:
        with _first_in_junit(self.config):
            for verdict in self.verdicts:
                self._announce(verdict)

    def _announce(self, verdict: Verdict) -> None:
        """A gate is a test result: in the summary, in JUnit, in the exit status.

        What nobody judged counts as skipped: it says nothing of models.
        """
        nodeid = verdict.id
        said = printable(f"{verdict.text}: {verdict.reason}")
        why = said if verdict.judged else ("gates", 0, said)
        lost: Literal["failed", "skipped"] = "failed" if verdict.judged else "skipped"
        for when in ("setup", "call", "teardown"):
            passed = when != "call" or verdict.passed
            report = pytest.TestReport(
                nodeid=nodeid,
                # Not as in the node id: in its end pytest takes dots for `::`.
                location=("gates", None, f"gate {nodeid.partition('::')[2]}"),
                keywords={},
                outcome="passed" if passed else lost,
                longrepr=None if passed else why,
                when=when,
                user_properties=verdict.properties,
            )
            self.config.hook.pytest_runtest_logreport(report=report)

    # --- the report -------------------------------------------------------------------

    def summary(self) -> Summary:
        """Correlations, verdicts, what is missing and why: what every report shows."""
        from harness.report.summary import summarise

        if self._summary is None:
            self._summary = summarise(
                self.run,
                self.collector,
                self.verdicts,
                self._earlier,
                interrupted=self._interrupted,
                labelled=self._labelled(),
            )
        return self._summary

    def _labelled(self) -> dict[tuple[str, str], Labelled]:
        """What the labels say that were given; nothing where a run was cut short."""
        if not self._given or self._interrupted:
            return {}
        from harness.report.given_labels import judged

        try:
            return judged(self.run, self._given)
        except HarnessError as error:  # the rest of the report is made all the same
            self._unwritten = f"labels could not be used: {error}"
            return {}

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> None:
        """Print the report, if anything was to be measured, and what went wrong."""
        how = self.settings.report
        something = self.collector.cells or self.verdicts
        if something and how != "none" and not self.config.option.collectonly:
            from harness.report.terminal import write

            try:
                with finishing("while the report is made"):
                    write(terminalreporter, self.summary(), short=how == "short")
            except KeyboardInterrupt:
                self._stopped("the report was complete")
        if (shard := self.settings.shard) and not self.config.option.collectonly:
            from harness.report.terminal import cells_line

            cells = cells_line(self.collector.count())
            self.run.tell(closing(shard, cells, self.settings.store))
        said = (self._nothing, self._unstored(), self._unsaved, self._unwritten)
        for text in said:
            if text:
                terminalreporter.write_line(f"ERROR: {text}", red=True)

    @property
    def _nothing(self) -> str:
        """That all there was to measure was skipped, as a mistyped axis would be."""
        cells = len(self.collector.cells)
        if not cells or self._others or self.settings.shard or self._interrupted:
            return ""
        if self.collector.count()["skipped"] < cells:
            return ""
        what = "its cell was" if cells == 1 else f"all {cells} cells were"
        return f"nothing was measured: {what} skipped, for the reasons under missing"

    def _stopped(self, when: str) -> None:
        """Say that somebody insisted, and what is left."""
        self.run.tell(
            f"stopped before {when}; what was measured is in the store, and the same "
            "command reports it"
        )
        self._session.exitstatus = _INTERRUPTED

    def _unstored(self) -> str:
        """What is to be said of measurements that the store could not take."""
        if n := self.collector.unstored:
            cells = "1 cell was" if n == 1 else f"{n} cells were"
            return f"{cells} measured and not kept: {self.collector.unwritten}"
        return self.collector.unwritten

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the files asked for: also with -p no:terminal."""
        self._session = session
        if self.config.option.collectonly:
            return
        if self._elsewhere and session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            session.exitstatus = pytest.ExitCode.OK  # a shard may get no group
        if session.exitstatus == pytest.ExitCode.OK:
            # A test, or what stands in the way of tests, may have ended pytest so.
            if not self.verdicts:
                self.verdicts = self._not_judged("nothing was run")
            if not all(verdict.passed for verdict in self.verdicts):
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
            elif self._nothing:
                session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
        if self._deadline.passed and session.exitstatus == _INTERRUPTED:
            session.exitstatus = TIME_IS_OVER
        if self.collector.unwritten or self._unsaved:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        from harness.report.files import paths_of, write_files

        settings = self.settings
        paths = paths_of(settings)
        if not paths and not settings.save_run and settings.label_next is None:
            return  # a summary imports and computes: nobody has asked for one
        if settings.save_run and not self._interrupted:
            from harness.report.run_file.saved import run_path

            paths = {**paths, "save_run": run_path(settings.store, settings.save_run)}
        try:
            with finishing("while reports are written"):
                write_files(paths, self.summary())
                self._write_list()
        except KeyboardInterrupt:
            self._stopped("all reports were written")
        except HarnessError as error:
            if not self.config.pluginmanager.hasplugin("terminalreporter"):
                raise pytest.UsageError(str(error)) from None
            # An exception here would cost the report on the terminal as well.
            self._unwritten = str(error)
            session.exitstatus = pytest.ExitCode.USAGE_ERROR

    def _write_list(self) -> None:
        """Which images to label; a run that was cut short knows no more of them."""
        if self.settings.label_next is None or self._interrupted:
            return
        from harness.report.label_list import write_list
        from harness.report.sections.predictions import Predictions

        headlines = self.summary().of(Predictions).headlines
        write_list(self.settings.label_next, self.run, headlines, self._given)


#: Exit status of a run that its time limit ended: EX_TEMPFAIL of sysexits.h, by which
#: programs ask to be started again.
TIME_IS_OVER = 75
_INTERRUPTED = pytest.ExitCode.INTERRUPTED
GATE_PREFIXES = ("gates::", "fail-on::")


@contextmanager
def _first_in_junit(config: pytest.Config) -> Iterator[None]:
    """Have a JUnit file open on what is reported within."""
    from _pytest.junitxml import xml_key

    junit = config.stash.get(xml_key, None)
    cases = [] if junit is None else junit.node_reporters_ordered
    before = len(cases)
    yield
    cases[:] = [*cases[before:], *cases[:before]]


def _reason(report: pytest.TestReport) -> str:
    """The line of a failure or skip that says why."""
    longrepr = report.longrepr
    if isinstance(longrepr, tuple):
        return str(longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(longrepr, "reprcrash", None)
    text = crash.message if crash is not None else str(longrepr)
    return text.strip().partition("\n")[0]
