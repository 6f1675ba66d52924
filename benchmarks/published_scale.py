"""What the largest published runs would take, from a sample of their networks.

    python -m benchmarks.published_scale
    python -m benchmarks.published_scale --images 64

The study of 17 classifiers of CIFAR-10 on 2,400 interior and 2,329 exterior sets of
10,000 images, seven views each, and one classifier on ImageNet-C, 75 sets of 50,000.
Each network, with random weights, which are as fast as others, runs on a few random
images on one thread of this machine: images a second of processor time, and operations
an image as `torch.utils.flop_counter` counts those of convolutions and products. All
else is multiplied. Metrics, heads and the reading of images are not in it. The numbers
of GPUs are no measurements: operations, divided by what is assumed below.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from harness.models.entries import CIFAR10_ENTRIES, IMAGENET_ENTRIES
from harness.models.network import ready

VIEWS = 7
CIFAR_SETS, CIFAR_IMAGES = 2400 + 2329, 10_000
IMAGENET_SETS, IMAGENET_IMAGES = 75, 50_000
STUDY = (
    *("resnet20", "resnet32", "resnet44", "resnet56", "resnet110", "resnet1202"),
    *("chenyaofo-repvgg_a0", "chenyaofo-shufflenetv2_x1_0", "huyvnphan-mobilenet_v2"),
    *("huyvnphan-densenet121", "huyvnphan-densenet161", "huyvnphan-densenet169"),
    *("huyvnphan-inception_v3", "alexnet", "lenet5", "linear", "onebrain"),
)
# An assumption: a fifth of the 19.5 trillion operations a second in float32 that the
# data sheet of NVIDIA's A100 gives without tensor cores.
GPU = 0.2 * 19.5e12
GPUS = 100
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Speed:
    """Of a network: images a second of processor time, operations an image."""

    images: float
    operations: float


def main() -> None:
    """Time the networks, print a line each and the plans."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=32, help="a network's sample")
    images = parser.parse_args().images
    torch.set_num_threads(1)
    print(f"{'':28} images/s  GFLOP an image", flush=True)
    chosen = entries(CIFAR10_ENTRIES, STUDY)
    found = [timed(name, entry, 32, images) for name, entry in chosen]
    each = CIFAR_SETS * CIFAR_IMAGES * VIEWS
    print(f"the study: {len(STUDY)} models, {CIFAR_SETS:,} sets of {CIFAR_IMAGES:,}")
    cells = len(STUDY) * CIFAR_SETS
    print(f"groups {cells:,}, forward passes {cells * VIEWS:,}, images {17 * each:.3g}")
    decoded = cells * CIFAR_IMAGES * 3072
    print(f"pixels made or read {decoded / 1e12:.2f} TB, once a model and set")
    told(found, each, cells)
    (name, entry), *_ = entries(IMAGENET_ENTRIES, ("torchvision-resnet50-v2",))
    one = timed(name, entry, 224, max(2, images // 8))
    each = IMAGENET_SETS * IMAGENET_IMAGES
    print(f"ImageNet-C: {name}, {IMAGENET_SETS} sets of {IMAGENET_IMAGES:,}, one view")
    print(f"groups and passes {IMAGENET_SETS}, images {each:,}")
    print(f"pixels decoded {each * 224 * 224 * 3 / 1e12:.2f} TB")
    told([one], each, IMAGENET_SETS)


def entries(known, names):
    """Those of some names, in their order."""
    by_name = {entry.name: entry for entry in known}
    return [(name, by_name[name]) for name in names]


def timed(name, entry, side: int, images: int) -> Speed:
    """The best of three passes of a network over random images."""
    network = ready(entry.build_network().eval(), "cpu")
    batch = torch.rand(images, 3, side, side)
    with torch.inference_mode():
        with FlopCounterMode(display=False) as counter:
            network(batch[:2])
        best = min(_seconds(network, batch) for _ in range(3))
    speed = Speed(images / best, counter.get_total_flops() / 2)
    print(f"{name:28} {speed.images:8.1f} {speed.operations / 1e9:15.3f}", flush=True)
    return speed


def _seconds(network: torch.nn.Module, batch: torch.Tensor) -> float:
    start = time.process_time()
    network(batch)
    return max(time.process_time() - start, 1e-6)


def told(speeds: list[Speed], images: int, groups: int) -> None:
    """Hours of so many images of each network."""
    here = sum(images / speed.images for speed in speeds) / HOUR
    gpu = sum(images * speed.operations for speed in speeds) / GPU / HOUR
    slowest = max(images / speed.images for speed in speeds) / HOUR
    print(f"here, one core: {here:,.0f} h, of which one network {slowest:,.0f}")
    print(f"one GPU, calculated: {gpu:,.1f} h")
    # No part can be shorter than the longest group.
    longest = max(speed.operations for speed in speeds) * images * len(speeds) / groups
    shared = max(gpu / GPUS, longest / GPU / HOUR)
    print(f"{GPUS} GPUs, calculated: {shared:,.2f} h", flush=True)


if __name__ == "__main__":
    main()
