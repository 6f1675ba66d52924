"""Audience: who listens while tests run, and so what must be told."""

from __future__ import annotations

import inspect
from dataclasses import asdict, dataclass
from typing import Any

import pytest

# These do nothing with reports of setups and teardowns that passed, ...
_UNMOVED_BY_PHASES = (
    "harness-cells",
    "harness-controller",
    "lfplugin",
    "logging-plugin",
    "session",
    "stepwiseplugin",
    "terminalreporter",
)
# ... these nothing visible when a test starts or finishes, ...
_UNMOVED_BY_STARTS = ("logging-plugin", "terminalreporter")
# ... and these only pass on what a worker tells.
_MESSENGERS = frozenset({"xdist", "__channelexec__"})
_WORKER_INPUT = "harness_audience"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """What somebody wants to hear.

    Attributes
    ----------
    phases
        Reports of setups and teardowns that passed.
    starts
        That a test starts, and that it finished.
    """

    phases: bool
    starts: bool


def audience_of(config: pytest.Config) -> Audience:
    """Of this process; of a worker also that of its controller."""
    told: dict[str, Any] = getattr(config, "workerinput", {}).get(_WORKER_INPUT, {})
    here = Audience(
        phases=config.getoption("durations", None) is not None
        or _anybody(config, "pytest_runtest_logreport", _UNMOVED_BY_PHASES),
        starts=_names_tests(config)
        or _anybody(config, "pytest_runtest_logstart", _UNMOVED_BY_STARTS)
        or _anybody(config, "pytest_runtest_logfinish", _UNMOVED_BY_STARTS),
    )
    return Audience(
        phases=here.phases or told.get("phases", False),
        starts=here.starts or told.get("starts", False),
    )


def tell_worker(workerinput: dict[str, Any], config: pytest.Config) -> None:
    """Let a worker, which knows its own plugins only, know who listens here."""
    workerinput[_WORKER_INPUT] = asdict(audience_of(config))


def _names_tests(config: pytest.Config) -> bool:
    """Whether the terminal shows tests as they start."""
    reporter = config.pluginmanager.getplugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput"):
        return False
    return bool(reporter.showlongtestinfo or reporter.showfspath)


def _anybody(config: pytest.Config, hook: str, unmoved: tuple[str, ...]) -> bool:
    manager = config.pluginmanager
    plugins = [manager.getplugin(name) for name in unmoved]
    listening = manager.subset_hook_caller(hook, plugins).get_hookimpls()
    return bool({package_of(one.plugin) for one in listening} - _MESSENGERS)


def package_of(plugin: Any) -> str:
    """The package that a plugin, a module or an object, comes from."""
    name = plugin.__name__ if inspect.ismodule(plugin) else type(plugin).__module__
    return str(name).partition(".")[0]
