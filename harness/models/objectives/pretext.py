"""What the objectives of pretext tasks have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from harness.errors import HarnessError
from harness.models.objectives.objective import EVALUATED
from harness.models.pretext.options import Pretext
from harness.models.processes import Processes

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from harness.models.batches import Batches
    from harness.models.recipe import Recipe

O = TypeVar("O", bound=Pretext)  # noqa: E741 - options
SEED = 0  # of what is drawn when a network is asked how right it is


class PretextObjective(Generic[O]):
    """A loss of answers that are known without labels.

    Parameters
    ----------
    options
        Of the task.
    recipe
        Shift and flip are done first.
    processes
        That train together.
    """

    def __init__(self, options: O, recipe: Recipe, processes: Processes) -> None:
        self.options = options
        self.processes = processes
        self._moved: dict[str, Any] = {"shift": recipe.shift, "flip": recipe.flip}

    def check(self, network: Any, batches: Batches) -> None:
        """Something must be there to train, and images of a size that can be cut."""
        if not any(True for _ in network.backbone.parameters()):
            raise HarnessError(
                f"{self.options.task} trains what comes before a network's last linear "
                "layer, and there is nothing before that of this one; choose another "
                "--model"
            )
        try:
            self.options.check(batches.size)
        except ValueError as error:
            raise HarnessError(str(error)) from error

    def augmented(self, batches: Batches, which: torch.Tensor) -> torch.Tensor:
        """(b, c, h, w) as the recipe moves images about, before anything else."""
        return batches.of(which, **self._moved)[0]

    def right(self, given: NDArray[Any], labels: NDArray[np.int64]) -> float:
        """The mean of what was right of each image."""
        return float(given.mean())

    def state(self) -> dict[str, torch.Tensor]:
        """Nothing."""
        return {}

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        """Nothing."""

    def looked_at(
        self, network: Any, batches: Batches
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Generator]]:
        """Images in eval mode, without gradients: which, themselves, and what draws.

        The same numbers are drawn every time, so that epochs can be compared.
        """
        import torch

        network.eval()
        generator = torch.Generator().manual_seed(SEED)
        with torch.no_grad():
            for which in torch.split(torch.arange(batches.n), EVALUATED):
                yield which, batches.of(which)[0], generator
