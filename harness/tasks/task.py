"""Pretext tasks: what a frozen network is shown, and what a head on it is asked.

One module of `harness.tasks` is one task. How well the head answers is scored by the
metric `pretext_prediction`, whose axis `task` is the task's name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.renamed import moved
from harness.views import View

if TYPE_CHECKING:
    from harness.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a head learns to tell from the features of a frozen network: the view.

    Attributes
    ----------
    name
        Short, for reports and caches.
    views
        View i is class i of the task.
    """

    name: str
    views: tuple[View, ...]

    def __post_init__(self) -> None:
        if len(self.views) < 2 or len(set(self.views)) < len(self.views):
            raise ValueError(
                f"`views` of task {self.name} must be at least two, all different, "
                f"got {[view.name for view in self.views]}"
            )

    @property
    def classes(self) -> int:
        """Number of views, t."""
        return len(self.views)

    @property
    def chance(self) -> float:
        """Accuracy of a head that knows nothing, 1/t.

        It is exact for features that are the same under every view, since all views
        of an image then get one answer.

        Examples
        --------
        >>> from harness.views import IDENTITY, ROTATIONS
        >>> Task(name="rotation", views=(IDENTITY, *ROTATIONS)).chance
        0.25
        """
        return 1 / self.classes

    def identity(self) -> list[dict[str, Any]]:
        """What a cache key says of the task: what the views do, in order."""
        return [
            {"turns": v.turns, "tiles": list(v.tiles), "fit": v.fit} for v in self.views
        ]

    @property
    def moving(self) -> tuple[View, ...]:
        """The views that are not the untouched image."""
        return tuple(view for view in self.views if view.moves)


@dataclass(frozen=True, slots=True, kw_only=True)
class PretextTask:
    """A pretext task that runs can choose, by its name.

    Attributes
    ----------
    name
        A word: the value of the axis `task`, as in ``pretext_prediction[task=NAME]``.
    choose
        From the settings, and the height and width of the base's images, the views in
        the order of their labels. ValueError, with what the options would have to be,
        where the images cannot be shown so.
    source
        Where the task comes from.
    """

    name: str
    choose: Callable[[Settings, tuple[int, int]], Task]
    source: str


_MOVED = {
    "ROTATION": "rotation",
    **dict.fromkeys(
        ("chosen_jigsaw", "distant_jigsaws", "distant_permutations"), "jigsaw"
    ),
    **dict.fromkeys(("every_jigsaw", "jigsaw"), "jigsaw"),
}
__getattr__ = moved(
    __name__, **{name: f"harness.tasks.{place}" for name, place in _MOVED.items()}
)
