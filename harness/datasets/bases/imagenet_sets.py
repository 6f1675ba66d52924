"""Families of published test sets for ImageNet classifiers, in their makers' layouts.

Each is looked for under --harness-data-root and then in the cache. Numbers of images
are those of the published files; a folder with fewer is read and called a subset.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from harness.datasets.bases.imagenet import (
    FOLDERS,
    IMAGENET,
    PUBLISHED,
    list_part,
    part,
    pictures,
)
from harness.datasets.bases.imagenet_classes import NAMES, SETS, WNIDS
from harness.datasets.bases.shared import shared
from harness.datasets.class_map import ClassMap
from harness.datasets.dataset import Dataset, Found
from harness.datasets.family import Family
from harness.datasets.passed_over import classes_missing
from harness.datasets.places import possible_places
from harness.datasets.readers.later import Later
from harness.datasets.readers.validation_labels import IMAGES
from harness.datasets.readers.wnid_folders import (
    VALIDATION,
    Listing,
    folders_of,
    list_classes,
)
from harness.datasets.truth import KnownTruth, Truth
from harness.errors import BadData, MissingData
from harness.measurement import Domain

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where a published set lies, and how many pictures it has.

    Attributes
    ----------
    folders
        Below a root, the usual one first.
    images
        As published.
    cure
        Where it comes from.
    letter
        Of `SETS`, where it has 200 of the classes.
    """

    folders: tuple[str, ...]
    images: int
    cure: str
    letter: str = ""

    @property
    def wnids(self) -> tuple[str, ...]:
        """Identifiers of its classes."""
        return SETS[self.letter] if self.letter else WNIDS

    @property
    def mask(self) -> ClassMap | None:
        """Its classes as the only answers: logits of others are left out first."""
        return ClassMap.subset(WNIDS, self.wnids) if self.letter else None

    def list(self, family: str, settings: Settings) -> Listing:
        """Its pictures, in the first of the folders that is there."""
        places = possible_places(settings, self.folders)
        place = next((place for place in places if folders_of(place)), None)
        if place is None:
            raise MissingData(
                f"family {family}",
                places,
                "set --harness-data-root to the folder above one of these; "
                + self.cure,
            )
        found = list_classes(place, WNIDS, of=family)
        known = {WNIDS.index(wnid) for wnid in self.wnids}
        if strange := sorted(set(found.labels) - known):
            raise BadData(
                f"{place} must hold the 200 classes of {family} and no other, but has "
                f"{WNIDS[strange[0]]} ({NAMES[strange[0]]}); take it away, or give it "
                "with --harness-data"
            )
        if not len(found):
            raise BadData(f"{place} holds no pictures; unpack {family} anew")
        return found


def found_in(listing: Listing, published: int, wnids: Sequence[str] = WNIDS) -> Found:
    """How many pictures there are, and a warning where that is not what was published.

    Examples
    --------
    >>> few = Listing(root=Path("val"), files=("a.JPEG",), labels=(0,))
    >>> found_in(few, 50_000).notes[0]
    'a subset: 1 of 50,000 published images, so no number is that of the whole set'
    """
    notes: tuple[str, ...] = ()
    if len(listing) < published:
        notes = (
            f"a subset: {len(listing):,} of {published:,} published images, so no "
            "number is that of the whole set",
        )
    elif len(listing) > published:
        notes = (
            f"{len(listing):,} images where {published:,} were published: some are "
            "not of this set",
        )
    present = [wnids.index(WNIDS[label]) for label in set(listing.labels)]
    called = [f"{wnid} ({NAMES[WNIDS.index(wnid)]})" for wnid in wnids]
    return Found(images=len(listing), notes=(*notes, *classes_missing(present, called)))


def _one(
    name: str,
    listing: Listing,
    settings: Settings,
    found: Found,
    traits: dict[str, str],
    mask: ClassMap | None = None,
) -> tuple[Dataset, ...]:
    load = Later(listing.root, lambda: pictures(listing, settings))
    known = None
    if mask is not None:
        known = KnownTruth(lambda: Truth.one(listing.labels, mask), mask)
    return (
        Dataset(
            name=name,
            family=name,
            domain=Domain.EXTERIOR,
            load=load,
            found=found,
            traits=traits,
            known=known,
        ),
    )


_V2 = ("imagenetv2-{}-format-val", "imagenetv2-{}", "imagenetv2/{}", "ImageNetV2/{}")


def _v2_layout(variant: str) -> Layout:
    # The archive of the second has no dash before its number; copies often have one.
    spelt = dict.fromkeys((variant, variant.replace("threshold-", "threshold")))
    return Layout(
        folders=tuple(form.format(name) for form in _V2 for name in spelt),
        images=10_000,
        cure="its archives come from https://huggingface.co/datasets/vaishaal/"
        "ImageNetV2 and hold folders 0 to 999",
    )


LAYOUTS = {
    "imagenet-v2": _v2_layout("matched-frequency"),
    "imagenet-v2-threshold-0.7": _v2_layout("threshold-0.7"),
    "imagenet-v2-top-images": _v2_layout("top-images"),
    "imagenet-sketch": Layout(
        folders=(
            *("imagenet-sketch/sketch", "ImageNet-Sketch/sketch", "sketch"),
            *("imagenet-sketch", "ImageNet-Sketch"),
        ),
        images=50_889,  # its own page says 50,000
        cure="it comes from https://github.com/HaohanWang/ImageNet-Sketch",
    ),
    "imagenet-a": Layout(
        folders=("imagenet-a", "ImageNet-A"),
        images=7_500,
        letter="a",
        cure="imagenet-a.tar (md5 c3e55429088dc681f30d81f4726b6595) comes from "
        "https://github.com/hendrycks/natural-adv-examples",
    ),
    "imagenet-r": Layout(
        folders=("imagenet-r", "ImageNet-R"),
        images=30_000,
        letter="r",
        cure="imagenet-r.tar comes from https://github.com/hendrycks/imagenet-r",
    ),
    "imagenet-o": Layout(
        folders=("imagenet-o", "ImageNet-O"),
        images=2_000,
        letter="o",
        cure="imagenet-o.tar (md5 86bd7a50c1c4074fb18fc5f219d6d50b) comes from "
        "https://github.com/hendrycks/natural-adv-examples",
    ),
}


def _labelled(
    name: str, traits: dict[str, str], settings: Settings
) -> tuple[Dataset, ...]:
    layout = LAYOUTS[name]
    listing = layout.list(name, settings)
    found = found_in(listing, layout.images, layout.wnids)
    return _one(name, listing, settings, found, traits, layout.mask)


def _outside(name: str, settings: Settings) -> tuple[Dataset, ...]:
    """Pictures of no class at all: what folders are called is no label of theirs."""
    layout = LAYOUTS[name]
    listing = layout.list(name, settings)
    load = Later(listing.root, lambda: pictures(listing, settings, labelled=False))
    return (
        Dataset(
            name=name,
            family=name,
            domain=Domain.TARGET,
            load=load,
            labelled=False,
            found=found_in(listing, layout.images, layout.wnids),
            traits={"source": "imagenet-o", "outside": "yes"},
            known=KnownTruth(lambda: None, layout.mask),
        ),
    )


def _clean(letter: str, settings: Settings) -> tuple[Dataset, ...]:
    """The validation pictures of 200 classes, with the same mask."""
    wnids = SETS[letter]
    kept = {WNIDS.index(wnid) for wnid in wnids}
    listing = list_part("test", settings).only(kept.__contains__)
    if not len(listing):
        raise BadData(
            f"{listing.root} holds no picture of the 200 classes of ImageNet-"
            f"{letter.upper()}; unpack the validation set whole"
        )
    return _one(
        f"imagenet-{letter}-clean",
        listing,
        settings,
        found_in(listing, 50 * len(wnids), wnids),
        {"source": "imagenet", "split": "val", "classes": f"imagenet-{letter}"},
        ClassMap.subset(WNIDS, wnids),
    )


_REAL = ("real.json", "imagenet_real.json")


def _real_file(settings: Settings) -> Path:
    folders = ("imagenet-real", "reassessed-imagenet", *FOLDERS, "published-results")
    places = [p / name for p in possible_places(settings, folders) for name in _REAL]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise MissingData(
            "family imagenet-real",
            places,
            "set --harness-data-root to the folder above one of these; real.json "
            "comes from https://github.com/google-research/reassessed-imagenet",
        )
    return found


def read_real(file: Path, names: Sequence[str]) -> list[list[int]]:
    """Labels of pictures by the numbers in their names, which count from 1.

    Raises
    ------
    BadData
        If the file is not a list of 50,000 lists, or a picture has no such number.
    """
    try:
        published = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BadData(f"{file} cannot be read: {error}; fetch it anew") from error
    if not isinstance(published, list) or len(published) != IMAGES:
        raise BadData(
            f"{file} must be a list with a list of labels for each of {IMAGES:,} "
            "images; fetch it anew"
        )
    rows = []
    for name in names:
        match = VALIDATION.fullmatch(name)
        if match is None or not 1 <= int(match[1]) <= IMAGES:
            raise BadData(
                "pictures with ReaL labels must be called ILSVRC2012_val_NUMBER.JPEG, "
                f"by which they are found, got {name}; give them their names again"
            )
        rows.append(published[int(match[1]) - 1])
    return rows


def _real(settings: Settings) -> tuple[Dataset, ...]:
    file = _real_file(settings)
    listing = list_part("test", settings)

    def truth() -> Truth:
        names = [re.split(r"[/\\]", one)[-1] for one in listing.files]
        return Truth.sets(read_real(file, names), len(WNIDS), of=f"labels in {file}")

    return (
        Dataset(
            name="imagenet-real",
            family="imagenet-real",
            domain=Domain.EXTERIOR,
            load=partial(part, "test", settings),
            known=KnownTruth(truth),
            found=found_in(listing, PUBLISHED["test"]),
            traits={"source": "imagenet", "split": "val", "labels": "real"},
        ),
    )


_RECHT = "Recht, Roelofs, Schmidt and Shankar, ICML 2019, arXiv:1902.10811"
_ADVERSARIAL = "Hendrycks et al., CVPR 2021, arXiv:1907.07174"
_RENDITIONS = "Hendrycks et al., ICCV 2021, arXiv:2006.16241"


def _family(
    name: str,
    datasets: Callable[[Settings], tuple[Dataset, ...]],
    description: str,
    source: str,
    licence: str,
    *,
    domain: Domain = Domain.EXTERIOR,
    on_request: bool = False,
) -> Family:
    return Family(
        name=name,
        base="imagenet",
        domain=domain,
        datasets=datasets,
        description=description,
        source=source,
        licence=licence,
        on_request=on_request,
    )


def _v2(name: str, variant: str, description: str) -> Family:
    traits = {"source": "imagenet-v2", "split": variant}
    return _family(name, partial(_labelled, name, traits), description, _RECHT, "MIT")


def _of_200(letter: str, description: str, source: str) -> tuple[Family, Family]:
    name = f"imagenet-{letter}"
    member = partial(_labelled, name, {"source": name})
    return (
        _family(name, member, description, source, "MIT; of the images none stated"),
        _clean_family(letter),
    )


def _clean_family(letter: str) -> Family:
    return _family(
        f"imagenet-{letter}-clean",
        partial(_clean, letter),
        f"validation images of ImageNet-{letter.upper()}'s 200 classes, masked to them",
        "the same classes and mask as its partner has",
        "as base imagenet",
        on_request=True,
    )


def _test(settings: Settings) -> tuple[Dataset, ...]:
    found = found_in(list_part("test", settings), PUBLISHED["test"])
    return tuple(replace(one, found=found) for one in _SHARED[0].datasets(settings))


_SHARED = shared(IMAGENET)

IMAGENET_FAMILIES = (
    replace(_SHARED[0], datasets=_test),
    *_SHARED[1:],
    _v2(
        "imagenet-v2",
        "matched-frequency",
        "ImageNetV2, matched frequency: 10,000 new images",
    ),
    _v2(
        "imagenet-v2-threshold-0.7",
        "threshold-0.7",
        "ImageNetV2, chosen by 7 of 10 annotators or more",
    ),
    _v2(
        "imagenet-v2-top-images",
        "top-images",
        "ImageNetV2, the images that most annotators chose",
    ),
    _family(
        "imagenet-sketch",
        partial(_labelled, "imagenet-sketch", {"source": "imagenet-sketch"}),
        "ImageNet-Sketch: 50,889 drawings in black and white",
        "Wang, Ge, Xing and Lipton, NeurIPS 2019, arXiv:1905.13549",
        "MIT; of the images none stated",
    ),
    *_of_200("a", "ImageNet-A: 7,500 natural adversarial examples", _ADVERSARIAL),
    *_of_200("r", "ImageNet-R: 30,000 renditions, 200 classes", _RENDITIONS),
    _family(
        "imagenet-o",
        partial(_outside, "imagenet-o"),
        "ImageNet-O: 2,000 images of no class, to be told from those of 200",
        _ADVERSARIAL,
        "MIT; of the images none stated",
        domain=Domain.TARGET,
        on_request=True,
    ),
    _clean_family("o"),
    _family(
        "imagenet-real",
        _real,
        "validation images with reassessed labels, several or none an image",
        "Beyer et al., 2020, arXiv:2006.07159",
        "Apache-2.0",
    ),
)
