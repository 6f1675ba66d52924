"""All models of the base ``cifar10``, source by source."""

from harness.models.entries.akamaster import AKAMASTER_ENTRIES
from harness.models.entry import ModelEntry

CIFAR10_ENTRIES: tuple[ModelEntry, ...] = (*AKAMASTER_ENTRIES,)
