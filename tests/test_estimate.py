"""Estimates: arithmetic on what a sample took, by hand."""

from operator import attrgetter

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
    large = [*LARGE[:2], sampled("c", 9.0, 300)]
    found = Forecast(SMALL, large, Once(least=1, most=1)).of(work("z"), seconds)

    assert found.middle == pytest.approx((21 + 9 + 700 * 6 / 200) / 2)
    assert found.low < 21 < found.high == pytest.approx(9 + 700 * 6 / 200)


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
