"""Noises: their moments, on every brightness."""

import numpy as np
import pytest
import torch

from harness.datasets.made.corruptions import noise
from tests.datasets.made.corruptions.arrays import rng


def flat(level, channels=1):
    """Fifty images of one brightness."""
    return torch.full((50, channels, 32, 32), level, dtype=torch.uint8)


def test_noises_have_the_moments_they_are_named_by():
    """On mid-grey: standard deviation, Poisson variance, share of salt and pepper."""
    grey = flat(128)

    gaussian = noise.gaussian_noise(grey, rng(), sigma=0.1).double()
    shot = noise.shot_noise(grey, rng(), photons=100.0).double()
    impulse = noise.impulse_noise(grey, rng(), amount=0.1)
    speckle = noise.speckle_noise(grey, rng(), sigma=0.1).double()

    # Truncation to bytes costs half a level.
    assert gaussian.mean().item() == pytest.approx(127.5, abs=0.5)
    assert gaussian.std().item() == pytest.approx(25.5, rel=0.02)
    assert shot.mean().item() == pytest.approx(127.5, abs=0.5)
    assert shot.std().item() == pytest.approx(255 * (128 / 255 / 100) ** 0.5, rel=0.02)
    assert (impulse == 255).double().mean().item() == pytest.approx(0.05, abs=0.005)
    assert (impulse == 0).double().mean().item() == pytest.approx(0.05, abs=0.005)
    assert speckle.mean().item() == pytest.approx(127.5, abs=0.5)
    assert speckle.std().item() == pytest.approx(12.8, rel=0.02)


def test_noise_grows_with_brightness_where_light_is_what_is_noisy():
    """Shot and speckle noise leave black alone; Gaussian noise does not."""
    black = flat(0)

    assert (noise.shot_noise(black, rng(), photons=5.0) == 0).all()
    assert (noise.speckle_noise(black, rng(), sigma=0.5) == 0).all()
    assert noise.gaussian_noise(black, rng(), sigma=0.1).max() > 50


@pytest.mark.parametrize(
    ("function", "strength"),
    [
        (noise.gaussian_noise, {"sigma": 0.1}),
        (noise.shot_noise, {"photons": 20.0}),
        (noise.speckle_noise, {"sigma": 0.2}),
        (noise.impulse_noise, {"amount": 0.3}),
    ],
)
def test_channels_and_images_have_noise_of_their_own(function, strength):
    """No two are alike, and their noise does not go together."""
    noisy = function(flat(128, channels=3), rng(), **strength).double()

    channels = noisy.transpose(0, 1).flatten(1).numpy()
    images = noisy[:4].flatten(1).numpy()
    assert np.abs(np.corrcoef(channels) - np.eye(3)).max() < 0.03
    assert np.abs(np.corrcoef(images) - np.eye(4)).max() < 0.08
