"""Options of the pretext trainings, as plain facts that a recipe holds.

The published defences against shortcuts are options, and are on unless they are told
otherwise. What is None is decided by the size of the images.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Any, ClassVar

from harness.models.pretext import geometry
from harness.models.pretext.permutations import distant_permutations


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """Gidaris, Singh, Komodakis, ICLR 2018, arXiv:1803.07728.

    Attributes
    ----------
    all_turns
        Whether all four copies of an image are in one batch; else one is drawn.
    """

    task: ClassVar[str] = "rotation"
    all_turns: bool = True

    def check(self, size: tuple[int, int, int]) -> None:
        """Any square image can be turned."""
        _square(self.task, size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Jigsaw:
    """Noroozi, Favaro, ECCV 2016, arXiv:1603.09246.

    Attributes
    ----------
    grid
        Cells along a side, 2 or 3.
    permutations
        How many orders of tiles are told apart; None for all 24 of four tiles, and 64
        of nine, far from one another.
    gap
        Pixels between tiles in the middle of their cells, against borders that fit.
    jitter
        Whether tiles stand anywhere in their cells.
    standardise
        Whether each tile has mean 0 and deviation 1 in each channel.
    channel_shift
        Pixels that each channel of a tile is moved by at most by itself, against
        colour fringes of lenses; None for 1 of small images in colour, 2 of large ones.
    resize
        Whether tiles are brought to the images' size, by repeating pixels where that is
        a whole factor and bilinearly else; without, the network must take tiles.
    hidden
        Width of the layers between a tile's features and the order.
    """

    task: ClassVar[str] = "jigsaw"
    grid: int | None = None
    permutations: int | None = None
    gap: int | None = None
    jitter: bool = True
    standardise: bool = True
    channel_shift: int | None = None
    resize: bool = True
    hidden: int = 128

    def __post_init__(self) -> None:
        _at_least(self, hidden=1, gap=0, channel_shift=0, permutations=2)
        if self.grid not in (None, 2, 3):
            raise ValueError(f"`grid` must be 2 or 3, got {self.grid}")

    def tiles(self, side: int) -> geometry.Tiles:
        """Of images of a side."""
        return geometry.tiles(side, self.grid, self.gap)

    def orders(self, side: int) -> tuple[tuple[int, ...], ...]:
        """The permutations, in the order of their labels; the identity is the first."""
        count = self.tiles(side).count
        few = 24 if count == 4 else 64
        return _orders(count, self.permutations or few)

    def shift(self, size: tuple[int, int, int]) -> int:
        """Pixels that channels are moved by at most, as far as the gap lets them."""
        side, _, channels = size
        found = self.tiles(side)
        if self.channel_shift is not None:
            return self.channel_shift
        usual = 0 if channels == 1 else 2 if side >= 64 else 1
        return min(usual, found.cell - found.tile)

    def check(self, size: tuple[int, int, int]) -> None:
        """The grid must leave tiles, and channels must stay in their cells."""
        _square(self.task, size)
        found = self.tiles(size[0])
        if self.shift(size) > found.cell - found.tile:
            raise ValueError(
                f"`channel_shift` must be at most the gap, {found.cell - found.tile}, "
                f"got {self.channel_shift}"
            )
        self.orders(size[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Doersch, Gupta, Efros, ICCV 2015, arXiv:1505.05192.

    Attributes
    ----------
    gap
        Pixels between patches, against borders that fit.
    jitter
        Pixels that each patch is moved by at most.
    drop_colour
        Whether patches keep one channel, drawn for each, and have noise in the others.
    resample
        Share of patches that are made smaller and brought back.
    resize, hidden
        As of `Jigsaw`.
    """

    task: ClassVar[str] = "context"
    gap: int | None = None
    jitter: int | None = None
    drop_colour: bool = True
    resample: float = 0.33
    resize: bool = True
    hidden: int = 128

    def __post_init__(self) -> None:
        _at_least(self, hidden=1, gap=0, jitter=0)
        _share(self, "resample")

    def patches(self, side: int) -> geometry.Patches:
        """Of images of a side."""
        return geometry.patches(side, self.gap, self.jitter)

    def check(self, size: tuple[int, int, int]) -> None:
        """Something must be left of a patch."""
        _square(self.task, size)
        self.patches(size[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Inpainting:
    """Pathak et al., CVPR 2016, arXiv:1604.07379.

    Attributes
    ----------
    side
        Pixels of a side of the square that is predicted; None for half the image's.
    anywhere
        Whether it lies anywhere in the image; else in the middle, whose border a
        network may learn by heart.
    overlap
        Pixels within its edge that are shown all the same; None for a sixteenth of it.
    overlap_weight
        What squared errors there count.
    adversarial
        Share of the loss, in [0, 1), that is a discriminator's; published is .001.
    hidden
        Width of the layer between features and pixels.
    """

    task: ClassVar[str] = "inpainting"
    side: int | None = None
    anywhere: bool = False
    overlap: int | None = None
    overlap_weight: float = 10.0
    adversarial: float = 0.0
    hidden: int = 256

    def __post_init__(self) -> None:
        _at_least(self, hidden=1, side=1, overlap=0)
        if not self.overlap_weight > 0:
            raise ValueError(
                f"`overlap_weight` must be positive, got {self.overlap_weight:g}"
            )
        if not 0 <= self.adversarial < 1:
            raise ValueError(
                f"`adversarial` must be in [0, 1), got {self.adversarial:g}"
            )

    def square(self, side: int) -> int:
        """Pixels of a side of what is predicted."""
        return geometry.middle(side) if self.side is None else self.side

    def ring(self, side: int) -> int:
        """Pixels of its edge that are shown."""
        return self.square(side) // 16 if self.overlap is None else self.overlap

    def check(self, size: tuple[int, int, int]) -> None:
        """Something must be hidden, and something shown."""
        _square(self.task, size)
        square, ring = self.square(size[0]), self.ring(size[0])
        if not 2 * ring < square < size[0]:
            raise ValueError(
                f"`side` must be below the image's, {size[0]}, and above twice the "
                f"overlap, {2 * ring}, got {square}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Colorization:
    """Zhang, Isola, Efros, ECCV 2016, arXiv:1603.08511, on cells in place of pixels.

    Attributes
    ----------
    cells
        Along a side; None for one in eight pixels.
    rebalance
        Whether rare colours count more: by the inverse of their share in the training
        images, smoothed and mixed with an even one half and half.
    hidden
        Width of the layer between features and colours.
    """

    task: ClassVar[str] = "colorization"
    cells: int | None = None
    rebalance: bool = True
    hidden: int = 256

    def __post_init__(self) -> None:
        _at_least(self, hidden=1, cells=1)

    def grid(self, side: int) -> int:
        """Cells along a side."""
        return geometry.cells(side) if self.cells is None else self.cells

    def check(self, size: tuple[int, int, int]) -> None:
        """Images must have colours, and cells whole pixels."""
        _square(self.task, size)
        if size[2] != 3:
            raise ValueError(
                "colorization must have images in colour, with three channels, got "
                f"{size[2]}; choose another objective or another base"
            )
        if self.grid(size[0]) > size[0]:
            raise ValueError(
                f"`cells` must be at most the image's side, {size[0]}, got {self.cells}"
            )


Pretext = Rotation | Jigsaw | Context | Inpainting | Colorization
#: By the name of the task, which stands behind the name of a network trained so.
PRETEXTS: dict[str, type[Pretext]] = {
    kind.task: kind for kind in (Rotation, Jigsaw, Context, Inpainting, Colorization)
}


@cache
def _orders(count: int, permutations: int) -> tuple[tuple[int, ...], ...]:
    return distant_permutations(count, permutations, first=0)


def split_name(name: str) -> tuple[str, str]:
    """A model's name and the task that it is trained for, "" for none.

    Examples
    --------
    >>> split_name("resnet20-rotation"), split_name("vgg16-bn")
    (('resnet20', 'rotation'), ('vgg16-bn', ''))
    """
    stem, _, task = name.rpartition("-")
    return (stem, task) if stem and task in PRETEXTS else (name, "")


def pretext_options(task: str, facts: dict[str, Any]) -> Pretext:
    """Options from the facts of one task, as a file or a table holds them."""
    kind = PRETEXTS[task]
    known = {field.name for field in fields(kind)}
    return kind(**{name: value for name, value in facts.items() if name in known})


def _square(task: str, size: tuple[int, int, int]) -> None:
    if size[0] != size[1]:
        raise ValueError(
            f"{task} must have square images, got {size[0]}x{size[1]}; crop or resize "
            "them first"
        )


def _at_least(options: object, **least: int) -> None:
    for name, low in least.items():
        value = getattr(options, name)
        if value is not None and value < low:
            raise ValueError(f"`{name}` must be at least {low}, got {value}")


def _share(options: object, name: str) -> None:
    value = getattr(options, name)
    if not 0 <= value <= 1:
        raise ValueError(f"`{name}` must be in [0, 1], got {value:g}")
