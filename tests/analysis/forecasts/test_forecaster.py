"""Forecasts with intervals for kinds that were never seen."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.analysis.coverage import coverage
from harness.analysis.fits.lines import Unfit
from harness.analysis.forecasts.anchored import fit_anchored, from_angle, to_angle
from harness.analysis.forecasts.forecaster import fit_forecaster
from harness.analysis.forecasts.widths import SHIFT, unit, width_of
from harness.analysis.left_out import splits

SOURCE = 0.95
KINDS = "abcdefgh"


def world(seed, *, kinds=KINDS, each=6, error=0.3, images=1000, m=2):
    """Estimates that see of each kind's fall too much or too little, all sets alike."""
    rng = np.random.default_rng(seed)
    bias = rng.normal(1, error, (len(kinds), m))
    estimates, accuracy, traits = [], [], []
    for kind, slopes in zip(kinds, bias, strict=True):
        for severity in range(each):
            fall = rng.uniform(0.1, 1.2)
            share = from_angle(to_angle(SOURCE) - fall)
            accuracy.append(rng.binomial(images, share) / images)
            estimates.append(from_angle(to_angle(SOURCE) - fall * slopes))
            traits.append({"corruption": kind, "severity": severity})
    return np.array(estimates), np.array(accuracy), traits


def made(estimates, accuracy, traits, *, images=1000, **options):
    return fit_forecaster(
        estimates,
        accuracy,
        np.full(len(accuracy), images),
        traits,
        source=np.full(estimates.shape[1], SOURCE),
        source_accuracy=SOURCE,
        source_images=images,
        **options,
    )


def test_intervals_hold_kinds_that_were_never_seen():
    """Of 200 worlds with kinds as different as the interior's: about what is said."""
    held = []
    for seed in range(200):
        estimates, accuracy, traits = world(seed, kinds=range(12))
        inside = [t["corruption"] < 8 for t in traits]
        fit = made(
            estimates[inside],
            accuracy[inside],
            [{"corruption": f"k{t['corruption']}"} for t in traits[: sum(inside)]],
        )
        new = np.logical_not(inside)
        found = fit.coverage(estimates[new], accuracy[new], images=np.full(24, 1000))
        held.append(found.share)
    assert 0.90 <= np.mean(held) <= 0.98


@given(st.integers(0, 100))
@settings(max_examples=15)
def test_the_record_is_what_a_plain_loop_says(seed):
    estimates, accuracy, traits = world(seed)
    images = np.full(len(accuracy), 1000)
    source = {"source": [SOURCE, SOURCE], "source_accuracy": SOURCE}
    fit = made(estimates, accuracy, traits)

    errors = {}
    for one in splits(traits):
        middle = fit_anchored(estimates[one.kept], accuracy[one.kept], **source)
        found = middle.predict(estimates[one.left])
        scale = unit(found, 1000, SOURCE, 1000)
        errors[one.kind] = (one.left, found, (accuracy[one.left] - found) / scale)
    covered = 0
    for kind, (left, found, _) in errors.items():
        others = [e for other, (_, _, e) in errors.items() if other != kind]
        width = width_of(
            others,
            level=0.95,
            source_accuracy=SOURCE,
            source_images=1000,
            images=1000,
        )
        half = width.half(found, images[left])
        covered += int((np.abs(accuracy[left] - found) <= half).sum())

    assert fit.left_out.covered == covered
    assert fit.left_out.n == len(accuracy)
    assert fit.width.kinds == len(KINDS)
    assert fit.raw == pytest.approx(np.abs(estimates - accuracy[:, None]).mean(axis=0))
    middles = np.concatenate([found for _, found, _ in errors.values()])
    again = coverage(accuracy, middles, middles, middles, 0.95)
    assert fit.left_out.mae == pytest.approx(again.mae)


@given(st.integers(0, 50), st.integers(20, 5000))
@settings(max_examples=25)
def test_fewer_images_and_a_higher_level_widen(seed, few):
    estimates, accuracy, traits = world(seed)
    fit = made(estimates, accuracy, traits)
    wide = made(estimates, accuracy, traits, level=0.99)

    (one,) = fit.predictions(estimates[:1], images=[few])
    (more,) = fit.predictions(estimates[:1], images=[10 * few])
    (sure,) = wide.predictions(estimates[:1], images=[few])

    assert one.high - one.low >= more.high - more.low
    assert sure.high - sure.low >= one.high - one.low
    assert 0 <= one.low <= one.accuracy <= one.high <= 1


def test_nothing_fell_nothing_is_corrected():
    """A healthy folder is the test split, with the noise of both their images."""
    fit = made(*world(0))
    (found,) = fit.predictions([[SOURCE, SOURCE]], images=[150])
    assert found.accuracy == pytest.approx(SOURCE)
    assert found.high - found.accuracy <= fit.width.quantile * 0.03


def test_the_unit_by_hand():
    """0.1 of a fall of 0.4, and two variances of a share."""
    assert unit(0.5, 1e9, 0.9, 1e9) == pytest.approx(0.04, abs=1e-4)
    share = (0.8 * 100 + 1) / 102
    noise = share * (1 - share) / 100
    assert unit(0.8, 100, 0.8, 100) == pytest.approx(np.sqrt(2 * noise))
    assert SHIFT == 0.1


def test_the_quantile_counts_the_one_that_is_to_come():
    """Of 19 errors the 19th, of 39 the 38th; never less than the normal one."""

    def quantile(n, scale=10.0):
        return width_of(
            [np.arange(1, n + 1) * scale],
            level=0.95,
            source_accuracy=0.9,
            source_images=100,
            images=100,
        ).quantile

    assert quantile(19) == 190
    assert quantile(39) == 380
    assert quantile(39, scale=1e-3) == pytest.approx(1.959964)


@pytest.mark.parametrize("traits", [{"split": "test"}, {"corruption": "fog"}])
def test_an_interior_of_too_few_kinds_has_no_interval(traits):
    estimates, accuracy, _ = world(0)
    with pytest.raises(Unfit, match="at least 3 kinds of transformations"):
        made(estimates, accuracy, [traits] * len(accuracy))


def test_a_healthy_dataset_of_few_images_is_forecast_as_healthy():
    """Whatever few images do to estimates; where nothing is right nothing is added."""
    fit = made(*world(0))
    few = np.full(2, SOURCE - 0.06)

    def said(estimates, images, healthy=few):
        (one,) = fit.predictions([estimates], images=[images], healthy=healthy)
        return one.accuracy

    plain = float(fit.predict([few])[0])
    assert plain < SOURCE - 0.02
    assert said(few, 1) == pytest.approx(SOURCE, abs=1e-3)
    assert said(few, 500) == pytest.approx((SOURCE + plain) / 2)
    assert said(few, 1000) == said(few, 5000) == plain
    assert said(few, 50, healthy=[SOURCE, SOURCE]) == pytest.approx(plain)
    low = np.full(2, 0.6)
    whole = float(replace(fit.fit, source=tuple(few)).predict([low])[0])
    plain = float(fit.predict([low])[0])
    assert said(low, 250) == pytest.approx(
        plain + 0.75 * whole / SOURCE * (whole - plain)
    )


@pytest.mark.parametrize("images", [50, 200])
def test_the_noise_of_few_images_is_in_the_interval(images):
    """Estimates that are always right, of folders of few images: the rest is noise."""
    estimates, accuracy, traits = world(0, error=0.0)
    fit = made(estimates, accuracy, traits)
    rng = np.random.default_rng(1)
    true = rng.uniform(0.5, 0.9, 2000)
    drawn = rng.binomial(images, true) / images

    found = fit.coverage(np.stack([true, true], axis=1), drawn, images=images)

    assert found.share >= 0.95
    half = 1.96 * np.sqrt(0.7 * 0.3 / images)
    assert fit.width.half(np.array([0.7]), images) > half
    # And no more than it asks for: twice the variance, and the interior's own.
    assert fit.width.half(np.array([0.7]), images) < 2 * half


@given(st.floats(0, 1), st.integers(1, 10**5), st.floats(1.01, 10))
def test_more_images_never_widen_an_interval(accuracy, images, factor):
    width = made(*world(0)).width
    middle = np.array([accuracy])
    assert width.half(middle, images * factor) <= width.half(middle, images)
    # As many as the interior has: what was measured there.
    scale = unit(middle, width.images, SOURCE, 1000)
    assert width.half(middle, width.images) == pytest.approx(width.quantile * scale)
