"""Self-Classifier: views of an image are of one class, without labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import HarnessError
from harness.models.objectives.objective import classes_of
from harness.models.processes import Processes
from harness.models.self_classifier.loss import self_classifier_loss
from harness.models.self_classifier.options import SelfClassifier

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from harness.models.batches import Batches


class SelfClassification:
    """Of views with each other; labels are never looked at.

    Parameters
    ----------
    options
        Views, heads and temperatures.
    device
        Where the network lies.
    """

    def __init__(
        self, options: SelfClassifier, processes: Processes, device: str
    ) -> None:
        from harness.models.self_classifier.neighbours import Queue

        self._options = options
        self._processes = processes
        self._queue = (
            Queue(options.queue, options.embedding, device) if options.queue else None
        )

    def check(self, network: Any, batches: Batches) -> None:
        """It must take local views, which are smaller than images."""
        import torch

        if not self._options.local_views:
            return
        size = self._options.local_size
        x, _ = batches.of(torch.arange(2))
        network.eval()
        try:
            with torch.no_grad():
                network.embed(x[:, :, :1, :1].expand(-1, -1, size, size))
        except RuntimeError as error:
            raise HarnessError(
                f"the network takes no local views of {size}x{size}, but perhaps those "
                f"of its images' own size, {x.shape[2]}: choose --local-size, or a "
                "network that pools over positions, such as resnet-selfclassifier"
            ) from error

    def step(
        self, network: Any, batches: Batches, which: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """`self_classifier_loss` over all heads and views."""
        import torch

        options, n, gathered = self._options, len(which), self._processes.gathered
        embeddings = [
            embedding
            for views in self._views(batches, which)
            for embedding in network.embed(views.flatten(0, 1)).chunk(len(views))
        ]
        with torch.no_grad():
            given = gathered(network.heads[network.used](embeddings[0]).argmax(1), n)
        if self._queue is not None:
            embeddings[0] = self._through_queue(embeddings[0], which)
        # Heads see what a process has of the images: of what is gathered each process
        # would have the whole gradient of a head.
        logits = [[gathered(head(e), n) for e in embeddings] for head in network.heads]
        loss = self_classifier_loss(
            logits,
            whole_views=options.whole_views,
            row_temperature=options.row_temperature,
            column_temperature=options.column_temperature,
            eps=options.eps,
            prior=options.prior,
        )
        return loss, given

    def _views(self, batches: Batches, which: torch.Tensor) -> list[torch.Tensor]:
        """(v, b, c, h, w) of each size, of the images that are this process's.

        All processes draw for all images, so that their number changes no view.
        """
        import torch

        from harness.models.self_classifier.views import random_view

        options = self._options
        x, _ = batches.of(which)
        kinds = [(options.whole_views, tuple(x.shape[2:]), options.zoom)]
        if options.local_views:
            local = (options.local_size, options.local_size)
            kinds.append((options.local_views, local, options.local_zoom))
        return [
            torch.stack(
                [
                    self._processes.mine(
                        random_view(
                            x,
                            size=(size[0], size[1]),
                            zoom=zoom,
                            turn=options.turn,
                            moved=options.moved,
                            fill=batches.black,
                        )
                    )
                    for _ in range(count)
                ]
            )
            for count, size, zoom in kinds
            if count
        ]

    def _through_queue(self, first: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
        """Neighbours in place of embeddings, once there are enough to choose from."""
        assert self._queue is not None
        images = which.to(first.device)
        found = first
        if self._queue.full:
            found = self._queue.nearest(first, self._processes.mine(images))
        self._queue.add(self._processes.gathered(first.detach(), len(images)), images)
        return found

    def right(self, given: NDArray[np.int64], labels: NDArray[np.int64]) -> float:
        """Those whose cluster is of their class, matched as `acc_hybrid` does.

        It is said beside the loss, and nothing is chosen by it.
        """
        from harness.metrics.numerics.matching import Rule, right

        return float(right(given, labels, rule=Rule.HYBRID).mean())

    def asked(self, batches: Batches) -> NDArray[np.int64]:
        """The labels."""
        return np.asarray(batches.labels, dtype=np.int64)

    def said(self, network: Any, batches: Batches) -> NDArray[np.int64]:
        """The largest logit."""
        return classes_of(network, batches)

    def state(self) -> dict[str, torch.Tensor]:
        """The queue."""
        return self._queue.state() if self._queue else {}

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        """The queue."""
        if self._queue is not None:
            self._queue.restore(state)
