"""What JSON knows of objects, and files that are written whole."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from harness.analysis.gates import Verdict
from harness.artifacts import irreplaceable, write_whole
from harness.errors import HarnessError
from harness.measurement import Axes
from harness.renamed import moved
from harness.report.run_file.verdicts import plain_verdict


def write_report(path: Path, content: str | bytes | Iterable[str]) -> None:
    """Write a report whole or not at all, or part by part, as parts are made.

    Raises
    ------
    HarnessError
        If it cannot be written.
    """
    if why := irreplaceable(path):  # which it was not when the run began
        raise HarnessError(f"report {path} cannot be written: it {why}")
    # Names that the system could not decode hold surrogates, which UTF-8 has not.
    data: bytes | Iterable[bytes]
    if isinstance(content, bytes):
        data = content
    else:
        parts = (content,) if isinstance(content, str) else content
        data = (part.encode(errors="replace") for part in parts)
    write_whole(path, data, what="report", folders=True)


def plain(value: Any) -> Any:
    """Dataclasses and containers as what JSON knows; "inf" where it has no number."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Axes):
        return dict(value)
    if isinstance(value, Verdict):
        return plain(plain_verdict(value))
    if isinstance(value, Counter):  # asdict would rebuild it from pairs
        return dict(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(part) for part in value]
    return value


__getattr__ = moved(
    __name__,
    write_json="harness.report.run_file.reopening",
    SCHEMA="harness.report.run_file.saved",
)
