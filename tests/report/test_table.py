"""The neutral table and curve: what they refuse, and what they say of gaps."""

import pytest

from harness.analysis.correlation import Undefined
from harness.report.table import Column, Curve, Estimate, Series, Table, for_writer

NAME = Column(name="model")
SHARE = Column(name="top-1", unit="%", form=".1f", scale=100)


def test_a_row_has_a_value_for_each_column():
    """Else values would stand under the wrong heads."""
    with pytest.raises(ValueError, match="'scores' must have 2 values, one a column"):
        Table(title="scores", columns=(NAME, SHARE), rows=(("lenet",),))


def test_a_table_has_columns():
    """Without any it is nothing."""
    with pytest.raises(ValueError, match="must have a column, got none"):
        Table(columns=(), rows=())


def test_a_form_is_one_of_format():
    """A misspelt one is refused where it is written, not where a number is shown."""
    with pytest.raises(ValueError, match=r"column 'k' must be one of `format`.*'\.3q'"):
        Column(name="k", form=".3q")


def test_numbers_stand_to_the_right_unless_said_otherwise():
    """A column with a form is of numbers; texts can be put to the right as well."""
    assert [NAME.numeric, SHARE.numeric] == [False, True]
    assert Column(name="held", align="right").numeric
    assert not Column(name="k", form=".0f", align="left").numeric


def test_missing_values_have_one_line_a_reason():
    """Columns and rows that share a reason share its line; long lists are counted."""
    gone, none = Undefined("frost is missing"), Undefined("no labels")
    rows = [(f"net{i}", gone, gone if i else 0.5) for i in range(5)]
    table = Table(
        columns=(NAME, SHARE, Column(name="mce")), rows=(*rows, ("x", none, 1))
    )

    assert list(table.reasons()) == [
        "no top-1, mce of net0, net1, net2 and 2 more: frost is missing",
        "no top-1 of x: no labels",
    ]


@pytest.mark.parametrize(
    ("at", "values", "message"),
    [
        ((), (), "must be some, each once, got none"),
        (("1", "1"), (0.1, 0.2), "must be some, each once, got 1, 1"),
        (("1", "5"), (0.1,), "series 'net' .* must have 2 values, one a place, got 1"),
    ],
)
def test_a_curve_has_a_value_for_each_place(at, values, message):
    """And each place once, or its table would have two columns of one name."""
    with pytest.raises(ValueError, match=message):
        Curve(axis="k", at=at, series=(Series(name="net", values=values),))


def test_a_curve_is_a_table_with_its_axis_in_the_columns():
    """In the order of its places; intervals and gaps stay."""
    half = Estimate(value=0.5, low=0.4, high=0.6)
    curve = Curve(
        axis="k",
        at=("1", "20"),
        series=(Series(name="net", values=(half, None)),),
        form=".2f",
        title="knn",
        note="Top-1.",
    )

    table = curve.table()

    assert [(c.group, c.name) for c in table.columns] == [
        ("", "model"),
        ("k", "1"),
        ("k", "20"),
    ]
    assert table.rows == (("net", half, None),)
    assert (table.title, table.note) == ("knn", "Top-1.")
    assert table.columns[1].shown(half) == "0.50 [0.40, 0.60]"


def test_a_group_that_lacks_all_its_numbers_is_named_once():
    """And all groups together as numbers; a reason is said once."""
    names = [("in", "n"), ("in", "r2"), ("out", "n"), ("out", "r2")]
    table = Table(
        columns=(
            Column(name="model"),
            *(Column(name=name, group=group, form=".1f") for group, name in names),
        ),
        rows=(
            ("a", *(Undefined("few"),) * 2, 3, 0.5),
            ("b", *(Undefined("torn"),) * 4),
            ("c", 3, Undefined("flat"), 3, 0.5),
        ),
    )

    assert list(table.reasons()) == [
        "no in numbers of a: few",
        "no numbers of b: torn",
        "no in r2 of c: flat",
    ]


@pytest.mark.parametrize(("writer", "short", "there"), [
    ("page", False, True),
    ("terminal", False, True),
    ("terminal", True, False),
    ("markdown", False, False),
])  # fmt: skip
def test_a_long_table_is_where_it_can_be_searched(writer, short, there):
    table = Table(columns=(Column(name="a"),), rows=(("x",),), long=True)

    assert list(for_writer([table], writer, short=short)) == [table] * there
