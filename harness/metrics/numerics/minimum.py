"""Minima of smooth functions: L-BFGS, undisturbed by threads that wait for work."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from harness.arrays import Array


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
    import scipy.linalg  # they are known once they are loaded
    from threadpoolctl import ThreadpoolController

    packages = Path(scipy.__file__).parent.parent
    every = ThreadpoolController()
    paths = [info["filepath"] for info in every.info()]
    return every.select(filepath=[p for p in paths if is_scipys(Path(p), packages)])


def is_scipys(library: Path, packages: Path) -> bool:
    """Whether a library lies where scipy's wheels put theirs.

    Examples
    --------
    >>> is_scipys(Path("site/scipy.libs/libopenblas.so"), Path("site"))
    True
    >>> is_scipys(Path("site/scipy/.dylibs/libopenblas.dylib"), Path("site"))  # macOS
    True
    >>> is_scipys(Path("site/numpy.libs/libopenblas.so"), Path("site"))
    False
    """
    if not library.is_relative_to(packages):
        return False
    return library.relative_to(packages).parts[0] in ("scipy", "scipy.libs")
