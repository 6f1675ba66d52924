"""Assignments: how images come into clusters, as a text says it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Self

from harness.errors import HarnessError
from harness.extras import install

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_HEAD = re.compile(r"head(?:@(?P<layer>.+))?")
_FORM = re.compile(
    r"(?:(?P<of>kmeans|faiss)(?:@(?P<layer>.+))?|(?P<pixels>pixels))"
    r"-(?P<norm>raw|l2)-init(?P<starts>[1-9]\d*)(?:-seed(?P<seed>\d+))?"
)
AGAIN = 2  # further seeds that k-means is held against


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What puts images into clusters.

    Attributes
    ----------
    of
        "head", the largest logit of the network's head, or of another of its heads;
        "kmeans", k-means on features of a layer, "faiss", the same by faiss; "pixels",
        k-means on pixels.
    layer
        Of the features; of "head" the one whose outputs are logits.
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
        """From `head[@LAYER]`, `kmeans[@LAYER]-NORM-initN[-seedS]` and so on.

        Raises
        ------
        HarnessError
            If it is none of these.

        Examples
        --------
        >>> str(Assignment.parse("kmeans@stage2-l2-init5"))
        'kmeans@stage2-l2-init5-seed0'
        >>> str(Assignment.parse("head@head6"))
        'head@head6'
        """
        if head := _HEAD.fullmatch(text):
            return cls(of="head", layer=head["layer"] or "head")
        found = _FORM.fullmatch(text)
        if found is None:
            raise HarnessError(
                "`--clustering-by` must be of head[@LAYER], "
                "kmeans[@LAYER]-NORM-initN[-seedS], faiss[@LAYER]-NORM-initN[-seedS] "
                f"and pixels-NORM-initN[-seedS], with NORM raw or l2, got {text!r}; "
                "write for instance kmeans-l2-init10"
            )
        return cls(
            of=found["of"] or "pixels",
            layer=found["layer"] or "head",
            norm=found["norm"],
            starts=int(found["starts"]),
            seed=int(found["seed"] or 0),
        )

    def check(self) -> Self:
        """Itself, where it can be made here.

        Raises
        ------
        HarnessError
            If it needs faiss, which is not installed.
        """
        if self.of == "faiss" and find_spec("faiss") is None:
            raise HarnessError(
                f"--clustering-by {self} needs faiss: {install('faiss')}, or write "
                f"{str(self).replace('faiss', 'kmeans', 1)}, which is by scikit-learn"
            )
        return self

    def __str__(self) -> str:
        """The text, with all that is said of it."""
        at = f"@{self.layer}" if self.layer != "head" else ""
        if self.of == "head":
            return f"head{at}"
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
        if str(self.assignment) == "head":
            return self._model.run.answers(self._model.name, self._dataset)
        if self.assignment.of == "head":
            return self._logits().argmax(axis=1)
        return self._clusters(self.assignment.seed)

    def _logits(self) -> NDArray[np.float64]:
        """(n, k) of another head.

        Raises
        ------
        UndefinedMetricError
            If there is none, or it has not k classes.
        """
        from harness.errors import UndefinedMetricError

        layer = self.assignment.layer
        found = self._predictions.features(layer=layer)
        if found.shape[1] != self._k:
            raise UndefinedMetricError(
                f"{layer} of model {self._model.name} has {found.shape[1]} classes, "
                f"and k is {self._k}: name as many with --clustering-k"
            )
        return found

    @cached_property
    def features(self) -> NDArray[np.float64]:
        """(n, d) what the clusters lie among: features of the layer, or pixels.

        Of a head those that enter it.
        """
        if self.assignment.of == "pixels":
            return self._pixels()
        layer = "head" if self.assignment.of == "head" else self.assignment.layer
        return self._predictions.features(layer=layer)

    @cached_property
    def confidences(self) -> NDArray[np.float64]:
        """(n,) how sure each image is: what pictures are sorted by, largest first.

        The head's largest probability; of k-means less the distance from the mean of
        the image's cluster.
        """
        import numpy as np

        if str(self.assignment) == "head":
            return self._predictions.probs().max(axis=1)
        if self.assignment.of == "head":
            from scipy.special import softmax

            return softmax(self._logits(), axis=1).max(axis=1)
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
        """(2, n) clusters of k-means from the two seeds after its own.

        Raises
        ------
        UndefinedMetricError
            Of a head, which has no seed that could be another.
        """
        import numpy as np

        if self.assignment.of == "head":
            from harness.errors import UndefinedMetricError

            raise UndefinedMetricError(
                "stability over copies of the images is of the head that gives the "
                "model's logits: --clustering-by head"
            )
        first = self.assignment.seed + 1
        return np.stack([self._clusters(first + i) for i in range(AGAIN)])

    def _clusters(self, seed: int) -> NDArray[np.int64]:
        from harness.metrics.numerics.kmeans import Norm, faiss_kmeans, kmeans

        make = faiss_kmeans if self.assignment.of == "faiss" else kmeans
        return make(
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
