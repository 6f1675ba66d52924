"""What makes one forward pass faster, and what does not.

    python -m benchmarks.network
    python -m benchmarks.network --base cifar10 --model resnet20

Interleaved, the best of many calls each: layout (channels last or first), fusion of
batch norms, bfloat16, batch sizes, and `torch.compile` with the seconds it takes.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Callable

import torch

from benchmarks.setting import add_setting, machine, run_of
from harness.models.classifier import lowered
from harness.models.entry import ModelEntry
from harness.models.fusion import fused

Call = Callable[[], object]


def main() -> None:
    """Print images per second of each variant, and its ratio to the plain network."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_setting(parser, model="resnet")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--compile", action="store_true", help="also torch.compile")
    arguments = parser.parse_args()
    run = run_of(arguments)
    entry = run.registry.model(run.base.name, arguments.model)
    assert isinstance(entry, ModelEntry)
    classifier = run.load_model(arguments.model)
    bare = entry.build_network().eval().requires_grad_(False).to(run.device)
    size = (run.base.size[2], *run.base.size[:2])
    usual = run.batch_size

    def images(batch: int, *, last: bool = True) -> torch.Tensor:
        kind = torch.channels_last if last else torch.contiguous_format
        drawn = torch.randn(batch, *size, device=run.device)
        return drawn.contiguous(memory_format=kind)

    def laid(network: torch.nn.Module) -> torch.nn.Module:
        return copy.deepcopy(network).to(memory_format=torch.channels_last)

    plain, quick = laid(bare), laid(fused(bare))
    rough = lowered(run.load_model(arguments.model), "bfloat16").network
    variants: dict[str, tuple[Call, int]] = {
        f"plain, channels first, {usual}": call(bare, images(usual, last=False)),
        f"plain, channels last, {usual}": call(plain, images(usual)),
    }
    for batch in sorted({usual // 4, usual // 2, usual, 2 * usual, 8 * usual}):
        variants[f"fused, channels last, {batch}"] = call(quick, images(batch))
    variants[f"as the harness runs it, {usual}"] = call(
        classifier.network, images(usual)
    )
    variants[f"bfloat16, {usual}"] = call(rough, images(usual).bfloat16())
    if arguments.compile:
        start = time.perf_counter()
        compiled = torch.compile(quick)
        with torch.inference_mode():
            compiled(images(usual))
        print(f"torch.compile: {time.perf_counter() - start:.1f} s")
        variants[f"fused and compiled, {usual}"] = call(compiled, images(usual))
    best = dict.fromkeys(variants, float("inf"))
    with torch.inference_mode():
        for work, _ in variants.values():
            work()
        for _ in range(arguments.repeats):
            for name, (work, n) in variants.items():
                start = time.perf_counter()
                work()
                if run.device.startswith("cuda"):
                    torch.cuda.synchronize()
                best[name] = min(best[name], (time.perf_counter() - start) / n)
    print(f"{machine(run)}; {arguments.model}, best of {arguments.repeats}")
    reference = best[f"plain, channels first, {usual}"]
    for name, seconds in best.items():
        print(f"{name:32} {1 / seconds:8.0f} images/s {reference / seconds:5.2f}x")


def call(
    network: Callable[[torch.Tensor], object], x: torch.Tensor
) -> tuple[Call, int]:
    """A forward pass to time, and of how many images."""
    return lambda: network(x), len(x)


if __name__ == "__main__":
    main()
