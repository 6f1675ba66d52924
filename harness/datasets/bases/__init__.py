"""The bases that the harness brings along, one module each but for the small ones."""

from harness.datasets.bases.cifar10 import CIFAR10
from harness.datasets.bases.digits import DIGITS
from harness.datasets.bases.imagenet import IMAGENET
from harness.datasets.bases.kth import KTH
from harness.datasets.bases.small import SMALL_BASES
from harness.datasets.bases.voc import VOC

__all__ = ["BASES", "CIFAR10", "DIGITS", "IMAGENET", "KTH", "SMALL_BASES", "VOC"]

BASES = (DIGITS, CIFAR10, *SMALL_BASES, IMAGENET, VOC, KTH)
