"""Neighbours: the nearest of earlier embeddings, kept in a queue."""

from __future__ import annotations

import torch


class Queue:
    """The last embeddings, with the images that they are of.

    Parameters
    ----------
    length
        How many.
    width
        Of an embedding.
    device
        Where they lie.
    """

    def __init__(self, length: int, width: int, device: str) -> None:
        self._embeddings = torch.zeros(length, width, device=device)
        self._images = torch.full((length,), -1, device=device)
        self._added = 0

    @property
    def full(self) -> bool:
        """Whether there are as many as there can be."""
        return self._added >= len(self._embeddings)

    def nearest(self, embeddings: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
        """(b, e) the neighbour of each by cosine; earlier ones of the image are none.

        Parameters
        ----------
        embeddings
            (b, e) of length 1.
        images
            (b,) numbers of the images.
        """
        cosines = embeddings.detach() @ self._embeddings.T
        own = images[:, None] == self._images[None]
        found = cosines.masked_fill(own, -2.0).argmax(dim=1)
        return self._embeddings[found]

    def add(self, embeddings: torch.Tensor, images: torch.Tensor) -> None:
        """Put in the place of the oldest; of more than there is room for, the last."""
        length = len(self._embeddings)
        kept = slice(max(len(images) - length, 0), None)
        n = len(images[kept])
        at = (self._added + torch.arange(n, device=self._images.device)) % length
        self._embeddings[at] = embeddings.detach()[kept]
        self._images[at] = images[kept]
        self._added += n

    def state(self) -> dict[str, torch.Tensor]:
        """For a checkpoint."""
        return {
            "embeddings": self._embeddings,
            "images": self._images,
            "added": torch.tensor(self._added),
        }

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        """As it was when `state` was asked for."""
        self._embeddings.copy_(state["embeddings"])
        self._images.copy_(state["images"])
        self._added = int(state["added"])
