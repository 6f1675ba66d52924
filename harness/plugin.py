"""pytest hooks of the harness: thin, and cheap in projects that do not use it.

Nothing heavy is imported here; torch, scipy and scikit-learn come with the first cell
that needs them.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable
from contextlib import nullcontext
from dataclasses import replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import pytest

from harness.controller import Controller
from harness.fixtures.cells import (
    REPORT_ATTRIBUTE,
    VALUES_ATTRIBUTE,
    aggregates_of,
    asked_beside,
    cell_of,
    gates_of,
    gets_ours,
    is_harness,
    make_run_key,
    note,
    note_code,
    place_of,
    plan_of,
    recorded_by,
    rows_key,
    run_of,
    series_of,
    undefined_skips,
)
from harness.fixtures.labels import start_watching, watching_fixture
from harness.fixtures.layers import declare_layers, layered
from harness.fixtures.on_request import MARKER, is_left_out, leave_out
from harness.given import asks, check_ini, read_settings
from harness.options import add_options
from harness.printable import printable
from harness.protocol.cells import CellProtocol
from harness.protocol.garbage import rest, sweep
from harness.store import Recorded

if TYPE_CHECKING:
    from harness.measurement import Measurement, Place
    from harness.registry import Registry
    from harness.run import Run
    from harness.settings import Settings

#: Modules of fixtures, one a topic.
pytest_plugins = (
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


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare `pytest_harness_register`."""
    from harness import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is an xdist worker."""
    return hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    """Read the settings, hear the registrations, refuse what cannot be."""
    from harness.errors import HarnessError
    from harness.registry import Registry

    config.addinivalue_line(
        "markers",
        "metric(name): the metric that a suite test measures; select with "
        "-m \"metric(name='jigsaw_invariance')\"",
    )
    config.addinivalue_line(
        "markers",
        "harness_gate(text): a gate that holds whenever this test runs, for instance "
        "'jigsaw_invariance: interior r2 >= 0.5'",
    )
    config.addinivalue_line(
        "markers",
        f"{MARKER}: left out unless -k, -m or a path of the command line names the "
        "test, its file, class or metric",
    )
    config.addinivalue_line(
        "markers",
        "harness_aggregate(name, ...): numbers to make of what this test records on "
        "the datasets of a family, for instance 'mean_over_severities'",
    )
    check_ini(config)
    settings = read_settings(config)
    registry = Registry()
    try:
        config.hook.pytest_harness_register.call_historic(kwargs={"registry": registry})
        if settings.outputs:
            settings = _on_outputs(config, settings, registry)
        _add_models(settings, registry)
        _add_populations(settings, registry)
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
    config.pluginmanager.register(Cells(config), "harness-cells")
    if is_worker(config):
        _share_processor(config)
        return
    try:
        controller = Controller(config, settings)
        if asks(config):  # only then it pays for looking at the disk
            controller.check_run()
    except (HarnessError, ValueError) as error:
        raise pytest.UsageError(str(error)) from None
    config.pluginmanager.register(controller, "harness-controller")


def _on_outputs(
    config: pytest.Config, settings: Settings, registry: Registry
) -> Settings:
    """The run on the base that saved outputs make up."""
    from harness.answers.outputs import BASE, saved_base
    from harness.errors import HarnessError

    if config.getoption("harness_base") not in (None, BASE):
        raise HarnessError(
            "--harness-outputs makes a base of its own; leave --harness-base out"
        )
    base, families, models = saved_base(settings.outputs)
    registry.add_base(base)
    for one in families:
        registry.add_family(one)
    for entry in models:
        registry.add_entry(entry)
    return replace(settings, base=BASE)


def _add_models(settings: Settings, registry: Registry) -> None:
    """Register the classifiers of --harness-model."""
    if not settings.model:
        return
    from harness.errors import HarnessError
    from harness.models.yours.specs import spec_model

    if settings.outputs:
        raise HarnessError(
            "--harness-model needs images, and --harness-outputs stands in their "
            "place; leave one out"
        )
    for spec in settings.model:
        entry = spec_model(spec, settings.base)
        if entry.name in registry.models_of(settings.base):
            raise HarnessError(
                f"two models are called {entry.name}; give {spec.target} another "
                f"name: '{spec.target}?name=NAME'"
            )
        registry.add_entry(entry)


def _add_populations(settings: Settings, registry: Registry) -> None:
    """Register those of --harness-population."""
    if not settings.population:
        return
    if settings.outputs:
        from harness.errors import HarnessError

        raise HarnessError(
            "--harness-population needs images, and --harness-outputs stands in their "
            "place; leave one out"
        )
    registry.add_chosen_populations(settings)


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


def pytest_collection(session: pytest.Session) -> bool | None:
    """With --harness-list, print what there is and collect nothing."""
    kind = session.config.getoption("harness_list")
    if not kind:
        return None
    from harness.errors import HarnessError
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
    from harness.errors import HarnessError

    _check_gates(metafunc)
    _check_aggregates(metafunc)
    _check_pair(metafunc)
    if _is_ours(metafunc, "population"):
        _spread_populations(metafunc)
    asked = _asked_of_grid(metafunc)
    if not asked:
        return
    if is_left_out(metafunc.definition):
        return  # one item, which is deselected, and not one a cell
    run = run_of(metafunc.config)
    if _is_ours(metafunc, "pretext_task") and "task" not in _marked(metafunc):
        metafunc.parametrize("task", tuple(run.registry.tasks))
    try:
        if _is_ours(metafunc, "layer"):
            together = tuple(name for name in asked if name != "family")
            places = list(layered(run, together))
            metafunc.parametrize(
                (*together, "layer"), places, indirect=True, scope="session"
            )
            rest(len(places))
            asked = tuple(name for name in asked if name not in together)
        if asked == ("model", "dataset") and not run.is_plain:
            metafunc.parametrize(
                asked, run.pairs, ids=run.pair_ids, indirect=True, scope="session"
            )
            rest(len(run.pairs))
            return
        names: dict[str, Iterable[str]] = {
            "model": run.models,
            "dataset": run.datasets,
            "family": run.families,
        }
    except HarnessError as error:
        raise pytest.Collector.CollectError(str(error)) from None
    for name in asked:
        ids = tuple(names[name])
        metafunc.parametrize(name, ids, ids=ids, indirect=True, scope="session")
        rest(len(run.models) * len(run.datasets))


def _spread_populations(metafunc: pytest.Metafunc) -> None:
    """Over those that are chosen; a test is skipped, with the cure, if none is."""
    from harness.errors import HarnessError

    try:
        names = run_of(metafunc.config).populations
    except HarnessError as error:
        raise pytest.Collector.CollectError(str(error)) from None
    none = pytest.mark.skip(
        reason="no population was chosen: --harness-population 'MODEL?networks=5', or "
        "registry.add_population in a conftest"
    )
    # An empty set would be skipped without a word of what to do.
    chosen = names or (pytest.param(None, marks=none, id="none"),)
    metafunc.parametrize("population", chosen, indirect=True, scope="session")


def _asked_of_grid(metafunc: pytest.Metafunc) -> tuple[str, ...]:
    """Which of our fixtures of the grid a test is spread over.

    `record` takes a model and a dataset where the test says nothing, and only a model
    where it asks for that, or for a family, and for no dataset.
    """
    grid = ("model", "dataset", "family")
    asked = tuple(name for name in grid if _is_ours(metafunc, name))
    info = metafunc.definition._fixtureinfo
    if not gets_ours(info, "record"):
        return asked
    own = asked_beside(metafunc.definition, "record").intersection(asked)
    if {"dataset", "family"} <= own:
        raise pytest.Collector.CollectError(
            f"{metafunc.definition.nodeid} must record for a `dataset` or for a "
            "`family`, and asks for both; `dataset.family` is a family's name"
        )
    if "family" in own or ("model" in own and "dataset" not in own):
        return tuple(name for name in asked if name != "dataset")
    return asked


def _check_gates(metafunc: pytest.Metafunc) -> None:
    """Refuse a misspelt gate in a marker while nothing has run yet."""
    if texts := gates_of(metafunc.definition):
        from harness.analysis.gates import parse

        try:
            for text in texts:
                parse(text)
        except ValueError as error:
            raise pytest.Collector.CollectError(str(error)) from None


def _check_aggregates(metafunc: pytest.Metafunc) -> None:
    """Refuse an unknown aggregate in a marker while nothing has run yet."""
    if names := aggregates_of(metafunc.definition):
        from harness.errors import UnknownName

        known = run_of(metafunc.config).registry.aggregates
        for name in names:
            if name not in known:
                error = UnknownName("aggregate", name, known)
                raise pytest.Collector.CollectError(str(error))


def _check_pair(metafunc: pytest.Metafunc) -> None:
    """Refuse a `model` or `dataset` of a project's own where our others need ours."""
    info = metafunc.definition._fixtureinfo
    needing = [f for f in _OF_A_PAIR if gets_ours(info, f)]
    for name in ("model", "dataset"):
        asked = [
            f
            for f in needing
            if any(name in one.argnames for one in info.name2fixturedefs[f])
        ]
        if asked and not _is_ours(metafunc, name):
            raise pytest.Collector.CollectError(
                f"fixture or parameter `{name}` of {metafunc.definition.nodeid} must "
                f"be the harness's, which its `{asked[0]}` is of, got one of its own; "
                "give that another name"
            )


# Our fixtures that say something of a model, or of a model and a dataset.
_OF_A_PAIR = (
    *("accuracy", "copies", "jigsaw_head", "layer", "measure", "peers"),
    *("predictions", "pretext_head", "record", "rotation_head", "source"),
    "source_peers",
)


def _marked(metafunc: pytest.Metafunc) -> set[str]:
    """The parameters that a test's marks give."""
    marks = metafunc.definition.iter_markers("parametrize")
    given = [mark.kwargs.get("argnames", (mark.args or ("",))[0]) for mark in marks]
    lists = [one.split(",") if isinstance(one, str) else one for one in given]
    return {name.strip() for names in lists for name in names}


def _is_ours(metafunc: pytest.Metafunc, name: str) -> bool:
    """Whether a test would get our fixture: not its own parameter or override."""
    if name not in metafunc.fixturenames:
        return False
    definitions = metafunc.definition._fixtureinfo.name2fixturedefs.get(name, ())
    return bool(definitions) and is_harness(definitions[-1])


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

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self._noted = False
        self._looked_up: tuple[pytest.Item | None, Recorded | None] = None, None
        level = config.get_verbosity(pytest.Config.VERBOSITY_TEST_CASES)
        self._shows_values = level > 0

    @cached_property
    def run(self) -> Run:
        """The session's."""
        return run_of(self.config)

    @cached_property
    def _protocol(self) -> CellProtocol:
        return CellProtocol(self.config)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Order cells by model, then dataset: each network and view is run once.

        pytest's own order of session parameters changes the model far more often.
        Tests that are run on request are left out.
        """
        leave_out(self.config, items)
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
            tell(self.config, replace(plan, conftests=registering(self.config)))
        declare_layers(self.config, session.items)
        yield
        cells = sum(place_of(item) is not None for item in session.items)
        rest(cells)
        sweep(self.config, cells)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> bool | None:
        """Run a cell with less ado than pytest does, where nobody would notice."""
        if not self._noted:
            self._noted = True
            note_code(item.session.items)
        if place_of(item) is None or not self._protocol.takes(item):
            return None
        assert isinstance(item, pytest.Function)
        self._protocol.run(item, nextitem, self._stored(item))
        return True

    def _stored(self, item: pytest.Item) -> Recorded | None:
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
            if stored := self._stored(item):
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

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Skip a cell whose metric has no value on its arrays, with the reason."""
        with undefined_skips(item):
            yield

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put what a cell recorded on its last report, when all of it has passed."""
        report = yield
        if place_of(item) is None:
            return report
        if report.when == "teardown":
            if (recorded := recorded_by(item)) and report.passed:
                stored = self._stored(item) is not None
                setattr(report, REPORT_ATTRIBUTE, replace(recorded, stored=stored))
            return report
        note(item, report)
        if self._shows_values and report.when == "call" and report.passed:
            rows = item.stash.get(rows_key, ())
            values = ", ".join(f"{row.value:.4f}" for row in rows)
            found = " (stored)" if self._stored(item) else ""
            setattr(report, VALUES_ATTRIBUTE, values and values + found)
        return report


def _stand_in(item: pytest.Item, stored: Recorded) -> None:
    """Have pytest's protocol set up and call nothing: rows take a test's place.

    Every hook is called all the same, in pytest's order, whoever calls them.
    """
    item.stash[rows_key] = list(stored.rows)
    vars(item).update(setup=_nothing, runtest=_nothing)


def _nothing() -> None:
    """Stand in for a test."""


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable(
    config: pytest.Config, report: pytest.CollectReport | pytest.TestReport
) -> Generator[None, dict[str, Any] | None, dict[str, Any] | None]:
    """Between processes measurements are text, which every one of them can read.

    So are the keywords of a cell, most of its report: a text is sent quicker.
    """
    data = yield
    recorded: Recorded | None = getattr(report, REPORT_ATTRIBUTE, None)
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
