"""Accuracy of a model on data without labels, predicted from label-free metrics.

    harness predict --model resnet20 --data photos --harness-base cifar10
    harness predict --model my_code.py:network --data photos --at-least 0.8
    harness predict --model resnet --data photos --label-next list.csv
    harness predict --model resnet --data photos --labels list.csv

The model is measured on the base's test split, on transformed copies of it, a quarter
from each of four pools of transformations, and on the data. Estimates of accuracy are
corrected by what the copies tell and combined; the interval is as wide as forecasts of
whole kinds of transformation needed that the fit had not seen. Where nothing like the
data was seen, it says so.

Options of pytest may follow; the exit status is 1 where --at-least is missed.
"""

from __future__ import annotations

import argparse

from harness.commands.running import run_pytest
from harness.errors import HarnessError
from harness.options import OWN_FACTS
from harness.queries import split_query

PASSES_ON = True
# More kinds of shift in the fit, and so a better forecast of the next kind.
POOLS = ("interior", "interior-a", "interior-b", "interior-c")
_MOST = 20_000 * len(POOLS)  # --harness-interior is of each pool
# Of networks, or of weights alone, whose refusal says what to write.
FILES = (".pt2", ".onnx", ".pt", ".pth", ".safetensors", ".ckpt")
_SUITE = "harness.commands.predict_suite"
_CHOICE = "harness.commands.predict_metrics"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which model, which data, how much work."""
    parser.add_argument(
        "--model",
        required=True,
        action="append",
        help="a name of `harness list models`, or what --harness-model takes "
        "(repeatable)",
    )
    parser.add_argument(
        "--data",
        required=True,
        action="append",
        metavar="FOLDER",
        help="images: data.npy at any depth, or PNG and JPEG pictures (repeatable); "
        "labels that lie there are not looked at",
    )
    parser.add_argument(
        "--interior",
        type=int,
        default=40,
        metavar="N",
        help="transformed copies of the test split to fit on, a quarter from each of "
        "four pools, rounded up to a multiple of four: of 5 there are 8 (default 40); "
        "0 to take an estimate as it is, which is weaker",
    )
    parser.add_argument(
        "--metrics",
        metavar="NAMES",
        help="names joined by commas (default: those that need one forward pass and "
        "little time)",
    )
    parser.add_argument(
        "--label-next",
        metavar="FILE",
        help="write as CSV which images to label next, drawn at random, as many as the "
        "headline says",
    )
    parser.add_argument(
        "--labels",
        metavar="FILE",
        help="that file with its column `label` filled in: the headline is then of "
        "the labels too",
    )
    parser.add_argument(
        "--at-least",
        metavar="SHARE",
        help="fail unless the low end of the forecast of every model and folder, all "
        "metrics combined, reaches this accuracy, such as 0.8 or 80%%; labels that are "
        "given do not change it",
    )


def run(arguments: argparse.Namespace) -> int:
    """Start pytest on a suite of the chosen metrics."""
    for option in ("model", "data", "metrics", "label_next", "labels"):
        texts = getattr(arguments, option)
        for text in texts if isinstance(texts, list) else [texts]:
            if text is not None and not text.strip():
                name = option.replace("_", "-")
                raise HarnessError(f"--{name} must not be empty, got {text!r}")
    command = [
        "--pyargs",  # and so the conftest of this folder is heard
        _SUITE,
        *("-p", _CHOICE),
        "-q",
        "--no-header",
        "-p",
        "no:cacheprovider",
        "--rootdir=.",
        *_interior(arguments.interior),
        "--harness-report=short",
    ]
    names = [m for m in arguments.model if not _is_own(m)]
    if names:
        command.append(f"--harness-models={','.join(names)}")
    command += [f"--harness-model={m}" for m in arguments.model if _is_own(m)]
    command += [f"--harness-data={_as_target(one)}" for one in arguments.data]
    for option in ("label_next", "labels"):
        if path := getattr(arguments, option):
            command.append(f"--harness-{option.replace('_', '-')}={path}")
    if arguments.metrics:
        command.append(f"--predict-metrics={arguments.metrics}")
    if arguments.at_least is not None:
        command.append(f"--harness-gate={_gate(arguments.at_least)}")
    return run_pytest(*command, *arguments.pytest)


def _as_target(folder: str) -> str:
    """The folder of --data with its role; HarnessError names what was typed."""
    try:
        _, facts = split_query(folder, OWN_FACTS)
    except ValueError as error:
        raise HarnessError(f"--data {error}") from None
    if "role" not in facts:
        return f"{folder}{'&' if facts else '?'}role=target"
    if facts["role"] != "target":
        raise HarnessError(
            f"--data must have no role but target, whose accuracy is predicted, got "
            f"{folder!r}; leave role={facts['role']} out, or run pytest with "
            "--harness-data"
        )
    return folder


def _interior(sets: int) -> list[str]:
    """The options that ask for so many sets, a quarter from each pool, rounded up.

    HarnessError names a number that cannot be.
    """
    if not 0 <= sets <= _MOST:
        raise HarnessError(f"--interior must be 0 to {_MOST:,}, got {sets}")
    if sets == 0:
        return ["--harness-families=test"]
    families = ",".join(("test", *POOLS))
    return [
        f"--harness-families={families}",
        f"--harness-interior={-(-sets // len(POOLS))}",
    ]


def _gate(share: str) -> str:
    """The gate of --at-least; HarnessError if it is no share of 1."""
    from harness.analysis.gates import parse

    gate = f"predicted accuracy on * >= {share}"
    try:
        parse(gate)
    except ValueError:
        raise HarnessError(
            f"--at-least must be a share such as 0.8 or 80%, got {share!r}"
        ) from None
    return gate


def _is_own(model: str) -> bool:
    """Whether it is a specification of --harness-model and no registered name."""
    target = model.partition("?")[0]
    return ":" in target or target.endswith(FILES)
