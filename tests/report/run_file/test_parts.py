"""Reports written part by part: the same text as of the whole, in little memory."""

import csv
import io
import json
import tracemalloc

import numpy as np
import pytest

from harness.analysis.correlation import correlate
from harness.measurement import Domain, Measurement
from harness.report.run_file.reopening import contents, reopen, write_json
from harness.report.run_file.saved import SCHEMA
from harness.report.run_file.table_files import COLUMNS, write_csv
from harness.report.summary import summary_of


def rows(datasets):
    return [
        Measurement(
            metric="some\nmetric",
            model=f"m{i % 2}",
            dataset=f"d{i // 2}",
            family="f",
            domain=Domain.INTERIOR,
            value=(i * 7 % 13) / 13,
            accuracy=(i * 5 % 11) / 11,
            images=100,
            seconds=0.0,
            key=f"{i:064x}",
            test="test_file.py::test_metric",
            facts={"device": "cpu", "precision": "float32", "data": f"{i:064x}"},
        )
        for i in range(2 * datasets)
    ]


@pytest.mark.parametrize("datasets", [0, 12, 120])
def test_json_is_what_the_whole_would_be(tmp_path, datasets):
    """Byte for byte; a name with a line's end in it is no end of a line."""
    summary = summary_of(rows(datasets))
    write_json(tmp_path / "r.json", summary)

    whole = json.dumps({"schema": SCHEMA, **contents(summary)}, indent=1)
    assert (tmp_path / "r.json").read_text() == whole
    again = reopen(tmp_path / "r.json").measurements
    assert [row.key for row in again] == [row.key for row in summary.measurements]


@pytest.mark.parametrize(
    ("write", "name"), [(write_json, "r.json"), (write_csv, "r.csv")]
)
def test_a_large_report_takes_less_memory_than_its_file(tmp_path, write, name):
    """Of the rows alone: what the whole is made of takes several times the file."""
    summary = summary_of(rows(10))
    many = [row for row in summary.measurements for _ in range(300)]
    object.__setattr__(summary, "measurements", tuple(many))
    write(tmp_path / "small", summary_of(rows(2)))  # what is imported
    tracemalloc.start()
    write(tmp_path / name, summary)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    size = (tmp_path / name).stat().st_size
    assert peak < 1e6 < size


def test_fits_and_their_file_take_little_memory_a_cell(tmp_path):
    """The row over all models shares its points, and they are written one by one."""

    def peaks(datasets):
        found = rows(datasets)
        summary = summary_of(found)
        for work in (
            lambda: correlate(found),
            lambda: write_json(tmp_path / "r.json", summary),
        ):
            tracemalloc.start()
            work()
            yield tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()

    list(peaks(2))  # what is imported
    few, many = (np.array(list(peaks(datasets))) for datasets in (200, 700))
    of_cell = (many - few) / 1000
    assert (of_cell < 400).all(), of_cell


def test_every_row_of_a_csv_is_written_once(tmp_path):
    """More of them than are written at a time."""
    summary = summary_of(rows(400))
    write_csv(tmp_path / "r.csv", summary)

    text = (tmp_path / "r.csv").read_text()
    assert len(text) > 2 * 65536
    found = list(csv.DictReader(io.StringIO(text)))
    assert list(found[0]) == list(COLUMNS)
    assert [(row["model"], row["dataset"]) for row in found] == [
        (row.model, row.dataset) for row in summary.measurements
    ]
