"""A dry run of a classifier: what it takes and gives, and where its features are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.datasets.family import ANOTHER_BASE
from harness.errors import HarnessError, UnknownName
from harness.models.layers import HEAD
from harness.models.network import ready
from harness.models.yours.built import cannot_be
from harness.models.yours.conduct import (
    check_conduct,
    check_no_probabilities,
    checked_features,
    checked_logits,
    dry_images,
    state,
)

if TYPE_CHECKING:
    import torch

    from harness.datasets.family import Base


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


def probe(
    network: torch.nn.Module,
    base: Base,
    *,
    name: str,
    head: str = "",
    mean: tuple[float, ...] = (),
    std: tuple[float, ...] = (),
    kind: str = "classifier",
) -> Probed:
    """Run a network on made images of the base's size, on the processor.

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
        once and whose output is the network's, or to take an encoder's output.
    mean, std
        Normalisation of the images, one number a channel; empty for none.
    kind
        "classifier" or "encoder".

    Raises
    ------
    HarnessError
        If the network cannot take the images, or gives anything but finite logits of
        the base's classes, or an encoder anything but finite features, or others for
        the same image (see `harness.models.yours.conduct`), or `head` is no layer that
        runs once on every image.
    """
    import torch

    layers = dict(network.named_modules())
    if head and head not in layers:
        raise UnknownName(f"head of model {name}", head, _linear(network) or layers)
    classifies = kind == "classifier"
    looked_for = _linear(network) if classifies else []
    watched = [head] if head else looked_for

    def checked(output: Any, n: int) -> torch.Tensor:
        if classifies:
            return checked_logits(output, n, base, name)
        return checked_features(output, n, name)

    images = dry_images(base, mean, std)
    failure: BaseException | None = None
    # Networks that call `view` take no channels-last memory, and there are many.
    for channels_last in (True, False):
        try:
            ready(network, "cpu", channels_last=channels_last)
        except (Exception, SystemExit) as error:
            # Its eval() and others may be the user's own.
            raise cannot_be(name, "put into eval mode and frozen", error) from error
        run = partial(_run, network, channels_last=channels_last)
        before = state(network)
        # What a random network draws is taken from nobody else.
        with torch.random.fork_rng(devices=[]), torch.inference_mode():
            try:
                with _watch(layers, watched) as calls:
                    output = run(images)
            except (Exception, SystemExit) as error:
                # The user's code may raise anything.
                failure = failure or error
                continue
            # Some networks give the same memory again, and write into it.
            rows = checked(output, len(images)).clone()
            found = _head(rows, calls, head, name)
            if classifies:
                check_no_probabilities(rows, name)
            check_conduct(
                network,
                run,
                images,
                rows,
                checked=checked,
                what="logits" if classifies else "features",
                name=name,
                before=before,
            )
        return Probed(head=found, channels_last=channels_last)
    reason = str(failure).partition("\n")[0] or type(failure).__name__
    height, width, channels = base.size
    raise HarnessError(
        f"model {name} must take images of base {base.name}, a batch of shape "
        f"(n, {channels}, {height}, {width}), but running it failed: {reason}; "
        f"{_cure(network)}"
    ) from failure


def _run(network: torch.nn.Module, images: torch.Tensor, *, channels_last: bool) -> Any:
    """The output for a copy of images, which networks may write into."""
    import torch

    # A copy also since grey images would keep the strides of the usual order.
    layout = torch.channels_last if channels_last else torch.contiguous_format
    return network(images.clone(memory_format=layout))


def _cure(network: torch.nn.Module) -> str:
    import torch

    tensors = (*network.parameters(), *network.buffers())
    others = {str(t.dtype) for t in tensors if t.is_floating_point()}
    if others := others - {str(torch.float32)}:
        return (
            f"it holds tensors of {', '.join(sorted(others))}, and images come in "
            "float32: return it with .float(), or convert them in its forward"
        )
    return f"{ANOTHER_BASE}; or resize or repeat channels in a factory"


def _linear(network: torch.nn.Module) -> list[str]:
    import torch

    modules = network.named_modules()
    return [name for name, part in modules if isinstance(part, torch.nn.Linear)]


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


def _head(output: torch.Tensor, calls: dict[str, _Call], head: str, name: str) -> str:
    import torch

    if head:
        call = calls.get(head, _Call())
        inputs = call.inputs[0] if call.inputs else None
        if (
            call.runs != 1
            or not isinstance(inputs, torch.Tensor)
            or len(inputs) != len(output)
        ):
            raise HarnessError(
                f"head {head!r} of model {name} must run once, on one row an image, "
                f"but ran {call.runs} times on {len(output)} images; name another "
                "layer with ?head=, or leave it out to have it looked for"
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


# --- layers ---------------------------------------------------------------------------


def layers_of(
    network: torch.nn.Module,
    base: Base,
    *,
    name: str,
    channels_last: bool,
    mean: tuple[float, ...] = (),
    std: tuple[float, ...] = (),
) -> tuple[str, ...]:
    """Dotted names of the parts that features can be taken of, as they end.

    Those that run once a pass and give one tensor, a row an image, of a shape that can
    be pooled.

    Parameters
    ----------
    network
        One that `probe` has seen.
    channels_last
        As it found.

    Raises
    ------
    HarnessError
        If the network cannot be run under observation.
    """
    import torch

    images = dry_images(base, mean, std)
    parts = seen_parts(network)
    found: list[set[str]] = []
    order: list[str] = []
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        # A second number of images: the first axis of tokens may be as long as one.
        for batch in (images, images[:3]):
            outputs: dict[str, list[Any]] = {}
            try:
                with _shapes(parts, outputs):
                    _run(network, batch, channels_last=channels_last)
            except (Exception, SystemExit) as error:
                raise cannot_be(name, "looked into", error) from error
            order = order or list(outputs)
            found.append(
                {part for part, each in outputs.items() if _is_layer(each, len(batch))}
            )
    return tuple(part for part in order if all(part in some for some in found))


def seen_parts(network: torch.nn.Module) -> dict[str, torch.nn.Module]:
    """Parts that hooks can be put on, by dotted name.

    Those of a TorchScript are called by no Python; "head" is the word for what enters
    the head.
    """
    import torch

    return {
        name: part
        for name, part in network.named_modules()
        if name not in ("", HEAD) and not isinstance(part, torch.jit.ScriptModule)
    }


def _is_layer(shapes: list[Any], images: int) -> bool:
    if len(shapes) != 1 or shapes[0] is None:
        return False
    shape = shapes[0]
    return len(shape) in (2, 3, 4) and shape[0] == images


@contextmanager
def _shapes(
    parts: dict[str, torch.nn.Module], outputs: dict[str, list[Any]]
) -> Iterator[None]:
    """Note the shapes that parts give, None for what is no tensor, in their order."""
    import torch

    def note(name: str) -> Any:
        def hook(_part: torch.nn.Module, _inputs: Any, output: Any) -> None:
            is_tensor = isinstance(output, torch.Tensor)
            outputs.setdefault(name, []).append(output.shape if is_tensor else None)

        return hook

    with ExitStack() as hooks:
        for name, part in parts.items():
            hooks.callback(part.register_forward_hook(note(name)).remove)
        yield
