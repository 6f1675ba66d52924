"""Measurements as a table, one row each: CSV and Parquet, written and read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import BadData, HarnessError
from harness.measurement import Axes, Domain, Measurement, number_of, with_split
from harness.printable import printable
from harness.report.run_file.json import write_report
from harness.traits import Trait, checked_traits

if TYPE_CHECKING:
    from harness.report.summary import Summary

COLUMNS = (
    "metric",
    "model",
    "dataset",
    "family",
    "domain",
    "value",
    "accuracy",
    "images",
    "seconds",
    "estimate",
    "label_free",
    "traits",
    "chance",
    "test",
    "device",
    "precision",
    "key",
    "axes",
    "low",
    "high",
    "outcome",
    "outcome_name",
    "facts",
)
#: The columns of numbers that are not whole.
NUMBERS = ("value", "accuracy", "seconds", "chance", "low", "high", "outcome")
# Which files that were written before them lack.
_LATER = frozenset({"low", "high", "outcome", "outcome_name", "facts"})
# Facts that have a column of their own, and those that no fit is made of.
_ELSEWHERE = frozenset(
    {"device", "precision", "chance", "outcome", "weights", "data", "least_sure"}
)


def rows_of(summary: Summary) -> list[dict[str, Any]]:
    """A row for each measurement, its columns `COLUMNS`; None where unlabelled."""
    return [_row(one) for one in summary.measurements]


def _row(measurement: Measurement) -> dict[str, Any]:
    return {name: _cell(measurement, name) for name in COLUMNS}


def _cell(measurement: Measurement, name: str) -> Any:
    if name in ("device", "precision"):
        return measurement.facts.get(name, "")
    if name == "chance":
        chance = measurement.facts.get(name)
        return None if chance is None else float(chance)
    if name == "traits":
        return json.dumps(measurement.traits, ensure_ascii=False)
    if name in ("low", "high"):
        ends = measurement.interval
        return None if ends is None else ends[name == "high"]
    if name == "outcome_name":
        return measurement.facts.get("outcome", "")
    if name == "facts":
        return json.dumps(further_facts(measurement), ensure_ascii=False)
    value = getattr(measurement, name)
    return str(value) if name in ("domain", "axes") else value


def further_facts(measurement: Measurement) -> dict[str, str]:
    """What fits and forecasts are made of beside the other columns."""
    return {n: v for n, v in measurement.facts.items() if n not in _ELSEWHERE}


def write_csv(path: Path, summary: Summary) -> None:
    """Write the measurements as CSV; floats survive exactly."""
    write_report(path, _csv(summary))


def _csv(summary: Summary) -> Iterator[str]:
    """The text, many rows at a time."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for one in summary.measurements:
        row = _row(one)
        writer.writerow({name: _safe(cell, name) for name, cell in row.items()})
        if out.tell() > _PART:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()


_PART = 1 << 16  # letters


# What a spreadsheet takes for the start of a formula, in a cell that is a text.
_FORMULA = ("=", "+", "-", "@")


_JSON = ("traits", "facts")


def _safe(cell: Any, column: str) -> Any:
    """Of texts what a spreadsheet can show; JSON stays as it is."""
    return guarded(cell) if isinstance(cell, str) and column not in _JSON else cell


def guarded(text: str) -> str:
    """A text on one line, behind an apostrophe where a spreadsheet would run it."""
    line = printable(text)
    return f"'{line}" if line.lstrip("'").startswith(_FORMULA) else line


def _unguarded(cell: str) -> str:
    """A text without the apostrophe that was put before it."""
    inner = cell.removeprefix("'")
    return inner if inner.lstrip("'").startswith(_FORMULA) else cell


def write_parquet(path: Path, summary: Summary) -> None:
    """Write the measurements as Parquet.

    Raises
    ------
    HarnessError
        If the file cannot be written.
    """
    import pyarrow
    import pyarrow.parquet

    types = dict.fromkeys(NUMBERS, pyarrow.float64())
    types |= {
        "images": pyarrow.int64(),
        "estimate": pyarrow.bool_(),
        "label_free": pyarrow.bool_(),
    }
    schema = pyarrow.schema([(n, types.get(n, pyarrow.string())) for n in COLUMNS])
    table = pyarrow.Table.from_pylist(rows_of(summary), schema=schema)
    content = io.BytesIO()
    pyarrow.parquet.write_table(table, content)
    write_report(path, content.getvalue())


# --- read back ------------------------------------------------------------------------


def read_csv(path: Path) -> tuple[Measurement, ...]:
    """The measurements that `write_csv` wrote.

    Raises
    ------
    BadData
        If a column is missing or a cell is not of its kind, with its line.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            _check_columns(path, reader.fieldnames or ())
            rows = [(f"line {reader.line_num}", row) for row in reader]
    except (OSError, ValueError, csv.Error) as error:
        raise BadData(f"table {path} cannot be read: {error}") from error
    for where, row in rows:  # DictReader's marks of a row too long, or too short
        if None in row or None in row.values():
            raise BadData(f"{path}, {where}: it has not as many cells as the header")
    return tuple(
        _measurement({n: _unguarded(cell) for n, cell in row.items()}, f"{path}, {at}")
        for at, row in rows
    )


def read_parquet(path: Path) -> tuple[Measurement, ...]:
    """The measurements that `write_parquet` wrote.

    Raises
    ------
    BadData
        As `read_csv`.
    """
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(path)
    except (OSError, pyarrow.ArrowException) as error:
        raise BadData(f"table {path} cannot be read: {error}") from error
    _check_columns(path, table.column_names)
    return tuple(
        _measurement(row, f"{path}, row {i}")
        for i, row in enumerate(table.to_pylist(), start=1)
    )


def _check_columns(path: Path, names: Iterable[str]) -> None:
    if lacking := [n for n in COLUMNS if n not in names and n not in _LATER]:
        raise BadData(
            f"table {path} of measurements lacks the columns {', '.join(lacking)}; "
            "write it with --harness-report-csv or --harness-report-parquet"
        )


def _measurement(row: dict[str, Any], where: str) -> Measurement:
    """A row of either file: CSV has text where Parquet has numbers, and "" for None."""
    texts: dict[str, Any] = {name: printable(row[name] or "") for name in _TEXTS}
    try:
        facts = _facts(row.get("facts") or "{}")
        facts |= {name: row[name] for name in ("device", "precision") if row[name]}
        chance = _number_or_none(row, "chance")
        if chance is not None:
            facts["chance"] = repr(chance)
        if name := row.get("outcome_name"):
            facts["outcome"] = printable(name)
        made = Measurement(
            **texts,
            domain=_domain(row["domain"]),
            value=_number(row, "value"),
            accuracy=_number_or_none(row, "accuracy"),
            images=_count(row, "images"),
            seconds=_number(row, "seconds"),
            estimate=_truth("estimate", row["estimate"]),
            label_free=_truth("label_free", row["label_free"]),
            facts=facts,
            traits=_traits(row["traits"]),
            axes=Axes.parse(row["axes"] or ""),
            interval=_interval(row),
            outcome=_number_or_none(row, "outcome"),
        )
        # Which holds it to more than the kinds of its cells.
        return with_split(Measurement.from_dict(json.loads(made.to_json())))
    except (TypeError, ValueError, HarnessError, RecursionError) as error:
        raise BadData(f"{where}: {error}") from error


_TEXTS = ("metric", "model", "dataset", "family", "test", "key")


def _traits(cell: str) -> dict[str, Trait]:
    return checked_traits("a dataset", _object("traits", cell))


def _facts(cell: str) -> dict[str, str]:
    facts = _object("facts", cell)
    return {n: printable(v) if isinstance(v, str) else v for n, v in facts.items()}


def _object(name: str, cell: str) -> dict[str, Any]:
    try:
        found = json.loads(cell)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ValueError(f"`{name}` must be an object of JSON, got {cell!r:.60}")
    return found


def _domain(cell: str | None) -> Domain:
    try:
        return Domain(cell or "")
    except ValueError:
        known = ", ".join(one for one in Domain if one)
        raise ValueError(f"`domain` must be one of {known}, got {cell!r}") from None


def _truth(name: str, cell: str | bool) -> bool:
    if str(cell) not in ("True", "False"):
        raise ValueError(f"`{name}` must be True or False, got {cell!r}")
    return str(cell) == "True"


def _count(row: dict[str, Any], name: str) -> int:
    try:
        return int(row[name])
    except (TypeError, ValueError):
        shown = f"{row[name]!r:.60}"
        raise ValueError(f"`{name}` must be a whole number, got {shown}") from None


def _number(row: dict[str, Any], name: str) -> float:
    if (value := _number_or_none(row, name)) is None:
        raise ValueError(f"`{name}` must be a finite number, got nothing")
    return value


def _number_or_none(row: dict[str, Any], name: str) -> float | None:
    cell = row.get(name)
    if cell is None or cell == "":
        return None
    value = number_of(cell)
    if value is None:
        raise ValueError(f"`{name}` must be a finite number, got {cell!r:.60}")
    return value


def _interval(row: dict[str, Any]) -> tuple[float, float] | None:
    low, high = (_number_or_none(row, end) for end in ("low", "high"))
    if low is None or high is None:
        if low is not high:
            raise ValueError("`low` and `high` must both be numbers, or neither")
        return None
    return low, high
