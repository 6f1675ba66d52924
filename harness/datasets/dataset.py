"""Dataset: named images, with labels or without, made when they are asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from harness.code import resolve, source_digest
from harness.datasets.truth import KnownTruth, Truth
from harness.errors import UndefinedMetricError
from harness.measurement import Domain
from harness.renamed import moved
from harness.sampling import sampled_rows
from harness.traits import Trait

if TYPE_CHECKING:
    import torch

    from harness.datasets.class_map import ClassMap
    from harness.datasets.geometry import Geometry
    from harness.datasets.images import Images

__getattr__ = moved(__name__, Images="harness.datasets.images:ArrayImages")
# Transformations are drawn block by block, each block with a generator of its own, so
# that image i of a set or of a sample does not depend on batch size, order or worker.
BLOCK = 500
# What the base's test split is called as the source set: no chosen dataset can be.
SOURCE = "the source set"


class Apply(Protocol):
    """What a transformation's target must be."""

    def __call__(
        self, images: torch.Tensor, rng: np.random.Generator, **parameters: Any
    ) -> torch.Tensor:
        """(b, c, h, w) uint8 to the same shape and dtype, on the same device.

        Every random number comes from `rng`, drawn for the whole batch at once (so the
        result is a function of images, generator state and parameters alone).
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Transformation:
    """A named batch transformation: where its code is, and its parameters.

    Attributes
    ----------
    name
        Short, for reports.
    target
        ``package.module:function``, an `Apply`.
    parameters
        Keyword arguments of the function; plain JSON values.
    seed
        Whole numbers that, with the block's number, key a generator of its own; None
        to share the dataset's.
    """

    name: str
    target: str
    parameters: dict[str, Any] = field(default_factory=dict)
    seed: tuple[int, ...] | None = None

    def __call__(self, images: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
        """Apply to a (b, c, h, w) uint8 batch."""
        apply: Apply = resolve(self.target)
        result = apply(images, rng, **self.parameters)
        if result.shape != images.shape or result.dtype != images.dtype:
            raise ValueError(
                f"transformation {self.name} must keep {images.dtype} "
                f"{tuple(images.shape)}, got {result.dtype} {tuple(result.shape)}"
            )
        return result

    def identity(self) -> dict[str, Any]:
        """What a cell's key says about this transformation."""
        return {
            "target": self.target,
            "parameters": self.parameters,
            "seed": self.seed,
            "source": source_digest(self.target),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a folder of the user's own was found to hold.

    Attributes
    ----------
    images
        How many.
    notes
        What else people should know: what was passed over, classes without an image.
    """

    images: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One member of a family: cheap to declare, loaded when it is measured.

    Attributes
    ----------
    name
        Unique among the chosen datasets, ``family`` or ``family/member``.
    family, domain
        The group it belongs to and how the fits use it.
    load
        Returns the content; it should memoise, since members share it.
    transformations
        Applied in order to every block of images.
    seed
        Whole numbers that, with the block's number, key the generator.
    labelled
        Whether its truth is known, by the labels that `load` will return or by `known`.
    known
        Its truth where that is anything but one class of the base an image.
    names
        Of pictures their files, by the image's number; empty where images have none.
    verify
        Reads all of it before a run, telling about its progress, so that what is wrong
        shows then; None where `load` finds nothing wrong that was not found before.
    found
        What its folder holds, for people; None of sets that are no one's own.
    traits
        Facts by name: `corruption` and `severity`, `member` (what was corrupted, where
        several were), `split`, `source`, `pool`, and a user's own. Reports carry
        them, and `analysis.resampling.units` reads from them, never from a name, what
        belongs together. They change no number, so no key holds them.
    """

    name: str
    family: str
    domain: Domain
    load: Callable[[], Images]
    transformations: tuple[Transformation, ...] = ()
    seed: tuple[int, ...] = (0,)
    labelled: bool = True
    verify: Callable[[Callable[[str], None]], object] | None = None
    found: Found | None = None
    traits: Mapping[str, Trait] = field(default_factory=dict)
    known: KnownTruth | None = None
    names: Sequence[str] = ()

    @property
    def foretold(self) -> bool:
        """Whether its accuracy is predicted: of targets, and where nobody labelled."""
        unlabelled = self.domain is Domain.EXTERIOR and not self.labelled
        return self.domain is Domain.TARGET or unlabelled

    def fingerprint(self) -> str:
        """sha256 over content, truth, transformations, seed; no name, path or trait."""
        what: dict[str, Any] = {
            "content": self.load().digest,
            "transformations": [t.identity() for t in self.transformations],
            "seed": list(self.seed) if self.transformations else [],
            "block": BLOCK if self.transformations else 0,
        }
        if self.known is not None and (truth := self.known.digest()):
            what["truth"] = truth
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()

    def size(self, limit: int | None = None) -> int:
        """Number of images, at most `limit`."""
        n = len(self.load())
        return n if limit is None else min(n, limit)

    def blocks(
        self,
        device: str | torch.device = "cpu",
        limit: int | None = None,
        geometry: Geometry | None = None,
        *,
        start: int = 0,
    ) -> Iterator[torch.Tensor]:
        """(b, c, h, w) uint8 blocks on the device, in order, `limit` images in all.

        A sample is taken before it is transformed, so it costs what its images cost.

        Parameters
        ----------
        geometry
            What a network asks for; None for the base's size.
        start
            Number of the first block: those before it cost nothing.
        """
        import torch

        content = self.load()
        rows = sampled_rows(len(content), limit)
        for number in range(start, -(-len(rows) // BLOCK)):
            here = slice(number * BLOCK, (number + 1) * BLOCK)
            block = content.take(rows[here], geometry)
            images = torch.from_numpy(block).to(device).permute(0, 3, 1, 2)
            yield self._transformed(images, number)

    def _transformed(self, images: torch.Tensor, number: int) -> torch.Tensor:
        """A whole block, by its number."""
        if not self.transformations:
            return images
        images = images.contiguous()  # twice as fast on planes
        shared = _generator(self.seed, number)
        for transformation in self.transformations:
            own = transformation.seed
            rng = shared if own is None else _generator(own, number)
            images = transformation(images, rng)
        return images

    def labels(self, limit: int | None = None) -> NDArray[np.int64] | None:
        """(n,) true classes of the base, or None. For the accuracy computation alone.

        Raises
        ------
        UndefinedMetricError
            If its images have not one class of the base each; see `truth`.
        """
        if (truth := self._known_truth(limit)) is not None:
            if (found := truth.labels()) is None:
                raise UndefinedMetricError(
                    f"the images of {self.name} have not one label of the base each: "
                    f"{truth}"
                )
            return found
        labels = self.load().labels
        return None if labels is None else labels[sampled_rows(len(labels), limit)]

    @property
    def classes(self) -> ClassMap | None:
        """Which of the base's classes are answers; None where all are."""
        return None if self.known is None else self.known.classes

    def truth(self, classes: int, limit: int | None = None) -> Truth | None:
        """What is known of its images, or None. For outcomes alone.

        Parameters
        ----------
        classes
            How many classes the base has.
        limit
            Of the sample of `limit` images only.
        """
        if (truth := self._known_truth(limit)) is not None:
            return truth
        labels = self.labels(limit)
        return (
            None
            if labels is None
            else Truth.one(labels, classes, of=f"labels of {self.name}")
        )

    def _known_truth(self, limit: int | None) -> Truth | None:
        if self.known is None or (truth := self.known()) is None:
            return None
        return truth.take(sampled_rows(len(truth), limit))


def _generator(seed: tuple[int, ...], block: int) -> np.random.Generator:
    """What a block's draws come from."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence((*seed, block))))
