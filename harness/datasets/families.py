"""The dataset families that the harness brings along."""

from harness.datasets.bases import CIFAR10, DIGITS, KTH, SMALL_BASES, VOC
from harness.datasets.bases.cifar10_p import CIFAR10_P_FAMILIES
from harness.datasets.bases.cifar10_sets import CIFAR10_FAMILIES
from harness.datasets.bases.digits import DIGITS_FAMILIES
from harness.datasets.bases.imagenet_c import IMAGENET_C_FAMILIES
from harness.datasets.bases.imagenet_p import IMAGENET_P_FAMILIES
from harness.datasets.bases.imagenet_sets import IMAGENET_FAMILIES
from harness.datasets.bases.shared import shared
from harness.datasets.bases.small_sets import SMALL_FAMILIES

FAMILIES = (
    *shared(DIGITS),
    *shared(CIFAR10),
    *CIFAR10_FAMILIES,
    *CIFAR10_P_FAMILIES,
    *(family for base in SMALL_BASES for family in shared(base)),
    *SMALL_FAMILIES,
    *DIGITS_FAMILIES,
    *IMAGENET_FAMILIES,
    *IMAGENET_C_FAMILIES,
    *IMAGENET_P_FAMILIES,
    *shared(VOC),
    *shared(KTH),
)
