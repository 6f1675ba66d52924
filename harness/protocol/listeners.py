"""Audience: whether anybody would notice that cells are run with less ado."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

# Called around a test, or with what became of it. A plugin that hears one of them may
# keep what it heard until the next.
_HOOKS = (
    "pytest_runtest_protocol",
    "pytest_runtest_logstart",
    "pytest_runtest_setup",
    "pytest_fixture_setup",
    "pytest_runtest_call",
    "pytest_runtest_teardown",
    "pytest_fixture_post_finalizer",
    "pytest_runtest_makereport",
    "pytest_runtest_logreport",
    "pytest_runtest_logfinish",
)
# Packages whose hooks leave plain tests and plain fixtures alone; xdist's only pass on
# what a worker tells. pytest's own are looked at one by one.
_UNMOVED = frozenset(
    {
        "_pytest",
        "harness",
        "xdist",
        "__channelexec__",
        "anyio",
        "pytest_asyncio",
        "_hypothesis_pytestplugin",
    }
)
# Of pytest's own, these leave reports of setups and teardowns that passed alone, ...
_UNMOVED_BY_REPORTS = (
    "lfplugin",
    "logging-plugin",
    "session",
    "stepwiseplugin",
    "terminalreporter",
)
# ... and these nothing visible when a test starts or finishes.
_UNMOVED_BY_STARTS = ("logging-plugin", "terminalreporter")
# They do in part what pytest does around a phase; without them it is done otherwise.
_NEEDED = ("capturemanager", "logging-plugin")
# Under these pytest shows, stops in or writes down what goes on inside a phase.
_OPTIONS = ("usepdb", "trace", "setuponly", "setupshow", "setupplan")
_LOG_OPTIONS = ("log_cli", "log_file", "log_level")
_WORKER_INPUT = "harness_watched"


def is_watched(config: pytest.Config) -> bool:
    """Whether an option or a plugin wants to see a test as pytest runs it.

    Of this process; of a worker also of its controller.
    """
    if getattr(config, "workerinput", {}).get(_WORKER_INPUT, False):
        return True
    if not all(config.pluginmanager.hasplugin(name) for name in _NEEDED):
        return True
    if config.getoption("durations", None) is not None:  # 0: all of them
        return True
    if any(config.getoption(name, None) for name in (*_OPTIONS, *_LOG_OPTIONS)):
        return True
    if any(config.getini(name) for name in _LOG_OPTIONS):
        return True
    return (
        _shows_starts(config)
        or any(_foreign(config, hook) for hook in _HOOKS)
        or _hears(config, "pytest_runtest_logreport", _UNMOVED_BY_REPORTS)
        or _hears(config, "pytest_runtest_logstart", _UNMOVED_BY_STARTS)
        or _hears(config, "pytest_runtest_logfinish", _UNMOVED_BY_STARTS)
    )


def tell_worker(workerinput: dict[str, Any], config: pytest.Config) -> None:
    """Let a worker, which knows its own plugins only, know who listens here."""
    workerinput[_WORKER_INPUT] = is_watched(config)


def _shows_starts(config: pytest.Config) -> bool:
    """Whether the terminal shows tests as they start."""
    reporter = config.pluginmanager.getplugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput"):
        return False
    return bool(reporter.showlongtestinfo or reporter.showfspath)


def _foreign(config: pytest.Config, hook: str) -> bool:
    """Whether a plugin that is not pytest's, nor known to look away, hears a hook."""
    listening = getattr(config.hook, hook).get_hookimpls()
    return not {_package_of(one.plugin) for one in listening} <= _UNMOVED


def _hears(config: pytest.Config, hook: str, unmoved: tuple[str, ...]) -> bool:
    """Whether any of pytest's own plugins does, but for some."""
    manager = config.pluginmanager
    plugins = [manager.getplugin(name) for name in unmoved]
    listening = manager.subset_hook_caller(hook, plugins).get_hookimpls()
    return any(_package_of(one.plugin) == "_pytest" for one in listening)


def _package_of(plugin: Any) -> str:
    """The package that a plugin, a module or an object, comes from."""
    name = plugin.__name__ if inspect.ismodule(plugin) else type(plugin).__module__
    return str(name).partition(".")[0]
