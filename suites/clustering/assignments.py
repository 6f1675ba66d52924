"""Assignments: how images come into clusters, as a text says it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FORM = re.compile(
    r"(?:kmeans(?:@(?P<layer>.+))?|(?P<pixels>pixels))"
    r"-(?P<norm>raw|l2)-init(?P<starts>[1-9]\d*)(?:-seed(?P<seed>\d+))?"
)
AGAIN = 2  # further seeds that k-means is held against


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What puts images into clusters.

    Attributes
    ----------
    of
        "head", the largest logit of the network's head; "kmeans", k-means on features
        of a layer; "pixels", on pixels.
    layer
        Of the features.
    norm, starts, seed
        Of k-means; see `harness.metrics.numerics.kmeans`.
    """

    of: str
    layer: str = "head"
    norm: str = "raw"
    starts: int = 10
    seed: int = 0

    @classmethod
    def parse(cls, text: str) -> Assignment:
        """From `head`, `kmeans[@LAYER]-NORM-initN[-seedS]` or `pixels-NORM-initN`.

        Raises
        ------
        HarnessError
            If it is none of these.

        Examples
        --------
        >>> str(Assignment.parse("kmeans@stage2-l2-init5"))
        'kmeans@stage2-l2-init5-seed0'
        """
        if text == "head":
            return cls(of="head")
        found = _FORM.fullmatch(text)
        if found is None:
            raise HarnessError(
                "`--clustering-by` must be of head, kmeans[@LAYER]-NORM-initN[-seedS] "
                f"and pixels-NORM-initN[-seedS], with NORM raw or l2, got {text!r}; "
                "write for instance kmeans-l2-init10"
            )
        return cls(
            of="pixels" if found["pixels"] else "kmeans",
            layer=found["layer"] or "head",
            norm=found["norm"],
            starts=int(found["starts"]),
            seed=int(found["seed"] or 0),
        )

    def __str__(self) -> str:
        """The text, with all that is said of it."""
        if self.of == "head":
            return "head"
        at = f"@{self.layer}" if self.of == "kmeans" and self.layer != "head" else ""
        return f"{self.of}{at}-{self.norm}-init{self.starts}-seed{self.seed}"


class Partition:
    """The clusters of one dataset's images under one assignment.

    Parameters
    ----------
    assignment
        What puts images into clusters.
    k
        How many clusters k-means makes.
    model, dataset, predictions
        The cell's.
    """

    def __init__(
        self, assignment: Assignment, k: int, model: Any, dataset: Any, predictions: Any
    ) -> None:
        self.assignment = assignment
        self._k = k
        self._model, self._dataset, self._predictions = model, dataset, predictions

    @property
    def labels(self) -> NDArray[np.int64]:
        """(n,) classes; looking at them makes a score with labels of what is recorded.

        Raises
        ------
        UndefinedMetricError
            If the images have not one label each.
        """
        from harness.fixtures.outcomes import of_target
        from harness.metrics.clustering.acc import ACC_HYBRID
        from harness.metrics.spec import Input

        run = self._model.run
        return of_target(
            run, ACC_HYBRID, Input.LABELS, self._dataset, self._predictions
        )

    @cached_property
    def predicted(self) -> NDArray[np.int64]:
        """(n,) number of each image's cluster."""
        if self.assignment.of == "head":
            return self._model.run.answers(self._model.name, self._dataset)
        return self._clusters(self.assignment.seed)

    @cached_property
    def features(self) -> NDArray[np.float64]:
        """(n, d) what the clusters lie among: features of the layer, or pixels."""
        if self.assignment.of == "pixels":
            return self._pixels()
        return self._predictions.features(layer=self.assignment.layer)

    @cached_property
    def confidences(self) -> NDArray[np.float64]:
        """(n,) how sure each image is: what pictures are sorted by, largest first.

        The head's largest probability; of k-means less the distance from the mean of
        the image's cluster.
        """
        import numpy as np

        if self.assignment.of == "head":
            return self._predictions.probs().max(axis=1)
        from harness.metrics.numerics.kmeans import Norm, normalised

        rows = normalised(self.features, Norm(self.assignment.norm))
        found = np.empty(len(rows))
        for number in np.unique(self.predicted):
            inside = self.predicted == number
            found[inside] = -np.linalg.norm(
                rows[inside] - rows[inside].mean(axis=0), axis=1
            )
        return found

    def again(self) -> NDArray[np.int64]:
        """(2, n) clusters of k-means from the two seeds after its own."""
        import numpy as np

        first = self.assignment.seed + 1
        return np.stack([self._clusters(first + i) for i in range(AGAIN)])

    def _clusters(self, seed: int) -> NDArray[np.int64]:
        from harness.metrics.numerics.kmeans import Norm, kmeans

        return kmeans(
            self.features,
            k=self._k,
            norm=Norm(self.assignment.norm),
            n_init=self.assignment.starts,
            seed=seed,
        ).clusters

    def _pixels(self) -> NDArray[np.float64]:
        import numpy as np

        blocks = self._dataset.blocks("cpu", self._model.run.settings.max_images)
        flat = [block.flatten(1).numpy() for block in blocks]
        found = np.concatenate(flat).astype(np.float64)
        if not found.shape[1]:
            from harness.errors import UndefinedMetricError

            raise UndefinedMetricError("outputs were saved, and no images")
        return found
