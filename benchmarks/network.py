"""What makes one forward pass faster, and what does not.

    python -m benchmarks.network
    python -m benchmarks.network --base cifar10 --model resnet20

Interleaved, the median of many calls each: freed memory kept, layout (channels last or
first), fusion of batch norms, whole batches side by side, batch sizes, bfloat16, and
`torch.compile` with the seconds it takes.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import time
from collections.abc import Callable

import torch

from benchmarks.setting import (
    add_setting,
    as_scripts_allocate,
    as_we_allocate,
    machine,
    run_of,
)
from harness.answers.threads import side_by_side
from harness.models.entry import ModelEntry
from harness.models.fusion import fused
from harness.models.network import lowered

Call = Callable[[], object]
RETURNED = "the network as it is"


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
    bare = entry.build_network().eval().requires_grad_(False).to(run.device)
    size = (run.base.size[2], *run.base.size[:2])
    usual = run.batch_size

    def images(batch: int, *, last: bool = True) -> torch.Tensor:
        kind = torch.channels_last if last else torch.contiguous_format
        drawn = torch.randn(batch, *size, device=run.device)
        return drawn.contiguous(memory_format=kind)

    def laid(network: torch.nn.Module) -> torch.nn.Module:
        return copy.deepcopy(network).to(memory_format=torch.channels_last)

    plain, folded = laid(bare), laid(fused(bare))
    rough = lowered(run.load_model(arguments.model), "bfloat16").network
    variants: dict[str, tuple[Call, int]] = {
        RETURNED: call(bare, images(usual, last=False)),
        "freed memory kept": call(bare, images(usual, last=False)),
        "and channels last": call(plain, images(usual)),
        "and batch norms folded": call(folded, images(usual)),
    }
    if run.device == "cpu" and torch.get_num_threads() > 1:
        variants["and batches side by side"] = beside(folded, images(usual))
    for batch in (usual // 4, usual // 2, 2 * usual, 8 * usual):
        variants[f"folded, batches of {batch}"] = call(folded, images(batch))
    variants["bfloat16"] = call(rough, images(usual).bfloat16())
    if arguments.compile:
        start = time.perf_counter()
        compiled = torch.compile(folded)
        with torch.inference_mode():
            compiled(images(usual))
        print(f"torch.compile: {time.perf_counter() - start:.1f} s")
        variants["folded and compiled"] = call(compiled, images(usual))
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    with torch.inference_mode():
        for work, _ in variants.values():
            work()
        for _ in range(arguments.repeats):
            for name, (work, n) in variants.items():
                if name == RETURNED:
                    as_scripts_allocate()
                start = time.perf_counter()
                work()
                if run.device.startswith("cuda"):
                    torch.cuda.synchronize()
                seconds[name].append((time.perf_counter() - start) / n)
                as_we_allocate()
    print(
        f"{machine(run)}; {arguments.model}, batches of {usual}, median (and best) of "
        f"{arguments.repeats}"
    )
    reference = statistics.median(seconds[RETURNED])
    for name, each in seconds.items():
        usually, best = statistics.median(each), min(each)
        print(
            f"{name:26} {1 / usually:7.0f} ({1 / best:.0f}) images/s "
            f"{reference / usually:5.2f}x"
        )


def call(
    network: Callable[[torch.Tensor], object], x: torch.Tensor
) -> tuple[Call, int]:
    """A forward pass to time, and of how many images."""
    return lambda: network(x), len(x)


def beside(network: torch.nn.Module, x: torch.Tensor) -> tuple[Call, int]:
    """Eight forward passes to time, each on one thread."""
    threads = torch.get_num_threads()

    def forward(batch: torch.Tensor) -> object:
        with torch.inference_mode():
            return network(batch)

    return lambda: list(side_by_side(forward, [x] * 8, threads)), 8 * len(x)


if __name__ == "__main__":
    main()
