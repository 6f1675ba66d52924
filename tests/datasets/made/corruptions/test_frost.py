"""Frost: the sum is its recipe, and the panes look as frozen ones do."""

import numpy as np
import pytest
import torch

from harness.datasets.made.corruptions.catalogue import SEVERITIES, corruption
from harness.datasets.made.corruptions.frost import PANES, frost, panes
from tests.datasets.made.corruptions.arrays import BATCHES, GREY, array, rng, tensor


@pytest.mark.parametrize("images", BATCHES.values(), ids=BATCHES)
@pytest.mark.parametrize("severity", SEVERITIES)
def test_frost_is_a_weighted_sum_with_a_part_of_a_pane(images, severity):
    """Pane, row and column are drawn in this order, for the whole batch."""
    transformation = corruption("frost", severity)
    ours = array(transformation(tensor(images), rng()))
    keep, ice = transformation.parameters.values()
    b, h, w, c = images.shape
    draws = rng()
    which = draws.integers(0, 5, size=b)
    top = draws.integers(0, 128 - h, size=b)
    left = draws.integers(0, 128 - w, size=b)

    for i in range(b):
        part = panes(128)[which[i], top[i] : top[i] + h, left[i] : left[i] + w]
        if c == 1:
            part = part @ np.array([[0.299], [0.587], [0.114]])
        expected = np.clip(keep * images[i] + ice * part, 0, 255).astype(np.uint8)
        apart = np.abs(expected.astype(int) - ours[i])
        assert apart.max() <= 1
        assert (apart == 0).mean() > 0.99


def test_panes_have_the_colours_and_spreads_they_should():
    """Means and spreads of the table, but for what is cut off at white and black."""
    made = panes(256)

    assert made.shape == (5, 256, 256, 3)
    for pane, (colour, spread) in zip(made, PANES, strict=True):
        assert pane.mean((0, 1)) == pytest.approx(np.array(colour), abs=3)
        assert pane.mean(2).std() == pytest.approx(spread, rel=0.08)


def test_panes_are_textured_at_every_scale():
    """Neighbours are alike, as are places sixteen pixels apart, though less."""
    for pane in panes(128).mean(3):
        flat = pane - pane.mean()
        near, far = (
            (flat[:, :-lag] * flat[:, lag:]).mean() / flat.var() for lag in (1, 16)
        )
        assert 0.45 < near < 0.8
        assert 0.05 < far < 0.45


def test_panes_are_always_the_same_and_shared():
    """Made once, and again after they are forgotten; not to be written to."""
    first = panes(128)
    panes.cache_clear()

    assert (panes(128) == first).all()
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0, 0, 0] = 1


def test_panes_grow_with_the_images():
    """So that there is a choice of parts for large ones too."""
    large = torch.zeros(1, 1, 100, 8, dtype=torch.uint8)
    result = frost(large, rng(), keep=1.0, ice=0.5)

    assert result.shape == large.shape
    assert result.double().std() > 5


def test_parts_differ_from_image_to_image():
    """Copies of one image get frost of their own."""
    copies = np.repeat(GREY[:1], 8, axis=0)
    ours = array(frost(tensor(copies), rng(), keep=1.0, ice=0.4))

    assert len({one.tobytes() for one in ours}) == 8
