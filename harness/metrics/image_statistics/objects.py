"""Objects: how many an image shows, and how much of it they fill."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

Box = tuple[float, float, float, float]


def object_share(boxes: Sequence[Box], width: float, height: float) -> float:
    r"""Return the areas of all objects' boxes together, as a share of the image.

    .. math:: \frac1{WH} \sum_b (x_{max} - x_{min} + 1)(y_{max} - y_{min} + 1)

    Parameters
    ----------
    boxes
        xmin, ymin, xmax, ymax of each, in pixels from 1, both ends inside: a box of
        the whole image is 1, 1, width, height, as in Pascal VOC.
    width, height
        Of the image.

    Returns
    -------
    float
        From 0. What boxes share counts as often as there are of them, so that it may
        exceed 1: see `object_share_union`.

    Raises
    ------
    ValueError
        If a box does not lie in the image.

    Examples
    --------
    >>> object_share([(11, 21, 60, 70), (1, 1, 200, 100)], 200, 100)
    1.125
    """
    _check(boxes, width, height)
    areas = ((x2 - x1 + 1) * (y2 - y1 + 1) for x1, y1, x2, y2 in boxes)
    return sum(areas) / (width * height)


def object_share_union(boxes: Sequence[Box], width: float, height: float) -> float:
    """Return the share of the image that lies in any object's box, in [0, 1].

    Parameters, Raises
        As `object_share`.

    Examples
    --------
    >>> object_share_union([(11, 21, 60, 70), (1, 1, 200, 100)], 200, 100)
    1.0
    >>> object_share_union([(1, 1, 2, 1), (2, 1, 3, 1)], 10, 1)
    0.3
    """
    _check(boxes, width, height)
    columns = sorted({x for x1, _, x2, _ in boxes for x in (x1, x2 + 1)})
    area = 0.0
    for left, right in pairwise(columns):
        here = sorted((y1, y2 + 1) for x1, y1, x2, y2 in boxes if x1 <= left <= x2)
        reached = 0.0
        for top, bottom in here:
            area += max(0.0, bottom - max(top, reached)) * (right - left)
            reached = max(reached, bottom)
    return area / (width * height)


def _check(boxes: Sequence[Box], width: float, height: float) -> None:
    for box in boxes:
        x1, y1, x2, y2 = box
        if not (1 <= x1 <= x2 <= width and 1 <= y1 <= y2 <= height):
            raise ValueError(
                f"a box must lie in the image, from 1 to {width:g} by {height:g}, got "
                f"{box}; pixels are counted from 1"
            )
