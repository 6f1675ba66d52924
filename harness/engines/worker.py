"""Worker: pytest in another process, which runs the groups that it is sent.

It collects once, keeps what lives as long as a session between groups, the last network
among it, and judges, stores and reports nothing.
"""

from __future__ import annotations

import atexit
import faulthandler
import os
import socket
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any

import pytest

from harness.engines.group import Group, Result, Trial
from harness.errors import HarnessError
from harness.fixtures.cells import cell_of, note_code, place_of, run_of

_NUMBER, _COUNT = "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"


class Refused(HarnessError):
    """A group cannot be run here, or would not be the measurement that is meant."""


def this_process() -> str:
    """Host and number."""
    return f"{socket.gethostname()}:{os.getpid()}"


def run_group(text: str) -> str:
    """Run a `Group` in this process, and return the `Result`; both are texts.

    What engines are given to call. It ends the process where a group takes longer than
    it may, whatever holds it up, after a line and a traceback on stderr.
    """
    group = Group.from_json(text)
    try:
        with _by_itself():
            worker = _worker_of(group)
            with _bounded(group.timeout, worker.stderr):
                return worker.run(group).to_json()
    except Refused as error:
        return Result(refused=f"{error}").to_json()


def try_group(text: str) -> str:
    """Run a `Group` as `run_group` does, and return a `Trial` in place of reports.

    What it measures is measured for nothing: its keys may be those of no cell.
    """
    group = Group.from_json(text)
    try:
        with _by_itself():
            worker = _worker_of(group)
            before = time.process_time()
            run = run_of(worker.config)
            passes, images = run.passes, run.passed_images
            start = time.perf_counter()
            result = worker.run(group)
            return Trial(
                failed=[
                    f"{event[1]['nodeid']}: {_why(event[1])}"
                    for event in result.events
                    if event[0] == "report" and event[1]["outcome"] == "failed"
                ],
                seconds=time.perf_counter() - start,
                processor=time.process_time() - before,
                passes=run.passes - passes,
                images=run.passed_images - images,
                bytes=most_memory(),
            ).to_json()
    except Refused as error:
        return Trial(refused=f"{error}").to_json()


def most_memory() -> int:
    """The most bytes that this process has held; 0 where the system does not say."""
    with suppress(OSError), open("/proc/self/status", encoding="ascii") as file:
        # `getrusage` counts the process that this one was forked from.
        for line in file:
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    try:
        import resource
    except ImportError:  # Windows
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _why(report: dict[str, Any]) -> str:
    """The line of a failed report, as pytest writes it for other processes."""
    longrepr = report.get("longrepr")
    crash = longrepr.get("reprcrash") if isinstance(longrepr, dict) else None
    text = crash["message"] if crash else str(longrepr)
    return text.strip().partition("\n")[0]


_busy = threading.Lock()


@contextmanager
def _by_itself() -> Iterator[None]:
    if not _busy.acquire(blocking=False):
        raise Refused(
            f"{this_process()} is at work on another group; give each worker of the "
            "engine one thread"
        )
    try:
        yield
    finally:
        _busy.release()


_workers: dict[str, _Worker] = {}  # by run: at most one, as long as the process lives


def _worker_of(group: Group) -> _Worker:
    """This process's worker, made with the first group."""
    if group.process == this_process():
        raise Refused(
            "an engine must run groups in other processes than pytest's own, and this "
            "one does not; threads share what tests change"
        )
    if group.run not in _workers:
        if _workers:
            raise Refused(
                f"{this_process()} has served another run and holds its code; start "
                "the workers anew for each run"
            )
        _workers[group.run] = _Worker(group)
    return _workers[group.run]


@contextmanager
def _bounded(seconds: float | None, stderr: Any) -> Iterator[None]:
    if seconds is None:
        yield
        return
    # A thread of C: it needs neither Python nor the executor to work.
    faulthandler.dump_traceback_later(seconds, exit=True, file=stderr)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


class _Worker:
    """A pytest session that was started and has collected."""

    def __init__(self, group: Group) -> None:
        # While tests run, pytest puts a file in the place of the usual one.
        self.stderr = os.fdopen(os.dup(2), "w")
        try:
            os.chdir(group.folder)
        except OSError as error:
            raise Refused(
                f"{this_process()} must have the folder that pytest was started in: "
                f"{error}"
            ) from None
        if group.in_path and not {"", group.folder} & set(sys.path):
            sys.path.insert(0, group.folder)
        self.name = os.environ.setdefault(_NUMBER, f"gw{os.getpid()}")
        count = os.environ.setdefault(_COUNT, str(group.workerinput["workercount"]))
        os.environ.update(group.environment)
        try:
            self._start(
                group.arguments,
                {
                    **group.workerinput,
                    "workerid": self.name,
                    "workercount": int(count),
                },
            )
        except (pytest.UsageError, HarnessError) as error:
            raise Refused(f"{this_process()}: {error}") from None
        if self._session.testsfailed:
            raise Refused(
                f"{this_process()} has {self._session.testsfailed} errors where it "
                f"collects: {self._heard.trouble}"
            )
        self._items = {item.nodeid: item for item in self._session.items}
        note_code(self._session.items)
        atexit.register(self._finish)

    def _start(self, arguments: list[str], workerinput: dict[str, Any]) -> None:
        from _pytest.config import _prepareconfig

        nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for good
        with redirect_stdout(nowhere):  # which the terminal's reporter keeps
            config = _prepareconfig(arguments)
            self.config = config
            config.workerinput = workerinput  # type: ignore[attr-defined]
            config.workeroutput = {}  # type: ignore[attr-defined]
            if config.option.basetemp:
                config.option.basetemp = f"{config.option.basetemp}-{self.name}"
            self._heard = _Heard(config)
            config.pluginmanager.register(self._heard, "harness-heard")
            # As pytest's own main does, but for the loop over all tests.
            self._session = pytest.Session.from_config(config)
            config._do_configure()
            config.hook.pytest_sessionstart(session=self._session)
            config.hook.pytest_collection(session=self._session)

    def _finish(self) -> None:
        """Let go of what lives as long as a session."""
        with suppress(Exception):
            self._session._setupstate.teardown_exact(None)
        self.config.hook.pytest_sessionfinish(session=self._session, exitstatus=0)
        self.config._ensure_unconfigure()

    def run(self, group: Group) -> Result:
        """Run the tests of a group, one after the other.

        Raises
        ------
        Refused
            If one was not collected here, or would measure something else.
        """
        if absent := [one for one, _ in group.tests if one not in self._items]:
            raise Refused(f"{this_process()} has not collected {absent[0]}")
        items = [self._items[nodeid] for nodeid, _ in group.tests]
        for item, (_, key) in zip(items, group.tests, strict=True):
            if key:
                self._check(item, key, group)
        ended = None
        try:
            # The session itself follows the last: what lives longer is kept for the
            # next group, whatever that is.
            for item, following in zip(items, [*items[1:], self._session], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if self._session.shouldfail or self._session.shouldstop:
                    break
        except pytest.exit.Exception as error:
            ended = [error.msg, error.returncode]
        except KeyboardInterrupt:
            ended = ["KeyboardInterrupt", int(pytest.ExitCode.INTERRUPTED)]
        return Result(events=self._heard.take(), exit=ended)

    def _check(self, item: pytest.Item, expected: str, group: Group) -> None:
        """Refuse a cell that is known by another key here, and say what differs."""
        place = place_of(item)
        assert place is not None
        run = run_of(self.config)
        try:
            if cell_of(item).key == expected:
                return
            here = [run.subject_fingerprint(place.subject), run.data_fingerprint(place)]
        except (HarnessError, OSError) as error:
            raise Refused(f"{this_process()}: {error}") from None
        for what, of, there, found in zip(
            ("weights", "data"), (place.subject, place.on), group.digests, here,
            strict=True,
        ):  # fmt: skip
            if there != found:
                raise Refused(
                    f"{what} of {of} are {found[:12]} on {this_process()}, and "
                    f"{there[:12]} where the run was started; have the same files on "
                    "both"
                )
        raise Refused(
            f"{item.nodeid} is known as {cell_of(item).key[:12]} on {this_process()}, "
            f"and as {expected[:12]} where the run was started: its code, settings or "
            "versions of libraries differ"
        )


class _Heard:
    """What pytest's hooks are told in a worker, to be told again by the controller."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._events: list[list[Any]] = []
        self.trouble = ""  # the first of a collection

    def take(self) -> list[list[Any]]:
        """What was heard since the last time."""
        events, self._events = self._events, []
        return events

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep the first error's last line."""
        if report.failed and not self.trouble:
            lines = str(report.longrepr).strip().splitlines()
            self.trouble = f"{report.nodeid}: {lines[-1] if lines else ''}"

    def pytest_runtest_logstart(self, nodeid: str, location: Any) -> None:
        """Keep it."""
        self._events.append(["start", nodeid, location])

    def pytest_runtest_logfinish(self, nodeid: str, location: Any) -> None:
        """Keep it."""
        self._events.append(["finish", nodeid, location])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep it as other processes can read it."""
        data = self._config.hook.pytest_report_to_serializable(
            config=self._config, report=report
        )
        self._events.append(["report", data])

    def pytest_warning_recorded(
        self,
        warning_message: warnings.WarningMessage,
        when: str,
        nodeid: str,
        location: Any,
    ) -> None:
        """Keep those of tests; those of collecting the controller has by itself."""
        if when == "runtest":
            said = warning_message
            self._events.append(
                [
                    "warning",
                    [str(said.message), said.category.__module__],
                    [said.category.__qualname__, said.filename, said.lineno],
                    nodeid,
                    location,
                ]
            )
