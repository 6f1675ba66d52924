"""Families of the bases of digits: each one's test split, seen by another's models.

KMNIST and Fashion-MNIST have classes of their own, so no other base is an exterior of
theirs. How an image is brought to another base's size is told in
`harness.datasets.readers.resized`: the whole frame is stretched and nothing else is
done. So USPS digits, which fill their frame, are larger than MNIST's, which leave a
margin; and SVHN's are in front of streets and of either brightness. Both are part of
the shift.
"""

from __future__ import annotations

from functools import partial
from itertools import permutations
from typing import TYPE_CHECKING

from harness.datasets.bases.small import LAYOUTS, MNIST, SVHN, USPS
from harness.datasets.dataset import Dataset
from harness.datasets.family import Base, Family
from harness.datasets.places import may_download
from harness.datasets.readers.resized import resized
from harness.measurement import Domain

if TYPE_CHECKING:
    from harness.settings import Settings


def _crossed(origin: Base, base: Base, settings: Settings) -> tuple[Dataset, ...]:
    name = origin.name
    layout = LAYOUTS[name]
    files = layout.find("test", settings)
    if files is None:
        if not may_download(settings, name):
            raise layout.missing(
                "test",
                settings,
                what=f"family {name}",
                fetching=f"--harness-download --harness-families {name}",
            )
        files = layout.fetch("test", settings)
    return (
        Dataset(
            name=name,
            family=name,
            domain=Domain.EXTERIOR,
            load=partial(resized, layout.read, files, base.size),
            traits={"source": name, "split": "test"},
        ),
    )


def _family(origin: Base, base: Base) -> Family:
    height, width, channels = base.size
    return Family(
        name=origin.name,
        base=base.name,
        domain=Domain.EXTERIOR,
        datasets=partial(_crossed, origin, base),
        description=f"the test split of {origin.name}, stretched to {height}x{width} "
        f"{'RGB' if channels == 3 else 'grey'}",
        source=origin.source,
        licence=origin.licence,
    )


SMALL_FAMILIES = tuple(
    _family(origin, base) for base, origin in permutations((MNIST, SVHN, USPS), 2)
)
