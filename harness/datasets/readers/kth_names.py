"""Names of KTH-TIPS2b: what each picture was taken of, from where, in which light."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath

from harness.errors import BadData

CLASSES = (
    *("aluminium_foil", "brown_bread", "corduroy", "cork", "cotton", "cracker"),
    *("lettuce_leaf", "linen", "white_bread", "wood", "wool"),
)
TEST_SAMPLE = "c"  # the other three are trained on
POSES = {"frontal": (1, 2, 3, 10), "right": (4, 5, 6, 11), "left": (7, 8, 9, 12)}
LIGHTS = {
    "frontal": (1, 4, 7),
    "above": (2, 5, 8),
    "side": (3, 6, 9),
    "ambient": (10, 11, 12),
}
_NAME = re.compile(r"(\d+)([a-d])-scale_(\d+)_im_(\d+)_col")


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class KthPicture:
    """One picture, in the order of its numbers: scale 2 before scale 10.

    Attributes
    ----------
    label
        Number of its class in `CLASSES`.
    sample
        "a" to "d".
    scale
        2, the nearest, to 10.
    image
        1 to 12.
    """

    label: int
    sample: str
    scale: int
    image: int

    @property
    def pose(self) -> str:
        """How the material is turned: "frontal", or 22.5 degrees "right" or "left"."""
        return next(pose for pose, some in POSES.items() if self.image in some)

    @property
    def light(self) -> str:
        """From the "frontal", 45 degrees "above" or at the "side"; or "ambient"."""
        return next(light for light, some in LIGHTS.items() if self.image in some)

    @property
    def is_test(self) -> bool:
        """Whether it is of the sample that is held out."""
        return self.sample == TEST_SAMPLE


def kth_picture(path: PurePath) -> KthPicture:
    """Read ``CLASS/sample_X/NUMBERX-scale_S_im_I_col.png``, by its parts.

    Raises
    ------
    BadData
        If it is called otherwise, or its parts contradict each other.

    Examples
    --------
    >>> name = "cork/sample_c/16c-scale_10_im_11_col.png"
    >>> found = kth_picture(PurePath(name))
    >>> found.label, found.sample, found.scale, found.pose, found.light, found.is_test
    (3, 'c', 10, 'right', 'ambient', True)
    """
    named = _NAME.fullmatch(path.stem)
    folder, sample = path.parent.parent.name, path.parent.name
    if named is None or folder not in CLASSES:
        raise BadData(
            f"{path} must be called CLASS/sample_X/NUMBERX-scale_S_im_I_col.png, as "
            "KTH-TIPS2b has it"
        )
    scale, image = int(named[3]), int(named[4])
    if sample != f"sample_{named[2]}" or not (2 <= scale <= 10 and 1 <= image <= 12):
        raise BadData(
            f"{path} must be of its own sample, of a scale from 2 to 10 and an image "
            f"from 1 to 12, got sample {named[2]} in {sample}, {scale} and {image}"
        )
    return KthPicture(
        label=CLASSES.index(folder), sample=named[2], scale=scale, image=image
    )
