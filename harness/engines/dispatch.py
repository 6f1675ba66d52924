"""Dispatch: groups go to an engine, and what comes back is told as if it ran here."""

from __future__ import annotations

import importlib
import os
import sys
import time
import uuid
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from concurrent.futures import Executor as Engine
from dataclasses import dataclass
from functools import partial
from inspect import signature
from typing import Any

import pytest

from harness.answers.threads import cores
from harness.engines.group import Group, Result
from harness.engines.worker import run_group, this_process
from harness.errors import HarnessError, UnknownName
from harness.fixtures.cells import cell_of, group_of, note_code, place_of, run_of
from harness.given import OF_MACHINE
from harness.options import OPTIONS
from harness.printable import printable
from harness.protocol.listeners import tell_worker
from harness.settings import EngineSpec

# Names that stand for a factory.
ENGINES = {
    "processes": "harness.engines.processes:processes",
    "ray": "harness.engines.ray:ray",
}
# What pytest reads of its own; the harness's options follow.
_VARIABLES = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")


def factory_of(spec: EngineSpec) -> Callable[[], Engine]:
    """What makes the engine that is meant.

    Raises
    ------
    HarnessError
        If there is none, or it takes no such options, or something that it imports is
        not installed; of the harness's own engines also if an option has no such value.
        Whatever another factory, or an engine, makes of its options is told when it is
        called.
    """
    target = ENGINES.get(spec.target, spec.target)
    module, colon, name = target.partition(":")
    if not (colon and module and name):
        raise UnknownName("engine", spec.target, [*ENGINES, "package.module:factory"])
    try:
        made_in = importlib.import_module(module)
        factory = getattr(made_in, name)
        takes = signature(factory)
    except Exception as error:  # of the module's own code, too
        known = isinstance(error, ImportError | AttributeError)
        kind = "" if known else f"{type(error).__name__}: "
        raise HarnessError(
            f"engine {spec.target} cannot be had: {kind}{error}"
        ) from None
    options = dict(spec.options)
    try:
        takes.bind(**options)
    except TypeError as error:
        raise HarnessError(f"engine {spec.target} takes {takes}: {error}") from None
    if spec.target in ENGINES:
        made_in.check_options(**options)
    return partial(_made, spec.target, partial(factory, **options))


def _made(name: str, factory: Callable[[], Any]) -> Engine:
    """What a factory makes, or why it is no engine.

    Raises
    ------
    HarnessError
        If it raises, or returns something else.
    """
    try:
        engine = factory()
    except HarnessError:
        raise
    except Exception as error:
        raise HarnessError(
            f"engine {name} cannot be made: {type(error).__name__}: {error}"
        ) from error
    if not all(callable(getattr(engine, one, None)) for one in ("submit", "shutdown")):
        raise HarnessError(
            f"engine {name} must be a function that returns an executor, with `submit` "
            f"and `shutdown`, got {type(engine).__name__}"
        )
    workers = getattr(engine, "workers", None)
    if not (workers is None or isinstance(workers, int)):
        raise HarnessError(
            f"`workers` of engine {name} must be a whole number, got {workers!r}"
        )
    return engine  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class _Sent:
    """Tests that go together, and when they went."""

    name: str
    items: list[pytest.Item]
    at: float = 0.0


class Dispatcher:
    """Takes the place of pytest's loop over the tests.

    Parameters
    ----------
    config
        Of the process that pytest was started in.
    make
        Makes the engine, anew where it has broken down.
    timeout
        Seconds that a group may take; None for no bound.
    is_stored
        Whether a cell need not be measured.

    Raises
    ------
    HarnessError
        If an option cannot go together with an engine.
    """

    def __init__(
        self,
        config: pytest.Config,
        make: Callable[[], Engine],
        timeout: float | None,
        is_stored: Callable[[pytest.Item], bool],
    ) -> None:
        self.config = config
        self._make = make
        self._timeout = timeout
        self._is_stored = is_stored
        self._run = uuid.uuid4().hex
        self._lost: Counter[str] = Counter()
        _check_options(config, timeout)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Run what an earlier run has not finished on the engine."""
        if not made_ready(session):
            return None  # pytest's own loop has a word for it
        here: list[pytest.Item] = []
        groups: dict[str, list[pytest.Item]] = {}
        for item in session.items:
            if place_of(item) is not None and self._is_stored(item):
                here.append(item)
            else:
                groups.setdefault(group_of(item), []).append(item)
        for item, following in zip(here, [*here[1:], None], strict=False):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            _stop_if_asked(session)
        if groups:
            waiting = (_Sent(words_of(items), items) for items in groups.values())
            self._dispatch(session, deque(waiting))
        return True

    def _engine(self) -> Engine:
        try:
            return self._make()
        except HarnessError as error:
            raise pytest.UsageError(str(error)) from None

    # --- who gets what ----------------------------------------------------------------

    def _dispatch(self, session: pytest.Session, waiting: deque[_Sent]) -> None:
        engine = self._engine()
        running: dict[Future[str], _Sent] = {}
        alone: deque[_Sent] = deque()
        finished = False
        try:
            while waiting or running or alone:
                while waiting and len(running) < _workers_of(engine):
                    engine = self._submit(engine, waiting.popleft(), running)
                if not running and alone:
                    engine = self._submit(engine, alone.popleft(), running)
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    sent = running.pop(future)
                    try:
                        result = Result.from_json(future.result())
                    except Exception as error:
                        # An executor that breaks as a whole loses all of its groups,
                        # and only one that runs by itself is known to be why.
                        broken = isinstance(error, BrokenExecutor)
                        self._lose(sent, error, alone if broken else waiting)
                    else:
                        self._tell(sent, result)
                    _stop_if_asked(session)
            finished = True
        finally:
            for future in running:
                future.cancel()
            engine.shutdown(wait=finished)

    def _submit(
        self, engine: Engine, sent: _Sent, running: dict[Future[str], _Sent]
    ) -> Engine:
        """Send a group; return the engine, which is another where it was broken."""
        try:
            text = self._text(sent, _workers_of(engine))
        except (HarnessError, OSError) as error:
            self._fail(sent.items, str(error))
            return engine
        try:
            future = engine.submit(run_group, text)
        except BrokenExecutor:
            engine.shutdown(wait=False)
            engine = self._engine()
            future = engine.submit(run_group, text)
        running[future] = _Sent(sent.name, sent.items, time.monotonic())
        return engine

    def _lose(self, sent: _Sent, error: Exception, again: deque[_Sent]) -> None:
        """Have a group tried once more; the second time all of it has failed."""
        self._lost[sent.items[0].nodeid] += 1
        kind = "" if isinstance(error, HarnessError) else f"{type(error).__name__}: "
        words = f"{kind}{error}".partition("\n")[0]
        seconds = time.monotonic() - sent.at
        if self._timeout is not None and seconds > self._timeout:
            words += (
                f", {seconds:.0f} s after it was sent the group; "
                f"--harness-group-timeout is {self._timeout:g} s"
            )
        if self._lost[sent.items[0].nodeid] < 2:
            run_of(self.config).tell(
                f"{sent.name}: its worker was lost ({words}); another tries once more"
            )
            again.appendleft(sent)
        else:
            self._fail(sent.items, f"worker lost twice, the second time: {words}")

    # --- what they are sent -----------------------------------------------------------

    def _text(self, sent: _Sent, workers: int) -> str:
        group = group_to_send(
            self.config, self._run, sent.name, sent.items, workers, self._timeout
        )
        return group.to_json()

    # --- what they say ----------------------------------------------------------------

    def _tell(self, sent: _Sent, result: Result) -> None:
        """Have this process's hooks hear what a worker's heard."""
        if result.refused:
            self._fail(sent.items, result.refused)
        hook = self.config.hook
        for kind, *said in result.events:
            if kind == "report":
                report = hook.pytest_report_from_serializable(
                    config=self.config, data=_as_pytest_has_it(said[0])
                )
                hook.pytest_runtest_logreport(report=report)
            elif kind == "warning":
                _warn(self.config, *said)
            else:
                call = getattr(hook, f"pytest_runtest_log{kind}")
                call(nodeid=said[0], location=tuple(said[1]))
        if result.exit is not None:
            reason, status = result.exit
            raise pytest.exit.Exception(reason, status)

    def _fail(self, items: Sequence[pytest.Item], reason: str) -> None:
        """Report tests as failed that nobody could run."""
        hook = self.config.hook
        for item in items:
            hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
            for when in ("setup", "call", "teardown"):
                failed = when == "call"
                report = pytest.TestReport(
                    nodeid=item.nodeid,
                    location=item.location,
                    keywords=dict.fromkeys(item.keywords, 1),
                    outcome="failed" if failed else "passed",
                    longrepr=printable(reason) if failed else None,
                    when=when,
                )
                hook.pytest_runtest_logreport(report=report)
            hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def group_to_send(
    config: pytest.Config,
    run_id: str,
    name: str,
    items: Sequence[pytest.Item],
    workers: int,
    timeout: float | None = None,
) -> Group:
    """Tests as a group; what is known of its content here goes with it.

    Raises
    ------
    HarnessError, OSError
        If weights or data cannot be read here.
    """
    run = run_of(config)
    place = place_of(items[0])
    invoked = config.invocation_params
    workerinput: dict[str, Any] = {
        "workercount": workers,
        "testrunuid": run_id,
        "mainargv": sys.argv,
    }
    tell_worker(workerinput, config)
    digests = []
    if place is not None:
        digests = [run.subject_fingerprint(place.subject), run.data_fingerprint(place)]
    return Group(
        run=run_id,
        process=this_process(),
        folder=str(invoked.dir),
        in_path=bool({"", str(invoked.dir)} & set(sys.path)),
        arguments=[str(argument) for argument in invoked.args],
        environment=_environment(),
        workerinput=workerinput,
        timeout=timeout,
        name=name,
        place=list(place[:3]) if place else [],
        digests=digests,
        tests=[[item.nodeid, cell_of(item).key if place else ""] for item in items],
    )


def _check_options(config: pytest.Config, timeout: float | None) -> None:
    """Refuse what would not do what it says."""
    option = config.option
    if getattr(option, "numprocesses", None) or getattr(option, "tx", None):
        raise HarnessError(
            "--harness-engine runs tests itself, and so does -n; leave one out"
        )
    for name, text in (("usepdb", "--pdb"), ("trace", "--trace")):
        if getattr(option, name, False):
            raise HarnessError(
                f"{text} needs tests in this process; leave --harness-engine out"
            )
    if timeout is not None and float(config.getini("faulthandler_timeout") or 0) > 0:
        raise HarnessError(
            "--harness-group-timeout and pytest's faulthandler_timeout are kept by the "
            "same clock; leave one out"
        )


def made_ready(session: pytest.Session) -> bool:
    """Whether groups can be sent; False where pytest is to do nothing, or to complain.

    Raises
    ------
    UsageError
        If two tests have one name.
    """
    failed = session.testsfailed
    if session.config.option.collectonly or (
        failed and not session.config.option.continue_on_collection_errors
    ):
        return False
    _check_names(session.items)
    note_code(session.items)
    return True


def _check_names(items: Iterable[pytest.Item]) -> None:
    """Tests are sent by their node ids."""
    twice = [name for name, n in Counter(one.nodeid for one in items).items() if n > 1]
    if twice:
        raise pytest.UsageError(
            f"two tests are called {twice[0]}; an engine's workers could not tell them "
            "apart: give their parameters other `ids`"
        )


def _environment() -> dict[str, str]:
    """Variables that say what to measure, and not where things lie."""
    known = [o.ini.upper() for o in OPTIONS if o.field not in OF_MACHINE]
    return {
        name: os.environ[name] for name in (*_VARIABLES, *known) if name in os.environ
    }


def _workers_of(engine: Engine) -> int:
    """How many groups an engine has at a time."""
    return max(1, getattr(engine, "workers", None) or cores())


def words_of(items: Sequence[pytest.Item]) -> str:
    """A group's name for people."""
    place = place_of(items[0])
    if place is None:
        return items[0].nodeid
    return f"{place.subject} on {place.on}" if place.on else place.subject


def _stop_if_asked(session: pytest.Session) -> None:
    """As pytest's own loop does after each test."""
    if session.shouldfail:
        raise session.Failed(session.shouldfail)
    if session.shouldstop:
        raise session.Interrupted(session.shouldstop)


def _as_pytest_has_it(data: dict[str, Any]) -> dict[str, Any]:
    """A report after JSON, which has lists for tuples."""
    if isinstance(data.get("longrepr"), list):  # of a skip: file, line, reason
        data["longrepr"] = tuple(data["longrepr"])
    for name in ("user_properties", "sections"):
        data[name] = [tuple(pair) for pair in data.get(name, ())]
    if data.get("location") is not None:
        data["location"] = tuple(data["location"])
    return data


def _warn(
    config: pytest.Config,
    said: Sequence[str],
    where: Sequence[Any],
    nodeid: str,
    location: Any,
) -> None:
    """Record a worker's warning here; of a class that is not known here, as Warning."""
    message, module = said
    name, filename, lineno = where
    category = getattr(sys.modules.get(module), name, Warning)
    config.hook.pytest_warning_recorded.call_historic(
        kwargs={
            "warning_message": warnings.WarningMessage(
                category(message), category, filename, lineno
            ),
            "when": "runtest",
            "nodeid": nodeid,
            "location": tuple(location) if location else None,
        }
    )
