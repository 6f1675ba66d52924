"""pytest hooks of the harness: thin, and cheap in projects that do not use it.

Nothing heavy is imported here; torch, scipy and scikit-learn come with the first cell
that needs them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any

import pytest

from harness.controller import Controller
from harness.errors import HarnessError, UndefinedMetricError
from harness.fixtures.by_traits import MARKER as OF_DATASETS
from harness.fixtures.cells import (
    KEPT_ATTRIBUTE,
    REPORT_ATTRIBUTE,
    VALUES_ATTRIBUTE,
    cell_of,
    made_run,
    make_run_key,
    note,
    note_code,
    place_of,
    plan_of,
    recorded_by,
    refused_key,
    refused_options,
    rows_key,
    run_of,
    series_of,
    skipped_for,
    undefined_skips,
)
from harness.fixtures.labels import start_watching, watching_fixture
from harness.fixtures.on_request import MARKER, leave_out
from harness.given import asks, check_environment, check_ini, given, read_settings
from harness.options import add_options
from harness.printable import printable
from harness.progress import Tell, Watch
from harness.protocol.cells import CellProtocol
from harness.protocol.garbage import rest, sweep
from harness.registrations import register_given
from harness.shards import elsewhere, leave_to_others
from harness.spread import spread
from harness.store import Recorded, Skipped
from harness.unmatched import Unmatched

if TYPE_CHECKING:
    from harness.answers.keeping import Keeping
    from harness.answers.under_way import UnderWay
    from harness.measurement import Measurement, Place
    from harness.registry import Registry
    from harness.run import Run
    from harness.settings import Shard

#: Modules of fixtures, one a topic.
# pytest imports them: of one that is imported before it warns in every run.
FIXTURES = (
    "harness.fixtures.copies",
    "harness.fixtures.grid",
    "harness.fixtures.layers",
    "harness.fixtures.measure",
    "harness.fixtures.population",
    "harness.fixtures.pretext",
    "harness.fixtures.record",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare every --harness option and its ini twin."""
    add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Make options of suites known that are named as modules (`--pyargs`)."""
    from harness.conftests import find_modules

    find_modules(early_config)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare `pytest_harness_register`, and bring the fixtures."""
    # `from harness import` would ask the package for a metric of that name first.
    import harness.hookspecs as hookspecs

    pluginmanager.add_hookspecs(hookspecs)
    # As `pytest_plugins` they would each be looked for among all installed plugins.
    for module in FIXTURES:
        pluginmanager.import_plugin(module)


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is an xdist worker."""
    return hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    """Read the settings, hear the registrations, refuse what cannot be."""
    from harness.registry import Registry

    config.addinivalue_line(
        "markers",
        "metric(name): the metric that a suite test measures; select with "
        "-m \"metric(name='jigsaw_invariance')\"",
    )
    config.addinivalue_line(
        "markers",
        "harness_layers(name, ...): the layers that this test is run on where "
        "--harness-layers says nothing, for instance 'stage*-grid', 'head'",
    )
    config.addinivalue_line(
        "markers",
        "harness_gate(text): a gate that holds whenever this test runs, for instance "
        "'jigsaw_invariance: interior r2 >= 0.5'",
    )
    config.addinivalue_line(
        "markers",
        f"{MARKER}: left out unless -k, -m or a path of the command line names the "
        "test, its file, class or metric, or with folder=True its folder",
    )
    config.addinivalue_line(
        "markers",
        "harness_aggregate(name, ...): numbers to make of what this test records on "
        "the datasets of a family, for instance 'mean_over_severities'",
    )
    config.addinivalue_line(
        "markers",
        f"{OF_DATASETS}(having=NAMES, lacking=NAMES): run it on the datasets alone "
        "that have, or lack, traits of these names, for instance having='corruption'; "
        "with unasked=True only where --harness-families says nothing",
    )
    check_ini(config)
    check_environment()
    settings = read_settings(config)
    registry = Registry()
    try:
        config.hook.pytest_harness_register.call_historic(kwargs={"registry": registry})
        settings = register_given(config, settings, registry, asked=given(config))
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from None

    def make_run() -> Run:
        from harness.run import Run

        worker = _worker_number(config)
        return Run(settings, registry, tell=_teller(config), worker=worker)

    config.stash[make_run_key] = make_run
    if config.getoption("harness_list"):
        return
    for part in ("harness-cells", "harness-controller"):
        if config.pluginmanager.is_blocked(part):
            raise pytest.UsageError(
                f"-p no:{part} would run tests without gates, store or report; leave "
                "the whole harness out with -p no:harness"
            )
    cells = Cells(config, settings.shard)
    config.pluginmanager.register(cells, "harness-cells")
    config.pluginmanager.register(Unmatched(config), "harness-unmatched")
    if is_worker(config):
        _share_processor(config)
        return
    try:
        controller = Controller(config, settings)
        if asks(config):  # only then it pays for looking at the disk
            controller.check_run()
        if settings.plan:
            from harness.engines.foresee import Foreseer

            foreseer = Foreseer(config, lambda item: cells.stored(item) is not None)
            config.pluginmanager.register(foreseer, "harness-foreseer")
            return
        if settings.engine is not None:
            from harness.engines.dispatch import Dispatcher, factory_of

            dispatcher = Dispatcher(
                config,
                factory_of(settings.engine),
                settings.group_timeout,
                lambda item: cells.stored(item) is not None,
            )
            config.pluginmanager.register(dispatcher, "harness-dispatcher")
        elif settings.group_timeout is not None:
            raise HarnessError(
                "--harness-group-timeout ends workers of an engine; name one with "
                "--harness-engine, for instance processes"
            )
    except (HarnessError, ValueError) as error:
        raise pytest.UsageError(str(error)) from None
    config.pluginmanager.register(controller, "harness-controller")


def _worker_number(config: pytest.Config) -> int:
    """0 for the first worker, and where there are none."""
    name = config.workerinput["workerid"] if is_worker(config) else "gw0"  # type: ignore[attr-defined]
    return int("".join(letter for letter in name if letter.isdigit()) or 0)


def _share_processor(config: pytest.Config) -> None:
    """Give each worker its share of the threads, before torch starts any.

    Workers that each take all of them fight, and run many times slower than one alone.
    """
    import os

    from harness.answers.threads import cores

    workers = int(config.workerinput["workercount"])  # type: ignore[attr-defined]
    share = max(1, cores() // workers)
    os.environ.setdefault("OMP_NUM_THREADS", str(share))


def _teller(config: pytest.Config) -> Any:
    """Lines about long work, past pytest's capture and under xdist."""

    def tell(text: str) -> None:
        text = printable(text)
        if (watch := config.stash.get(watch_key, None)) is not None:
            watch.heard()
        capture = config.pluginmanager.getplugin("capturemanager")
        reporter = config.pluginmanager.getplugin("terminalreporter")
        if is_worker(config) or reporter is None:
            # A worker's stdout belongs to xdist, its stderr to the user.
            with capture.global_and_fixture_disabled() if capture else nullcontext():
                print(f"harness: {text}", file=sys.__stderr__, flush=True)
        else:
            with capture.global_and_fixture_disabled() if capture else nullcontext():
                if reporter._tw.width_of_current_line:  # dots, which it does not know
                    reporter.write("\n")
                reporter.write_line(f"harness: {text}")

    return tell


watch_key = pytest.StashKey[Watch]()


def _past_capture(config: pytest.Config) -> Tell:
    """As `_teller`, from any thread, while a test runs; made between two tests."""
    # pytest then has put a file in the place of stderr, which no thread may undo.
    stderr = os.dup(2)
    config.add_cleanup(lambda: os.close(stderr))
    reporter = (
        None
        if is_worker(config)
        else config.pluginmanager.getplugin("terminalreporter")
    )

    def tell(text: str) -> None:
        dots = reporter is not None and reporter._tw.width_of_current_line
        line = f"{chr(10) if dots else ''}harness: {printable(text)}\n"
        with suppress(OSError):  # nobody reads it
            os.write(stderr, line.encode(errors="replace"))

    return tell


def pytest_collection(session: pytest.Session) -> bool | None:
    """With --harness-list, print what there is and collect nothing."""
    kind = session.config.getoption("harness_list")
    if not kind:
        return None
    from harness.report.listing import listing
    from harness.report.text import show

    capture = session.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else nullcontext():
        try:
            show(listing(kind, run_of(session.config)))
        except HarnessError as error:
            raise pytest.UsageError(str(error)) from None
    return True


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A listing collects no tests, and is no failure for that."""
    done = session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED
    if session.config.getoption("harness_list") and done:
        session.exitstatus = pytest.ExitCode.OK


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Spread tests that ask for our `model`, `dataset` or `family` over the grid."""
    spread(metafunc)


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Name the metric in a marker, so that -m can pick it exactly and -k loosely."""
    if place_of(item):
        name = series_of(item)[0]
        item.add_marker(_metric_marker(name))
        if not item.name.startswith(f"test_{name}"):
            item.extra_keyword_matches.add(f"test_{name}")


@cache
def _metric_marker(name: str) -> pytest.MarkDecorator:
    """One for all cells of a test."""
    return pytest.mark.metric(name=name)


class Cells:
    """What every process that runs tests does with the harness's items."""

    def __init__(self, config: pytest.Config, shard: Shard | None) -> None:
        self.config = config
        self._shard = shard
        self._noted = False
        self._looked_up: tuple[pytest.Item | None, Recorded | None] = None, None
        self._watch: Watch | None = None  # of the cells that this process runs
        level = config.get_verbosity(pytest.Config.VERBOSITY_TEST_CASES)
        self._shows_values = level > 0

    @cached_property
    def run(self) -> Run:
        """The session's."""
        return run_of(self.config)

    @cached_property
    def _protocol(self) -> CellProtocol:
        return CellProtocol(self.config)

    @pytest.hookimpl(wrapper=True)
    def pytest_generate_tests(self) -> Generator[None, None, None]:
        """Have an option that cannot be end the collection of its file, in a line."""
        try:
            return (yield)
        except HarnessError as error:
            self.config.stash.setdefault(refused_key, []).append(str(error))
            raise pytest.Collector.CollectError(str(error)) from None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Order cells by model, then dataset: each network and view is run once.

        pytest's own order of session parameters changes the model far more often.
        Tests that are run on request, or by another shard, are left out.
        """
        leave_out(self.config, items)
        if self._shard:
            leave_to_others(self.config, items, self._shard)
        cells = [item for item in items if place_of(item)]
        if not cells:
            return
        cells.sort(key=_turn)
        ordered = iter(cells)
        items[:] = [next(ordered) if place_of(item) else item for item in items]

    @pytest.hookimpl(wrapper=True)
    def pytest_collection_finish(
        self, session: pytest.Session
    ) -> Generator[None, None, None]:
        """Tell a controller what was collected, and let all items rest."""
        if is_worker(self.config):
            from harness.conftests import registering
            from harness.distribution import tell

            plan = plan_of(session.items)
            plan = replace(
                plan,
                conftests=registering(self.config),
                elsewhere=elsewhere(self.config),
                refused=refused_options(session),
                unmatched=() if session.items else self._unmatched(),
            )
            tell(self.config, plan)
        from harness.fixtures.layers import declare_layers

        declare_layers(self.config, session.items)
        yield
        cells = sum(place_of(item) is not None for item in session.items)
        rest(cells)
        sweep(self.config, cells)

    def _unmatched(self) -> tuple[str, ...]:
        unmatched = self.config.pluginmanager.getplugin("harness-unmatched")
        return () if unmatched is None else tuple(unmatched.lines())

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> bool | None:
        """Run a cell with less ado than pytest does, where nobody would notice."""
        if not self._noted:
            self._noted = True
            note_code(item.session.items)
        if place_of(item) is None:
            return None
        self._watched(item.session).begin(item.nodeid)
        if not self._protocol.takes(item):
            return None
        assert isinstance(item, pytest.Function)
        stored = self.stored(item)
        if stored is not None and stored.skipped is not None:
            return None  # pytest's own protocol reports skips
        self._protocol.run(item, nextitem, stored)
        return True

    def _watched(self, session: pytest.Session) -> Watch:
        """What tells which cell takes long; made with the first."""
        if self._watch is None:
            # How many a worker gets of them it is not told.
            mine = () if is_worker(self.config) else session.items
            cells = sum(place_of(item) is not None for item in mine)
            self._watch = Watch(_past_capture(self.config), cells)
            self.config.stash[watch_key] = self._watch
        return self._watch

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """What follows the last cell is none."""
        try:
            return (yield)
        finally:
            if self._watch is not None:
                self._watch.end()

    def stored(self, item: pytest.Item) -> Recorded | None:
        """What an earlier run recorded of a cell; looked up once."""
        if self._looked_up[0] is not item:
            self._looked_up = item, self._look_up(item)
        return self._looked_up[1]

    def _look_up(self, item: pytest.Item) -> Recorded | None:
        if not self.run.stored:
            return None
        if any(item.get_closest_marker(name) for name in ("skip", "skipif", "xfail")):
            return None
        try:
            cell = cell_of(item)
        except Exception:  # raised again, and reported, when the test runs
            return None
        rows = self.run.stored.get(cell.key)
        if isinstance(rows, Skipped):
            # Where it would be said in other words, or no more, it is found out anew.
            current = rows == skipped_for(item, rows.reason)
            return Recorded(skipped=rows, stored=True) if current else None
        if not rows or not all(_is_current(row, self.run.registry) for row in rows):
            return None
        # The content is the same; what it is called may have changed since.
        names = self.run.names_at(cell.place)
        named = tuple(row.called(**names, test=cell.test) for row in rows)
        return Recorded(rows=named, stored=True)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        """Set up a cell, but nothing of one that an earlier run finished.

        Without a value for what a fixture needs, the cell is skipped with the reason.
        """
        if place_of(item):
            if stored := self.stored(item):
                _stand_in(item, stored)
            start_watching(item, self.run)
        with undefined_skips(item):
            yield

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: Any, request: pytest.FixtureRequest
    ) -> Generator[None, Any, Any]:
        """Notice fixtures that look at labels."""
        with watching_fixture(fixturedef, request):
            return (yield)

    def pytest_keyboard_interrupt(self) -> None:
        """What long passes have answered stays on disk for the run that goes on."""
        if self._under_way is not None:
            self._under_way.stay()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Nobody needs it any more."""
        if self._under_way is not None:
            self._under_way.finish()

    @property
    def _under_way(self) -> UnderWay | None:
        """Of a run that has asked for answers; none is made to be asked."""
        run = made_run(self.config)
        return None if run is None else vars(run).get("under_way")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Skip a cell whose metric has no value on its arrays, with the reason."""
        with undefined_skips(item):
            yield

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put what a cell recorded on its last report, when all of it has passed.

        And on every report what became of kept answers since the one before.
        """
        report = yield
        if (kept := _told_of_kept(self.config)) is not None:
            setattr(report, KEPT_ATTRIBUTE, kept)
        if place_of(item) is None:
            return report
        if report.when == "teardown":
            if (recorded := recorded_by(item)) and report.passed:
                stored = self.stored(item) is not None
                setattr(report, REPORT_ATTRIBUTE, replace(recorded, stored=stored))
            return report
        note(item, report)
        if self._shows_values and report.when == "call" and report.passed:
            rows = item.stash.get(rows_key, ())
            values = ", ".join(f"{row.value:.4f}" for row in rows)
            found = " (stored)" if self.stored(item) else ""
            setattr(report, VALUES_ATTRIBUTE, values and values + found)
        return report


def _told_of_kept(config: pytest.Config) -> str | None:
    """What a run that has asked for answers has read and kept; None of nothing new."""
    run = made_run(config)
    keeping: Keeping | None = None if run is None else vars(run).get("keeping")
    if keeping is None or not keeping.ledger:
        return None
    return keeping.take().to_json()


def _stand_in(item: pytest.Item, stored: Recorded) -> None:
    """Have pytest's protocol set up and call nothing: rows take a test's place.

    Or that there is no value. Every hook is called all the same, in pytest's order,
    whoever calls them.
    """
    if stored.skipped is not None:
        vars(item).update(setup=partial(_undefined, stored.skipped.reason))
        return
    item.stash[rows_key] = list(stored.rows)
    vars(item).update(setup=_nothing, runtest=_nothing)


def _nothing() -> None:
    """Stand in for a test."""


def _undefined(reason: str) -> None:
    """Stand in for a test without a value."""
    raise UndefinedMetricError(reason)


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable(
    config: pytest.Config, report: pytest.CollectReport | pytest.TestReport
) -> Generator[None, dict[str, Any] | None, dict[str, Any] | None]:
    """Between processes measurements are text, which every one of them can read.

    So are the keywords of a cell, most of its report: a text is sent quicker.
    """
    data = yield
    recorded: Recorded | None = getattr(report, REPORT_ATTRIBUTE, None)
    if data is not None and (kept := getattr(report, KEPT_ATTRIBUTE, "")):
        data[KEPT_ATTRIBUTE] = kept
    if data is not None and recorded is not None:
        data[REPORT_ATTRIBUTE] = [recorded.line(), recorded.stored, recorded.keep]
        keywords = data["keywords"]
        # As pytest has them; other readers of reports than our controller want a dict.
        if is_worker(config) and all(value == 1 for value in keywords.values()):
            data["keywords"] = "\0".join(keywords)
    return data


@pytest.hookimpl(wrapper=True)
def pytest_report_from_serializable(
    data: dict[str, Any],
) -> Generator[None, Any, Any]:
    """And objects again where they arrive."""
    recorded = data.get(REPORT_ATTRIBUTE)
    if isinstance(names := data.get("keywords"), str):
        # Most are those of other cells too, and the terminal keeps every report.
        data["keywords"] = dict.fromkeys(map(sys.intern, names.split("\0")), 1)
    report = yield
    if recorded is not None and report is not None:
        line, stored, keep = recorded
        made = Recorded.from_line(line, stored=stored, keep=keep)
        setattr(report, REPORT_ATTRIBUTE, made)
    return report


def _turn(item: pytest.Item) -> tuple[bool, Place | None]:
    """Comparisons of models last, when each has been run; then by model and dataset."""
    return "peers" in getattr(item, "fixturenames", ()), place_of(item)


def _is_current(row: Measurement, registry: Registry) -> bool:
    """Whether a metric's code is still the one that made the stored value.

    Code of a metric that is not registered is in the cell's key.
    """
    metric = registry.metrics.get(row.metric)
    return (
        not row.version or metric is None or row.version == registry.version_of(metric)
    )
