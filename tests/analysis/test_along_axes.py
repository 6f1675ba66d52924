"""Numbers along an ordered axis: which axes have an order, and over which datasets."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.along_axes import along_axes, ordered
from harness.analysis.correlation import Undefined
from harness.measurement import Axes, Domain, Measurement


def row(value, *, dataset="d0", model="net", family="out", domain="exterior", **axes):
    """A measurement of knn along axes."""
    return Measurement(
        metric="knn",
        model=model,
        dataset=dataset,
        family=family,
        domain=Domain(domain),
        value=value,
        accuracy=0.5,
        images=100,
        seconds=0.0,
        key="k",
        axes=Axes.of(axes),
    )


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["20", "1", "5"], ("1", "5", "20")),
        (["0.5", "-1", "1e2"], ("-1", "0.5", "1e2")),
        (["stage10", "stage2", "stage9"], ("stage2", "stage9", "stage10")),
        (["layer1.0", "layer1.2", "layer1.10"], ("layer1.0", "layer1.2", "layer1.10")),
        (["head", "stage2", "stage1"], ("stage1", "stage2", "head")),
        (["stage2-max", "stage1-max"], ("stage1-max", "stage2-max")),
        (["stage1", "stage2-max"], None),
        (["head", "tail"], None),
        (["head"], None),
        (["stem", "stage1"], None),
        (["cosine", "l2"], None),
        (["1", "all"], None),
        (["5"], None),
        ([], None),
    ],
)
def test_an_axis_has_an_order_by_its_numbers(values, order):
    """Numbers, or names that differ in the number at their end; of two at least."""
    assert ordered(values) == order


def test_declared_orders_come_first():
    """Each model's layers run in an order of their own; they are merged."""
    rows = [row(0.1, layer=name) for name in ("fc", "conv", "stem")]
    orders = [("stem", "conv", "pool", "fc"), ("conv", "fc")]

    (found,) = along_axes(rows, {"layer": orders})

    assert found.at == ("stem", "conv", "fc")
    assert along_axes(rows) == ()


def test_orders_that_disagree_are_none():
    """A layer that runs before another here and behind it there has no place."""
    rows = [row(0.1, layer=name) for name in ("a", "b")]

    assert along_axes(rows, {"layer": [("a", "b"), ("b", "a")]}) == ()
    assert along_axes(rows, {"layer": [("a",)]}) == ()


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=9, unique=True))
def test_numbers_are_ordered_by_size(numbers):
    """Whatever their order was."""
    assert ordered(map(str, numbers)) == tuple(map(str, sorted(numbers)))


def test_medians_are_over_the_datasets_that_a_line_has_everywhere():
    """A dataset that lacks a place would move the line there by itself."""
    rows = [row(v, dataset=f"d{i}", k="1") for i, v in enumerate((0.1, 0.2, 0.9))]
    rows += [row(v, dataset=f"d{i}", k="5") for i, v in enumerate((0.3, 0.5))]

    (found,) = along_axes(rows)

    assert (found.axis, found.at, found.block) == ("k", ("1", "5"), "exterior")
    (line,) = found.lines
    assert line.values == pytest.approx((0.15, 0.4))  # of d0 and d1, by hand
    assert line.datasets == 2


def test_a_line_for_each_model_and_other_axis():
    """`layer` has a curve of its own, with k in the names of its lines."""
    rows = [
        row(0.1, k=k, layer=f"stage{n}", model=model)
        for k in ("1", "5")
        for n in (1, 2)
        for model in ("a", "b")
    ]

    along_k, along_layer = along_axes(rows)

    assert [line.name for line in along_k.lines] == [
        "a, layer=stage1",
        "b, layer=stage1",
        "a, layer=stage2",
        "b, layer=stage2",
    ]
    assert along_layer.at == ("stage1", "stage2")
    assert [line.name for line in along_layer.lines] == [
        "a, k=1",
        "b, k=1",
        "a, k=5",
        "b, k=5",
    ]


def test_the_test_split_stands_apart_from_its_domain():
    """It is what people ask for first; the interior's made sets are another thing."""
    rows = [
        replace(
            row(value, dataset=name, family=name, domain=domain, k=k), traits=traits
        )
        for value, name, domain, traits in (
            (0.9, "any", "interior", {"split": "test"}),
            (0.5, "blur", "interior", {"split": "test", "pool": "a"}),
            (0.4, "test", "exterior", {}),
            (0.3, "night", "target", {}),
        )
        for k in ("1", "5")
    ]

    found = along_axes(rows)

    assert [(one.block, one.lines[0].values) for one in found] == [
        ("test split", (0.9, 0.9)),
        ("exterior", (0.4, 0.4)),
        ("interior", (0.5, 0.5)),
        ("target", (0.3, 0.3)),
    ]


def test_a_place_that_a_line_lacks_is_a_gap():
    """A cell that failed leaves no number, and does not shift the others."""
    rows = [row(0.1, k="1"), row(0.2, k="5"), row(0.3, k="20")]
    rows += [row(0.4, k="1", model="b"), row(0.5, k="20", model="b")]

    (found,) = along_axes(rows)

    assert [line.values for line in found.lines] == [(0.1, 0.2, 0.3), (0.4, None, 0.5)]


def test_a_line_without_a_common_dataset_says_so():
    """Medians of one dataset here and of another there are no line."""
    rows = [row(0.1, dataset="a", k="1"), row(0.2, dataset="b", k="5")]

    ((line,),) = (one.lines for one in along_axes(rows))

    assert line.values == (Undefined("no dataset has a value at every k"),) * 2


def test_numbers_of_one_dataset_keep_their_intervals():
    """Of a median over several there is none."""
    one = [replace(row(0.1, k="1"), interval=(0.0, 0.2)), row(0.2, k="5")]
    more = [replace(m, dataset="d1") for m in one]

    ((line,),) = (found.lines for found in along_axes(one))
    ((median,),) = (found.lines for found in along_axes([*one, *more]))

    assert line.intervals == ((0.0, 0.2), None)
    assert median.intervals == (None, None)


def test_results_that_contradict_each_other_are_no_value():
    """Two tests recorded one name; which is meant nobody knows."""
    rows = [row(0.1, k="1"), row(0.2, k="1"), row(0.3, k="5")]

    ((line,),) = (one.lines for one in along_axes(rows))

    assert line.values == (Undefined("two tests recorded different values"), 0.3)
