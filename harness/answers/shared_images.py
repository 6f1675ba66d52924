"""Images that the next model needs too: made once, kept while there is room."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

# Of a dataset's 1,000 images of 32x32 pixels in colour, and ten copies of them, 15.
ROOM = 2**29


class SharedImages:
    """Transformed images by whatever tells them apart.

    Models take turns on all datasets, so the first that came are kept: what came last
    would never be there when it is wanted again.

    Parameters
    ----------
    room
        Bytes, in all.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._left = room
        self._blocks: dict[Hashable, list[torch.Tensor]] = {}

    def find(self, key: Hashable) -> list[torch.Tensor] | None:
        """The blocks, if they are kept. Nobody must change them."""
        return self._blocks.get(key)

    def offer(self, key: Hashable, blocks: list[torch.Tensor]) -> None:
        """Keep blocks if there is room."""
        size = sum(block.nbytes for block in blocks)
        if size <= self._left and key not in self._blocks:
            self._left -= size
            self._blocks[key] = blocks
