"""Labels drawn anew: the published ones, and how many stay true."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.datasets.made.label_noise import with_label_noise


def test_as_published():
    found = with_label_noise(np.arange(20) % 10, 0.5, classes=10)

    assert "".join(map(str, found)) == "07404567890135756789"
    assert (found == np.arange(20) % 10).sum() == 14


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.75, 1.0])
@pytest.mark.parametrize("true_too", [True, False])
def test_so_many_stay_true(share, true_too):
    labels = np.arange(50_000) % 10
    found = with_label_noise(labels, share, classes=10, true_too=true_too)
    expected = 1 - share + (share / 10 if true_too else 0)

    assert (found == labels).mean() == pytest.approx(expected, abs=0.01)
    assert np.bincount(found, minlength=10) / 5000 == pytest.approx(1.0, abs=0.1)


@given(st.floats(0, 1), st.integers(2, 5), st.booleans(), st.integers(0, 2**32 - 1))
def test_always_the_same_and_in_range(share, classes, true_too, seed):
    labels = np.arange(30) % classes
    found, again = (
        with_label_noise(labels, share, classes=classes, true_too=true_too, seed=seed)
        for _ in range(2)
    )

    assert np.array_equal(found, again)
    assert ((found >= 0) & (found < classes)).all()
    assert np.array_equal(labels, np.arange(30) % classes)  # left as they are


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"in \[0, 1\], got 1.5"):
        with_label_noise(np.arange(3), 1.5, classes=3)
    with pytest.raises(ValueError, match=r"numbers in 0\.\.1"):
        with_label_noise(np.arange(3), 0.5, classes=2)
    with pytest.raises(ValueError, match="at least 2 to draw another, got 1"):
        with_label_noise(np.zeros(3, dtype=int), 0.5, classes=1, true_too=False)
