"""What a cell's phases write and log, caught once for all of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import pytest

When = Literal["setup", "call", "teardown"]
Phase = Callable[[When, Callable[[], object]], pytest.CallInfo[object]]


class Caught:
    """Catches output and log messages, and puts them on the item for its reports.

    Loggers that do not propagate are left alone: torch has dozens, pytest puts two
    handlers on each of them in each phase, and they write to stderr, which is caught.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._capture = config.pluginmanager.getplugin("capturemanager")
        self._logs = config.pluginmanager.getplugin("logging-plugin")
        self._handler = _Kept()

    @contextmanager
    def around(self, item: pytest.Item) -> Iterator[Phase]:
        """Give what runs a phase.

        What is caught is told of the last phase, but not of a teardown that passed.
        """
        told: When = "teardown"

        def phase(when: When, work: Callable[[], object]) -> pytest.CallInfo[object]:
            nonlocal told
            call = call_info(when, work)
            if when != "teardown" or call.excinfo:
                told = when
            return call

        root = logging.getLogger()
        root.addHandler(self._handler)
        self._capture.resume_global_capture()
        try:
            yield phase
        finally:
            self._capture.suspend_global_capture(in_=False)
            root.removeHandler(self._handler)
            out, err = self._capture.read_global_capture()
            item.add_report_section(told, "stdout", out)
            item.add_report_section(told, "stderr", err)
            if self._handler.records:
                item.add_report_section(told, "log", self._log())

    def _log(self) -> str:
        lines = [self._logs.formatter.format(one) for one in self._handler.records]
        self._handler.records.clear()
        return "\n".join(lines)


def call_info(when: When, work: Callable[[], object]) -> pytest.CallInfo[object]:
    """What became of a phase; what ends the session is raised."""
    ends = (KeyboardInterrupt, pytest.exit.Exception)
    return pytest.CallInfo.from_call(work, when, reraise=ends)


class _Kept(logging.Handler):
    """Keeps records as they come."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self.records.append(record)
