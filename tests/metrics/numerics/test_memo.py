"""Memo: one call for the same content, whatever array holds it."""

from dataclasses import dataclass

import numpy as np
import pytest

from harness.metrics.numerics.memo import remembered


@pytest.fixture
def counted():
    """A function that remembers two results, and the arguments of its real calls."""
    calls = []

    @remembered(2)
    def function(array, factor=1.0):
        calls.append((array, factor))
        return float(array.sum() * factor)

    return function, calls


def test_content_decides_and_not_the_object(counted):
    function, calls = counted
    numbers = np.arange(6.0).reshape(2, 3)

    assert [function(numbers), function(numbers.copy())] == [15.0, 15.0]
    assert function(np.asfortranarray(numbers)) == 15.0
    assert len(calls) == 1


@pytest.mark.parametrize(
    "other",
    [
        np.arange(6.0).reshape(3, 2),
        np.arange(6.0, dtype=np.float32).reshape(2, 3),
        np.arange(6).reshape(2, 3),
        np.arange(1.0, 7.0).reshape(2, 3),
    ],
    ids=["shape", "precision", "kind", "numbers"],
)
def test_another_array_is_another_call(counted, other):
    function, calls = counted
    function(np.arange(6.0).reshape(2, 3))

    assert function(other) == other.sum()
    assert len(calls) == 2


def test_numbers_and_names_of_arguments_count(counted):
    function, calls = counted
    ones = np.ones(2)

    assert [function(ones, 2.0), function(ones, 3.0)] == [4.0, 6.0]
    assert function(ones, factor=2.0) == 4.0
    assert len(calls) == 3


def test_long_arrays_given_by_name_are_told_apart():
    """The text of an array leaves out the middle of a long one."""
    total = remembered(2)(lambda *, array: float(array.sum()))
    long, other = np.zeros(5000), np.zeros(5000)
    other[2500] = 7.0

    assert [total(array=long), total(array=other)] == [0.0, 7.0]


def test_what_cannot_be_known_again_is_refused():
    with pytest.raises(TypeError, match=r"numbers and texts .* again: list"):
        remembered(2)(len)([np.ones(2)])


def test_nobody_can_change_what_is_kept():
    """Neither an array nor one in a dataclass."""

    @dataclass(frozen=True, slots=True)
    class Pair:
        array: np.ndarray

    for result in (np.ones(2), Pair(np.ones(2))):
        kept = remembered(2)(lambda _, result=result: result)(1)
        array = kept.array if isinstance(kept, Pair) else kept
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 2.0


def test_what_was_not_used_for_longest_goes_first(counted):
    function, calls = counted
    one, two, three = np.ones(1), np.ones(2), np.ones(3)
    for array in (one, two, one, three, one, two):
        function(array)

    assert [len(array) for array, _ in calls] == [1, 2, 3, 2]


def test_an_array_changed_in_place_is_another(counted):
    function, _ = counted
    numbers = np.ones(3)
    function(numbers)
    numbers[0] = 5.0
    assert function(numbers) == 7.0
