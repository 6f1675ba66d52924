"""Published records: what "When Deep Classifiers Agree" kept of each network.

A pickle a network: a list of the images' paths, sorted, then the predicted classes
after each epoch, as numbers. It is read without running anything that it names: of
lists, texts and numbers alone.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import BadData, HarnessError
from harness.models.recorder import Recorded
from harness.models.small_types import class_type


class _Plain(pickle.Unpickler):
    """Of what needs no import."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it names {module}.{name}, which is not run")


def read_published_records(
    paths: Sequence[str | Path], *, split: str = "test", when: str = "after"
) -> Recorded:
    """Read pickles of several networks as a cube.

    Parameters
    ----------
    paths
        Of the files, one a network.
    split
        Which images they are of; the published code has a file for each split.
    when
        "after" for the test split and "during" for the training split, as published.

    Returns
    -------
    Recorded
        Images are called by the last two parts of their paths; labels are the numbers
        of the folders that images lie in, sorted by name.

    Raises
    ------
    BadData
        If a file is none, names anything to be run, or is not of the same images and
        epochs as the first.
    HarnessError
        If no file is named.

    References
    ----------
    ccc-frankfurt/intrinsic_ordering_nn_training; it checks neither order nor length.
    """
    if not paths:
        raise HarnessError("`paths` must be one file at least, got none")
    each = [_read(Path(path)) for path in paths]
    names, first = each[0]
    for path, (own, rows) in zip(paths, each, strict=True):
        if own != names or rows.shape != first.shape:
            raise BadData(
                f"record {path} must be of the images and epochs of {paths[0]}, in the "
                "same order, got others"
            )
    folders = [PurePosixPath(name).parent.name for name in names]
    numbers = {folder: i for i, folder in enumerate(sorted(set(folders)))}
    labels = np.array([numbers[folder] for folder in folders], dtype=np.int64)
    cube = np.stack([rows for _, rows in each])
    kind = class_type(int(max(cube.max(), labels.max())) + 1)
    return Recorded(
        predicted={split: cube.astype(kind)},
        labels={split: labels},
        ids={split: np.array(["/".join(PurePosixPath(n).parts[-2:]) for n in names])},
        logits={},
        facts=tuple({"file": Path(path).name, "when": when} for path in paths),
    )


def _read(path: Path) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Paths of the images, and (epochs, n) classes."""
    try:
        with path.open("rb") as handle:
            content = _Plain(handle).load()
    except (
        *(pickle.UnpicklingError, OSError, EOFError, ValueError, TypeError),
        *(LookupError, AttributeError, RecursionError, MemoryError),
    ) as error:
        raise BadData(
            f"record {path} must be a pickle of lists, texts and numbers: {error}"
        ) from error
    if not isinstance(content, list) or len(content) < 2:
        raise _bad(path, "a list of paths and of one epoch at least")
    names, *epochs = content
    if not (
        isinstance(names, list) and names and all(isinstance(n, str) for n in names)
    ):
        raise _bad(path, "paths of images first, as texts")
    if not all(isinstance(e, list) and len(e) == len(names) for e in epochs):
        raise _bad(path, f"a list of {len(names)} classes for each epoch")
    try:
        said = np.array(epochs, dtype=np.float64)
    except (TypeError, ValueError):
        raise _bad(path, "classes as numbers") from None
    if said.ndim != 2 or not ((said >= 0) & (said == np.rint(said))).all():
        raise _bad(path, "whole classes that are not negative")
    return tuple(names), said.astype(np.int64)


def _bad(path: Path, what: str) -> BadData:
    return BadData(f"record {path} must hold {what}, and does not")
