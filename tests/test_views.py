"""Views: exact permutations of pixels with exact inverses."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.views import (
    IDENTITY,
    ROTATIONS,
    View,
    all_jigsaws,
    jigsaw_view,
    jigsaws,
)

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


def test_crop_takes_the_middle_and_permutes_its_tiles():
    """8x8 about the centre is 6x6 on a 3x3 grid; nothing else changes."""
    images = torch.arange(64).reshape(1, 1, 8, 8)
    still = jigsaw_view(tuple(range(9)), fit="crop")
    swap = jigsaw_view((1, 0, 2, 3, 4, 5, 6, 7, 8), fit="crop")

    middle = images[..., 1:7, 1:7]
    assert (still(images) == middle).all()
    changed = swap(images)
    assert (changed[..., :2, :2] == middle[..., :2, 2:4]).all()
    assert (changed[..., 2:, :] == middle[..., 2:, :]).all()
    assert not still.moves
    assert swap.moves


def test_resize_keeps_the_size_and_moves_the_tiles():
    """A flat image stays; a bright tile of 8x8 arrives where the permutation says."""
    flat = torch.full((1, 1, 8, 8), 77, dtype=torch.uint8)
    images = torch.zeros((1, 1, 8, 8), dtype=torch.uint8)
    images[..., :3, :3] = 200
    view = jigsaw_view((8, 1, 2, 3, 4, 5, 6, 7, 0), fit="resize")

    assert (view(flat) == flat).all()
    moved = view(images)
    assert moved.shape == images.shape
    assert moved.dtype == torch.uint8
    assert moved[0, 0, 6:, 6:].min() > 150
    assert moved[0, 0, :2, :2].max() < 30
    with pytest.raises(ValueError, match="no inverse"):
        view.inverse()


def test_resize_is_the_plain_view_where_the_grid_divides():
    """Nothing is interpolated then."""
    tiles = (8, 1, 2, 3, 4, 5, 6, 7, 0)

    fitted = jigsaw_view(tiles, fit="resize")(IMAGES)

    assert (fitted == jigsaw_view(tiles)(IMAGES)).all()


def test_sizes_that_a_grid_does_not_divide_are_refused():
    """Before anything is computed, with what to do."""
    view = jigsaws(3, 2)[1]

    with pytest.raises(ValueError, match="divisible by 3, got 8x8; crop or resize"):
        view.check_size(8, 8)
    with pytest.raises(ValueError, match="square images, got 8x9"):
        ROTATIONS[0].check_size(8, 9)
