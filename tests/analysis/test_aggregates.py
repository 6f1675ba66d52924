"""Aggregates are pure functions over traits, undefined where a member is missing."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.aggregates import AGGREGATES, Aggregate
from harness.analysis.aggregating import aggregated
from harness.analysis.correlation import Undefined
from harness.measurement import Axes, Domain, Measurement

BY_NAME = {aggregate.name: aggregate for aggregate in AGGREGATES}
SEVERITIES, CORRUPTIONS = (1, 2, 3), ("fog", "snow")
MEMBERS = {
    f"c/{corruption}-{severity}": {"corruption": corruption, "severity": severity}
    for corruption, severity in itertools.product(CORRUPTIONS, SEVERITIES)
}


def row(dataset, value, model="net", metric="top1", axes=None):
    return Measurement(
        metric=metric,
        model=model,
        dataset=dataset,
        family="c",
        domain=Domain.EXTERIOR,
        value=value,
        accuracy=value,
        images=10,
        seconds=0.0,
        key="k",
        axes=Axes.of(axes or {}),
        label_free=False,
    )


def made(name, rows, members=None):
    return aggregated(
        BY_NAME[name], rows, {"c": MEMBERS if members is None else members}
    )


values = st.lists(st.floats(min_value=0, max_value=1, width=32), min_size=6, max_size=6)


@given(values, st.randoms())
def test_means_are_those_of_a_table(numbers, random):
    """In any order of rows: of a corruption's severities, and of the corruptions."""
    rows = [row(name, value) for name, value in zip(MEMBERS, numbers, strict=True)]
    random.shuffle(rows)
    table = np.array(numbers).reshape(2, 3)

    severities = made("mean_over_severities", rows)
    (corruptions,) = made("mean_over_corruptions", rows)

    found = {one.label: one.value for one in severities}
    assert found == pytest.approx(
        {
            f"top1[corruption={name}]": mean
            for name, mean in zip(CORRUPTIONS, table.mean(axis=1), strict=True)
        }
    )
    assert corruptions.label == "top1"
    assert corruptions.value == pytest.approx(table.mean(), abs=1e-12)
    assert (corruptions.family, corruptions.model, corruptions.datasets) == (
        *("c", "net"),
        6,
    )


@pytest.mark.parametrize("left", list(MEMBERS))
def test_a_missing_member_is_named_and_never_left_out(left):
    """The mean of the rest would be another number."""
    rows = [row(name, 0.5) for name in MEMBERS if name != left]

    (corruptions,) = made("mean_over_corruptions", rows)
    severities = {one.label: one.value for one in made("mean_over_severities", rows)}

    assert corruptions.value == Undefined(f"nothing measured on {left}")
    lost = f"top1[corruption={MEMBERS[left]['corruption']}]"
    assert [label for label, v in severities.items() if isinstance(v, Undefined)] == [
        lost
    ]


def test_a_family_without_a_combination_has_no_aggregate():
    """Of two corruptions at three severities there must be six datasets."""
    members = {name: traits for name, traits in MEMBERS.items() if name != "c/snow-2"}
    (found,) = made("mean_over_corruptions", [row(n, 0.5) for n in members], members)

    assert found.value == Undefined("no dataset of corruption snow, severity 2")


def test_two_datasets_of_one_combination_are_refused():
    """Which of them counts is nothing to guess."""
    members = MEMBERS | {"c/again": {"corruption": "fog", "severity": 1}}
    (found,) = made("mean_over_corruptions", [row(n, 0.5) for n in members], members)

    assert found.value == Undefined(
        "several datasets of corruption fog, severity 1 (c/fog-1 and c/again)"
    )


def test_two_tests_that_differ_on_a_member_are_said():
    """As the fits say it."""
    rows = [row(name, 0.5) for name in MEMBERS]
    (found,) = made("mean_over_corruptions", [*rows, row("c/fog-2", 0.25)])

    assert found.value == Undefined("two tests differ on c/fog-2")


def test_what_was_corrupted_is_kept_apart():
    """Corruptions of two sets are two series, each complete by itself."""
    members = {
        f"c/{m}/{name}": {**traits, "member": m}
        for m in ("a", "b")
        for name, traits in MEMBERS.items()
    }
    rows = [row(name, 0.25 if "/a/" in name else 0.75) for name in members]

    found = made("mean_over_corruptions", rows, members)
    assert {one.label: one.value for one in found} == {
        "top1[member=a]": 0.25,
        "top1[member=b]": 0.75,
    }


def test_models_metrics_and_axes_have_their_own():
    """Nothing of one enters that of another."""
    rows = [
        row(name, 0.5 + int(k) / 10, model=model, axes={"k": k})
        for name in MEMBERS
        for model in ("a", "b")
        for k in ("1", "2")
    ]
    found = made("mean_over_corruptions", rows)

    assert [(one.label, one.model) for one in found] == [
        ("top1[k=1]", "a"),
        ("top1[k=1]", "b"),
        ("top1[k=2]", "a"),
        ("top1[k=2]", "b"),
    ]


def test_families_without_the_traits_have_none():
    """Nor do datasets that lack them beside others that have them."""
    assert made("mean_over_corruptions", [row("c/x", 0.5)], {"c/x": {}}) == ()


@pytest.mark.parametrize("aggregate", AGGREGATES, ids=lambda a: a.name)
def test_each_declares_its_source(aggregate):
    """And keeps nothing that it goes over."""
    assert "section" in aggregate.source
    assert set(aggregate.over).isdisjoint(aggregate.by)


def broken(members):
    raise KeyError("hard")


@pytest.mark.parametrize(
    ("fn", "reason"),
    [
        (lambda members: float("nan"), "own must give a finite number, got nan"),
        (lambda members: float("inf"), "own must give a finite number, got inf"),
        (lambda members: None, "own raised TypeError: float"),
        (broken, "own raised KeyError: 'hard'"),
    ],
    ids=range(4),
)
def test_a_suites_own_function_that_gives_no_number_is_undefined(fn, reason):
    """The report is made all the same, and no gate passes on it."""
    own = Aggregate(name="own", over=("corruption", "severity"), fn=fn, source="here")
    (found,) = aggregated(own, [row(name, 0.5) for name in MEMBERS], {"c": MEMBERS})

    assert isinstance(found.value, Undefined)
    assert found.value.reason.startswith(reason)
