"""Tasks: views in label order, and permutation sets far apart."""

import hashlib
import itertools

import numpy as np
import pytest

from harness.models.pretext.permutations import all_permutations, distant_permutations
from harness.tasks.jigsaw import (
    chosen_jigsaw,
    distant_jigsaws,
    every_jigsaw,
    jigsaw,
)
from harness.tasks.rotation import ROTATION
from harness.tasks.task import Task
from harness.views import IDENTITY


def test_rotation_is_every_quarter_turn_in_order():
    assert [view.turns for view in ROTATION.views] == [0, 1, 2, 3]
    assert ROTATION.chance == 0.25


def test_default_jigsaw_is_the_published_spacing():
    tiles = [view.tiles for view in jigsaw().views]
    assert tiles == [(), (1, 0, 2, 3), (2, 0, 1, 3), (3, 0, 1, 2)]


def test_every_jigsaw_is_all_24():
    assert len({view.tiles for view in every_jigsaw().views}) == 24
    with pytest.raises(ValueError, match="`grid` must be 2"):
        every_jigsaw(3)


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_table_of_permutations_is_that_of_itertools(size):
    expected = list(itertools.permutations(range(size)))
    assert all_permutations(size).tolist() == [list(p) for p in expected]


@pytest.mark.parametrize("rule", ["max-min", "mean"])
def test_greedy_choice_is_that_of_a_plain_loop(rule):
    """By the definition, over every permutation of four."""

    def merit(p):
        apart = [sum(a != b for a, b in zip(p, q, strict=True)) for q in plain]
        return (min(apart), sum(apart)) if rule == "max-min" else sum(apart)

    chosen = distant_permutations(4, 10, rule=rule, seed=3)
    known = list(itertools.permutations(range(4)))
    plain = [chosen[0]]
    while len(plain) < 10:
        plain.append(max((p for p in known if p not in plain), key=merit))
    assert list(chosen) == plain


@pytest.mark.parametrize(
    ("first", "rule", "count", "mean", "least", "at_two", "digest"),
    [
        (0, "max-min", 10, 8.8, 8, 0, "9093c8ebe8a312a6"),
        (0, "max-min", 64, 8.123015873016, 7, 0, "d1d71d4a0fa953cd"),
        (None, "max-min", 64, 8.122519841270, 7, 0, "0fd34072ac713f14"),
        (None, "mean", 64, 8.125, 2, 59, "818e5035f5f333a1"),
        (0, "mean", 64, 8.125, 2, 72, "b48b49ab898a09d7"),
    ],
)
def test_permutations_of_nine_tiles(first, rule, count, mean, least, at_two, digest):
    """Digests of an independent implementation; max-min has no near-duplicates."""
    chosen = np.array(
        distant_permutations(9, count, rule=rule, first=first), dtype=np.uint8
    )
    apart = (chosen[:, None] != chosen[None]).sum(axis=2)[np.triu_indices(count, 1)]
    assert apart.mean() == pytest.approx(mean, abs=1e-11)
    assert (apart.min(), (apart == 2).sum()) == (least, at_two)
    assert hashlib.sha256(chosen.tobytes()).hexdigest()[:16] == digest


def test_twelve_of_the_2_by_2_grid():
    """Least distance 3 is the most that twelve can have."""
    chosen = np.array(distant_permutations(4, 12, first=0))
    apart = (chosen[:, None] != chosen[None]).sum(axis=2)[np.triu_indices(12, 1)]
    assert apart.min() == 3
    assert apart.mean() == pytest.approx(3.272727272727)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rule": "max"}, "`rule` must be max-min or mean, got 'max'"),
        ({"first": 24}, r"`first` must be in 0\.\.23, got 24"),
        ({"count": 25}, r"`count` must be in 2\.\.24, got 25"),
    ],
)
def test_sets_that_are_not_there(options, message):
    """Refused by name."""
    with pytest.raises(ValueError, match=message):
        distant_permutations(4, **{"count": 4, **options})


def test_today_and_before_are_two_tasks():
    """The set that was the default before keeps a name, and its heads apart."""
    fit = {"fit": "crop", "size": (32, 32)}
    now = chosen_jigsaw("distant", 3, None, **fit)
    before = chosen_jigsaw("distant-mean", 3, None, **fit)
    assert now.name == "jigsaw-3x3-distant-64"
    assert before.name == "jigsaw-3x3-distant-mean-64"
    assert now.views != before.views


def test_every_permutation_is_taken_once_when_all_are_asked_for():
    assert len(set(distant_permutations(3, 6))) == 6


def test_seed_decides_the_set():
    assert distant_jigsaws(2, 4, seed=1) == distant_jigsaws(2, 4, seed=1)
    assert distant_jigsaws(2, 4, seed=1) != distant_jigsaws(2, 4, seed=2)


def test_task_refuses_a_view_twice():
    with pytest.raises(ValueError, match="all different"):
        Task(name="double", views=(IDENTITY, IDENTITY))
