"""Train one of the simple models on a base's training images.

    harness train --base cifar10 --model lenet5 --data-root DATA
    harness train --model linear --epochs 5 --out weights/fast.safetensors

It writes three files: the weights, which a run takes from --harness-weights-root; a
checkpoint after every epoch, from which an interrupted training goes on to the same
bits; and a record of which images were right after which epoch, `right_train` and
`right_test`, (epochs, n) truth values in an .npz file, in the order of the images.
"""

from __future__ import annotations

import argparse
import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.commands.arguments import a_path, add_settings, settings_of
from harness.errors import HarnessError, UnknownName
from harness.models.recipe import OPTIMISERS, SCHEDULES, Recipe

if TYPE_CHECKING:
    from harness.models.entry import ModelEntry


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which model, and what to change in its recipe."""
    parser.add_argument("--model", required=True, metavar="NAME")
    add_settings(parser, "base", "data_root", "download", "device", "train_seed", "seed")
    parser.add_argument(
        "--out",
        type=a_path,
        metavar="FILE",
        help="the weights (default: BASE-MODEL-trained.safetensors here, the name that "
        "runs look for)",
    )
    recipe = parser.add_argument_group(
        "recipe", "each model has its own; these change it"
    )
    recipe.add_argument("--epochs", type=int, metavar="N")
    recipe.add_argument("--batch-size", type=int, metavar="N")
    recipe.add_argument("--optimiser", choices=OPTIMISERS)
    recipe.add_argument("--learning-rate", type=float, metavar="X")
    recipe.add_argument("--weight-decay", type=float, metavar="X")
    recipe.add_argument("--momentum", type=float, metavar="X")
    recipe.add_argument("--schedule", choices=SCHEDULES)
    recipe.add_argument(
        "--milestones",
        type=lambda text: tuple(int(part) for part in text.split(",")),
        metavar="N,N",
    )
    recipe.add_argument("--shift", type=int, metavar="PIXELS")
    recipe.add_argument("--flip", action=argparse.BooleanOptionalAction)


_CHANGEABLE = (
    "epochs",
    "batch_size",
    "optimiser",
    "learning_rate",
    "weight_decay",
    "momentum",
    "schedule",
    "milestones",
    "shift",
    "flip",
)


def run(arguments: argparse.Namespace) -> int:
    """Train with a progress bar; 0, or HarnessError."""
    import numpy as np

    from harness.answers.predictions import chosen_device
    from harness.artifacts import write_whole
    from harness.models.entry import trained_filename, training_identity
    from harness.models.training import Epoch, train
    from harness.models.weights import save_weights
    from harness.registry import Registry
    from harness.report.text import Bar

    settings = settings_of(arguments)
    registry = Registry()
    if settings.base not in registry.bases:
        raise UnknownName("base", settings.base, registry.bases)
    base = registry.bases[settings.base]
    base.locate(settings)
    trainable = {
        name: found
        for name in registry.models_of(base.name)
        if (found := _trainable(registry.model(base.name, name)))
    }
    if arguments.model not in trainable:
        raise UnknownName("trainable model", arguments.model, trainable)
    entry, recipe = trainable[arguments.model]
    changes = {
        name: value
        for name in _CHANGEABLE
        if (value := getattr(arguments, name)) is not None
    }
    recipe = replace(recipe, **changes)
    out: Path = arguments.out or Path(trained_filename(base.name, entry.name))
    if out.suffix != ".safetensors":
        raise HarnessError(f"--out must end in .safetensors, got {out}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HarnessError(f"--out {out} cannot be made: {error}") from error
    checkpoint = out.with_suffix(".checkpoint")
    images, tests = base.train(settings), base.test(settings)
    if checkpoint.exists():
        print(f"going on from {checkpoint}")
    with Bar(f"{entry.name} on {base.name}") as bar:

        def each_epoch(epoch: Epoch) -> None:
            bar.note(str(epoch))

        trained = train(
            entry.build_network,
            images,
            recipe,
            mean=entry.mean,
            std=entry.std,
            seed=settings.training_seed,
            device=chosen_device(settings.device),
            watch={"train": images, "test": tests},
            checkpoint=checkpoint,
            identity=training_identity(entry, base, recipe, settings),
            each_epoch=each_epoch,
            each_step=bar.move,
        )
    save_weights(trained.network, out)
    record = out.with_suffix(".record.npz")
    rows = {f"right_{name}": found for name, found in trained.right.items()}
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **rows)
    write_whole(record, content.getvalue(), what="record")
    right = trained.right["test"][-1]
    print(
        f"{right.mean():.2%} of {len(right)} test images right\n"
        f"weights: {out}\nrecord of every epoch: {record}\n"
        f"run it with --harness-models {entry.name} "
        f"--harness-weights-root {out.parent.resolve()}"
    )
    return 0


def _trainable(entry: object) -> tuple[ModelEntry, Recipe] | None:
    """An entry with its recipe, if it has one."""
    from harness.models.entry import FirstOf, ModelEntry, TrainedHere

    if not isinstance(entry, ModelEntry):
        return None
    weights = entry.weights
    sources = weights.sources if isinstance(weights, FirstOf) else (weights,)
    for source in sources:
        if isinstance(source, TrainedHere):
            return entry, source.recipe
    return None
