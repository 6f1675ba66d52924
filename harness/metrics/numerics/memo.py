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
        How many are kept. Arrays in them, or in their fields, become read-only.

    Raises
    ------
    TypeError
        From the function: if it is given anything but arrays, numbers and texts.

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
            names = sorted(named)
            key = _digest(*arguments, *names, *(named[name] for name in names))
            with lock:
                if key in kept:
                    kept.move_to_end(key)
                    return kept[key]
            result = function(*arguments, **named)
            _freeze(result)
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
        elif isinstance(argument, int | float | str | np.generic):
            digest.update(repr(argument).encode())
        else:
            kind = type(argument).__name__
            raise TypeError(
                f"only arrays, numbers and texts can be known again: {kind}"
            )
        digest.update(b"\0")
    return digest.digest()


def _freeze(result: object) -> None:
    fields = getattr(result, "__dataclass_fields__", ())
    for value in (result, *(getattr(result, name) for name in fields)):
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
