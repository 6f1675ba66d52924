"""Scales and their inverses; the sampling noise of accuracy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.analysis.fits.fits import Unfit
from harness.analysis.fits.scales import Scale, from_scale, noise_floor, to_scale

every = pytest.mark.parametrize("scale", Scale)


@every
@given(y=st.lists(st.floats(1e-6, 1 - 1e-6), min_size=1, max_size=20))
def test_a_scale_is_undone_by_its_inverse(scale, y):
    assert from_scale(to_scale(y, scale), scale) == pytest.approx(y, abs=1e-9)


@every
def test_a_scale_rises_and_is_symmetric(scale):
    y = np.linspace(0, 1, 21)
    t = to_scale(y, scale, images=100)
    assert (np.diff(t) > 0).all()
    assert t - t[10] == pytest.approx(-(t - t[10])[::-1])


def test_scales_agree_with_scipys_distributions():
    y = np.linspace(0.01, 0.99, 15)
    assert to_scale(y, Scale.PROBIT) == pytest.approx(stats.norm.ppf(y))
    assert to_scale(y, Scale.LOGIT) == pytest.approx(stats.logistic.ppf(y))


def test_ends_are_half_an_image_inside_each_for_its_own_size():
    t = to_scale([0.0, 1.0, 0.001, 0.4], Scale.PROBIT, images=[50, 200, 100, 10])
    assert from_scale(t, Scale.PROBIT) == pytest.approx([0.01, 0.9975, 0.005, 0.4])


def test_ends_without_a_number_of_images_are_refused():
    with pytest.raises(Unfit, match="an accuracy of 1 has no logit; give the number"):
        to_scale([0.5, 1.0], Scale.LOGIT)
    assert to_scale([0.0, 1.0], Scale.LINEAR).tolist() == [0, 1]


def test_values_out_of_range_are_refused():
    with pytest.raises(ValueError, match=r"in \[0, 1\], got 1.5"):
        to_scale([0.5, 1.5], Scale.LINEAR)
    with pytest.raises(ValueError, match=r"in \[0, 1\], got nan"):
        to_scale([0.5, np.nan], Scale.PROBIT)
    with pytest.raises(ValueError, match="`images` must be at least 1, got 0"):
        to_scale([0.5], Scale.PROBIT, images=[0])


def test_the_noise_floor_is_what_sampling_does():
    rng = np.random.default_rng(0)
    truth, images = rng.uniform(0.2, 0.9, 50), rng.integers(50, 500, 50)
    seen = rng.binomial(images, truth, (2000, 50)) / images
    assert noise_floor(truth, images) == pytest.approx(
        np.sqrt(((seen - truth) ** 2).mean()), rel=0.02
    )


def test_the_noise_floor_needs_data():
    with pytest.raises(ValueError, match=r"got \(0,\) and \(0,\)"):
        noise_floor([], [])
    with pytest.raises(ValueError, match="images at least 1"):
        noise_floor([0.5], [0])
    with pytest.raises(ValueError, match=r"accuracies must be in \[0, 1\]"):
        noise_floor([50.0], [10])
