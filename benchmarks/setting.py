"""What every benchmark needs: a base, a model and the machine's own words."""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from pathlib import Path

from harness.answers.allocator import KEPT, set_thresholds
from harness.errors import HarnessError
from harness.registry import Registry
from harness.run import Run
from harness.settings import Settings


def add_setting(parser: argparse.ArgumentParser, *, model: str) -> None:
    """The options that say what to measure on; folders as `pytest --harness-...`."""
    parser.add_argument(
        "--base", default="digits", help="digits (bundled, default) or cifar10"
    )
    parser.add_argument("--model", default=model, help=f"default {model}")
    for name in ("data-root", "weights-root"):
        variable = "HARNESS_" + name.replace("-", "_").upper()
        parser.add_argument(
            f"--{name}", default=os.environ.get(variable), help=f"or ${variable}"
        )
    parser.add_argument("--device", default="auto")


def run_of(arguments: argparse.Namespace) -> Run:
    """The run that the arguments describe; nothing that it measures is kept."""
    from platformdirs import user_cache_path

    settings = Settings(
        base=arguments.base,
        models=(arguments.model,),
        data_root=arguments.data_root and Path(arguments.data_root),
        weights_root=arguments.weights_root and Path(arguments.weights_root),
        device=arguments.device,
        cache_dir=user_cache_path("harness", appauthor=False),
        store=Path(tempfile.gettempdir()) / "harness-benchmark",
    )
    run = Run(settings, Registry(), tell=lambda text: print(text, flush=True))
    try:
        run.check()
    except HarnessError as error:
        raise SystemExit(str(error)) from None
    return run


def machine(run: Run) -> str:
    """Where it ran, for the line that the numbers stand in."""
    import torch

    if run.device.startswith("cuda"):
        where = torch.cuda.get_device_name()
    else:
        where = f"{torch.get_num_threads()} threads of {_processor()}"
    return f"torch {torch.__version__.partition('+')[0]}, {where}"


def as_scripts_allocate(largest: int = 64 * 16 * 32 * 32 * 4) -> None:
    """Let the C library return freed memory where it does by itself.

    glibc settles at the largest block that was freed, in bytes, here the output of
    ResNet-20's first layer for 64 images; returns the heap's end above twice that.
    """
    page = 4096
    set_thresholds(largest + page, 2 * (largest + page))


def as_we_allocate() -> None:
    """Let it keep the memory, as the harness does."""
    set_thresholds(KEPT, KEPT)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = [line for line in lines if line.startswith("model name")]
    return named[0].partition(":")[2].strip() if named else platform.machine()
