"""Transfer between families, groups, surprises, intervals and lines over models."""

import numpy as np
import pytest

from harness.analysis.correlation import Correlation, Undefined, correlate
from harness.analysis.fits.fits import fit_line, judge
from harness.analysis.resampling.intervals import correlation_intervals
from harness.analysis.resampling.units import by_dataset, by_family, by_kind, grouped
from harness.analysis.residuals import surprises
from harness.analysis.transfer import family_transfer
from harness.measurement import Domain, Measurement


def measurement(dataset, value, accuracy, **changes):
    family = dataset.partition("/")[0]
    fields = {
        "metric": "entropy",
        "model": "linear",
        "dataset": dataset,
        "family": family,
        "domain": Domain.INTERIOR if family == "interior" else Domain.EXTERIOR,
        "value": value,
        "accuracy": accuracy,
        "images": 100,
        "seconds": 0.1,
        "key": dataset,
    }
    return Measurement(**(fields | changes))


def row(measurements) -> Correlation:
    return correlate(measurements)[0]


def cloud(family, n, *, slope=0.1, level=0.5, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    y = np.clip(level + slope * x + rng.normal(0, 0.02, n), 0, 1)
    return [
        measurement(
            f"{family}/k{i // 5}-{i % 5 + 1}",
            float(x[i]),
            float(y[i]),
            traits={"corruption": f"k{i // 5}", "severity": i % 5 + 1},
        )
        for i in range(n)
    ]


def test_groups_go_by_traits():
    """A corruption of a family is one unit; whatever has none is one by itself."""
    points = row(cloud("interior", 10)).points
    assert list(grouped(points, by_family)) == ["interior"]
    assert list(grouped(points, by_kind)) == ["interior/k0", "interior/k1"]
    assert len(grouped(points, by_dataset)) == 10
    (plain,) = row([measurement("interior/0003", 1.0, 0.5)]).points
    assert by_kind(plain) == "interior/0003"
    traits = {"member": "cam", "corruption": "fog", "severity": 2}
    (one,) = row([measurement("all-c/cam/fog-2", 1.0, 0.5, traits=traits)]).points
    assert by_kind(one) == "all-c/cam/fog"


def test_a_name_decides_nothing():
    """Photos of two years are two units, however alike their names are."""
    years = [measurement(f"photos-{y}", 1.0, 0.5) for y in (2023, 2024)]
    assert list(grouped(row(years).points, by_kind)) == ["photos-2023", "photos-2024"]


def test_each_family_is_judged_by_each_line_and_by_all_the_others():
    families = {
        "interior": cloud("interior", 12, seed=1),
        "steep": cloud("steep", 8, slope=0.2, seed=2),
        "low": cloud("low", 6, level=0.2, seed=3),
        "few": cloud("few", 2, seed=4),
    }
    points = row([m for ms in families.values() for m in ms]).points
    found = {r.family: r for r in family_transfer(points)}
    assert list(found) == ["few", "interior", "low", "steep"]
    assert found["few"].own == Undefined("a fit needs at least 3 datasets, got 2")
    assert found["low"].judged_by["few"] == Undefined(
        "there is no line to judge by: a fit needs at least 3 datasets, got 2"
    )
    assert isinstance(found["few"].left_out, Undefined)
    data = {
        name: ([m.value for m in ms], [m.accuracy for m in ms])
        for name, ms in families.items()
    }
    for name in ("interior", "steep", "low"):
        for other in ("interior", "steep", "low"):
            theirs = judge(fit_line(*data[other]), *data[name])
            ours = found[name].judged_by[other]
            assert (ours.r2, ours.mae) == pytest.approx((theirs.r2, theirs.mae))
        x, y = (np.concatenate([data[o][i] for o in data if o != name]) for i in (0, 1))
        theirs = judge(fit_line(x, y), *data[name])
        assert found[name].left_out.r2 == pytest.approx(theirs.r2)
        assert found[name].n == len(data[name][0])
        own = found[name].judged_by[name]
        assert own.r2 == pytest.approx(found[name].own.r2)
    assert found["low"].judged_by["interior"].r2 < 0
    assert found["low"].judged_by["interior"].bias > 0.2


def test_surprises_are_the_largest_residuals_by_name():
    x = np.arange(10.0)
    y = 0.2 + 0.05 * x + np.tile([0.001, -0.001], 5)
    rows = [measurement(f"interior/{i}", x[i], y[i]) for i in range(10)]
    rows += [
        measurement("odd/night", 5.0, 0.15),
        measurement("odd/day", 5.0, 0.45),
        measurement("odd/dusk", 5.0, 0.44),
        measurement("odd/dawn", 5.0, 0.46),
        measurement("odd/unlabelled", 5.0, None),
    ]
    correlation = row(rows)
    first, second = surprises(correlation, count=2)
    assert first.point.dataset == "odd/night"
    assert first.predicted == pytest.approx(0.45, abs=0.005)
    assert first.residual == pytest.approx(0.15 - 0.45, abs=0.005)
    assert first.outlier
    assert abs(first.residual) > abs(second.residual)
    assert len(surprises(correlation, count=99)) == 14
    assert not any(s.outlier for s in surprises(correlation) if "/d" in s.point.dataset)
    undefined = row(rows[:2])
    assert surprises(undefined) == ()


def test_deviations_are_robust_standard_deviations_of_the_domain():
    residuals = [0.01, -0.01, 0.02, -0.02, 0.03, -0.03, 0.0]
    rows = [measurement(f"interior/{i}", i, 0.2 + 0.1 * i) for i in range(5)]
    rows += [
        measurement(f"odd/{i}", 2, 0.4 + residuals[i]) for i in range(len(residuals))
    ]
    found = {s.point.dataset: s for s in surprises(row(rows), count=20)}
    # The median absolute deviation is 0.02, which is 0.6745 standard deviations.
    assert found["odd/4"].deviations == pytest.approx(0.03 / 0.02 * 0.67449)
    assert found["odd/6"].deviations == pytest.approx(0, abs=1e-9)


def test_intervals_hold_the_statistics_they_belong_to():
    rows = cloud("interior", 40, seed=5) + cloud("odd", 30, level=0.4, seed=6)
    correlation = row(rows)
    intervals = correlation_intervals(correlation)
    for fit, found in (
        (correlation.interior, intervals.interior),
        (correlation.exterior, intervals.exterior),
    ):
        for name in ("r2", "rmse", "mae", "spearman", "pearson"):
            assert found[name].holds(getattr(fit, name)), name
        assert found["r2"].groups in (8, 6)
    for name, interval in intervals.transfer.items():
        assert interval.holds(getattr(correlation.transfer, name)), name
    single = correlation_intervals(correlation, unit=by_dataset, statistics=["r2"])
    assert single.interior["r2"].groups == 40


def test_intervals_that_do_not_exist_say_why():
    correlation = row(cloud("interior", 12) + cloud("odd", 2))
    intervals = correlation_intervals(correlation)
    assert "needs at least 5 groups to leave out, got 3" in intervals.interior.reason
    assert intervals.exterior == correlation.exterior
    assert intervals.transfer == correlation.transfer
