"""Elastic transform against scipy's interpolation, image by image."""

import numpy as np
import pytest
import scipy.ndimage

from harness.datasets.made.corruptions.catalogue import SEVERITIES, corruption
from harness.datasets.made.corruptions.elastic import elastic_transform
from tests.datasets.made.corruptions.arrays import (
    BATCHES,
    SMOOTH,
    array,
    rng,
    tensor,
    truncated,
)


def affine_of(old, new):
    """(2, 3) of the map that takes three points (x, y) to three others."""
    rows = [[x, y, 1, 0, 0, 0] for x, y in old] + [[0, 0, 0, x, y, 1] for x, y in old]
    return np.linalg.solve(np.array(rows, float), new.T.reshape(-1)).reshape(2, 3)


def reference(one, moves, wobble_x, wobble_y, parameters):
    """One (h, w, c) image by scipy.ndimage."""
    h, w, c = one.shape
    side = min(h, w)
    middle, reach = np.array([w // 2, h // 2]), side // 3
    old = middle + reach * np.array([[1, 1], [1, -1], [-1, -1]])
    forth = affine_of(old, old + moves * parameters["affine"] * side)
    y, x = np.mgrid[:h, :w]
    back = np.linalg.inv(np.vstack([forth, [0, 0, 1]]))
    from_x, from_y, _ = np.tensordot(back, np.stack([x, y, np.ones_like(x)]), 1)
    smooth = {"sigma": parameters["sigma"] * side, "mode": "reflect", "truncate": 3}
    dx = scipy.ndimage.gaussian_filter(wobble_x, **smooth) * parameters["alpha"] * side
    dy = scipy.ndimage.gaussian_filter(wobble_y, **smooth) * parameters["alpha"] * side

    def seen(layer, places, mode):
        return scipy.ndimage.map_coordinates(layer, places, order=1, mode=mode)

    layers = [
        seen(
            seen(one[:, :, i] / 255, [from_y, from_x], "mirror"),
            [y + dy, x + dx],
            "reflect",
        )
        for i in range(c)
    ]
    return truncated(np.stack(layers, -1))


@pytest.mark.parametrize("images", BATCHES.values(), ids=BATCHES)
@pytest.mark.parametrize("severity", SEVERITIES)
def test_elastic_transform_is_two_interpolations(images, severity):
    """Mirror without the last pixel, then with it."""
    transformation = corruption("elastic_transform", severity)
    ours = array(transformation(tensor(images), rng()))
    b, h, w, _ = images.shape
    draws = rng()
    moves = draws.uniform(-1, 1, size=(b, 3, 2))
    wobbles = draws.uniform(-1, 1, size=(2, b, h, w))

    for i in range(b):
        expected = reference(
            images[i], moves[i], wobbles[0, i], wobbles[1, i], transformation.parameters
        )
        apart = np.abs(expected.astype(int) - ours[i])
        assert apart.max() <= 1
        assert (apart == 0).mean() > 0.99


def test_nothing_moves_without_strength():
    """All three at 0, but for a level that cutting may cost."""
    ours = array(
        elastic_transform(tensor(SMOOTH), rng(), alpha=0.0, sigma=0.0, affine=0.0)
    )

    assert np.abs(ours.astype(int) - SMOOTH).max() <= 1


@pytest.mark.parametrize("images", BATCHES.values(), ids=BATCHES)
def test_far_displacements_stay_within_the_image(images):
    """Mirrored as often as it takes; no value that was not there."""
    ours = elastic_transform(tensor(images), rng(), alpha=5.0, sigma=0.0, affine=0.9)

    assert ours.max() <= images.max()
    assert ours.int().min() >= int(images.min()) - 1
