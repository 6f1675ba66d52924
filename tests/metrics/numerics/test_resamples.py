"""What a metric says of healthy sets of few images."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UndefinedMetricError
from harness.metrics.numerics.resamples import resampled

RIGHT = np.random.default_rng(1).random(400) < 0.8


def share(rows):
    return float(RIGHT[rows].mean())


@pytest.mark.parametrize("size", [50, 200, 1600])
def test_errors_are_those_of_two_independent_shares(size):
    """Binomial, of the set and of the source; also where fewer images are drawn."""
    found = resampled(share, 400, size, draws=3000, most=200)

    p = RIGHT.mean()
    expected = np.sqrt(p * (1 - p) * (1 / size + 1 / 400))
    assert found.error == pytest.approx(expected, rel=0.05)
    assert found.mean == pytest.approx(p, abs=0.003)


def test_it_is_what_a_plain_loop_says():
    rng = np.random.default_rng(0)
    values = [share(rng.integers(400, size=60)) for _ in range(40)]

    found = resampled(share, 400, 60)

    assert found.mean == pytest.approx(np.mean(values))
    assert found.error == pytest.approx(np.std(values, ddof=1) * np.sqrt(1 + 60 / 400))
    assert resampled(share, 400, 60) == found


def test_what_few_images_alone_do_to_a_metric_is_in_the_mean():
    """A maximum is smaller of fewer; of more than are drawn it is brought nearer."""
    values = np.random.default_rng(2).normal(size=400)

    def largest(rows):
        return float(values[rows].max())

    few = resampled(largest, 400, 20)
    assert few.mean < values.max() - 0.5
    more = resampled(largest, 400, 400, most=20)
    assert more.mean == pytest.approx(values.max() - (values.max() - few.mean) / 20)


@given(st.floats(-1e3, 1e3), st.integers(1, 500), st.integers(1, 500))
def test_a_constant_has_no_error(value, images, size):
    found = resampled(lambda rows: value, images, size, draws=3)
    assert found.mean == pytest.approx(value)
    assert found.error == pytest.approx(0, abs=1e-9 * (1 + abs(value)))


def test_draws_without_a_value_are_passed_over():
    def sometimes(rows):
        if len(rows) < 400 and rows[0] % 2:
            raise UndefinedMetricError("odd")
        return share(rows)

    assert 0 < resampled(sometimes, 400, 50).error < 0.2

    def never(rows):
        if len(rows) < 400:
            raise UndefinedMetricError("few")
        return share(rows)

    with pytest.raises(UndefinedMetricError, match="on 40 of 40 resamples"):
        resampled(never, 400, 50)


@pytest.mark.parametrize(
    ("images", "size", "draws", "text"),
    [(0, 5, 9, "got 0, 5"), (5, 0, 9, "got 5, 0"), (5, 5, 1, "at least 2, got 1")],
)
def test_nothing_to_draw_is_refused(images, size, draws, text):
    with pytest.raises(ValueError, match=text):
        resampled(share, images, size, draws=draws)
