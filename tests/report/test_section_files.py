"""Tables of sections as CSV and Parquet: the numbers themselves, a file a table."""

import csv
from dataclasses import replace

import pytest

from harness.analysis.correlation import Undefined
from harness.report.files import write_files
from harness.report.section import Shown
from harness.report.table import (
    Column,
    Curve,
    Estimate,
    Marked,
    Range,
    Series,
    Table,
    Text,
)
from tests.report.pages import sample

TABLE = Table(
    columns=(
        Column(name="model"),
        Column(name="top-1", unit="%", form=".1f", scale=100, group="test"),
        Column(name="mce", form=".2f"),
    ),
    rows=(
        ("lenet", Estimate(value=0.9375, low=0.925, high=0.95), 0.5),
        ("linear", 0.875, Undefined("frost is missing")),
        ("none", None, 1),
    ),
)
CURVE = Curve(axis="k", at=("1", "5"), series=(Series(name="net", values=(0.5, 0.25)),))
SHOWN = (
    Shown(
        name="scores",
        title="scores",
        parts=(
            Text(text="Three tables."),
            TABLE,
            replace(TABLE, title="in a, b"),
            TABLE,
        ),
    ),
    Shown(name="knn", title="neighbours", parts=(CURVE,)),
    Shown(name="broken", title="", problem="KeyError: 1"),
)


def test_csv_has_a_file_for_each_table(tmp_path):
    """Unscaled, with the ends of intervals, and why values do not exist."""
    write_files({"tables_csv": tmp_path / "t"}, replace(sample(), shown=SHOWN))

    names = sorted(path.name for path in (tmp_path / "t").iterdir())
    assert names == [
        "accuracies.csv",
        "comparison.csv",
        "correlations.csv",
        "knn.csv",
        "lines.csv",
        "predictions.csv",
        "ranks-by-RMSE.csv",
        "ranks.csv",
        "scores-in-a-b-model.csv",
        "scores-in-a-b.csv",
        "scores.csv",
    ]
    with (tmp_path / "t" / "scores.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["model", "test top-1", "test top-1 low", "test top-1 high", "mce", "why"],
        ["lenet", "0.9375", "0.925", "0.95", "0.5", ""],
        ["linear", "0.875", "", "", "", "frost is missing"],
        ["none", "", "", "", "1", ""],
    ]
    assert (tmp_path / "t" / "knn.csv").read_text() == "model,k 1,k 5\nnet,0.5,0.25\n"


def test_parquet_holds_the_same(tmp_path):
    """Numbers are floats, and what does not exist is null."""
    parquet = pytest.importorskip("pyarrow.parquet")
    write_files({"tables_parquet": tmp_path / "t"}, replace(sample(), shown=SHOWN))

    found = parquet.read_table(tmp_path / "t" / "scores.parquet")
    assert found.column("test top-1").to_pylist() == [0.9375, 0.875, None]
    assert found.column("test top-1 high").to_pylist() == [0.95, None, None]
    assert found.column("why").to_pylist() == ["", "frost is missing", ""]
    assert str(found.schema.field("mce").type) == "double"


def test_columns_of_one_name_stay_two(tmp_path):
    """The second has a number."""
    twice = Table(columns=(Column(name="a"),) * 3, rows=(("x", "y", "z"),))
    shown = (Shown(name="s", title="s", parts=(twice,)),)
    write_files({"tables_csv": tmp_path}, replace(sample(), shown=shown))

    assert (tmp_path / "s.csv").read_text() == "a,a 2,a 3\nx,y,z\n"


def test_ranges_and_marks_have_columns(tmp_path):
    """The ends of a range are numbers, and so is what has a mark."""
    table = Table(
        columns=(
            Column(name="model"),
            Column(name="seen", form=".1f", scale=100),
            Column(name="interval", form=".1f", scale=100),
        ),
        rows=(
            ("lenet", Marked(value=0.5, mark="!"), Range(low=0.25, high=0.75)),
            ("linear", 0.875, None),
        ),
    )
    shown = (Shown(name="s", title="s", parts=(table,)),)
    write_files({"tables_csv": tmp_path}, replace(sample(), shown=shown))

    assert (tmp_path / "s.csv").read_text().splitlines() == [
        "model,seen,seen mark,interval low,interval high",
        "lenet,0.5,!,0.25,0.75",
        "linear,0.875,,,",
    ]
