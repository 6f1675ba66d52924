"""Minima: right, and found without a second crowd of threads."""

from pathlib import Path

import numpy as np
import pytest
import scipy
from numpy.testing import assert_allclose

from harness.metrics.numerics.minimum import minimum, scipys_blas


def threads():
    return [library.num_threads for library in scipys_blas().lib_controllers]


def test_the_minimum_of_a_stretched_quadratic():
    scales = np.array([1.0, 30.0, 900.0])
    centre = np.array([1.0, -2.0, 3.0])

    def function(x):
        away = x - centre
        return float(scales @ away**2) / 2, scales * away

    found = minimum(function, np.zeros(3), gtol=1e-10, ftol=0.0)
    assert_allclose(found, centre, rtol=1e-8)


def test_scipy_has_one_thread_meanwhile_and_its_own_again_afterwards():
    packages = Path(scipy.__file__).parent.parent
    if not [*packages.glob("scipy.libs/*openblas*"), *packages.glob("scipy/.dylibs/*")]:
        pytest.skip("this scipy shares the BLAS of numpy")
    assert threads()
    seen = []

    def function(x):
        seen.extend(threads())
        return float(x @ x), 2 * x

    with scipys_blas().limit(limits=2):
        usual = threads()
        minimum(function, np.ones(3))
        assert threads() == usual
    assert set(seen) == {1}
