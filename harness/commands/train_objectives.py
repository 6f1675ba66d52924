"""Options of `harness train` that are of one objective or another."""

from __future__ import annotations

import argparse
from dataclasses import fields, replace
from typing import Any

from harness.commands.arguments import typed
from harness.errors import HarnessError
from harness.models.pretext.options import PRETEXTS, split_name
from harness.models.published.sigmoids import SUFFIX as SIGMOIDS
from harness.models.recipe import Recipe
from harness.models.self_classifier.options import SUFFIX, SelfClassifier

#: "supervised" is what the pretext literature calls cross entropy of labels.
_LABELS = ("cross_entropy", "supervised")
_SIGMOID = "sigmoid"
OBJECTIVES = (*_LABELS, _SIGMOID, "self_classifier", *PRETEXTS)
_FLAG = argparse.BooleanOptionalAction


def add_objectives(parser: argparse.ArgumentParser) -> None:
    """Options of a Self-Classifier, and of pretext tasks."""
    own = parser.add_argument_group(
        "recipe of a Self-Classifier", "of models called NAME-selfclassifier"
    )
    own.add_argument(
        "--heads",
        type=typed(numbers),
        metavar="N,N",
        help="number of classes of each head",
    )
    own.add_argument(
        "--hidden",
        type=int,
        metavar="N",
        help="width of the projection, or between features and the answer of a task",
    )
    own.add_argument("--embedding", type=int, metavar="N", help="what the heads see")
    own.add_argument("--row-temperature", type=float, metavar="X")
    own.add_argument("--column-temperature", type=float, metavar="X")
    own.add_argument(
        "--prior",
        action=_FLAG,
        help="take classes to be equally likely (default); without, the network puts "
        "all images into one",
    )
    own.add_argument("--whole-views", type=int, metavar="N")
    own.add_argument("--local-views", type=int, metavar="N")
    own.add_argument("--local-size", type=int, metavar="PIXELS")
    own.add_argument("--zoom", type=typed(_two), metavar="X,X", help="of whole views")
    own.add_argument("--local-zoom", type=typed(_two), metavar="X,X")
    own.add_argument("--turn", type=float, metavar="DEGREES")
    own.add_argument("--moved", type=float, metavar="SHARE", help="of a side")
    own.add_argument(
        "--queue",
        type=int,
        metavar="N",
        help="embeddings among which nearest neighbours are looked for (default 0: "
        "none are)",
    )
    _add_pretexts(parser)


def _add_pretexts(parser: argparse.ArgumentParser) -> None:
    own = parser.add_argument_group(
        "recipe of a pretext task",
        "of models called NAME-rotation, -jigsaw, -context, -inpainting and "
        "-colorization; sizes are by default those of the base's images",
    )
    own.add_argument(
        "--all-turns",
        action=_FLAG,
        help="rotation: all four copies of an image in one batch (default)",
    )
    own.add_argument(
        "--grid", type=int, metavar="N", help="jigsaw: cells along a side, 2 or 3"
    )
    own.add_argument(
        "--permutations", type=int, metavar="N", help="jigsaw: orders of tiles"
    )
    own.add_argument(
        "--gap",
        type=int,
        metavar="PIXELS",
        help="jigsaw, context: between tiles or patches, against borders that fit",
    )
    own.add_argument(
        "--standardise",
        action=_FLAG,
        help="jigsaw: every tile with mean 0 and deviation 1 (default)",
    )
    own.add_argument(
        "--channel-shift",
        type=int,
        metavar="PIXELS",
        help="jigsaw: how far each channel of a tile is moved by itself",
    )
    own.add_argument(
        "--jitter",
        type=int,
        metavar="PIXELS",
        help="context: how far a patch is moved; jigsaw: 0 for tiles in the middle of "
        "their cells, by default they are anywhere in them",
    )
    own.add_argument(
        "--drop-colour",
        action=_FLAG,
        help="context: patches keep one channel (default)",
    )
    own.add_argument(
        "--resample",
        type=float,
        metavar="SHARE",
        help="context: of patches that are made smaller and brought back",
    )
    own.add_argument(
        "--resize",
        action=_FLAG,
        help="jigsaw, context: bring tiles and patches to the images' size (default)",
    )
    own.add_argument(
        "--side", type=int, metavar="PIXELS", help="inpainting: of what is taken out"
    )
    own.add_argument(
        "--anywhere",
        action=_FLAG,
        help="inpainting: take it out anywhere, not in the middle",
    )
    own.add_argument(
        "--overlap",
        type=int,
        metavar="PIXELS",
        help="inpainting: within its edge, that are shown and count more",
    )
    own.add_argument("--overlap-weight", type=float, metavar="X", help="how much more")
    own.add_argument(
        "--adversarial",
        type=float,
        metavar="SHARE",
        help="inpainting: part of the loss that is a discriminator's (default 0: "
        "there is none; published is .001)",
    )
    own.add_argument(
        "--cells", type=int, metavar="N", help="colorization: along a side"
    )
    own.add_argument(
        "--rebalance",
        action=_FLAG,
        help="colorization: rare colours count more (default)",
    )


def numbers(text: str) -> tuple[int, ...]:
    """Whole numbers parted by commas."""
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise ValueError(
            f"must be whole numbers parted by commas, such as 10,20, got {text!r}"
        ) from None


def _two(text: str) -> tuple[float, float]:
    try:
        low, high = map(float, text.split(","))
    except ValueError:
        raise ValueError(
            f"must be two numbers parted by a comma, such as 0.9,1.1, got {text!r}"
        ) from None
    return low, high


_KINDS: dict[str, Any] = {"selfclassifier": SelfClassifier, **PRETEXTS}
_NOT_ASKED = ("eps",)


def _names(kind: Any) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind) if f.name not in _NOT_ASKED)


def with_objective(arguments: argparse.Namespace, recipe: Recipe) -> Recipe:
    """The recipe with the options of its objective as they were given.

    Raises
    ------
    HarnessError
        If one was given that its objective does not have.
    """
    given = {
        name: value
        for kind in _KINDS.values()
        for name in _names(kind)
        if (value := getattr(arguments, name)) is not None
    }
    own = () if recipe.objective is None else _names(recipe.objective)
    for name in given:
        if name not in own:
            raise HarnessError(_stray(name, arguments.model, recipe))
    if "jitter" in given and getattr(recipe.objective, "task", "") == "jigsaw":
        if given["jitter"] != 0:
            raise HarnessError(
                f"--jitter of a jigsaw must be 0, got {given['jitter']}; leave it out "
                "for tiles that are anywhere in their cells, which --gap widens"
            )
        given["jitter"] = False
    if not given:
        return recipe
    assert recipe.objective is not None
    return replace(recipe, objective=replace(recipe.objective, **given))


def _stray(name: str, model: str, recipe: Recipe) -> str:
    """That an option is of another objective, and of which."""
    option = "--" + name.replace("_", "-")
    having = [kind for kind, options in _KINDS.items() if name in _names(options)]
    if recipe.objective is None:
        learned = recipe.loss.replace("_", " ")
    else:
        learned = getattr(recipe.objective, "task", "self_classifier")
    first = "self_classifier" if having[0] == "selfclassifier" else having[0]
    whose = "a Self-Classifier" if having[0] == "selfclassifier" else having[0]
    return (
        f"{option} is of {' and '.join([whose, *having[1:]])}, and {model} is trained "
        f"on {learned}; add --objective {first}"
    )


def model_of(arguments: argparse.Namespace) -> str:
    """The name of the model that is trained, with what its objective adds to it.

    Raises
    ------
    HarnessError
        If the name has another objective in it.
    """
    model: str = arguments.model
    asked: str | None = arguments.objective
    if asked is None:
        return model
    stem, task = split_name(model)
    if model.endswith(SUFFIX):
        stem, task = model.removesuffix(SUFFIX), "self_classifier"
    if model.endswith(SIGMOIDS):
        stem, task = model.removesuffix(SIGMOIDS), _SIGMOID
    if task and task != asked:
        raise HarnessError(
            f"--objective {asked} does not train {model}; write --model {stem}"
        )
    if asked in _LABELS or task:
        return model
    return model + SUFFIX if asked == "self_classifier" else f"{model}-{asked}"
