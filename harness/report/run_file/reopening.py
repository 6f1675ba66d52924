"""The JSON file of a run, and reports opened again: from it, or from a table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from harness.analysis.correlation import Correlation
from harness.errors import BadData, MissingData
from harness.measurement import Axes
from harness.report.run_file.json import plain, write_report
from harness.report.run_file.reading import read_as
from harness.report.run_file.saved import SCHEMA, read_content

if TYPE_CHECKING:
    from harness.report.summary import Summary

Kind = Literal["json", "parquet", "csv", "other"]
# A header with these is meant to be one of measurements, whatever else it lacks.
_TELLING = {"metric", "model", "dataset", "value", "accuracy"}


def write_json(path: Path, summary: Summary) -> None:
    """Write the summary to a file, whole or not at all.

    Raises
    ------
    HarnessError
        If the file cannot be written.
    """
    write_report(path, _text({"schema": SCHEMA, **_parts(summary)}))


def contents(summary: Summary) -> dict[str, Any]:
    """The keys of the file: of the summary, and of what its sections found."""
    return {key: plain(part) for key, part in _parts(summary).items()}


def _parts(summary: Summary) -> dict[str, Any]:
    """The same as it is held, before it is made plain."""
    parts = {one.name: getattr(summary, one.name) for one in fields(summary)}
    for found in parts.pop("kept"):
        parts |= {one.name: getattr(found, one.name) for one in fields(found)}
    return parts


def _text(value: Any, depth: int = 0) -> Iterator[str]:
    """What `json.dumps` makes of a plain value, a part at a time.

    All rows of a large run as one text, or all points of a row, and what that is made
    of, would take several times the memory of the run.
    """
    line = "\n" + " " * depth
    if isinstance(value, dict | Correlation):
        parts = value if isinstance(value, dict) else _fields(value)
        for i, (key, part) in enumerate(parts.items()):
            yield f"{',' if i else '{'}{line} {json.dumps(key)}: "
            if isinstance(part, list | tuple) and not isinstance(part, Axes):
                yield from _text(part, depth + 1)
            else:
                yield _ENCODER.encode(plain(part)).replace("\n", f"{line} ")
        yield f"{line}}}"
    elif value:
        for i, batch in enumerate(_batches(value)):
            yield "," if i else "["
            if isinstance(batch[0], Correlation):
                yield f"{line} "
                yield from _text(batch[0], depth + 1)
            else:  # without the brackets; within texts there is no end of a line
                yield _ENCODER.encode(plain(batch))[1:-2].replace("\n", line)
        yield f"{line}]"
    else:
        yield "[]"


_ENCODER = json.JSONEncoder(indent=1, allow_nan=False)
_MANY = 100  # parts of a list that are written together


def _batches(values: Iterable[Any]) -> Iterator[list[Any]]:
    """Many at a time; by itself what may hold a point of every cell."""
    batch: list[Any] = []
    for one in values:
        alone = isinstance(one, Correlation)
        if batch and (alone or len(batch) == _MANY):
            yield batch
            batch = []
        if alone:
            yield [one]
        else:
            batch.append(one)
    if batch:
        yield batch


def _fields(value: Correlation) -> dict[str, Any]:
    return {one.name: getattr(value, one.name) for one in fields(value)}


def _summary(content: dict[str, Any]) -> Summary:
    """The inverse of `contents`."""
    from harness.report.sections.found import KEPT
    from harness.report.summary import Summary

    kept = []
    for section in KEPT:
        names = {field.name for field in fields(section.kind)} & content.keys()
        own = {name: content.pop(name) for name in names}
        kept.append(read_as(section.kind, own, "report"))
    read: Summary = read_as(Summary, {**content, "kept": []}, "report")
    return replace(read, kept=tuple(kept))


def kind_of(path: Path) -> Kind:
    """What a file is by its first bytes: its name may say anything.

    Returns
    -------
    Kind
        "json" for a report; "csv" and "parquet" for measurements; "other" for what may
        be a table of accuracies.

    Raises
    ------
    MissingData
        If there is no such file.
    BadData
        If it is a folder or empty, cannot be read, or holds measurements whose columns
        are not joined by commas.
    """
    if path.is_dir():
        raise BadData(f"{path} is a folder; name a report or a table in it")
    if not path.is_file():
        raise MissingData(
            "table",
            [path],
            "name a JSON report, or a CSV file of measurements or accuracies",
        )
    try:
        with path.open("rb") as file:
            head = file.readline(100_000).removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        raise BadData(f"{path} cannot be read: {error}") from error
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.lstrip().startswith(b"{"):
        return "json"
    if not head:
        raise BadData(f"{path} is empty: what was to be written there was not")
    header = head.decode("utf-8", "replace")
    if _names(header, ",") >= _TELLING:
        return "csv"
    for mark, called in ((";", "semicolons"), ("\t", "tabs")):
        if _names(header, mark) >= _TELLING:
            raise BadData(
                f"table {path} of measurements must have its columns joined by commas, "
                f"got {called}; save it so, with points in numbers"
            )
    return "other"


def _names(header: str, mark: str) -> set[str]:
    return {name.strip().strip('"') for name in header.split(mark)}


def reopen(path: Path) -> Summary:
    """The summary of a run from a file that it wrote.

    From JSON it is the run's own, to the last digit. A table holds measurements alone:
    they are fitted again, and what the run said of gates and losses is not there.

    Raises
    ------
    BadData
        If the file is damaged, of another schema, or no report.
    HarnessError
        If it is Parquet and pyarrow is not installed.
    """
    from harness.report.files import need
    from harness.report.run_file.table_files import read_csv, read_parquet
    from harness.report.summary import summary_of

    kind = kind_of(path)
    if kind == "json":
        content = read_content(path)
        del content["schema"]
        try:
            return _summary(content)
        except BadData as error:
            raise BadData(f"report {path} is damaged: {error}") from error
    if kind == "parquet":
        need("pyarrow", of=f"{path}, Parquet,")
        return summary_of(read_parquet(path))
    if kind == "csv":
        return summary_of(read_csv(path))
    raise BadData(f"{path} is no report and no table of measurements")
