"""Predictions: the only place where networks run.

One forward pass per (classifier, dataset, view); every metric shares it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from harness.answers.allocator import keep_freed_memory
from harness.answers.threads import cores, side_by_side
from harness.arrays import softmax
from harness.errors import HarnessError, UndefinedMetricError
from harness.views import IDENTITY, View

if TYPE_CHECKING:
    import torch

    from harness.answers.shared_images import SharedImages
    from harness.datasets.dataset import Dataset
    from harness.models.classifier import Classifier

T = TypeVar("T")
# Transformed images are kept on the device between views up to this many bytes; beyond
# it each view makes them again, so memory stays bounded whatever the dataset's size.
KEEP_BYTES = 2**30
# Features are kept up to this many bytes, those of the latest views: 24 views of 50,000
# images, 2,048 features each, would take ten GiB. A view beyond is run again if asked.
FEATURE_BYTES = 2**31


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What one forward pass over a dataset gives, on the CPU.

    Attributes
    ----------
    logits
        (n, k) float32 as the network computed them.
    features
        (n, d) float32, what entered the head; None if the classifier has none.
    """

    logits: NDArray[np.float32]
    features: NDArray[np.float32] | None


class Predictions:
    """Logits and features of one classifier on one dataset, computed when asked for.

    It holds no labels: a metric that is handed this cannot see any.

    Parameters
    ----------
    classifier
        Loads the classifier on first use, already on its device.
    dataset
        The images.
    device
        Where to run: "cpu", "cuda:0", ...
    batch_size
        Images per call of the network.
    limit
        Measure a sample of `limit` images only.
    count
        Is told the seconds of every forward pass, the making of images included.
    known
        (n,) classes that the same classifier was seen to predict on the same images;
        who wants no more than those then costs no forward pass.
    shared
        Where the images of other models' predictions may be found, and these be kept.
    """

    def __init__(
        self,
        classifier: Callable[[], Classifier],
        dataset: Dataset,
        *,
        device: str = "cpu",
        batch_size: int = 128,
        limit: int | None = None,
        count: Callable[[float], None] = lambda seconds: None,
        known: NDArray[np.unsignedinteger] | None = None,
        shared: SharedImages | None = None,
    ) -> None:
        self._classifier = classifier
        self._dataset = dataset
        self._device = device
        self._batch_size = batch_size
        self._limit = limit
        self._count = count
        self._known = known
        # Images as they come are kept by who reads them.
        self._shared = shared if dataset.transformations else None
        self._keeps = bool(dataset.transformations) or device != "cpu"
        self._logits: dict[View, NDArray[np.float32]] = {}
        self._features: dict[View, NDArray[np.float32] | None] = {}
        self._blocks: list[torch.Tensor] | None = None

    def __len__(self) -> int:
        """Number of images."""
        return self._dataset.size(self._limit)

    def logits(self, view: View = IDENTITY) -> NDArray[np.float64]:
        """(n, k) float64 logits under a view."""
        return self._view_logits(view).astype(np.float64)

    def probs(self, view: View = IDENTITY) -> NDArray[np.float64]:
        """(n, k) softmax of the logits under a view, computed in float64."""
        return softmax(self.logits(view))

    def view_probs(self, views: Sequence[View]) -> NDArray[np.float64]:
        """(v, n, k) softmax under several views."""
        return np.stack([self.probs(view) for view in views])

    def predicted(self, view: View = IDENTITY) -> NDArray[np.int64]:
        """(n,) predicted classes under a view; ties go to the lowest class."""
        if view == IDENTITY and self._known is not None:
            return self._known.astype(np.int64)
        return np.asarray(self._view_logits(view).argmax(axis=1), dtype=np.int64)

    def features(self, view: View = IDENTITY) -> NDArray[np.float64]:
        """(n, d) float64 features, what enters the head, under a view.

        Raises
        ------
        UndefinedMetricError
            If the classifier has no head.
        """
        if view not in self._features:
            self._pass(view)
        features = self._features[view]
        if features is None:
            raise UndefinedMetricError(
                "the model has no features: no linear layer that can be seen gives its "
                "logits; its --harness-model can name a layer with ?head="
            )
        return features.astype(np.float64)

    def _view_logits(self, view: View) -> NDArray[np.float32]:
        if view not in self._logits:
            self._pass(view)
        return self._logits[view]

    def _pass(self, view: View) -> None:
        start = time.perf_counter()
        try:
            found = self._run(view)
        finally:
            self._count(time.perf_counter() - start)
        self._logits[view] = found.logits
        self._features[view] = found.features
        # Most metrics of features want those of the images themselves.
        others = [kept for kept in self._features if kept not in (IDENTITY, view)]
        while others and self._feature_bytes() > FEATURE_BYTES:
            del self._features[others.pop(0)]

    def _feature_bytes(self) -> int:
        return sum(f.nbytes for f in self._features.values() if f is not None)

    def _run(self, view: View) -> Pass:
        import torch

        if self._device == "cpu":
            keep_freed_memory()
        classifier = self._classifier()
        caught = threading.local()

        def keep(_module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
            features = inputs[0].flatten(1)
            caught.features.append(features.to("cpu", torch.float32, copy=True))

        def forward(batch: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
            caught.features = []
            with torch.inference_mode():
                answer = self._answer(classifier, view, batch)
                # A copy: a network may give, and write into, the same memory each time.
                kept = answer.to("cpu", torch.float32, copy=True)
                return kept, caught.features

        logits: list[torch.Tensor] = []
        features: list[torch.Tensor] = []
        with ExitStack() as hooks:
            if classifier.head:
                head = classifier.network.get_submodule(classifier.head)
                hooks.callback(head.register_forward_pre_hook(keep).remove)
            for answer, seen in self._each(classifier, forward):
                logits.append(answer)
                features.extend(seen)
        result = Pass(
            logits=torch.cat(logits).numpy(),
            features=torch.cat(features).numpy() if classifier.head else None,
        )
        self._check(result, classifier, view)
        return result

    def _each(
        self, classifier: Classifier, forward: Callable[[torch.Tensor], T]
    ) -> Iterator[T]:
        """Go through all batches, several at a time where that is quicker."""
        import torch

        threads = min(torch.get_num_threads(), cores())
        many = len(self) >= 2 * threads * self._batch_size
        if self._device == "cpu" and threads > 1 and many and classifier.stateless:
            return side_by_side(forward, self._batches(), threads)
        return map(forward, self._batches())

    def _answer(
        self, classifier: Classifier, view: View, batch: torch.Tensor
    ) -> torch.Tensor:
        """(m, k) logits of (m, c, h, w) uint8 images under a view."""
        images = classifier.normalise(view(batch))
        try:
            answer: torch.Tensor = classifier.network(images)
        except RuntimeError as error:
            if classifier.precision != "float32":
                raise ValueError(
                    f"model {classifier.name} cannot run in {classifier.precision}: "
                    f"{error}; choose --harness-precision float32"
                ) from error
            if images.shape[-2:] == batch.shape[-2:]:
                raise
            raise ValueError(
                f"model {classifier.name} cannot take the images of view {view.name}, "
                f"{tuple(images.shape[-2:])} instead of {tuple(batch.shape[-2:])}: "
                f"{error}; choose --harness-jigsaw-fit resize"
            ) from error
        return answer

    def _batches(self) -> Iterator[torch.Tensor]:
        import torch

        for block in self._images():
            yield from torch.split(block, self._batch_size)

    def _images(self) -> Iterator[torch.Tensor]:
        """Transformed uint8 blocks, kept on the device if they fit."""
        if self._blocks is None and self._shared is not None:
            self._blocks = self._shared.find(self._images_key())
        if self._blocks is not None:
            yield from self._blocks
            return
        kept: list[torch.Tensor] = []
        size = 0
        for block in self._dataset.blocks(self._device, self._limit):
            size += block.nbytes
            if self._keeps and size <= KEEP_BYTES:
                kept.append(block)
            else:
                kept.clear()
            yield block
        if self._keeps and size <= KEEP_BYTES:
            self._blocks = kept
            if self._shared is not None:
                self._shared.offer(self._images_key(), kept)

    def _images_key(self) -> tuple[str, str, int | None]:
        """What decides the blocks; a name may come again with other images."""
        return self._dataset.fingerprint(), self._device, self._limit

    def _check(self, result: Pass, classifier: Classifier, view: View) -> None:
        where = f"model {classifier.name} on {self._dataset.name} (view {view.name})"
        expected = len(self), classifier.classes
        if result.logits.shape != expected:
            raise ValueError(
                f"logits of {where} must have shape {expected}, "
                f"got {result.logits.shape}; check the classifier's `classes`"
            )
        if result.features is not None and len(result.features) != len(self):
            raise ValueError(
                f"the head {classifier.head!r} of {where} must run once per image, but "
                f"saw {len(result.features)} rows for {len(self)} images"
            )
        bad = np.flatnonzero(~np.isfinite(result.logits).all(axis=1))
        if len(bad):
            raise ValueError(
                f"logits of {where} must be finite, but {len(bad)} of {len(self)} "
                f"images have nan or infinity, the first is image {bad[0]}; "
                "check the weights and the normalisation"
            )


def chosen_batch_size(device: str, size: tuple[int, int, int]) -> int:
    """Images per call of a network, by the device's kind and the images' size.

    On a processor 64 images of 32x32 pixels are enough to keep it busy, and more gain
    nothing (`benchmarks.network`); the memory of a layer stays small. A GPU wants work
    for all its cores. It is a rule and not a probe of the clock: the same machine then
    always computes the same bits.

    Examples
    --------
    >>> chosen_batch_size("cpu", (32, 32, 3)), chosen_batch_size("cpu", (224, 224, 3))
    (64, 8)
    >>> chosen_batch_size("cuda", (32, 32, 3))
    1024
    """
    height, width, channels = size
    low, high, values = (
        (8, 512, 64 * 3072) if device == "cpu" else (64, 2048, 1024 * 3072)
    )
    return max(low, min(high, values // (height * width * channels)))


def chosen_device(name: str, *, worker: int = 0) -> str:
    """The device that an option names; `auto` is a GPU if there is one.

    Where a machine has several GPUs and none is named, each worker takes its own.

    Raises
    ------
    HarnessError
        If the device is not there.
    """
    import torch

    if name in ("auto", "cuda") and torch.cuda.is_available():
        several = torch.cuda.device_count()
        return f"cuda:{worker % several}" if several > 1 else "cuda"
    if name == "auto":
        if torch.backends.mps.is_available():
            return "mps"
        return "cpu"
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).partition("\n")[0].partition(". ")[0]
        raise HarnessError(
            f"device {name!r} cannot be used here: {reason}; choose cpu or auto with "
            "--harness-device"
        ) from error
    return name


def chosen_precision(name: str, device: str) -> str:
    """The precision that an option names; `auto` is bfloat16 where that is fast.

    That is on a processor with AMX or AVX-512 BF16 units, and on an NVIDIA GPU from
    Ampere on.
    """
    import torch

    if name != "auto":
        return name
    if device == "cpu":
        # An older torch cannot say what units there are, and then stays in float32.
        units: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
        fast = any(units.get(unit, False) for unit in ("amx_bf16", "avx512_bf16"))
    elif device.startswith("cuda"):
        fast = torch.cuda.get_device_capability(device) >= (8, 0)
    else:
        fast = False
    return "bfloat16" if fast else "float32"
