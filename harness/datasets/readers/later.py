"""Sets of pictures that are listed when somebody looks at them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from harness.datasets.readers.picture_sets import PictureImages
from harness.datasets.remembered import changed

AT_ONCE = 8  # sets whose names and times are in memory


class Later:
    """Makes a set of pictures, and makes it anew once others were looked at since.

    A hundred sets of 50,000 pictures would take a GiB for their names alone. What is
    made anew must be what it was.

    Parameters
    ----------
    root
        Where the pictures are, for messages.
    make
        Lists them.
    """

    def __init__(self, root: Path, make: Callable[[], PictureImages]) -> None:
        self._root = root
        self._make = make
        self._seen = ""

    def __call__(self) -> PictureImages:
        """The set; BadData if it is another than before."""
        images = _recent(self)
        self._seen = self._seen or images.place
        if images.place != self._seen:
            raise changed(self._root)
        return images

    def make(self) -> PictureImages:
        """The set, listed now."""
        return self._make()


@lru_cache(maxsize=AT_ONCE)
def _recent(later: Later) -> PictureImages:
    return later.make()
