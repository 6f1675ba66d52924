"""A dry run of a classifier: what it takes and gives, and where its features are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError, UnknownName
from harness.models.classifier import ready

if TYPE_CHECKING:
    import torch

    from harness.datasets.family import Base

# A black image and a ramp: two rows tell a batch from a single image, and chance makes
# no network's outputs of both sum to one.
IMAGES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """What a dry run showed.

    Attributes
    ----------
    head
        Dotted name of the layer that features enter; empty if none was found.
    channels_last
        Whether the network takes images in channels-last memory.
    """

    head: str
    channels_last: bool


@dataclass(slots=True)
class _Call:
    """What entered and left a layer, and how often it ran."""

    runs: int = 0
    inputs: Any = None
    output: Any = None


def probe(network: torch.nn.Module, base: Base, *, name: str, head: str = "") -> Probed:
    """Run a network on two made images of the base's size, on the processor.

    Parameters
    ----------
    network
        Put into eval mode and frozen by this.
    base
        Decides the size of the images and the number of classes.
    name
        Of the model, for messages.
    head
        Dotted name of the head; empty to look for the last `torch.nn.Linear` that runs
        once and whose output is the network's.

    Raises
    ------
    HarnessError
        If the network cannot take the images, or gives anything but finite logits of
        the base's classes, or `head` is no layer that runs once on every image.
    """
    import torch

    layers = dict(network.named_modules())
    if head and head not in layers:
        raise UnknownName(f"head of model {name}", head, _linear(network) or layers)
    watched = [head] if head else _linear(network)
    failure: Exception | None = None
    # Networks that call `view` take no channels-last memory, and there are many.
    for channels_last in (True, False):
        ready(network, "cpu", channels_last=channels_last)
        images = _images(base)
        if channels_last:
            # A copy: grey images would keep the strides of the usual order.
            images = images.clone(memory_format=torch.channels_last)
        try:
            with torch.inference_mode(), _watch(layers, watched) as calls:
                output = network(images)
        except Exception as error:  # the user's code may raise anything
            failure = failure or error
            continue
        _check_output(output, base, name)
        found = _head(output, calls, head, name)
        return Probed(head=found, channels_last=channels_last)
    reason = str(failure).partition("\n")[0] or type(failure).__name__
    height, width, channels = base.size
    raise HarnessError(
        f"model {name} must take images of base {base.name}, a batch of shape "
        f"(n, {channels}, {height}, {width}), but running it failed: {reason}; choose "
        "its base with --harness-base, or resize or repeat channels in a factory"
    ) from failure


def _linear(network: torch.nn.Module) -> list[str]:
    import torch

    modules = network.named_modules()
    return [name for name, part in modules if isinstance(part, torch.nn.Linear)]


def _images(base: Base) -> torch.Tensor:
    import torch

    height, width, channels = base.size
    shape = (1, channels, height, width)
    ramp = torch.linspace(0, 1, channels * height * width).view(shape)
    return torch.cat([torch.zeros(shape), ramp])


@contextmanager
def _watch(
    layers: dict[str, torch.nn.Module], names: list[str]
) -> Iterator[dict[str, _Call]]:
    calls: dict[str, _Call] = {}
    hooks = []

    def note(name: str) -> Any:
        def hook(_layer: torch.nn.Module, inputs: Any, output: Any) -> None:
            # Those that ran last stand last, whatever order they were defined in.
            call = calls.pop(name, _Call())
            calls[name] = _Call(runs=call.runs + 1, inputs=inputs, output=output)

        return hook

    try:
        for name in names:
            hooks.append(layers[name].register_forward_hook(note(name)))
        yield calls
    finally:
        for hook in hooks:
            hook.remove()


def _check_output(output: Any, base: Base, name: str) -> None:
    import torch

    classes = len(base.classes)
    if not isinstance(output, torch.Tensor):
        raise HarnessError(
            f"model {name} must return a tensor of logits, got {_kind(output)}; take "
            "the logits out of it in a factory"
        )
    if output.ndim != 2 or len(output) != IMAGES:
        raise HarnessError(
            f"model {name} must return one row of logits an image, (n, {classes}), got "
            f"shape {tuple(output.shape)} for {IMAGES} images"
        )
    if output.shape[1] != classes:
        raise HarnessError(
            f"model {name} must tell the {classes} classes of base {base.name} apart, "
            f"but gives {output.shape[1]} logits; choose the base it was trained on "
            "with --harness-base"
        )
    if not output.is_floating_point() or not output.isfinite().all():
        raise HarnessError(
            f"model {name} must return finite floating-point logits, got "
            f"{output.dtype} with nan, infinity or whole numbers on a black image and "
            "a ramp; check its weights"
        )
    ones = torch.ones(IMAGES)
    if (output >= 0).all() and torch.allclose(output.float().sum(1), ones, atol=1e-4):
        raise HarnessError(
            f"model {name} must return logits, but its outputs are probabilities: they "
            "sum to 1; leave its softmax out, or return their logarithm"
        )


def _kind(output: Any) -> str:
    kind = type(output).__name__
    names = list(output)[:5] if isinstance(output, dict) else []
    return f"{kind} of {', '.join(map(str, names))}" if names else kind


def _head(output: torch.Tensor, calls: dict[str, _Call], head: str, name: str) -> str:
    import torch

    if head:
        call = calls.get(head, _Call())
        inputs = call.inputs[0] if call.inputs else None
        if (
            call.runs != 1
            or not isinstance(inputs, torch.Tensor)
            or len(inputs) != IMAGES
        ):
            raise HarnessError(
                f"head {head!r} of model {name} must run once, on one row an image, "
                f"but ran {call.runs} times on {IMAGES} images; name another layer "
                "with ?head=, or leave it out to have it looked for"
            )
        return head
    fits = [
        layer
        for layer, call in calls.items()
        if call.runs == 1
        and call.inputs
        and call.output.shape == output.shape
        and torch.equal(call.output, output)
    ]
    return fits[-1] if fits else ""
