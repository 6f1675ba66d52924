"""Uses: what each kind of set is for, in a sentence, by the traits of its datasets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PERTURBED = "One image, perturbed a little more from frame to frame: stability."
_BY_SOURCE = {
    "imagenet-v2": "New images, chosen as the validation set's were: the proxy of a "
    "test set. Choose by it rather than by the validation set.",
    "imagenet-sketch": "Drawings without colour and texture: whether shape is enough.",
    "imagenet-a": "Photographs that a ResNet-50 got wrong: robustness to what is rare "
    "in nature. A ResNet-50 itself is near 0 by construction.",
    "imagenet-r": "Art, toys, graffiti of the classes: robustness to how things are "
    "rendered.",
    "imagenet-c": "Corruptions that nothing was trained on: mCE by AlexNet's errors.",
    "imagenet-p": _PERTURBED,
    "cifar10-p": _PERTURBED,
    "imagenet-o": "Images of no class: whether a network can reject. Read it against "
    "chance, which goes with how many images are outside.",
    "tiny-images": "New images, collected as CIFAR-10's were: the proxy of a test set.",
}
_REAL = (
    "The validation images with reassessed labels: for the end, where the first "
    "labels' own errors are what is left."
)
_SAME = (
    "What models were chosen by: a gain within the interval is none, and a larger one "
    "should show on a new test set."
)
_CORRUPTED = "Corruptions that nothing was trained on."
_MADE = (
    "Made in memory and no published files: numbers are another set's, never to be put "
    "beside published ones."
)
_ELSEWHERE = "Collected elsewhere: a shift that nobody designed."


def use_of(traits: Mapping[str, Any]) -> str:
    """What a set is for.

    Examples
    --------
    >>> use_of({"source": "tiny-images", "split": "test"}).partition(":")[2]
    ' the proxy of a test set.'
    >>> use_of({"source": "mnist", "split": "test"})
    'Collected elsewhere: a shift that nobody designed.'
    """
    source = str(traits.get("source", ""))
    if "perturbation" in traits and "made" in traits:
        return f"{_PERTURBED} {_MADE}"
    if "corruption" in traits and source != "imagenet-c":
        return f"{_CORRUPTED} {_MADE}" if "made" in traits else _CORRUPTED
    if source in _BY_SOURCE:
        return _BY_SOURCE[source]
    if traits.get("labels") == "real":
        return _REAL
    if "classes" in traits:
        return f"The clean partner of {traits['classes']}: same classes, same mask."
    return _SAME if traits.get("split") == "test" and not source else _ELSEWHERE
