"""Train one of the simple models on a base's training images, from one seed or several.

    harness train --base cifar10 --model lenet5 --data-root DATA
    harness train --model linear --epochs 5 --out weights/fast.safetensors
    harness train --model lenet --networks 5 --workers 2

Weights, and a record of the classes that were predicted after every epoch, are kept
under --cache-dir by what decides them: network, recipe, seed, images and code. What is
there is not trained again; what was interrupted goes on after its last whole epoch, to
the same bits. Of one network the weights are also written to --out, where a run takes
them from --harness-weights-root; of several a run takes them from the cache.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.commands.arguments import a_path, add_settings, settings_of, typed
from harness.commands.train_objectives import (
    OBJECTIVES,
    add_objectives,
    model_of,
    numbers,
    with_objective,
)
from harness.errors import HarnessError, UnknownName
from harness.models.recipe import OPTIMISERS, SCHEDULES, Recipe
from harness.options import whole_number
from harness.settings import Settings

if TYPE_CHECKING:
    from harness.commands.train_workers import Order
    from harness.datasets.images import Images


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which model, and what to change in its recipe."""
    parser.add_argument("--model", required=True, metavar="NAME")
    add_settings(parser, "base", "data_root", "cache_dir", "download", "device")
    add_settings(parser, "train_seed", "seed")
    parser.add_argument(
        "--networks",
        type=typed(whole_number(1, 10_000)),
        default=1,
        metavar="N",
        help="how many, from the seed of training and the N - 1 that follow it "
        "(default 1)",
    )
    parser.add_argument(
        "--workers",
        type=typed(whole_number(1, 1024)),
        default=1,
        metavar="N",
        help="train so many at a time, each in a process with its share of the "
        "processor's threads, or with a GPU of its own where there are several "
        "(default 1)",
    )
    parser.add_argument(
        "--record",
        choices=("both", "test"),
        default="both",
        help="of which images the predicted classes are recorded after every epoch: "
        "both (default), those trained on and those of the test split; or test. Each "
        "costs a byte an epoch before compression, and a forward pass. What training "
        "images are given while they are met in an epoch is recorded beside the first",
    )
    parser.add_argument(
        "--record-logits",
        action="store_true",
        help="record logits too, as float16, of classifiers trained with labels: for "
        "data maps and margins",
    )
    parser.add_argument(
        "--out",
        type=a_path,
        metavar="FILE",
        help="the weights of one network (default: BASE-MODEL-trained.safetensors "
        "here, the name that runs look for)",
    )
    parser.add_argument(
        "--keep-epochs",
        type=typed(numbers),
        default=(),
        metavar="N,N",
        help="keep the weights as they are after these epochs too: of one network in "
        "files beside --out that end in -epochN.safetensors, which are run with "
        "--harness-model NAME?weights=FILE",
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
        "--warm-up",
        type=int,
        metavar="N",
        help="epochs in which the rate rises in a line before the schedule begins "
        "(default 0)",
    )
    recipe.add_argument(
        "--milestones",
        type=typed(numbers),
        metavar="N,N",
    )
    recipe.add_argument("--step-factor", type=float, metavar="X")
    recipe.add_argument("--final-learning-rate", type=float, metavar="X")
    recipe.add_argument("--nesterov", action=argparse.BooleanOptionalAction)
    recipe.add_argument("--shift", type=int, metavar="PIXELS")
    recipe.add_argument(
        "--room",
        type=int,
        metavar="PIXELS",
        help="of pictures of any size: crops at random, of pictures that are larger by "
        "so many pixels",
    )
    recipe.add_argument("--flip", action=argparse.BooleanOptionalAction)
    recipe.add_argument(
        "--label-noise",
        type=float,
        metavar="SHARE",
        help="about so many training images get a label drawn from all classes, once "
        "and the same for all networks (default 0)",
    )
    recipe.add_argument(
        "--noise-draws-true",
        action=argparse.BooleanOptionalAction,
        help="whether the true class may be drawn too, as published (default: yes)",
    )
    recipe.add_argument(
        "--images",
        type=int,
        metavar="N",
        help="learn from N of the training images, drawn evenly over them and the same "
        "for all networks (default: from all)",
    )
    parser.add_argument(
        "--objective",
        choices=OBJECTIVES,
        help="what is made small: cross_entropy with the labels (default), also "
        "called supervised; sigmoid, binary cross entropy of a question a class, for "
        "which any model's network can be trained; self_classifier, which sorts images "
        "into classes without labels; or a pretext task, for which any network can be "
        "trained too. The same as --model NAME-sigmoid, NAME-selfclassifier, "
        "NAME-rotation and so on",
    )
    add_objectives(parser)


_PROBED = 2000  # images that JPEG's lattice is looked for in
_CHANGEABLE = (
    "epochs",
    "batch_size",
    "optimiser",
    "learning_rate",
    "weight_decay",
    "momentum",
    "schedule",
    "warm_up",
    "milestones",
    "step_factor",
    "final_learning_rate",
    "nesterov",
    "shift",
    "room",
    "flip",
    "label_noise",
    "noise_draws_true",
    "images",
)


def run(arguments: argparse.Namespace) -> int:
    """Train with a progress bar; 0, or HarnessError."""
    from harness.answers.predictions import chosen_device
    from harness.commands.train_workers import Order, Progress, train_all
    from harness.models.processes import started
    from harness.models.trained_here import trained_filename
    from harness.report.text import Bar

    arguments.model = model_of(arguments)
    settings = settings_of(arguments)
    recipe = _recipe(arguments, settings)
    first = settings.training_seed
    order = Order(
        model=arguments.model,
        recipe=recipe,
        seeds=tuple(range(first, first + arguments.networks)),
        splits=("test", "train") if arguments.record == "both" else ("test",),
        settings=settings,
        kept=_kept(arguments.keep_epochs, recipe),
        logits=_logits(arguments, recipe),
    )
    out = _out(arguments, trained_filename(settings.base, arguments.model))

    def tell(text: str) -> None:
        print(f"harness: {text}", file=sys.stderr, flush=True)

    with started(chosen_device(settings.device)) as processes:
        if processes.count > 1 and arguments.workers > 1:
            raise HarnessError(
                f"torchrun has started {processes.count} processes that train every "
                "network together; leave --workers out"
            )
        if processes.rank:
            # The first one tells.
            unheard = Progress(arguments.networks, lambda *_: None, str)
            train_all(order, workers=1, progress=unheard, tell=str, processes=processes)
            return 0
        for seed in order.seeds:
            if (checkpoint := order.training(seed).checkpoint).exists():
                print(f"going on from {checkpoint}", flush=True)
        with Bar(f"{arguments.model} on {settings.base}") as bar:
            train_all(
                order,
                workers=arguments.workers,
                progress=Progress(arguments.networks, bar.move, bar.note),
                tell=lambda text: print(
                    f"harness: {text}", file=sys.stderr, flush=True
                ),
                processes=processes,
            )
    _show(order, out)
    return 0


def _kept(epochs: Iterable[int], recipe: Recipe) -> tuple[int, ...]:
    """Each once, in order; HarnessError if there is no such epoch."""
    found = tuple(sorted(set(epochs)))
    for epoch in found:
        if not 1 <= epoch <= recipe.epochs:
            raise HarnessError(
                f"--keep-epochs must be of the epochs 1 to {recipe.epochs}, got {epoch}"
            )
    return found


def _logits(arguments: argparse.Namespace, recipe: Recipe) -> bool:
    """Whether they are recorded; HarnessError where there are none of classes."""
    if arguments.record_logits and recipe.objective is not None:
        raise HarnessError(
            "--record-logits is of classifiers that are trained with labels; leave it "
            "or --objective out"
        )
    return bool(arguments.record_logits)


def _recipe(arguments: argparse.Namespace, settings: Settings) -> Recipe:
    """The model's own, as it was changed; HarnessError if there is none."""
    from harness.models.trained_here import trainable
    from harness.registry import Registry

    registry = Registry()
    if settings.base not in registry.bases:
        raise UnknownName("base", settings.base, registry.bases)
    base = registry.bases[settings.base]
    base.locate(settings)
    found = trainable(registry.trainable(base.name, arguments.model))
    assert found is not None
    recipe = replace(found[1].recipe, **_asked(arguments, _CHANGEABLE))
    return with_objective(arguments, recipe)


def _asked(arguments: argparse.Namespace, names: Iterable[str]) -> dict[str, Any]:
    """Of the recipe's fields those that were given, by name."""
    found = {name: getattr(arguments, name) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _out(arguments: argparse.Namespace, filename: str) -> Path | None:
    """Where the weights of one network go, looked at before they are trained."""
    out: Path | None = arguments.out
    if arguments.networks > 1:
        if out is not None:
            raise HarnessError(
                f"--out is of one network, got --networks {arguments.networks}; leave "
                "it out: they are kept under --cache-dir"
            )
        return None
    out = out or Path(filename)
    if out.suffix != ".safetensors":
        raise HarnessError(f"--out must end in .safetensors, got {out}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HarnessError(f"--out {out} cannot be made: {error}") from error
    return out


_RIGHT = {
    "": "test images right",
    "clusters": "test images right where each class found without labels is one of "
    "theirs (acc_hybrid)",
    "rotation": "test images turned back by the right number of quarter turns "
    "(chance 25%)",
    "jigsaw": "test images whose tiles are put in order",
    "context": "patches of test images put where they were (chance 12.5%)",
    "inpainting": "test images painted nearer to what they were than their mean is",
    "colorization": "test images whose colours are told better than by their shares "
    "in all images",
}


def _show(order: Order, out: Path | None) -> None:
    """Say how right they are and where they lie; write the weights of one."""
    from harness.artifacts import write_whole
    from harness.models.record import read_record

    for seed in order.seeds:
        training = order.training(seed)
        record = read_record(training.record)
        weights = out or training.weights
        if out is not None:
            write_whole(out, training.weights.read_bytes(), what="weights")
        for epoch in order.kept:
            kept = training.kept_weights(epoch)
            if out is not None:
                content = kept.read_bytes()
                kept = out.with_name(f"{out.stem}-epoch{epoch}.safetensors")
                write_whole(kept, content, what="weights of an epoch")
            print(f"weights after epoch {epoch}: {kept}")
        name = f"seed {seed}: " if out is None else ""
        print(
            f"{name}{record.accuracy_on('test')[-1]:.2%} of "
            f"{len(record.labels['test'])} "
            f"{_RIGHT['clusters' if record.has_clusters else record.task]}\n"
            f"weights: {weights}\nrecord of every epoch: {training.record}"
        )
        if record.task == "rotation":
            print(given_away(training.images("test")), end="")
    if out is not None:
        print(
            f"run it with --harness-models {order.model} "
            f"--harness-weights-root {out.parent.resolve()}"
        )


def given_away(images: Images) -> str:
    """A line where how images were saved tells of quarter turns; else nothing.

    Of images that say nothing half are told by accident: what is more by three
    standard errors is none.
    """
    from harness.tasks.jpeg_lattice import BLOCK, told_by_jpeg

    pixels = images.block(0, min(len(images), _PROBED))
    if min(pixels.shape[1:3]) < BLOCK:
        return ""
    told = float(told_by_jpeg(pixels).mean())
    if told <= 0.5 + 3 * (0.25 / len(pixels)) ** 0.5:
        return ""
    return (
        f"of {told:.1%} of {len(pixels)} test images JPEG's lattice tells quarter "
        "turns (by accident of half): how images were saved gives half of them away\n"
    )
