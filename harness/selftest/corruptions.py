"""Corruption errors of published networks, from published accuracies by corruption."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from harness.analysis import alexnet
from harness.analysis.alexnet import Members, mean
from harness.selftest.check import Check

_RESNET = "imagenet_c_resnet50_game_of_noise.csv"
_TESTBED = "imagenet_testbed_robustness_top1s.csv"
_RB_IMAGENET = "robustbench/imagenet_corruptions_unaggregated_results.csv"
_RB_CIFAR10 = "robustbench/cifar10_corruptions_unaggregated_results.csv"
CLEAN_RESNET = 0.7613  # torchvision's first weights, of which the log is


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _resnet(folder: Path) -> Mapping[str, float]:
    members: Members = [
        ({"corruption": row["corruption"]}, float(row["top1_acc"]) / 100)
        for row in _rows(folder / _RESNET)
    ]
    clean = CLEAN_RESNET
    return {
        "mCE": 100 * alexnet.mean_corruption_error(members),
        "relative mCE": 100 * alexnet.relative_mean_corruption_error(members, clean),
        "mean accuracy, %": 100 * (1 - alexnet.mean_error(members)),
        **{
            f"CE of {traits['corruption']}": 100
            * alexnet.corruption_error([(traits, accuracy)])
            for traits, accuracy in members
        },
    }


_LOG = {
    **{"brightness": "56.64", "contrast": "71.43", "defocus_blur": "74.71"},
    **{"elastic_transform": "84.75", "fog": "66.11", "frost": "74.84"},
    **{"gaussian_noise": "79.77", "glass_blur": "88.61", "impulse_noise": "82.58"},
    **{"jpeg_compression": "76.82", "motion_blur": "78.03", "pixelate": "76.92"},
    **{"shot_noise": "81.58", "snow": "77.83", "zoom_blur": "79.86"},
}


def in_the_testbed(row: Mapping[str, str]) -> Members:
    """A network's accuracies on ImageNet-C, whose files the testbed resizes again."""
    return [
        (
            {"corruption": name, "severity": severity},
            float(row[f"imagenet-c.{name}.{severity}_on-disk"]) / 100,
        )
        for name in alexnet.CORRUPTION_ERRORS
        for severity in alexnet.SEVERITIES
    ]


def over_own(members: Members, own: Members) -> float:
    """The mCE by the errors of an AlexNet that met the same files in the same way."""
    mine, theirs = _by_corruption(members), _by_corruption(own)
    return mean((1 - mean(mine[c])) / (1 - mean(theirs[c])) for c in theirs)


def _by_corruption(members: Members) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for traits, accuracy in members:
        found.setdefault(str(traits["corruption"]), []).append(accuracy)
    return found


# Of each: mean error, and mCE by the published table and by the AlexNet of the testbed.
_NETWORKS = {
    "alexnet": ("80.54", "102.29", "100.00"),
    "resnet50": ("61.90", "78.20", "76.51"),
    "resnet50_augmix": ("53.04", "67.13", "65.65"),
    "resnet50_trained_on_SIN_and_IN": ("55.90", "70.91", "69.34"),
    "resnet50_deepaugment": ("48.53", "61.97", "60.54"),
    "resnet50_deepaugment_augmix": ("44.33", "56.54", "55.24"),
}
_QUANTITIES = ("mean error of {}, %", "mCE of {}", "mCE of {} by its own AlexNet")


def _testbed(folder: Path) -> Mapping[str, float]:
    rows = {row["model"]: row for row in _rows(folder / _TESTBED)}
    own = in_the_testbed(rows["alexnet"])
    found: dict[str, float] = {}
    for name in _NETWORKS:
        members = in_the_testbed(rows[name])
        values = (
            alexnet.mean_error(members),
            alexnet.mean_corruption_error(members),
            over_own(members, own),
        )
        found |= {
            said.format(name): 100 * value
            for said, value in zip(_QUANTITIES, values, strict=True)
        }
    return found


def robustbench_members(path: Path) -> dict[str, Members]:
    """Accuracies by network: a line of corruptions and one of severities above them."""
    with path.open(encoding="utf-8", newline="") as file:
        names, severities, *rows = csv.reader(file)
    cells = list(zip(names[1:], severities[1:], strict=True))
    return {
        row[0]: [
            ({"corruption": name, "severity": int(severity)}, float(cell))
            for (name, severity), cell in zip(cells, row[1:], strict=True)
        ]
        for row in rows
        if row and row[0]
    }


def _robustbench_imagenet(folder: Path) -> Mapping[str, float]:
    networks = robustbench_members(folder / _RB_IMAGENET)
    own = networks["AlexNet"]
    return {
        "networks": float(len(networks)),
        "mean error of AlexNet": alexnet.mean_error(own),
        "mCE of Standard_R50": 100 * over_own(networks["Standard_R50"], own),
        "mCE of AugMix": 100 * over_own(networks["Hendrycks2020AugMix"], own),
        "mCE of DeiT-B": 100 * over_own(networks["Tian2022Deeper_DeiT-B"], own),
    }


def _robustbench_cifar10(folder: Path) -> Mapping[str, float]:
    networks = robustbench_members(folder / _RB_CIFAR10)

    def accuracy(name: str) -> float:
        return 100 * (1 - alexnet.mean_error(networks[name]))

    return {
        "networks": float(len(networks)),
        "cells of each": float(len(networks["Standard"])),
        "accuracy of Standard, %": accuracy("Standard"),
        "accuracy of AugMix, %": accuracy("Hendrycks2020AugMixResNeXt"),
        "accuracy of CARD, %": accuracy("Diffenderfer2021Winning_LRR_CARD_Deck"),
    }


CHECKS = (
    Check(
        title="ImageNet-C of a ResNet-50",
        files=(_RESNET,),
        published={
            "mCE": "76.698",
            "relative mCE": "104.95",
            "mean accuracy, %": "39.17",
        },
        found=_resnet,
        source="bethgelab/game-of-noise, to three digits by other code",
    ),
    Check(
        title="ImageNet-C of a ResNet-50 by corruption",
        files=(_RESNET,),
        published={f"CE of {name}": value for name, value in _LOG.items()},
        found=_resnet,
        source="bethgelab/game-of-noise, Results/clean_results.txt",
        units=1.0,  # of accuracies to the same two digits
    ),
    Check(
        title="ImageNet-C in the ImageNet testbed",
        files=(_TESTBED,),
        published={
            said.format(name): value
            for name, values in _NETWORKS.items()
            for said, value in zip(_QUANTITIES, values, strict=True)
        },
        found=_testbed,
        source="accuracies of modestyachts/imagenet-testbed; computed by other code",
    ),
    Check(
        title="ImageNet-C in RobustBench",
        files=(_RB_IMAGENET,),
        published={
            "networks": "12",
            "mean error of AlexNet": "0.7888",
            "mCE of Standard_R50": "76.38",
            "mCE of AugMix": "64.17",
            "mCE of DeiT-B": "41.70",
        },
        found=_robustbench_imagenet,
        source="RobustBench, which divides by its own AlexNet",
    ),
    Check(
        title="CIFAR-10-C in RobustBench",
        files=(_RB_CIFAR10,),
        published={
            "networks": "23",
            "cells of each": "75",
            "accuracy of Standard, %": "73.46",
            "accuracy of AugMix, %": "89.09",
            "accuracy of CARD, %": "92.79",
        },
        found=_robustbench_cifar10,
        source="RobustBench",
    ),
)
