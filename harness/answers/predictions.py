"""Predictions: the only place where networks run.

One forward pass per (classifier, dataset, view); every metric shares it.
"""

from __future__ import annotations

import time
from collections.abc import (
    Callable,
    Collection,
    Hashable,
    Iterable,
    Iterator,
    Sequence,
)
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from harness.activation import Activation
from harness.answers.allocator import keep_freed_memory
from harness.answers.threads import cores, side_by_side
from harness.answers.under_way import PassUnderWay, UnderWay
from harness.arrays import confidence, softmax
from harness.datasets.dataset import BLOCK
from harness.errors import HarnessError, UndefinedMetricError
from harness.lasting import lasting
from harness.models.classifier import Classifier
from harness.models.layers import HEAD
from harness.models.tap import Seen, Tap, lacks, no_logits
from harness.progress import Progress
from harness.views import IDENTITY, View

if TYPE_CHECKING:
    import torch

    from harness.answers.keeping import KeptAnswers
    from harness.answers.shared_images import SharedImages
    from harness.datasets.dataset import Dataset
    from harness.models.network import Network

T = TypeVar("T")
# Transformed images are kept on the device between views up to this many bytes; beyond
# it each view makes them again, so memory stays bounded whatever the dataset's size.
KEEP_BYTES = 2**30
# Features are kept up to this many bytes, the latest first: 24 views of 50,000 images,
# 2,048 features each, would take ten GiB. What was dropped is run again if asked.
FEATURE_BYTES = 2**31


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What one forward pass over a dataset gives, on the CPU.

    Attributes
    ----------
    logits
        (n, k) float32 as the network computed them; None of an encoder.
    features
        By layer, (n, d) float32: what entered the head, pooled outputs of other layers.
    unfit
        Layers that give no features, and why.
    """

    logits: NDArray[np.float32] | None
    features: dict[str, NDArray[np.float32]]
    unfit: dict[str, str]


class Predictions:
    """Logits and features of one network on one dataset, computed when asked for.

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
    layers
        What will be asked for: every pass takes them along. Another layer costs a pass
        of its own.
    tell
        Shows how far a long pass is.
    under_way
        Keeps answers of a long pass on disk, for a run that is killed in it.
    kept
        Answers that are kept on disk for later runs: what lies there costs no forward
        pass, and no network is loaded for it.
    """

    def __init__(
        self,
        classifier: Callable[[], Network],
        dataset: Dataset,
        *,
        device: str = "cpu",
        batch_size: int = 128,
        limit: int | None = None,
        count: Callable[[float], None] = lambda seconds: None,
        known: NDArray[np.unsignedinteger] | None = None,
        shared: SharedImages | None = None,
        layers: Collection[str] = (),
        tell: Callable[[str], None] = lambda line: None,
        under_way: UnderWay | None = None,
        kept: KeptAnswers | None = None,
    ) -> None:
        self._tell = tell
        self._kept_answers = kept
        self._under_way = under_way
        self._network = classifier
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
        self._features: dict[tuple[View, str], NDArray[np.float32]] = {}
        self._layers = tuple(layers)
        self._unfit: dict[str, str] = {}
        self._blocks: list[torch.Tensor] | None = None

    def __len__(self) -> int:
        """Number of images."""
        return self._dataset.size(self._limit)

    def logits(self, view: View = IDENTITY) -> NDArray[np.float64]:
        """(n, k) float64 logits under a view.

        Raises
        ------
        UndefinedMetricError
            If the network is an encoder.
        """
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
        if view not in self._logits and self._kept_answers is not None:
            kept = self._kept_answers.predicted(view)
            if kept is not None:
                return kept.astype(np.int64)
        return np.asarray(self._view_logits(view).argmax(axis=1), dtype=np.int64)

    def confidence(
        self, view: View = IDENTITY, activation: str = Activation.SOFTMAX
    ) -> NDArray[np.float64]:
        """(n,) the probability of each predicted class, in float64.

        Parameters
        ----------
        view
            Of the images.
        activation
            "softmax", or "sigmoid": which probability it is.
        """
        if view not in self._logits and self._kept_answers is not None:
            kept = self._kept_answers.confidence(view, activation)
            if kept is not None:
                return kept
        return confidence(self.logits(view), activation)

    def features(self, view: View = IDENTITY, layer: str = HEAD) -> NDArray[np.float64]:
        """(n, d) float64 features under a view.

        Parameters
        ----------
        view
            Of the images.
        layer
            What enters the head of a classifier and what an encoder gives, by default;
            or the output of another layer, its maps averaged over positions, or pooled
            as ``-max`` or ``-grid`` at the end of its name say. See
            `harness.models.layers.pooled`.

        Raises
        ------
        UndefinedMetricError
            If the network has no such layer, or it gives no features.
        """
        if (view, layer) not in self._features:
            if reason := lacks(self._network(), layer):
                raise UndefinedMetricError(reason)
            if layer not in self._unfit:
                self._pass(view, layer, features=True)
        if layer in self._unfit:
            raise UndefinedMetricError(self._unfit[layer])
        return self._features[view, layer].astype(np.float64)

    def _view_logits(self, view: View) -> NDArray[np.float32]:
        if view not in self._logits and self._kept_answers is not None:
            kept = self._kept_answers.logits(view)
            if kept is not None:
                self._logits[view] = kept
        if view not in self._logits:
            network = self._network()
            if not isinstance(network, Classifier):
                raise UndefinedMetricError(no_logits(network.name))
            self._pass(view)
        return self._logits[view]

    def _pass(self, view: View, layer: str = HEAD, *, features: bool = False) -> None:
        if self._kept_answers is not None:
            self._kept_answers.count(view, features=features)
        start = time.perf_counter()
        try:
            found = self._run(view, layer)
        finally:
            self._count(time.perf_counter() - start)
        if found.logits is not None:
            # Numbers of one run are of the same answers, whatever is asked for later.
            self._logits.setdefault(view, found.logits)
            if self._kept_answers is not None:
                self._kept_answers.offer(view, self._logits[view])
        self._features |= {(view, name): f for name, f in found.features.items()}
        self._unfit |= found.unfit
        # Most metrics of features want those that enter the head for the images alone.
        stay = (IDENTITY, HEAD), (view, layer)
        others = [kept for kept in self._features if kept not in stay]
        while others and self._feature_bytes() > FEATURE_BYTES:
            del self._features[others.pop(0)]

    def _feature_bytes(self) -> int:
        return sum(features.nbytes for features in self._features.values())

    def _run(self, view: View, layer: str) -> Pass:
        import torch

        if self._device == "cpu":
            keep_freed_memory()
        network = self._network()
        wanted = dict.fromkeys((layer, HEAD, *self._layers))
        names = [
            name
            for name in wanted
            if (view, name) not in self._features and not lacks(network, name)
        ]
        tap = Tap(network, names)

        def forward(batch: torch.Tensor) -> Seen:
            with torch.inference_mode():
                return tap.see(lambda: self._answer(network, view, batch), len(batch))

        kept = self._kept(network, view, names)
        with tap:
            seen = self._told(network, view, forward, kept)
            result = _joined(seen, len(self), {layer, HEAD})
        if self._under_way is not None and kept is not None:
            self._under_way.remove_with(self, kept)
        self._check(result, network, view)
        return result

    def _kept(
        self, network: Network, view: View, layers: Collection[str]
    ) -> PassUnderWay | None:
        """Where blocks of a pass are kept until its answers are no longer needed."""
        if self._under_way is None or len(self) <= BLOCK:  # nothing to go on after
            return None
        return self._under_way.a_pass(
            self._what(network, view),
            len(self),
            network=network.fingerprint,
            precision=network.precision,
            dataset=self._dataset.fingerprint(),
            limit=self._limit,
            view=[view.turns, view.tiles, view.fit],
            layers=sorted(layers),
            device=self._device,
        )

    def _each(
        self, network: Network, forward: Callable[[torch.Tensor], T], start: int
    ) -> Iterator[T]:
        """Go through batches from a block on, several at a time where it is quicker."""
        import torch

        threads = min(torch.get_num_threads(), cores())
        many = len(self) >= 2 * threads * self._batch_size
        if self._device == "cpu" and threads > 1 and many and network.stateless:
            return side_by_side(forward, self._batches(start), threads)
        return map(forward, self._batches(start))

    def _told(
        self,
        network: Network,
        view: View,
        forward: Callable[[torch.Tensor], Seen],
        kept: PassUnderWay | None,
    ) -> Iterator[Seen]:
        """All batches, with a line every some seconds about how far they are.

        Those that a stopped run has left come first, whole blocks of them.
        """
        what, done, blocks = self._what(network, view), 0, 0
        for seen in kept.earlier() if kept is not None else ():
            done, blocks = done + seen.images, blocks + 1
            yield seen
        if done:
            self._tell(
                f"{what}: {done:,} of {len(self):,} images were answered by a run that "
                "was stopped"
            )
        fresh = self._each(network, forward, blocks)
        progress = Progress(f"{what}, images", len(self), self._tell, done=done)
        for seen in fresh if kept is None else kept.keep(fresh, blocks):
            yield seen
            progress.step(seen.images)

    def _what(self, network: Network, view: View) -> str:
        under = "" if view == IDENTITY else f" (view {view.name})"
        return f"{network.name} on {self._dataset.name}{under}"

    def _answer(
        self, network: Network, view: View, batch: torch.Tensor
    ) -> torch.Tensor:
        """(m, k) output for (m, c, h, w) uint8 images under a view."""
        images = network.normalise(view(batch))
        try:
            answer: torch.Tensor = network.network(images)
        except RuntimeError as error:
            if network.precision != "float32":
                raise ValueError(
                    f"model {network.name} cannot run in {network.precision}: "
                    f"{error}; choose --harness-precision float32"
                ) from error
            if images.shape[-2:] == batch.shape[-2:]:
                raise
            raise ValueError(
                f"model {network.name} cannot take the images of view {view.name}, "
                f"{tuple(images.shape[-2:])} instead of {tuple(batch.shape[-2:])}: "
                f"{error}; choose --harness-jigsaw-fit resize"
            ) from error
        return answer

    def _batches(self, start: int) -> Iterator[torch.Tensor]:
        import torch

        for block in self._images(start):
            yield from torch.split(block, self._batch_size)

    def _images(self, start: int) -> Iterator[torch.Tensor]:
        """Transformed uint8 blocks from one on, kept on the device if all fit."""
        if self._blocks is None and self._shared is not None:
            self._blocks = self._shared.find(self._images_key())
        if self._blocks is not None:
            yield from self._blocks[start:]
            return
        kept: list[torch.Tensor] = []
        size = 0
        keeps = self._keeps and not start
        for block in self._dataset.blocks(
            self._device, self._limit, self._network().geometry, start=start
        ):
            size += block.nbytes
            if keeps and size <= KEEP_BYTES:
                kept.append(block)
            else:
                kept.clear()
            yield block
        if keeps and size <= KEEP_BYTES:
            self._blocks = kept
            if self._shared is not None:
                self._shared.offer(self._images_key(), kept)

    def _images_key(self) -> Hashable:
        """What decides the blocks; a name may come again with other images."""
        geometry = self._network().geometry
        return self._dataset.fingerprint(), self._device, self._limit, geometry

    def _check(self, result: Pass, network: Network, view: View) -> None:
        where = f"model {network.name} on {self._dataset.name} (view {view.name})"
        if HEAD in result.unfit:
            raise ValueError(f"{result.unfit[HEAD]}, on {where}")
        if isinstance(network, Classifier):
            assert result.logits is not None
            expected = len(self), network.classes
            if result.logits.shape != expected:
                raise ValueError(
                    f"logits of {where} must have shape {expected}, "
                    f"got {result.logits.shape}; check the classifier's `classes`"
                )
            _check_finite("logits", result.logits, where)
        elif HEAD in result.features:  # else they were found so before
            _check_finite("features", result.features[HEAD], where)


def _check_finite(what: str, rows: NDArray[np.float32], where: str) -> None:
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(bad):
        raise ValueError(
            f"{what} of {where} must be finite, but {len(bad)} of {len(rows)} "
            f"images have nan or infinity, the first is image {bad[0]}; "
            "check the weights and the normalisation"
        )


def _joined(batches: Iterable[Seen], images: int, stay: Collection[str]) -> Pass:
    """All batches as one, with features of as many layers as there is room for.

    Parameters
    ----------
    images
        In all batches together.
    stay
        Layers that are kept in any case.
    """
    logits = _Rows(images)
    features: dict[str, _Rows] | None = None
    unfit: dict[str, str] = {}
    for seen in batches:
        if features is None:
            features = {name: _Rows(images) for name in _fitting(seen, images, stay)}
        if seen.answer is not None:
            logits.add(seen.answer)
        unfit |= seen.unfit
        for name, parts in features.items():
            if name in seen.features:
                parts.add(seen.features[name])
    return Pass(
        logits=logits.whole,
        features={
            name: parts.whole
            for name, parts in (features or {}).items()
            if name not in unfit and parts.whole is not None
        },
        unfit=unfit,
    )


class _Rows:
    """Rows of all batches, in one array from the first on.

    Kept one by one until the end, they would lie between the blocks that the layers of
    a network free, so that the next layers find no room there and memory grows.

    Parameters
    ----------
    images
        How many rows there should be.
    """

    def __init__(self, images: int) -> None:
        self._images = images
        self._array: NDArray[np.float32] | None = None
        self._filled = 0

    def add(self, part: torch.Tensor) -> None:
        """Those of one batch."""
        rows: NDArray[np.float32] = part.numpy()
        end = self._filled + len(rows)
        if self._array is None:
            self._array = np.empty((self._images, *rows.shape[1:]), dtype=np.float32)
        if self._array.shape[1:] != rows.shape[1:] or end > len(self._array):
            self._array = np.concatenate([self._array[: self._filled], rows])
        else:
            self._array[self._filled : end] = rows
        self._filled = end

    @property
    def whole(self) -> NDArray[np.float32] | None:
        """As many as came; None of none."""
        return None if self._array is None else self._array[: self._filled]


def _fitting(seen: Seen, images: int, stay: Collection[str]) -> list[str]:
    """Layers whose features of all images fit together, judged by the first batch."""
    found, room = [], float(FEATURE_BYTES)
    for name in sorted(seen.features, key=lambda name: name not in stay):
        features = seen.features[name]
        room -= features.nbytes * images / len(features)
        if name in stay or room >= 0:
            found.append(name)
    return found


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
    with lasting("torch"):
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
    if name != "auto":
        return name
    import torch

    if device == "cpu":
        # An older torch cannot say what units there are, and then stays in float32.
        units: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
        fast = any(units.get(unit, False) for unit in ("amx_bf16", "avx512_bf16"))
    elif device.startswith("cuda"):
        fast = torch.cuda.get_device_capability(device) >= (8, 0)
    else:
        fast = False
    return "bfloat16" if fast else "float32"
