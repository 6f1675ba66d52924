"""Views: exact permutations of pixels with exact inverses."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.views import IDENTITY, ROTATIONS, View, all_jigsaws, jigsaws

IMAGES = torch.arange(2 * 3 * 12 * 12).reshape(2, 3, 12, 12)
EVERY = (IDENTITY, *ROTATIONS, *all_jigsaws(2), *jigsaws(3, 5))


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_rotations_turn_as_numpy_does(turns):
    """Counter-clockwise by quarter turns."""
    turned = View(name="turn", turns=turns)(IMAGES).numpy()

    assert (turned == np.rot90(IMAGES.numpy(), turns, axes=(2, 3))).all()


def test_four_quarter_turns_are_the_identity():
    """And two of a half."""
    quarter, half, _ = ROTATIONS
    images = IMAGES
    for _ in range(4):
        images = quarter(images)

    assert (images == IMAGES).all()
    assert (half(half(IMAGES)) == IMAGES).all()


def test_a_jigsaw_by_hand():
    """Tile i of the result is tile tiles[i] of the image, row by row."""
    image = torch.tensor([[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]])
    view = View(name="swap", tiles=(2, 0, 3, 1))

    result = view(image[None, None])[0, 0]

    expected = [[2, 2, 0, 0], [2, 2, 0, 0], [3, 3, 1, 1], [3, 3, 1, 1]]
    assert result.tolist() == expected


@given(view=st.sampled_from(EVERY))
def test_a_view_is_a_bijection_with_its_inverse(view):
    """It moves pixels within each channel and loses none."""
    changed = view(IMAGES)

    assert (view.inverse()(changed) == IMAGES).all()
    assert (view(view.inverse()(IMAGES)) == IMAGES).all()
    assert (changed.flatten(2).sort().values == IMAGES.flatten(2).sort().values).all()
    assert (changed == IMAGES).all() == (view == IDENTITY)


def test_the_default_permutations_are_those_of_the_study():
    """Numbers 0, 6, 12 and 18 of 24 in lexicographic order."""
    chosen = jigsaws(2, 4)

    assert chosen[0] is IDENTITY
    assert [v.tiles for v in chosen[1:]] == [(1, 0, 2, 3), (2, 0, 1, 3), (3, 0, 1, 2)]
    assert jigsaws(2, 24) == all_jigsaws(2)


@given(grid=st.sampled_from([2, 3]), permutations=st.integers(2, 24))
def test_permutations_are_different(grid, permutations):
    """However many are asked for."""
    assert len(set(jigsaws(grid, permutations))) == permutations


@pytest.mark.parametrize("permutations", [1, 25, math.factorial(9)])
def test_impossible_numbers_of_permutations_are_refused(permutations):
    """The message says how many there are."""
    with pytest.raises(
        ValueError, match=rf"in 2..24 for a 2x2 grid, got {permutations}"
    ):
        jigsaws(2, permutations)


def test_sizes_that_a_grid_does_not_divide_are_refused():
    """Before anything is computed, with what to do."""
    view = jigsaws(3, 2)[1]

    with pytest.raises(ValueError, match="divisible by 3, got 8x8; crop or resize"):
        view.check_size(8, 8)
    with pytest.raises(ValueError, match="square images, got 8x9"):
        ROTATIONS[0].check_size(8, 9)
