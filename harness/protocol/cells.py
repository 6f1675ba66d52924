"""The protocol of cells: set up, call, tear down, report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.fixtures.cells import (
    REPORT_ATTRIBUTE,
    place_of,
    recorded_by,
    undefined_skips,
)
from harness.measurement import Place
from harness.protocol.capture import Caught, When, call_info
from harness.protocol.fixture_plan import Recipe, recipe_of
from harness.protocol.listeners import is_watched
from harness.store import Recorded

# Plugins whose wrappers of a phase do what is done here, or only act on what
# `CellProtocol.takes` refuses.
_REPLACED = ("capturemanager", "logging-plugin", "skipping")
_MARKS = ("skip", "skipif", "xfail")


class CellProtocol:
    """Runs cells one after the other.

    Parameters
    ----------
    config
        Of the session, when all its plugins are there.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._hook = config.hook
        self._refuses = is_watched(config)
        replaced = [config.pluginmanager.getplugin(name) for name in _REPLACED]
        self._phases: dict[When, Callable[..., object]] = {
            when: config.pluginmanager.subset_hook_caller(
                f"pytest_runtest_{when}", replaced
            )
            for when in ("setup", "call", "teardown")
        }
        self._caught = Caught(config)
        self._recipes: dict[int, Recipe | None] = {}
        self._held_at: Place | None = None
        self._held: dict[str, Any] = {}
        self._places: dict[tuple[Any, str], tuple[str, int | None, str]] = {}

    def takes(self, item: pytest.Item) -> bool:
        """Whether nobody could tell this protocol from pytest's on this item."""
        return (
            not self._refuses
            and type(item) is pytest.Function
            and place_of(item) is not None
            and self._recipe(item) is not None
            and item.ihook is self._hook
            and not any(mark in item.keywords for mark in _MARKS)
        )

    def run(
        self,
        item: pytest.Function,
        nextitem: pytest.Item | None,
        stored: Recorded | None = None,
    ) -> None:
        """Set up, call and tear down; then report, or report what is stored already."""
        self._place(item)
        if stored is None:
            self._measure(item, nextitem)
        else:
            self._tell(item, nextitem, stored)

    def _measure(self, item: pytest.Function, nextitem: pytest.Item | None) -> None:
        with self._caught.around(item) as phase:
            calls = [phase("setup", lambda: self._set_up(item))]
            if not calls[-1].excinfo:
                calls.append(phase("call", lambda: self._phases["call"](item=item)))
            ran = not calls[-1].excinfo
            if ran:
                calls.append(phase("teardown", lambda: self._tear_down(item, nextitem)))
        if not calls[-1].excinfo:  # one report tells all
            report = self._made(item, calls[1])
            vars(report)[REPORT_ATTRIBUTE] = recorded_by(item)
            self._hook.pytest_runtest_logreport(report=report)
        else:
            for call in calls:
                self._report(item, call)
        if not ran:
            # A session that is to stop tears everything down now.
            if item.session.shouldfail or item.session.shouldstop:
                nextitem = None
            with self._caught.around(item) as phase:
                last = phase("teardown", lambda: self._tear_down(item, nextitem))
            self._report(item, last)
        # As pytest does: what the test held can go.
        item._request = False  # type: ignore[assignment]
        item.funcargs = None  # type: ignore[assignment]

    def _tell(
        self, item: pytest.Item, nextitem: pytest.Item | None, stored: Recorded
    ) -> None:
        """Report a cell as passed without running it."""
        report = pytest.TestReport(
            nodeid=item.nodeid,
            location=item.location,
            keywords=dict.fromkeys(item.keywords, 1),
            outcome="passed",
            longrepr=None,
            when="call",
        )
        vars(report)[REPORT_ATTRIBUTE] = stored
        self._hook.pytest_runtest_logreport(report=report)
        # The test before left set up what it shares with this one.
        down = item.session._setupstate.teardown_exact
        last = call_info("teardown", lambda: down(nextitem))
        if last.excinfo:
            self._report(item, last)

    # --- phases -----------------------------------------------------------------------

    def _set_up(self, item: pytest.Function) -> None:
        recipe = self._recipe(item)
        assert recipe is not None
        place = place_of(item)
        if place != self._held_at:
            self._held_at = place
            self._held.clear()
        if recipe.shared <= self._held.keys():
            with undefined_skips(item):
                recipe.fill(item, self._held)
        self._phases["setup"](item=item)
        self._held |= {name: item.funcargs[name] for name in recipe.shared}

    def _tear_down(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        self._phases["teardown"](item=item, nextitem=nextitem)

    def _recipe(self, item: pytest.Function) -> Recipe | None:
        info = id(item._fixtureinfo)  # one for all the cells of a test
        if info not in self._recipes:
            self._recipes[info] = recipe_of(item)
        return self._recipes[info]

    # --- reports ----------------------------------------------------------------------

    def _report(self, item: pytest.Item, call: pytest.CallInfo[Any]) -> None:
        report = self._made(item, call)
        self._hook.pytest_runtest_logreport(report=report)
        expected = (pytest.skip.Exception, pytest.xfail.Exception)
        if call.excinfo and not isinstance(call.excinfo.value, expected):
            self._hook.pytest_exception_interact(node=item, call=call, report=report)

    def _made(self, item: pytest.Item, call: pytest.CallInfo[Any]) -> pytest.TestReport:
        report: pytest.TestReport = self._hook.pytest_runtest_makereport(
            item=item, call=call
        )
        return report

    def _place(self, item: pytest.Item) -> None:
        """Spare all but the first cell of a test the search for its line."""
        name = getattr(item, "originalname", item.name)
        tail = item.name.removeprefix(name)
        known = self._places.get((item.parent, name))
        if known is None:
            file, line, test = item.location
            self._places[item.parent, name] = file, line, test.removesuffix(tail)
        else:
            file, line, test = known
            vars(item).setdefault("location", (file, line, test + tail))
