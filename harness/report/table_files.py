"""Measurements as a table, one row each: CSV and Parquet."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.report.json import write_atomically

if TYPE_CHECKING:
    from harness.measurement import Measurement
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
    "test",
    "device",
    "precision",
    "key",
)


def rows_of(summary: Summary) -> list[dict[str, Any]]:
    """A row for each measurement, its columns `COLUMNS`; None where unlabelled."""
    return [{name: _cell(m, name) for name in COLUMNS} for m in summary.measurements]


def _cell(measurement: Measurement, name: str) -> Any:
    if name in ("device", "precision"):
        return measurement.facts.get(name, "")
    value = getattr(measurement, name)
    return str(value) if name == "domain" else value


def write_csv(path: Path, summary: Summary) -> None:
    """Write the measurements as CSV; floats survive exactly."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows_of(summary))
    write_atomically(path, out.getvalue())


def write_parquet(path: Path, summary: Summary) -> None:
    """Write the measurements as Parquet.

    Raises
    ------
    HarnessError
        If the file cannot be written.
    """
    import pyarrow
    import pyarrow.parquet

    number = pyarrow.float64()
    types = {"value": number, "accuracy": number, "seconds": number}
    types |= {"images": pyarrow.int64(), "estimate": pyarrow.bool_()}
    schema = pyarrow.schema([(n, types.get(n, pyarrow.string())) for n in COLUMNS])
    table = pyarrow.Table.from_pylist(rows_of(summary), schema=schema)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        pyarrow.parquet.write_table(table, temporary)
        temporary.replace(path)
    except OSError as error:
        raise HarnessError(f"report {path} cannot be written: {error}") from error
