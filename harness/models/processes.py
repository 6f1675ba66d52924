"""Processes: several that train one network together, as torchrun starts them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    """How many there are, and which one this is.

    All of them see every batch and draw the same random numbers; each sends its own
    part of the images through the network.

    Attributes
    ----------
    rank, count
        Of this one, from 0; of all.
    """

    rank: int = 0
    count: int = 1

    def mine(self, images: torch.Tensor) -> torch.Tensor:
        """Those of (n, ...) that this one takes: every `count`-th."""
        return images[self.rank :: self.count]

    def gathered(self, mine: torch.Tensor, n: int) -> torch.Tensor:
        """(n, ...) the parts of all in their order; gradients flow to one's own.

        A loss over them has in each process the gradient of that process's images, so
        that the sum of all processes' is that of one process.
        """
        import torch

        if self.count == 1:
            return mine
        most = -(-n // self.count)
        padded = torch.zeros(
            most, *mine.shape[1:], dtype=mine.dtype, device=mine.device
        )
        padded = torch.cat([mine, padded[len(mine) :]])
        parts = [torch.empty_like(padded) for _ in range(self.count)]
        torch.distributed.all_gather(parts, padded.detach().contiguous())
        parts[self.rank] = padded
        return torch.stack(parts, dim=1).flatten(0, 1)[:n]

    def add_up(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Give every parameter the sum of all processes' gradients."""
        import torch

        if self.count == 1:
            return
        for parameter in parameters:
            if parameter.requires_grad:
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
                torch.distributed.all_reduce(parameter.grad)

    def agree(self, value: bool) -> bool:
        """What the first of them says."""
        import torch

        if self.count == 1:
            return value
        said = [value]
        torch.distributed.broadcast_object_list(said, src=0)
        return said[0]


ALONE = Processes()


@contextmanager
def started(device: str) -> Iterator[Processes]:
    """The processes that torchrun has started, joined for as long as this lasts.

    They talk by NCCL on GPUs, else by Gloo. Where there is one, nothing is joined.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield ALONE
        return
    import torch

    backend = "nccl" if device.startswith("cuda") else "gloo"
    torch.distributed.init_process_group(backend)
    try:
        yield Processes(rank=torch.distributed.get_rank(), count=count)
    finally:
        torch.distributed.destroy_process_group()
