"""Annotations of Pascal VOC: the objects of an image, with their boxes, as XML."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from harness.errors import BadData

if TYPE_CHECKING:
    from harness.metrics.image_statistics.objects import Box

CLASSES = (
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair"),
    *("cow", "diningtable", "dog", "horse", "motorbike", "person", "pottedplant"),
    *("sheep", "sofa", "train", "tvmonitor"),
)
ABSENT, DIFFICULT, PRESENT = -1, 0, 1  # as in ImageSets/Main/CLASS_SPLIT.txt


@dataclass(frozen=True, slots=True, kw_only=True)
class VocObject:
    """One object.

    Attributes
    ----------
    name
        Its class.
    difficult
        Whether it is marked as hard to recognise.
    box
        xmin, ymin, xmax, ymax in pixels from 1, both ends inside.
    """

    name: str
    difficult: bool
    box: Box


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """What is known of one image.

    Attributes
    ----------
    width, height
        In pixels.
    objects
        In the order of the file.
    """

    width: float
    height: float
    objects: tuple[VocObject, ...]

    def boxes(self, *, difficult: bool = False) -> tuple[Box, ...]:
        """Of the objects; of difficult ones only if asked."""
        return tuple(o.box for o in self.objects if difficult or not o.difficult)

    def num_instances(self, *, difficult: bool = False) -> int:
        """How many objects there are."""
        return len(self.boxes(difficult=difficult))

    def object_share(self, *, difficult: bool = False) -> float:
        """Areas of the boxes together, as a share of the image; perhaps above 1."""
        from harness.metrics.image_statistics.objects import object_share

        return object_share(self.boxes(difficult=difficult), self.width, self.height)

    def object_share_union(self, *, difficult: bool = False) -> float:
        """Share of the image that lies in any box, in [0, 1]."""
        from harness.metrics.image_statistics.objects import object_share_union

        boxes = self.boxes(difficult=difficult)
        return object_share_union(boxes, self.width, self.height)

    def states(self, classes: Sequence[str] = CLASSES) -> NDArray[np.int64]:
        """(k,) by class `PRESENT`, `DIFFICULT` (such objects alone) or `ABSENT`.

        Raises
        ------
        BadData
            If an object is of none of the classes.
        """
        found = np.full(len(classes), ABSENT, dtype=np.int64)
        for one in self.objects:
            if one.name not in classes:
                raise BadData(
                    f"an object must be of one of {len(classes)} classes, got "
                    f"{one.name!r}"
                )
            at = classes.index(one.name)
            found[at] = max(found[at], DIFFICULT if one.difficult else PRESENT)
        return found


def read_annotation(path: Path) -> Annotation:
    """Read ``Annotations/NAME.xml``.

    Numbers may have decimals, as some of the published ones do.

    Raises
    ------
    BadData
        If it is no such file, or a box does not lie in the image.
    """
    try:
        root = ElementTree.parse(path).getroot()
        width, height = (_number(root, f"size/{side}") for side in ("width", "height"))
        objects = tuple(_object(one) for one in root.iterfind("object"))
    except (ElementTree.ParseError, OSError, ValueError) as error:
        raise BadData(f"{path} must be an annotation of Pascal VOC: {error}") from error
    found = Annotation(width=width, height=height, objects=objects)
    try:
        found.object_share(difficult=True)
    except (ValueError, ZeroDivisionError) as error:
        raise BadData(f"{path}: {error}") from error
    return found


def _object(element: ElementTree.Element) -> VocObject:
    name = (element.findtext("name") or "").strip()
    if not name:
        raise ValueError("an object must have a name")
    sides = ("xmin", "ymin", "xmax", "ymax")
    x1, y1, x2, y2 = (_number(element, f"bndbox/{side}") for side in sides)
    difficult = (element.findtext("difficult") or "0").strip()
    if difficult not in ("0", "1"):
        raise ValueError(f"`difficult` must be 0 or 1, got {difficult!r}")
    return VocObject(name=name, difficult=difficult == "1", box=(x1, y1, x2, y2))


def _number(element: ElementTree.Element, place: str) -> float:
    text = element.findtext(place)
    if text is None:
        raise ValueError(f"it has no {place}")
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{place} must be a number, got {text!r}")
    return value
