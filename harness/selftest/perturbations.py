"""Flip rates of published networks, from published flip probabilities."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from harness.analysis import alexnet
from harness.analysis.alexnet import Members
from harness.selftest.check import Check

_WSL = "imagenet_p_resnext_wsl_results.csv"
_NETWORKS = {
    "resnext101_32x8d": "46.15",
    "resnext101_32x8d_wsl": "38.76",
    "resnext101_32x16d_wsl": "32.73",
    "resnext101_32x32d_wsl": "29.72",
    "resnext101_32x48d_wsl": "27.83",
}


def flip_probabilities(folder: Path) -> dict[str, Members]:
    """By network, flip probabilities of the ten perturbations.

    Raises
    ------
    ValueError
        If a network has others.
    """
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    with (folder / _WSL).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            traits = {"perturbation": row["perturbation"]}
            found.setdefault(row["model"], []).append((traits, float(row["flip_prob"])))
    for model, members in found.items():
        names = sorted(traits["perturbation"] for traits, _ in members)
        if names != sorted(alexnet.FLIP_PROBABILITIES):
            raise ValueError(f"{_WSL} has other perturbations of {model}: {names}")
    return dict(found)


def _found(folder: Path) -> Mapping[str, float]:
    rate = alexnet.over(alexnet.FLIP_PROBABILITIES)
    return {
        f"mFR of {model}": 100 * rate(members)
        for model, members in flip_probabilities(folder).items()
    }


CHECKS = (
    Check(
        title="ImageNet-P of ResNeXts",
        files=(_WSL,),
        published={f"mFR of {name}": value for name, value in _NETWORKS.items()},
        found=_found,
        source="eminorhan/resnext-wsl",
    ),
)
