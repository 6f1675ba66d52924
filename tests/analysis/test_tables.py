"""Tables of accuracies: what files hold, and what is refused by line and column."""

import os
from pathlib import Path

import numpy as np
import pytest

from harness.analysis.tables import join_tables, read_table

TEXT = "model,val,v2\nalexnet,56.5,44\nvgg16,71.6,\n"


def test_a_table_keeps_its_order_and_its_gaps():
    table = read_table(TEXT, percent=True)
    assert (table.models, table.datasets) == (("alexnet", "vgg16"), ("val", "v2"))
    assert table.accuracies == pytest.approx(
        np.array([[0.565, 0.44], [0.716, np.nan]]), nan_ok=True
    )
    names, x, y = table.pair("val", "v2")
    assert (names, x.tolist(), y.tolist()) == (("alexnet",), [0.565], [0.44])


def test_quoted_cells_of_other_columns_do_not_matter():
    text = 'model,top1,params\na,50,"1,013.01"\n'
    table = read_table(text, columns={"top1": "val"}, percent=True)
    assert table.column("val").tolist() == [0.5]


def test_a_text_that_is_no_table_is_refused():
    """F26: what the csv module cannot read, such as JSON nested without an end."""
    with pytest.raises(ValueError, match="no CSV table: field larger than"):
        read_table("[" * 200_000)


def test_joined_tables_keep_every_model():
    one = read_table("model,a\nm,0.1\nn,0.2\n")
    two = read_table("model,b,c\nn,0.3,0.4\no,0.5,0.6\n")
    joined = join_tables(one, two)
    assert joined.models == ("m", "n", "o")
    assert joined.pair("a", "c")[0] == ("n",)
    assert np.isnan(joined.column("a")).tolist() == [False, False, True]
    with pytest.raises(ValueError, match="dataset 'a' is in more than one table"):
        join_tables(one, one)


@pytest.mark.parametrize(
    ("text", "options", "problem"),
    [
        ("", {}, "a table needs 1 lines of names, got 0"),
        (
            "name,val\na,0.5\n",
            {},
            "no column named 'model'; the columns are 'name', 'val'",
        ),
        ("model,v,v\na,1,1\n", {}, "2 columns named 'v'"),
        ("model,val\na\n", {}, "line 2 has 1 cells, not 2"),
        ("model,val\na,0.5\na,0.6\n", {}, "'a' is on line 2 and on line 3; name the"),
        ("model,val\na,high\n", {}, "line 2, 'val': 'high' is not a number"),
        ("model,val\na,56.5\n", {}, r"in \[0, 1\], got 56.5; is it percent\?"),
        ("model,val\na,nan\n", {}, r"in \[0, 1\], got nan"),
        ("model,val\na,156\n", {"percent": True}, r"in \[0, 100\], got 156$"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_column(text, options, problem):
    with pytest.raises(ValueError, match=problem):
        read_table(text, **options)


def test_an_unknown_dataset_is_named_with_the_known_ones():
    with pytest.raises(KeyError, match="no dataset 'v3' in the table; it has val, v2"):
        read_table(TEXT, percent=True).column("v3")


@pytest.mark.real
def test_two_lines_of_names_in_a_published_table():
    root = os.environ.get("HARNESS_DATA_ROOT")
    if not root:
        pytest.skip("HARNESS_DATA_ROOT is not set")
    name = "cifar10_corruptions_unaggregated_results.csv"
    path = Path(root) / "published-results" / "robustbench" / name
    if not path.exists():
        pytest.skip(f"{path} is absent")
    table = read_table(path.read_text(), keys=("",), header_rows=2)
    assert table.accuracies.shape == (23, 75)
    standard = table.models.index("Standard")
    # RobustBench's undefended WideResNet-28-10, as its leaderboard has it.
    assert table.accuracies[standard].mean() == pytest.approx(0.7346, abs=1e-4)
    assert table.column("gaussian_noise-1")[standard] == pytest.approx(0.778, abs=1e-3)
    assert table.column("contrast-5")[standard] == pytest.approx(0.533, abs=1e-3)


def test_percent_of_a_table_of_shares_is_refused():
    """Every accuracy would be a hundredth of what it is, and every line another."""
    text = "model,val,v2\na,0.9,0.8\nb,0.7,1\n"
    with pytest.raises(ValueError, match="no accuracy is above 1 %"):
        read_table(text, percent=True)
    assert read_table(text.replace("0.9", "90"), percent=True).column("val")[0] == 0.9


def test_a_column_without_a_name_is_no_dataset():
    """pandas writes its index so."""
    table = read_table(",model,val\n0,a,0.5\n7,b,0.25\n")

    assert (table.models, table.datasets) == (("a", "b"), ("val",))
