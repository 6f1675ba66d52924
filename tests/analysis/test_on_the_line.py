"""Accuracy on the line: against scipy, against refits, against published results."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.analysis.fits import weighted
from harness.analysis.fits.fits import Unfit
from harness.analysis.fits.scales import Scale, from_scale, to_scale
from harness.analysis.on_the_line import accuracy_line
from harness.analysis.resampling.jackknife import fit_intervals
from harness.analysis.tables import join_tables, read_table

seeds = st.integers(0, 2**32 - 1)


def models(seed, n=15):
    rng = np.random.default_rng(seed)
    x = rng.uniform(0.5, 0.95, n)
    return x, stats.norm.cdf(stats.norm.ppf(x) - 0.4 + rng.normal(0, 0.05, n))


@given(seeds, st.sampled_from(Scale))
def test_lines_agree_with_scipy(seed, scale):
    x, y = models(seed)
    s, t = to_scale(x, scale), to_scale(y, scale)
    line, theirs = accuracy_line(x, y, scale=scale), stats.linregress(s, t)
    assert line.line.slope == pytest.approx(theirs.slope)
    assert line.line.intercept == pytest.approx(theirs.intercept, abs=1e-9)
    assert line.r2 == pytest.approx(theirs.rvalue**2)
    assert line.pearson == pytest.approx(theirs.rvalue)
    assert line.spearman == pytest.approx(stats.spearmanr(x, y).statistic)
    assert line.kendall == pytest.approx(stats.kendalltau(x, y).statistic)
    assert line.weighted_tau == pytest.approx(stats.weightedtau(x, y).statistic)


@pytest.mark.parametrize("scale", Scale)
def test_errors_are_of_models_left_out(scale):
    x, y = models(3)
    s, t = to_scale(x, scale), to_scale(y, scale)
    errors = []
    for i in range(len(x)):
        rest = stats.linregress(np.delete(s, i), np.delete(t, i))
        errors.append(from_scale(rest.intercept + rest.slope * s[i], scale) - y[i])
    line = accuracy_line(x, y, scale=scale)
    assert line.mae == pytest.approx(np.abs(errors).mean())
    assert line.rmse == pytest.approx(np.sqrt(np.square(errors).mean()))


def test_effective_robustness_is_what_the_line_does_not_explain():
    x, y = models(1)
    line = accuracy_line(x, y)
    assert line.effective_robustness(x, line.predict(x)) == pytest.approx(0 * x)
    assert line.effective_robustness(x, line.predict(x) + 0.07) == pytest.approx(
        0 * x + 0.07
    )


def test_what_has_no_line_says_why():
    x, y = models(0)
    with pytest.raises(Unfit, match="a fit needs at least 3 models, got 2"):
        accuracy_line(x[:2], y[:2])
    with pytest.raises(Unfit, match="15 models have one accuracy on the first"):
        accuracy_line(0 * x + 0.5, y)
    with pytest.raises(Unfit, match="15 models have one accuracy on the second"):
        accuracy_line(x, 0 * x + 0.5)
    with pytest.raises(Unfit, match="all models but one have the same accuracy"):
        accuracy_line([0.5, 0.5, 0.6], [0.1, 0.2, 0.3])
    with pytest.raises(Unfit, match="an accuracy of 0 has no probit"):
        accuracy_line(x, np.append(y[1:], 0))
    with pytest.raises(ValueError, match=r"got \(15,\) and \(14,\)"):
        accuracy_line(x, y[1:])
    clipped = accuracy_line(x, np.append(y[1:], 0), y_images=100)
    assert clipped.line.at(clipped.line.x_mean) == pytest.approx(
        np.mean(stats.norm.ppf(np.append(y[1:], 0.005)))
    )


@pytest.fixture
def data_root():
    root = os.environ.get("HARNESS_DATA_ROOT")
    if not root:
        pytest.skip("HARNESS_DATA_ROOT is not set")
    return Path(root)


def predicted_accuracies(root, name):
    path = root / "published-predictions" / f"{name}.npz"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    with np.load(path) as data:
        order = np.argsort(data["models"])
        right = data["predictions"] == data["labels"]
        return data["models"][order], right.mean(axis=1)[order]


# Computed by other code from the predictions that accompany Recht et al., "Do ImageNet
# Classifiers Generalize to ImageNet?", ICML 2019 (github.com/modestyachts/CIFAR-10.1):
# slope, intercept, R² on the probit scale.
CIFAR_LINES = {"v6": (0.9496, -0.3811, 0.9840), "v4": (0.9515, -0.3986, 0.9831)}


@pytest.mark.real
@pytest.mark.parametrize("version", CIFAR_LINES)
def test_thirty_models_lie_on_the_published_line(data_root, version):
    names, x = predicted_accuracies(data_root, "cifar10_test")
    others, y = predicted_accuracies(data_root, f"cifar10.1_{version}")
    assert (names == others).all()
    line = accuracy_line(x, y)
    found = (line.line.slope, line.line.intercept, line.r2)
    assert found == pytest.approx(CIFAR_LINES[version], abs=1e-3)


@pytest.mark.real
def test_published_statistics_of_thirty_models(data_root):
    _, x = predicted_accuracies(data_root, "cifar10_test")
    _, y = predicted_accuracies(data_root, "cifar10.1_v6")
    lines = {scale: accuracy_line(x, y, scale=scale) for scale in Scale}
    linear = lines[Scale.LINEAR]
    assert [linear.r2, linear.pearson, linear.spearman] == pytest.approx(
        [0.9897, 0.9949, 0.9710], abs=1e-4
    )
    assert [linear.kendall, linear.weighted_tau] == pytest.approx(
        [0.8608, 0.8747], abs=1e-4
    )
    assert lines[Scale.LOGIT].r2 == pytest.approx(0.9816, abs=1e-4)
    published = {
        Scale.LINEAR: (0.649, 0.811),
        Scale.LOGIT: (0.666, 0.881),
        Scale.PROBIT: (0.645, 0.840),
    }
    for scale, errors in published.items():
        line = lines[scale]
        assert (100 * line.mae, 100 * line.rmse) == pytest.approx(errors, abs=1e-3)
    names = [str(i) for i in range(30)]
    published = (0.9794, 0.9946)  # from 2000 draws of default_rng(0)
    draws = np.random.default_rng(0).integers(0, 30, (2000, 30))
    counts = np.stack([np.bincount(row, minlength=30) for row in draws])
    values = weighted.r2(x, y, counts.astype(float))
    assert np.percentile(values, [2.5, 97.5]) == pytest.approx(published, abs=1e-4)
    ours = fit_intervals(x, y, names, statistics=["r2"])["r2"]
    assert (ours.low, ours.high) == pytest.approx(published, abs=5e-3)


TIMM = {
    "imagenet": "results-imagenet",
    "real": "results-imagenet-real",
    "v2mf": "results-imagenetv2-matched-frequency",
    "sketch": "results-sketch",
    "a": "results-imagenet-a",
    "r": "results-imagenet-r",
}
# x, y: n, and slope, intercept, R² as they are and on the probit scale, computed by
# other code from the result tables of huggingface/pytorch-image-models, October 2025.
TIMM_LINES = {
    "real": (1556, (0.8116, 0.2049, 0.9690), (0.9108, 0.2934, 0.9759)),
    "v2mf": (1556, (1.1438, -0.2250, 0.9808), (0.9635, -0.3229, 0.9919)),
    "sketch": (1556, (1.5160, -0.8874, 0.6540), (1.4134, -1.6844, 0.8159)),
    "a": (1555, (2.8889, -2.0692, 0.5674), (3.5562, -3.9178, 0.8031)),
    "r": (1556, (1.6794, -0.8932, 0.6255), (1.4461, -1.3690, 0.7104)),
}


@pytest.mark.real
@pytest.mark.parametrize("dataset", TIMM_LINES)
def test_lines_of_the_timm_tables(data_root, dataset):
    folder = data_root / "published-results" / "timm"
    if not folder.exists():
        pytest.skip(f"{folder} is absent")
    table = join_tables(
        *(
            read_table(
                (folder / f"{TIMM[name]}.csv").read_text(),
                keys=("model", "img_size"),
                columns={"top1": name},
                percent=True,
            )
            for name in ("imagenet", dataset)
        )
    )
    names, x, y = table.pair("imagenet", dataset)
    n, linear, probit = TIMM_LINES[dataset]
    kept = y > 0
    assert len(names) == n
    for scale, published in ((Scale.LINEAR, linear), (Scale.PROBIT, probit)):
        line = accuracy_line(x[kept], y[kept], scale=scale)
        found = (line.line.slope, line.line.intercept, line.r2)
        assert found == pytest.approx(published, abs=1e-4)


@pytest.mark.real
def test_lines_of_the_imagenet_testbed(data_root):
    path = data_root / "published-results" / "imagenet_testbed_robustness_top1s.csv"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    table = read_table(path.read_text(), percent=True)
    assert table.accuracies.shape == (338, 213)
    _, x, y = table.pair("val", "imagenetv2-matched-frequency")
    assert len(x) == 335
    # Slope and R² from the same tables, computed by other code.
    expected = {
        Scale.LINEAR: (0.875, 0.9958),
        Scale.LOGIT: (0.933, 0.9994),
        Scale.PROBIT: (0.915, 0.9994),
    }
    for scale, (slope, r2) in expected.items():
        line = accuracy_line(x, y, scale=scale)
        assert (line.line.slope, line.r2) == pytest.approx((slope, r2), abs=1e-3)
