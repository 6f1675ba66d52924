"""Options of Self-Classifier, as plain facts that a recipe holds."""

from __future__ import annotations

from dataclasses import dataclass

SUFFIX = "-selfclassifier"  # behind the name of the model whose network is trained


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfClassifier:
    """How a network is trained to classify without labels.

    Attributes
    ----------
    heads
        Number of classes of each head; all are trained together and the first gives
        the logits.
    hidden, embedding
        Width of the projection's hidden layer, and of what the heads see. The paper has
        4096 and 128.
    row_temperature, column_temperature
        Of the softmax over classes, and of that over images.
    eps
        Added within the logarithm, and the least that is divided by.
    prior
        Whether classes are taken to be equally likely. Without, the loss is the cross
        entropy between views, which one class for all images makes 0.
    whole_views, local_views
        Views of each image at its own size, and at `local_size`.
    local_size
        Pixels of a side of a local view.
    zoom, local_zoom
        Least and greatest side of what a view shows, as a share of the image's.
    turn
        Degrees that a view is turned by at most, either way.
    moved
        Share of a side that its middle is moved by at most, beyond what zoom leaves.
    queue
        Number of embeddings of earlier images. Once there are so many, the first view
        of an image is replaced by its nearest neighbour among them; 0 for none.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    heads: tuple[int, ...] = (10, 10, 10, 10, 20, 40)
    hidden: int = 256
    embedding: int = 128
    row_temperature: float = 0.1
    column_temperature: float = 0.05
    eps: float = 1e-12
    prior: bool = True
    whole_views: int = 2
    local_views: int = 0
    local_size: int = 4
    zoom: tuple[float, float] = (0.9, 1.1)
    local_zoom: tuple[float, float] = (0.4, 0.7)
    turn: float = 10.0
    moved: float = 0.06
    queue: int = 0

    def __post_init__(self) -> None:
        if not self.heads or min(self.heads) < 2:
            raise ValueError(
                f"`heads` must name one number of classes or more, each of at least 2, "
                f"got {self.heads}"
            )
        for name, least in {
            **dict.fromkeys(("hidden", "embedding", "whole_views", "local_size"), 1),
            **dict.fromkeys(("local_views", "queue"), 0),
        }.items():
            if getattr(self, name) < least:
                raise ValueError(
                    f"`{name}` must be at least {least}, got {getattr(self, name)}"
                )
        for name in ("row_temperature", "column_temperature", "eps"):
            if not getattr(self, name) > 0:
                raise ValueError(
                    f"`{name}` must be positive, got {getattr(self, name)}"
                )
        if self.whole_views + self.local_views < 2:
            raise ValueError(
                "`whole_views` and `local_views` must be two together at least, got "
                f"{self.whole_views} and {self.local_views}"
            )
        for name in ("zoom", "local_zoom"):
            low, high = getattr(self, name)
            if not 0 < low <= high:
                raise ValueError(
                    f"`{name}` must be two positive numbers in order, got "
                    f"{low:g} and {high:g}"
                )
        if self.turn < 0 or not 0 <= self.moved < 1:
            raise ValueError(
                "`turn` must be at least 0 and `moved` in [0, 1), got "
                f"{self.turn:g} and {self.moved:g}"
            )
