"""This harness against a script per metric, on the same model, images and threads.

    python -m benchmarks.shared_forward
    python -m benchmarks.shared_forward --base cifar10 --model resnet20 --images 1000

Six metrics: accuracy, nuclear norm, rotation invariance, jigsaw invariance (4
permutations of a 2x2 grid), rotation prediction and jigsaw prediction, the last two
with the same heads. (a) is what such scripts do: each metric loads the data again,
makes every view image by image and runs the network on all that it needs, 64 images at
a time. (b) is `harness.answers.predictions` and `harness.metrics`. Both are timed
whole, interleaved; a hook around the network tells how much of (b) is spent in it.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as Listed
from torchvision.transforms import Normalize
from torchvision.transforms.functional import to_tensor

from benchmarks.setting import (
    add_setting,
    as_scripts_allocate,
    as_we_allocate,
    machine,
    run_of,
)
from harness.answers.predictions import Predictions
from harness.metrics.label_free.effective_invariance import (
    jigsaw_invariance,
    rotation_invariance,
)
from harness.metrics.label_free.nuclear_norm import nuclear_norm
from harness.metrics.label_free.pretext_prediction import (
    jigsaw_prediction,
    rotation_prediction,
)
from harness.models.classifier import Classifier
from harness.models.network import lowered
from harness.run import Run
from harness.tasks.rotation import ROTATION
from harness.tasks.task import Task
from harness.views import ROTATIONS

Values = dict[str, float]
HeadWeights = dict[str, NDArray[np.float32]]
SCRIPT_BATCH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What one way found, and what it cost."""

    values: Values
    seconds: float
    inside: float  # seconds in the network


def main() -> None:
    """Interleave the ways and print the ratio, the share and the differences."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_setting(parser, model="resnet")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument(
        "--precision",
        default="float32",
        choices=("float32", "bfloat16"),
        help="of the harness; the scripts stay in float32",
    )
    arguments = parser.parse_args()
    run = run_of(arguments)
    test = run.base.test(run.settings)
    n = min(arguments.images, len(test.pixels))
    heads = random_heads(run, arguments.model)

    def scripts() -> Trial:
        model = run.load_model(arguments.model)
        as_scripts_allocate()
        return script_way(model, run, n, heads)

    def ours() -> Trial:
        model = lowered(run.load_model(arguments.model), arguments.precision)
        as_we_allocate()
        return harness_way(model, run, n, heads)

    scripts(), ours()  # the first calls are slow
    slow, fast = [], []
    for _ in range(arguments.repeats):
        slow.append(scripts())
        fast.append(ours())
    ratios = [a.seconds / b.seconds for a, b in zip(slow, fast, strict=True)]
    share = statistics.median(b.inside / b.seconds for b in fast)
    print(
        f"{machine(run)}; {arguments.model}, {n} images, six metrics, "
        f"{len(ratios)} interleaved repeats\n"
        f"(a) a script per metric: {_rate(slow, n)}\n"
        f"(b) this harness, {arguments.precision}, batches of {run.batch_size}: "
        f"{_rate(fast, n)}\n"
        f"ratio: {statistics.median(ratios):.1f}x "
        f"({min(ratios):.1f} to {max(ratios):.1f}); "
        f"(b) is inside the network {share:.1%} of its time"
    )
    for name, value in fast[0].values.items():
        other = slow[0].values[name]
        print(f"  {name:20} {other:.6f} {value:.6f}  {abs(value - other):.1e}")
    print(f"largest difference: {_apart(slow[0].values, fast[0].values):.1e}")


def _rate(trials: list[Trial], n: int) -> str:
    median = statistics.median(trial.seconds for trial in trials)
    return f"{n / median:.0f} images/s ({median:.2f} s for all six)"


def _apart(one: Values, other: Values) -> float:
    return max(abs(one[name] - other[name]) for name in one)


def random_heads(run: Run, model: str) -> HeadWeights:
    """(t, d) weights of the two pretext heads; training has its own benchmark."""
    classifier = run.load_model(model)
    head = classifier.network.get_submodule(classifier.head)
    assert isinstance(head, torch.nn.Linear)
    rng = np.random.default_rng(0)
    shape = (4, head.in_features)
    return {
        name: rng.normal(size=shape).astype(np.float32)
        for name in ("rotation", "jigsaw")
    }


def timed(network: torch.nn.Module) -> Callable[[], float]:
    """Count the seconds inside a network, the copy of its answer included.

    Where it is run on several batches at a time, one a thread, it is the threads' mean.
    """
    started: dict[int, float] = {}
    alone, together = [0.0], [0.0]
    main = threading.main_thread()

    def begin(_module: torch.nn.Module, _inputs: object) -> None:
        started[threading.get_ident()] = time.perf_counter()

    def end(_module: torch.nn.Module, _inputs: object, answer: torch.Tensor) -> None:
        if answer.is_cuda:
            torch.cuda.synchronize()
        where = alone if threading.current_thread() is main else together
        where[0] += time.perf_counter() - started[threading.get_ident()]

    network.register_forward_pre_hook(begin)
    network.register_forward_hook(end)
    return lambda: alone[0] + together[0] / torch.get_num_threads()


# --- (b) ------------------------------------------------------------------------------


def harness_way(classifier: Classifier, run: Run, n: int, heads: HeadWeights) -> Trial:
    """Every view once, shared by all metrics."""
    inside = timed(classifier.network)
    start = time.perf_counter()
    dataset = run.datasets["test"]
    seen = Predictions(
        lambda: classifier,
        dataset,
        device=run.device,
        batch_size=run.batch_size,
        limit=n,
    )
    probs = seen.probs()
    moved = [view for view in run.task("jigsaw").views if view.moves]
    labels = dataset.labels(n)
    assert labels is not None

    def asked(task: Task) -> NDArray[np.float64]:
        weight = heads["rotation" if task is ROTATION else "jigsaw"]
        return np.stack([seen.features(view) @ weight.T for view in task.views])

    values = {
        "accuracy": float((seen.predicted() == labels).mean()),
        "nuclear norm": nuclear_norm(probs),
        "rotation invariance": rotation_invariance(probs, seen.view_probs(ROTATIONS)),
        "jigsaw invariance": jigsaw_invariance(probs, seen.view_probs(moved)),
        "rotation prediction": rotation_prediction(asked(ROTATION)),
        "jigsaw prediction": jigsaw_prediction(asked(run.task("jigsaw"))),
    }
    seconds = time.perf_counter() - start
    return Trial(values=values, seconds=seconds, inside=inside())


# --- (a) ------------------------------------------------------------------------------


class Pictures(Listed[tuple[torch.Tensor, int]]):
    """The test images one by one, changed and normalised, as scripts have them."""

    def __init__(
        self,
        classifier: Classifier,
        run: Run,
        n: int,
        change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]],
    ) -> None:
        test = run.base.test(run.settings)
        assert test.labels is not None
        self.pixels, self.labels = np.array(test.pixels[:n]), test.labels[:n]
        self.change = change
        self.normalise = Normalize(classifier.mean, classifier.std)

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        picture = np.ascontiguousarray(self.change(self.pixels[index]))
        return self.normalise(to_tensor(picture)), int(self.labels[index])


def turned(turns: int) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]]:
    """Rotate one image by quarter turns."""
    return lambda picture: np.rot90(picture, turns)


def jigsawed(
    tiles: tuple[int, ...],
) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]]:
    """Permute one image's four tiles."""

    def change(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        half = len(picture) // 2
        cut = [
            picture[y : y + half, x : x + half] for y in (0, half) for x in (0, half)
        ]
        a, b, c, d = (cut[tile] for tile in tiles)
        return np.vstack([np.hstack([a, b]), np.hstack([c, d])])

    return change


def script_way(classifier: Classifier, run: Run, n: int, heads: HeadWeights) -> Trial:
    """One loop a metric, one after the other."""
    network = classifier.network.to(memory_format=torch.contiguous_format)
    inside = timed(network)
    caught: list[torch.Tensor] = []
    network.get_submodule(classifier.head).register_forward_pre_hook(
        lambda _module, inputs: caught.append(inputs[0].flatten(1))
    )

    def passes(
        change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]],
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        """Logits, features and labels, batch by batch."""
        pictures = Pictures(classifier, run, n, change)
        for x, y in DataLoader(pictures, batch_size=SCRIPT_BATCH):
            caught.clear()
            with torch.no_grad():
                logits = network(x.to(run.device)).cpu()
            yield logits, caught[0].cpu(), y

    def softmaxes(change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]) -> object:
        return torch.cat([z.softmax(1) for z, _, _ in passes(change)])

    def invariance(
        changes: list[Callable[[NDArray[np.uint8]], NDArray[np.uint8]]],
    ) -> float:
        plain = softmaxes(turned(0))
        means = []
        for change in changes:
            other = softmaxes(change)
            (p, y), (q, z) = plain.max(1), other.max(1)  # type: ignore[attr-defined]
            means.append(float(((y == z) * (p * q).sqrt()).double().mean()))
        return statistics.mean(means)

    def asked(
        changes: list[Callable[[NDArray[np.uint8]], NDArray[np.uint8]]], name: str
    ) -> float:
        weight = torch.from_numpy(heads[name])
        right = 0
        for label, change in enumerate(changes):
            for _, features, _ in passes(change):
                right += int(((features @ weight.T).argmax(1) == label).sum())
        return right / (len(changes) * n)

    turns = [turned(k) for k in range(4)]
    jigsaws = [
        jigsawed(view.tiles or (0, 1, 2, 3)) for view in run.task("jigsaw").views
    ]
    start = time.perf_counter()
    right = sum(int((z.argmax(1) == y).sum()) for z, _, y in passes(turned(0)))
    matrix = softmaxes(turned(0))
    k = len(run.base.classes)
    norm = torch.linalg.matrix_norm(matrix, "nuc")  # type: ignore[arg-type]
    values = {
        "accuracy": right / n,
        "nuclear norm": float(norm) / (n * min(n, k)) ** 0.5,
        "rotation invariance": invariance(turns[1:]),
        "jigsaw invariance": invariance(jigsaws[1:]),
        "rotation prediction": asked(turns, "rotation"),
        "jigsaw prediction": asked(jigsaws, "jigsaw"),
    }
    seconds = time.perf_counter() - start
    return Trial(values=values, seconds=seconds, inside=inside())


if __name__ == "__main__":
    main()
