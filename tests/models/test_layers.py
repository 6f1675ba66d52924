"""Layers: names that tell the protocol, maps that become vectors."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.models.layers import LARGEST, chosen_layers, pooled, split_layer

# Two channels of 2 x 3 positions, of one image.
MAP = torch.tensor([[[[1.0, 2, 3], [4, 5, 9]], [[-1, 0, 1], [0, 0, 0]]]])


@pytest.mark.parametrize(
    ("pool", "expected"),
    [
        ("avg", [4, 0]),
        ("max", [9, 1]),
        ("grid", [2, 3, 5, 9, 0, 1, 0, 0]),
        ("grid1", [9, 1]),
        ("grid12", [2, 3, 5, 9, 0, 1, 0, 0]),
    ],
)
def test_maps_are_pooled_by_hand_computed_values(pool, expected):
    """A grid of 2 x 2 cells: of three columns the middle one is in both."""
    assert pooled(MAP, pool).tolist() == [expected]


def test_a_grid_may_have_its_number_of_cells():
    """Of 0..15 in rows of four the last of each quarter is the largest."""
    rising = torch.arange(16.0).reshape(1, 1, 4, 4)
    assert pooled(rising, "grid2").tolist() == [[5, 7, 13, 15]]


@pytest.mark.parametrize(("pool", "expected"), [("avg", [2, 3]), ("max", [3, 5])])
def test_tokens_are_pooled_over_tokens(pool, expected):
    """(n, t, c): the channel is the last axis."""
    assert pooled(torch.tensor([[[1.0, 1], [3, 5]]]), pool).tolist() == [expected]


@pytest.mark.parametrize("pool", ["avg", "max", "grid", "grid4"])
def test_vectors_stay_as_they_are(pool):
    """Whatever maps would become."""
    vectors = torch.rand(3, 5)
    assert torch.equal(pooled(vectors, pool), vectors)


@given(st.integers(1, 9000), st.integers(1, 12), st.integers(1, 12))
def test_a_grid_is_as_fine_as_9000_numbers_allow(channels, height, width):
    """Square, no finer than the map, and the next finer one would be too many."""
    found = pooled(torch.zeros(1, channels, height, width), "grid").shape[1]
    side = round((found / channels) ** 0.5)
    assert side * side * channels == found
    assert side <= min(height, width)
    assert found <= 9000
    finer = (side + 1) ** 2 * channels
    assert side == min(height, width) or finer > 9000


def test_half_precision_is_averaged_in_single():
    """A mean of bfloat16 would be rounded to 8 binary digits."""
    ones = torch.ones(1, 1, 1, 3, dtype=torch.bfloat16)
    ones[..., 0] = 2
    assert pooled(ones, "avg").item() == np.float32(4 / 3)


@pytest.mark.parametrize(
    ("shape", "pool", "message"),
    [
        ((2,), "avg", "must give one vector, .* got shape"),
        ((2, 3, 4), "grid", "tokens have no grid"),
        ((1, 2, 2, 2, 2), "avg", "got shape"),
        ((1, LARGEST + 1), "avg", "at most 65,536 .* before the map is flattened"),
    ],
)
def test_what_cannot_be_a_vector_says_why(shape, pool, message):
    """Its shape, and what to name in its place."""
    with pytest.raises(ValueError, match=message):
        pooled(torch.zeros(shape), pool)


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["head"], ["head"]),
        (["*"], ["stem", "stage1", "stage2", "head"]),
        (["head", "stage*"], ["stage1", "stage2", "head"]),
        (["stage2-grid", "stage?"], ["stage1", "stage2", "stage2-grid"]),
        (["*-max"], ["stem-max", "stage1-max", "stage2-max"]),
        (
            ["stage1-grid12", "stage1-grid4", "stage1-grid", "stage2-grid4"],
            ["stage1-grid", "stage1-grid4", "stage1-grid12", "stage2-grid4"],
        ),
        (["layer9"], []),
    ],
)
def test_layers_are_chosen_by_name_or_wildcard_in_their_own_order(patterns, expected):
    """A wildcard without a pooling chooses the averages; the head has no pooling."""
    assert list(chosen_layers(patterns, ["stem", "stage1", "stage2"])) == expected


def test_a_dash_of_a_name_is_no_pooling():
    """Only -max, -grid and -gridN are, and not by themselves."""
    names = ["my-layer", "-max", "a-max", "a-b-grid", "a-grid0", "a-grid7"]
    found = [("my-layer", "avg"), ("-max", "avg"), ("a", "max"), ("a-b", "grid")]
    found += [("a-grid0", "avg"), ("a", "grid7")]
    assert [split_layer(name) for name in names] == found
