"""Saved runs: a run's JSON report under a name, read again to compare with."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.analysis.correlation import correlate
from harness.errors import BadData, HarnessError, MissingData
from harness.measurement import Measurement, with_split
from harness.settings import TOP_1

SCHEMA = 2
_DEEPEST = 20  # nested lists and objects; a report has half as many

if TYPE_CHECKING:
    from harness.analysis.correlation import Correlation


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRun:
    """What a JSON report holds of a run.

    Attributes
    ----------
    path
        Where it was read.
    run
        Base, models, settings, as the run described itself.
    measurements
        All of them.
    """

    path: Path
    run: dict[str, Any]
    measurements: tuple[Measurement, ...]

    @property
    def outcome(self) -> str:
        """What its metrics were fitted against."""
        return str(self.run.get("outcome", TOP_1))

    def correlations(self) -> tuple[Correlation, ...]:
        """The fits, made again from the measurements."""
        return correlate(self.measurements)


def check_outcomes(before: SavedRun, outcome: str) -> None:
    """Refuse to compare fits against one outcome with fits against another.

    Raises
    ------
    HarnessError
        With both.
    """
    if before.outcome != outcome:
        raise HarnessError(
            f"runs to compare must be fitted against one outcome, got {before.outcome} "
            f"in {before.path.name} and {outcome}; choose it with --harness-outcome"
        )


def run_path(store: Path, name: str) -> Path:
    """Where the run of a name is kept.

    Raises
    ------
    HarnessError
        If the name could not be a file's.
    """
    unfit = any(mark in name for mark in "/\\:*?") or not name.isprintable()
    if not name or name.startswith(".") or unfit:
        raise HarnessError(
            f"the name of a run must be fit for a file, got {name!r}; for instance "
            "main or v1.2"
        )
    return store / "runs" / f"{name}.json"


def find_run(store: Path, name: str) -> Path:
    """The file of a saved run, or of a JSON report that `name` is the path of.

    Raises
    ------
    HarnessError
        If there is neither; with close names among the saved runs.
    """
    path = Path(name)
    if path.suffix == ".json" and path.is_file():
        return path
    kept = store / "runs"
    known = sorted(p.stem for p in kept.glob("*.json"))
    if name in known:
        return kept / f"{name}.json"
    if path.is_file():
        raise HarnessError(
            f"a run must be the name of a saved one or a JSON report, called *.json, "
            f"got the file {name!r}; write one with --harness-report-json"
        )
    close = get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(close)}? " if close else ""
    raise MissingData(
        f"saved run {name!r}",
        [kept / f"{name}.json", path],
        f"{hint}save one with --harness-save-run NAME, or name a file written with "
        "--harness-report-json",
    )


def read_run(path: Path) -> SavedRun:
    """A run from its JSON report.

    Raises
    ------
    BadData
        If it is damaged, no such report, or of a schema that this version cannot read.
    """
    content = read_content(path)
    try:
        rows = tuple(
            with_split(Measurement.from_dict(row)) for row in content["measurements"]
        )
        run = dict(content["run"])
    except KeyError as error:
        raise BadData(f"report {path} is damaged: it has no {error}") from error
    except (TypeError, ValueError) as error:
        raise BadData(f"report {path} is damaged: {error}") from error
    return SavedRun(path=path, run=run, measurements=rows)


def read_content(path: Path) -> dict[str, Any]:
    """What a JSON report holds, of this version's schema.

    Raises
    ------
    BadData
        If it is no such report, or of another schema.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if not text:
            raise ValueError("it is empty")
        content = json.loads(text, parse_constant=_refuse)
    except (OSError, ValueError, RecursionError) as error:
        raise BadData(f"report {path} cannot be read: {error}") from error
    if not isinstance(content, dict) or "schema" not in content:
        raise BadData(
            f"{path} is no report of harness: it has no `schema`; "
            "write one with --harness-report-json"
        )
    if content["schema"] != SCHEMA:
        raise BadData(
            f"report {path} has schema {content['schema']!r}, and this version reads "
            f"{SCHEMA}; run it again with this version (in schema 1 datasets had no "
            "traits, which say what belongs together)"
        )
    run = content.get("run", {})
    for name, (wanted, fits) in _RUN.items():
        if not isinstance(run, dict) or (name in run and not fits(run[name])):
            raise BadData(f"report {path} is damaged: run.{name} must be {wanted}")
    if _depth(content) > _DEEPEST:
        raise BadData(f"report {path} is damaged: it is nested too deep")
    return content


def _refuse(word: str) -> None:
    """Python's own words for what JSON has no number for."""
    raise ValueError(f"{word} is no number of JSON")


def _depth(value: Any) -> int:
    """How deep lists and objects are nested in a value."""
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return depth


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _are_texts(value: Any, kind: type) -> bool:
    parts = value.values() if isinstance(value, dict) else value
    return isinstance(value, kind) and all(isinstance(part, str) for part in parts)


# What reports show of a run, where it is there; it may say more.
_RUN: dict[str, tuple[str, Callable[[Any], bool]]] = {
    **dict.fromkeys(
        ("base", "date", "device", "outcome", "precision"), ("a text", _is_text)
    ),
    "models": ("texts", lambda v: _are_texts(v, list)),
    "versions": ("an object of texts", lambda v: _are_texts(v, dict)),
    "datasets": ("a number", lambda v: type(v) is int),
}
