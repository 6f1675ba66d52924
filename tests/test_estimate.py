"""Estimates: arithmetic on what a sample took, by hand."""

import itertools
import math
from operator import attrgetter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.estimate import (
    Cost,
    Forecast,
    Once,
    Range,
    Sampled,
    Work,
    grown,
    longest_shard,
    on_workers,
    total,
)

seconds = attrgetter("seconds")


def work(name, model="m", family="f", cells=4, images=1000):
    return Work(name=name, model=model, family=family, cells=cells, images=images)


def sampled(name, took, images, *, first=False, passes=7, **more):
    return Sampled(
        work=work(name, images=images, **more),
        first=first,
        cost=Cost(took, took / 2, passes, 100.0),
    )


# Of a model that loads for 3 seconds and answers the source set in 0.01 an image; a
# group takes 1 second and 0.02 an image.
SMALL = [sampled("a", 3 + 1 + 0.03 * 100, 100, first=True, passes=8)] + [
    sampled(name, 1 + 0.02 * 100, 100) for name in "bc"
]
LARGE = [sampled("a", 3 + 1 + 0.03 * 300, 300, first=True, passes=8)] + [
    sampled(name, 1 + 0.02 * 300, 300) for name in "bc"
]


def test_a_group_is_foretold_by_a_line_and_its_model_once():
    """By hand: 1 + 0.02 x 1000; 3 + 0.01 x 2000 for the source set."""
    forecast = Forecast(SMALL, LARGE, Once(least=2000, most=2000))

    assert forecast.of(work("z"), seconds).middle == pytest.approx(21)
    assert forecast.of(work("z"), attrgetter("processor")).middle == pytest.approx(10.5)
    assert forecast.once("m", seconds).middle == pytest.approx(23)
    assert forecast.passes(work("z")) == 7
    assert forecast.passes_once("m") == 1


def test_part_of_a_group_takes_its_share():
    """One of four cells."""
    forecast = Forecast(SMALL, LARGE, Once(least=1, most=1))

    assert forecast.of(work("z", cells=1), seconds).middle == pytest.approx(21 / 4)


def test_groups_that_differ_are_the_range():
    """By hand: 7 and 9 seconds are 1/8 from their mean, with one degree of freedom."""
    large = [*LARGE[:2], sampled("c", 9.0, 300)]
    found = Forecast(SMALL, large, Once(least=1, most=1)).of(work("z"), seconds)
    error = 12.706 * math.sqrt(2 * (1 / 8) ** 2) / math.sqrt(2) * found.middle

    assert found.middle == pytest.approx((21 + 9 + 700 * 6 / 200) / 2)
    assert found.low == 0.0
    assert found.high == pytest.approx(found.middle + error, rel=1e-4)


def groups_of(models, took):
    """As many models, of each a first group and two others of a sample."""
    return [
        sampled(f"{m}{i}", next(took), 300, model=m, first=i == 0)
        for m in map(str, range(models))
        for i in range(3)
    ]


def test_the_same_spread_leaves_more_open_where_fewer_groups_were_sampled():
    """One model, two, and ten, whose groups lie as far apart."""
    widths = []
    for models in (1, 2, 10):
        some = groups_of(models, itertools.cycle([9.0, 9.0, 11.0]))
        found = Forecast(some, some, Once(least=1, most=1))
        _, middle, high = found.of(work("z", model="0", images=300), seconds)
        assert middle == pytest.approx(10)
        widths.append(high - middle)

    assert widths[0] > 2 * widths[1] > 3 * widths[2] > 0


def test_where_no_two_groups_are_alike_it_may_be_half_or_twice():
    found = Forecast(SMALL[:1], LARGE[:1], Once(least=1, most=1))

    assert found.of(work("z", images=300), seconds) == Range(6.5, 13.0, 26.0)


def test_ranges_hold_the_mean_of_all_groups_as_often_as_they_say():
    """Of 400 samples of groups that differ by a tenth 95 of 100, but for chance."""
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        some = groups_of(3, iter(10 * (1 + rng.normal(0, 0.1, 9))))
        found = Forecast(some, some, Once(least=1, most=1))
        low, _, high = found.of(work("z", model="0", images=300), seconds)
        held += low <= 10 <= high

    assert 0.92 <= held / 400 <= 0.98


def test_what_is_done_once_is_a_difference_of_groups_and_as_uncertain():
    """Groups of 9 and 11 after a first of 20: 10 more, and far from known."""
    some = groups_of(1, iter([20.0, 9.0, 11.0]))
    found = Forecast(some, some, Once(least=300, most=300)).once("0", seconds)

    assert found.middle == pytest.approx(10)
    assert found.low == 0.0
    assert found.high > 20


def test_another_time_of_the_machine_is_in_the_range():
    """A fifth either way, whatever groups say."""
    assert Range.of(50.0).elsewhen(0.2) == Range(40.0, 50.0, 60.0)
    low, _, high = Range(10.0, 50.0, 90.0).elsewhen(0.2)
    assert low < 10 < 90 < high
    assert Range(0.0, 50.0, 500.0).elsewhen(0.2).low == 0.0


def test_a_model_that_was_not_sampled_is_taken_for_the_others():
    """Between the least and the most of them."""
    other = [sampled(n, 2 * t, i, model="n", first=n == "x") for n, t, i in (
        ("x", 7.0, 300), ("y", 7.0, 300))]  # fmt: skip
    fewer = [sampled(n, 6.0, 100, model="n", first=n == "x") for n in "xy"]
    forecast = Forecast(SMALL + fewer, LARGE + other, Once(least=1, most=1))
    found = forecast.of(work("z", model="unknown"), seconds)

    assert forecast.models == {"m", "n"}
    assert found.middle == pytest.approx((21 + 21 + 14 + 700 * 8 / 200) / 3)
    assert found.high >= 42 > 21 >= found.low


def test_a_single_group_is_all_that_is_known_of_its_model():
    forecast = Forecast(SMALL[:1], LARGE[:1], Once(least=9000, most=9000))

    assert forecast.once("m", seconds) == Range.of(0.0)
    assert forecast.of(work("z", images=300), seconds).middle == pytest.approx(13)


@given(
    a=st.floats(0, 100),
    b=st.floats(1e-3, 10),
    few=st.integers(1, 100),
    more=st.integers(1, 1000),
    images=st.integers(1, 100_000),
)
def test_a_line_is_found_again(a, b, few, more, images):
    """Whatever two points of it are known; it is one end of the range."""
    many = few + more
    images = max(images, many)
    found = grown((few, a + b * few), (many, a + b * many), images)

    assert found.middle == pytest.approx(a + b * images)
    assert found.low <= found.middle <= found.high


def test_division_by_hand():
    """`a` goes to part 1 of 2, `d` and `g` to part 2; each part begins the model."""
    works = [work("a"), work("d"), work("g", model="n")]
    once = {"m": 1.0, "n": 0.5}

    assert total(works, [2.0, 3.0, 4.0], once) == 2 + 3 + 4 + 1 + 0.5
    assert longest_shard(works, [2.0, 3.0, 4.0], once, 2) == 3 + 4 + 1 + 0.5
    # Two workers: a until 3, d until 4, g from 3 on.
    assert on_workers(works, [2.0, 3.0, 4.0], once, 2) == 3 + 4 + 0.5
    assert on_workers(works, [2.0, 3.0, 4.0], once, 100) == 4.5


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=20),
    st.integers(1, 8),
)
def test_no_division_takes_longer_than_all_or_less_than_its_part(each, parts):
    works = [work(str(i)) for i in range(len(each))]
    once = {"m": 0.0}
    alone = total(works, each, once)
    for divided in (longest_shard, on_workers):
        longest = divided(works, each, once, parts)
        assert alone / parts - 1e-6 <= longest <= alone + 1e-6
        assert longest >= max(each) - 1e-6
