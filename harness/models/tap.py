"""Tap: what a network's layers give while it runs, by hooks that are always removed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.models.classifier import Classifier
from harness.models.layers import HEAD, pooled, split_layer

if TYPE_CHECKING:
    import torch

    from harness.models.network import Network

_LISTED = 8  # layers that a message names


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one batch showed, on the CPU.

    Attributes
    ----------
    answer
        (m, k) float32 logits; None of an encoder.
    features
        By layer, (m, d) float32.
    unfit
        Layers that give no features, and why.
    images
        How many were in it.
    """

    answer: torch.Tensor | None
    features: dict[str, torch.Tensor]
    unfit: dict[str, str]
    images: int


class Tap:
    """Takes the features of several layers out of one forward pass.

    A context manager: the hooks are in the network inside of it, and never outside. It
    may be used by several threads at a time, each with a batch of its own.

    Parameters
    ----------
    model
        The network.
    layers
        Names of layers that it has, as tests ask for them; see `lacks`.
    """

    def __init__(self, model: Network, layers: Collection[str]) -> None:
        self._model = model
        self._layers = layers
        self._modules = {layer.name: layer.module for layer in model.layers}
        self._hooks = ExitStack()
        self._batch = threading.local()

    def __enter__(self) -> Tap:
        with ExitStack() as hooks:
            for name in self._layers:
                if handle := self._hook(name):
                    hooks.callback(handle.remove)
            self._hooks = hooks.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._hooks.close()

    def see(self, run: Callable[[], torch.Tensor], images: int) -> Seen:
        """Run the network on one batch, with a copy of all that is wanted of it.

        Parameters
        ----------
        run
            Calls the network and returns its output.
        images
            In the batch.
        """
        import torch

        features: dict[str, torch.Tensor] = {}
        unfit: dict[str, str] = {}
        self._batch.features, self._batch.unfit = features, unfit
        output = run()
        classifies = isinstance(self._model, Classifier)
        if not classifies and not self._model.head and HEAD in self._layers:
            self._put(HEAD, output)
        for name in self._layers:
            if name in unfit:
                features.pop(name, None)
            elif name not in features:
                unfit[name] = self._reason(name, "must run in every pass, but did not")
            elif len(features[name]) != images:
                rows = len(features.pop(name))
                unfit[name] = self._reason(
                    name, f"must give one row an image, got {rows} for {images} images"
                )
        # A copy: a network may give, and write into, the same memory each time.
        kept = output.to("cpu", torch.float32, copy=True) if classifies else None
        return Seen(answer=kept, features=features, unfit=unfit, images=images)

    def _hook(self, name: str) -> Any:
        if name != HEAD:
            module = self._modules[split_layer(name)[0]]

            def taken(_module: torch.nn.Module, _inputs: Any, output: Any) -> None:
                self._put(name, output)

            part = self._model.network.get_submodule(module)
            return part.register_forward_hook(taken)
        if not self._model.head:
            return None

        def entering(_module: torch.nn.Module, inputs: tuple[Any, ...]) -> None:
            self._put(name, inputs[0].flatten(1))

        part = self._model.network.get_submodule(self._model.head)
        return part.register_forward_pre_hook(entering)

    def _put(self, name: str, output: Any) -> None:
        import torch

        features, unfit = self._batch.features, self._batch.unfit
        if name in features:
            unfit[name] = self._reason(name, "must run once a pass, but runs again")
            return
        if not isinstance(output, torch.Tensor):
            kind = type(output).__name__
            unfit[name] = self._reason(name, f"must give one tensor, got {kind}")
            return
        as_it_is = name == HEAD and bool(self._model.head)
        try:
            vectors = output if as_it_is else pooled(output, split_layer(name)[1])
        except ValueError as error:
            unfit[name] = self._reason(name, str(error))
        else:
            features[name] = vectors.to("cpu", torch.float32, copy=True)

    def _reason(self, name: str, rule: str) -> str:
        called = f"the head {self._model.head!r}" if name == HEAD else f"layer {name}"
        if name == HEAD and not self._model.head:
            called = "the output"
        return f"{called} of model {self._model.name} {rule}"


def lacks(model: Network, layer: str) -> str:
    """Why a network has no such layer; empty if it has it."""
    name, pool = split_layer(layer)
    if name == HEAD and pool != "avg":
        return f"what enters the head is taken as it is: ask for {HEAD}, not {layer}"
    if name == HEAD:
        if model.head or not isinstance(model, Classifier):
            return ""
        return (
            "the model has no features: no linear layer that can be seen gives its "
            "logits; its --harness-model can name a layer with ?head="
        )
    known = [one.name for one in model.layers]
    if name in known:
        return ""
    listed = ", ".join(known[:_LISTED]) + (", ..." if len(known) > _LISTED else "")
    has = f"it has {listed}" if known else "no part of it can be looked into"
    return f"model {model.name} has no layer {name}; {has}"


def no_logits(name: str) -> str:
    """Why there are no logits of an encoder."""
    return f"model {name} is an encoder: it has features and no classes, so no logits"
