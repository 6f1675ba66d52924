"""ReaL: 50,000 published predictions under reassessed labels."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from harness.datasets.truth import Truth
from harness.selftest.check import Check

_PREDICTED = "cleanlab/imagenet_val_set_pyx_argmax_predicted_labels.npy"
_LABELS = "cleanlab/imagenet_val_set_original_labels.npy"
_FILES = "cleanlab/imagenet_val_set_index_to_filepath.json"
_REAL = "imagenet_real.json"
_NUMBER = re.compile(r".*ILSVRC2012_val_(\d{8})\.JPEG")
CLASSES = 1000


def file_numbers(folder: Path) -> list[int]:
    """Of each prediction the number in its image's name, which counts from 1.

    Raises
    ------
    ValueError
        If a name has none.
    """
    numbers = []
    for file in json.loads((folder / _FILES).read_text(encoding="utf-8")):
        match = _NUMBER.fullmatch(file)
        if match is None:
            raise ValueError(f"{_FILES} has {file!r:.80}, which bears no number")
        numbers.append(int(match[1]))
    return numbers


def real_labels(folder: Path) -> list[list[int]]:
    """The labels of the validation images in the order of their numbers."""
    labels: list[list[int]] = json.loads((folder / _REAL).read_text(encoding="utf-8"))
    return labels


def _found(folder: Path) -> Mapping[str, float]:
    predicted, labels = (
        np.load(folder / name, allow_pickle=False).astype(np.int64)
        for name in (_PREDICTED, _LABELS)
    )
    real = real_labels(folder)
    truth = Truth.sets([real[n - 1] for n in file_numbers(folder)], CLASSES, of=_REAL)
    right = predicted == labels
    return {
        "top-1, %": 100 * right.mean(),
        "ReaL, %": 100 * truth.accuracy(predicted),
        "ReaL of the original labels, %": 100 * truth.accuracy(labels),
        "top-1 of images that ReaL counts, %": 100 * right[truth.counted].mean(),
        "right by ReaL, images": float(truth.right(predicted).sum()),
        "counted by ReaL, images": float(truth.counted.sum()),
        "of one label, images": float((truth.given.sum(axis=1) == 1).sum()),
        "of two labels, images": float((truth.given.sum(axis=1) == 2).sum()),
    }


CHECKS = (
    Check(
        title="ReaL of a ResNet-50",
        files=(_PREDICTED, _LABELS, _FILES, _REAL),
        published={
            "top-1, %": "72.732",
            "ReaL, %": "77.6139",
            "ReaL of the original labels, %": "90.0228",
            "top-1 of images that ReaL counts, %": "75.1180",
            "right by ReaL, images": "36352",
            "counted by ReaL, images": "46837",
            "of one label, images": "39394",
            "of two labels, images": "5408",
        },
        found=_found,
        source="labels of Beyer et al. 2020, arXiv:2006.07159; predictions of "
        "cleanlab/label-errors; computed by other code",
    ),
)
