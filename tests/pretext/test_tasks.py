"""Tasks: views in label order, and permutation sets far apart."""

import itertools

import numpy as np
import pytest

from harness.pretext.tasks import (
    ROTATION,
    Task,
    _all_permutations,
    distant_jigsaws,
    distant_permutations,
    every_jigsaw,
    jigsaw,
)
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
    assert _all_permutations(size).tolist() == [list(p) for p in expected]


def test_greedy_choice_is_that_of_a_plain_loop():
    chosen = distant_permutations(4, 10, seed=3)
    known = list(itertools.permutations(range(4)))
    plain = [chosen[0]]
    while len(plain) < 10:
        rest = [p for p in known if p not in plain]
        plain.append(
            max(
                rest,
                key=lambda p: sum(
                    a != b for q in plain for a, b in zip(p, q, strict=True)
                ),
            )
        )
    assert list(chosen) == plain


def test_64_permutations_of_nine_are_far_apart():
    chosen = np.array(distant_permutations(9, 64))
    assert len({tuple(p) for p in chosen}) == 64
    distance = (chosen[:, None] != chosen[None]).sum(axis=2)
    apart = distance[np.triu_indices(64, 1)]
    # Two random permutations of nine agree at one place on average.
    assert apart.mean() > 8.0


def test_every_permutation_is_taken_once_when_all_are_asked_for():
    assert len(set(distant_permutations(3, 6))) == 6


def test_seed_decides_the_set():
    assert distant_jigsaws(2, 4, seed=1) == distant_jigsaws(2, 4, seed=1)
    assert distant_jigsaws(2, 4, seed=1) != distant_jigsaws(2, 4, seed=2)


def test_task_refuses_a_view_twice():
    with pytest.raises(ValueError, match="all different"):
        Task(name="double", views=(IDENTITY, IDENTITY))
