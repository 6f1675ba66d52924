"""Targets: ``package.module:name`` strings, resolved only when they are needed.

Registry entries hold targets instead of functions, so that listing what is known
imports nothing heavy, and so that a worker or another machine can be handed an entry.
"""

import importlib
from typing import Any


def resolve(target: str) -> Any:
    """The object that ``package.module:name`` names.

    Raises
    ------
    ValueError
        If the text is not of that form.
    ImportError
        If the module cannot be imported or has no such name.
    """
    module, _, name = target.partition(":")
    if not module or not name:
        raise ValueError(f"`target` must be 'package.module:name', got {target!r}")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError as error:
            raise ImportError(
                f"{module} has no {part!r}, named in {target!r}"
            ) from error
    return found
