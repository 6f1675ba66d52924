"""Side tables: numbers of images that are joined by names."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.datasets.image_names import rows_by_name
from harness.datasets.readers.side_tables import read_side_table
from harness.errors import BadData


def table(folder, text, name="VSD_dataset.csv"):
    path = folder / name
    path.write_text(text)
    return path


def test_search_difficulty_with_a_header_and_without(tmp_path):
    """As published: names of files without an ending, and a score."""
    bare = read_side_table(table(tmp_path, "2008_000002,3.11\n2008_000003,2.5\n"))
    headed = read_side_table(
        table(
            tmp_path, "name,score\n2008_000002.jpg,3.11\n2008_000003.jpg,2.5\n", "a.csv"
        )
    )
    asked = ["JPEGImages/2008_000003.jpg", "JPEGImages/2008_000009.jpg"]

    for found, column in ((bare, "VSD_dataset"), (headed, "score")):
        assert list(found.columns) == [column]
        values = found.of(asked, column)
        assert values[0] == 2.5
        assert np.isnan(values[1])


def test_several_columns_and_missing_cells(tmp_path):
    found = read_side_table(
        table(tmp_path, "image,a,b\nx/1.png,1,\ny/1.png,-2e1,nan\n")
    )

    assert found.of(["y/1.png", "x/1.png"], "a").tolist() == [-20.0, 1.0]
    assert np.isnan(found.columns["b"]).all()
    nameless = read_side_table(table(tmp_path, "1,2,3\n", "t.csv"))
    assert list(nameless.columns) == ["t-1", "t-2"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names of images and a column"),
        ("a\nb\n", "names of images and a column"),
        ("name,score\n", "a header alone"),
        ("a,1\nb,x\n", "row 2 .* a number in VSD_dataset, or nothing, got 'x'"),
        ("a,1\nb,inf\n", "got 'inf'"),
        ("a,1\nb,1,2\n", "row 2 .* must have 2 cells, got 3"),
        ("a,1\na,2\n", "names 'a' twice"),
        ("name,s,s\na,1,2\n", "different names of columns"),
    ],
    ids=range(8),
)
def test_what_is_no_table_is_refused_with_the_row(tmp_path, text, message):
    with pytest.raises(BadData, match=message):
        read_side_table(table(tmp_path, text))


def test_a_file_that_is_none_is_refused(tmp_path):
    with pytest.raises(BadData, match="CSV file in UTF-8"):
        read_side_table(tmp_path / "none.csv")


def test_a_reading_that_mixes_images_up_is_not_taken():
    """Two classes have a 1.png: files alone do not tell them apart."""
    known = ["a/1.png", "b/1.png", "b/2.png"]

    assert rows_by_name(["/data/b/1.png", "/data/b/2.png"], known).tolist() == [1, 2]
    assert rows_by_name(["1.png", "2.png"], known).tolist() == [-1, -1]
    assert rows_by_name(["x"], []).tolist() == [-1]


@given(order=st.permutations(range(6)))
def test_any_order_of_names_is_brought_back(order):
    known = [f"c/{i}.jpg" for i in range(6)]
    rows = rows_by_name([known[i] for i in order], known)

    assert rows.tolist() == list(order)
