"""Groups: what a worker is sent, and what it sends back, as text."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from harness.errors import HarnessError


class WorkerLost(HarnessError):
    """A worker ended before it had answered."""


class Text:
    """A record that can be written as text; what it holds is JSON."""

    __slots__ = ()

    def to_json(self) -> str:
        """As text."""
        return json.dumps(asdict(self))  # type: ignore[call-overload]

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The inverse of `to_json`."""
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Text):
    """Tests that are run together, and all that it takes to run them.

    Attributes
    ----------
    run
        Of which run they are. A worker serves one: it holds its code.
    process
        Host and number of the process that sends them.
    folder
        That pytest was started in; it must be there for workers too.
    in_path
        Whether modules are found there.
    arguments
        Of pytest, as they were given.
    environment
        Variables that say what to measure. Where things lie is a worker's own affair.
    workerinput
        As pytest-xdist's workers have it.
    timeout
        Seconds after which the worker ends itself; None for no bound.
    name
        For people.
    place
        Subject, dataset and family that all are of; empty for a test that is no cell.
    digests
        Of the subject's weights, and of the data, as they are where the run was
        started.
    tests
        Node id and key of each; the key is empty for what is no cell.
    """

    run: str
    process: str
    folder: str
    in_path: bool
    arguments: list[str]
    environment: dict[str, str]
    workerinput: dict[str, Any]
    timeout: float | None
    name: str
    place: list[str]
    digests: list[str]
    tests: list[list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial(Text):
    """What a group took that was run to see that.

    Attributes
    ----------
    refused
        Why nothing of it was run; empty where it was.
    failed
        Why its tests failed, a line each.
    seconds, processor
        By the clock, and of the worker's processors; starting it is not in them.
    passes, images
        Forward passes over datasets, and the images that these were of.
    bytes
        The most memory that the worker has held.
    """

    refused: str = ""
    failed: list[str] = field(default_factory=list)
    seconds: float = 0.0
    processor: float = 0.0
    passes: int = 0
    images: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Result(Text):
    """What became of a group.

    Attributes
    ----------
    events
        Calls of pytest's hooks in a worker, in their order: the name of each and its
        arguments, reports as pytest writes them for other processes.
    refused
        Why nothing of it was run; empty where it was.
    exit
        Reason and status with which a test ended pytest; None where none did.
    """

    events: list[list[Any]] = field(default_factory=list)
    refused: str = ""
    exit: list[Any] | None = None
