"""Memo: results of costly functions that several metrics, or several sets, share."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import ParamSpec, TypeVar

import numpy as np

P = ParamSpec("P")
T = TypeVar("T")


def remembered(results: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keep the last results of a pure function, told apart by what is in its arguments.

    Parameters
    ----------
    results
        How many are kept. They are handed out as they are: nobody must change them.

    Examples
    --------
    >>> @remembered(2)
    ... def total(numbers):
    ...     print("adding")
    ...     return float(numbers.sum())
    >>> total(np.ones(3)), total(np.ones(3)), total(np.ones(4))
    adding
    adding
    (3.0, 3.0, 4.0)
    """

    def keeping(function: Callable[P, T]) -> Callable[P, T]:
        kept: OrderedDict[bytes, T] = OrderedDict()
        lock = Lock()

        @wraps(function)
        def recall(*arguments: P.args, **named: P.kwargs) -> T:
            key = _digest(*arguments, *sorted(named.items()))
            with lock:
                if key in kept:
                    kept.move_to_end(key)
                    return kept[key]
            result = function(*arguments, **named)
            with lock:
                kept[key] = result
                if len(kept) > results:
                    kept.popitem(last=False)
            return result

        return recall

    return keeping


def _digest(*arguments: object) -> bytes:
    digest = hashlib.blake2b()
    for argument in arguments:
        if isinstance(argument, np.ndarray):
            digest.update(repr((argument.dtype, argument.shape)).encode())
            digest.update(np.ascontiguousarray(argument).data)
        else:
            digest.update(repr(argument).encode())
        digest.update(b"\0")
    return digest.digest()
