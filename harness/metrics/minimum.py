"""Minima of smooth functions: L-BFGS, undisturbed by threads that wait for work."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from harness.metrics.checks import Array


def minimum(
    function: Callable[[Array], tuple[float, Array]], start: Array, **options: float
) -> Array:
    """Return where a smooth function of many variables is smallest.

    Parameters
    ----------
    function
        Gives value and (m,) gradient at an (m,) point.
    start : (m,) array
        Where to begin.
    options
        Of scipy's L-BFGS-B.

    Notes
    -----
    scipy brings a BLAS of its own besides numpy's. Where `function` multiplies matrices
    the threads of both wait in turn, and keep the cores busy while they do: twenty
    times slower on two cores for a head of 128 features. The few vectors of L-BFGS need
    one thread; numpy keeps all of its own.

    Examples
    --------
    >>> minimum(lambda x: (float(((x - 3) ** 2).sum()), 2 * (x - 3)), np.zeros(2))
    array([3., 3.])
    """
    from scipy.optimize import minimize

    with _one_thread():
        found = minimize(function, start, jac=True, method="L-BFGS-B", options=options)
    return np.asarray(found.x)


def _one_thread() -> AbstractContextManager[Any]:
    return scipys_blas().limit(limits=1)  # type: ignore[no-any-return]


@cache
def scipys_blas() -> Any:
    """The libraries that came with scipy; none where it shares numpy's."""
    import scipy.linalg  # noqa: F401  # they are known once they are loaded
    from threadpoolctl import ThreadpoolController

    every = ThreadpoolController()
    paths = [info["filepath"] for info in every.info()]
    return every.select(filepath=[path for path in paths if _is_scipys(Path(path))])


def _is_scipys(path: Path) -> bool:
    """In a wheel it lies in scipy.libs, or on a Mac in scipy/.dylibs."""
    return any(part.partition(".")[0] == "scipy" for part in path.parts)
