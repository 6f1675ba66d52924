"""Backbones: networks of the harness under detection and segmentation of torchvision.

A bridge and no more: torchvision has the heads, pyramids, losses and anchors.
"""

from __future__ import annotations

import os
import sys
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from harness.errors import HarnessError, UnknownName

if TYPE_CHECKING:
    from harness.datasets.family import Base
    from harness.models.entry import Registered
    from harness.registry import Registry
    from harness.settings import Settings


class Backbone(nn.Module):
    """Maps of some layers of a network, by the names that torchvision's models ask for.

    Batch norm has the statistics, scale and shift that it was trained with and learns
    no more, as in torchvision's detection models: batches of these are too small.

    Parameters
    ----------
    body
        Normalised (b, c, h, w) images to maps by name.
    channels
        Of each map, by name.
    mean, std
        As of the attributes.
    frozen
        Whether its weights stay as they are; it is then always in eval mode.
    pyramid
        Channels of a feature pyramid over the maps, which learns in any case; None for
        the maps themselves.

    Attributes
    ----------
    channels
        Of each of the network's maps, by name.
    mean, std
        Per channel, of images scaled to [0, 1]: what images are normalised by before
        they come here, `image_mean` and `image_std` of torchvision's detection models.
    out_channels
        Of every map that is given; there is none where they differ.
    """

    def __init__(
        self,
        body: nn.Module,
        channels: Mapping[str, int],
        *,
        mean: tuple[float, ...],
        std: tuple[float, ...],
        frozen: bool,
        pyramid: int | None,
    ) -> None:
        super().__init__()
        self.body = body.requires_grad_(not frozen)
        for part in body.modules():
            if isinstance(part, _BatchNorm):
                part.requires_grad_(False)
        self.channels = dict(channels)
        self.mean = mean
        self.std = std
        self._frozen = frozen
        self.pyramid = None if pyramid is None else _pyramid(self.channels, pyramid)
        widths = set(self.channels.values()) if pyramid is None else {pyramid}
        if len(widths) == 1:
            (self.out_channels,) = widths
        self.train()

    def train(self, mode: bool = True) -> Backbone:
        """Switch to training, all but what is to stay as it is."""
        super().train(mode)
        if self._frozen:
            self.body.eval()
        for part in self.body.modules():
            if isinstance(part, _BatchNorm):
                part.eval()
        return self

    def forward(self, images: torch.Tensor) -> OrderedDict[str, torch.Tensor]:
        """(b, channels, h', w') by name, in the order that layers run."""
        maps = OrderedDict(self.body(images))
        return maps if self.pyramid is None else self.pyramid(maps)


def backbone(
    model: str,
    *,
    layers: Mapping[str, str],
    frozen: bool = True,
    pyramid: int | None = None,
    **settings: Any,
) -> Backbone:
    """The layers of a model, for a model of torchvision's detection or segmentation.

    Parameters
    ----------
    model
        As --harness-models or --harness-model name it: "vgg-selfclassifier",
        "vgg-random", "lenet?weights=FILE", "torchvision:resnet18?weights=DEFAULT".
    layers
        What each layer's map is to be called: {"stage1": "0", "stage2": "1"} for
        detection, {"stage2": "out"} for segmentation. What comes after the last is
        left out, so that images need not be of the base's size.
    frozen, pyramid
        As of `Backbone`.
    settings
        Fields of `harness.settings.Settings`: base (digits), weights_root, data_root,
        cache_dir, download. Those that are not given are of the environment,
        HARNESS_WEIGHTS_ROOT and so on, or as usual.

    Returns
    -------
    Backbone
        On the processor, in training mode.

    Raises
    ------
    HarnessError
        If model or layer are unknown, weights are not at hand, a layer gives no map, or
        the network cannot be cut there.

    Examples
    --------
    >>> body = backbone("vgg", layers={"stage1": "0", "stage2": "1"})
    >>> body.channels, body.mean
    ({'0': 16, '1': 32}, (0.3,))
    """
    from harness.registry import Registry

    if not layers:
        raise HarnessError(
            "`layers` must say what the map of one layer or more is called, "
            "{'stage1': '0'}, got none"
        )
    if pyramid is not None and pyramid < 1:
        raise HarnessError(f"`pyramid` must be at least 1 or None, got {pyramid}")
    chosen, registry = _settings(settings), Registry()
    if chosen.base not in registry.bases:
        raise UnknownName("base", chosen.base, registry.bases)
    base = registry.bases[chosen.base]
    entry = _entry(model, chosen, registry)
    parts = _parts(entry, layers, chosen, base)
    network, mean, std = _trained(entry, chosen, base)
    body = _cut(network, parts, entry.name)
    return Backbone(
        body,
        _channels(body, base, entry.name),
        mean=mean,
        std=std,
        frozen=frozen,
        pyramid=pyramid,
    )


def _settings(given: Mapping[str, Any]) -> Settings:
    """What was given, and of the machine what its environment says."""
    from pathlib import Path

    from platformdirs import user_cache_path

    from harness.options import OPTIONS
    from harness.settings import Settings

    known = {option.field: option for option in OPTIONS}
    for name in given:
        if name not in known:
            raise UnknownName("setting", name, known)
    said: dict[str, Any] = {
        name: os.environ.get(known[name].ini.upper()) or None
        for name in ("weights_root", "data_root", "cache_dir", "download")
    }
    said |= {
        "cache_dir": said["cache_dir"] or user_cache_path("harness", appauthor=False),
        "store": Path(".harness"),
        **given,
    }
    try:
        read = {
            name: known[name].parse(value) if isinstance(value, str) else value
            for name, value in said.items()
            if value is not None
        }
    except ValueError as error:
        raise HarnessError(f"a setting {error}") from error
    return Settings(**read)


def _entry(model: str, settings: Settings, registry: Registry) -> Registered:
    """A model that is known by name, or that a specification describes."""
    from harness.options import OPTIONS
    from harness.registrations import given_model

    if not {"?", ":"} & set(model):
        return registry.model(settings.base, model)
    parse = next(option.parse for option in OPTIONS if option.field == "model")
    try:
        spec = parse(model)
    except ValueError as error:
        raise HarnessError(f"model {error}") from error
    return given_model(spec, settings, registry)


def _parts(
    entry: Registered, layers: Mapping[str, str], settings: Settings, base: Base
) -> dict[str, str]:
    """What the map of each part of the network is called, by its dotted name."""
    from harness.models.entry import known_layers

    known = {
        layer.name: layer.module for layer in known_layers(entry, settings, base, _tell)
    }
    if not known:
        raise HarnessError(
            f"model {entry.name} has no layers that are known by name; give its "
            "network as FILE.py:FUNCTION, whose parts are layers"
        )
    for name in layers:
        if name not in known:
            raise UnknownName(f"layer of model {entry.name}", name, known)
    return {known[name]: called for name, called in layers.items()}


def _trained(
    entry: Registered, settings: Settings, base: Base
) -> tuple[nn.Module, tuple[float, ...], tuple[float, ...]]:
    """The network with its weights in place, and its normalisation."""
    from harness.models.entry import ModelEntry

    if isinstance(entry, ModelEntry):
        return entry.trained_network(settings, base, _tell), entry.mean, entry.std
    loaded = entry.load(settings, base, "cpu", _tell)
    return loaded.network, loaded.mean, loaded.std


def _cut(network: nn.Module, parts: dict[str, str], name: str) -> nn.Module:
    """The network up to the last of its parts; HarnessError if that cannot be."""
    from torchvision.models.feature_extraction import create_feature_extractor

    try:
        found = create_feature_extractor(network, parts, suppress_diff_warning=True)
    except Exception as error:  # whatever a network's own code raises
        raise HarnessError(
            f"model {name} cannot be cut after {', '.join(parts)}: torchvision follows "
            f"networks whose flow does not depend on the images, and met: {error}"
        ) from error
    return cast(nn.Module, found)


def _channels(body: nn.Module, base: Base, name: str) -> dict[str, int]:
    """Of each map, as one image of the base's size shows."""
    height, width, channels = base.size
    with torch.inference_mode():
        maps = body.eval()(torch.zeros(1, channels, height, width))
    for called, found in maps.items():
        if found.ndim != 4:
            raise HarnessError(
                f"the layer that is called {called!r} of model {name} must give maps "
                f"(n, c, h, w), got shape {tuple(found.shape)}; choose an earlier one"
            )
    return {called: found.shape[1] for called, found in maps.items()}


def _pyramid(channels: Mapping[str, int], width: int) -> nn.Module:
    from torchvision.ops import FeaturePyramidNetwork

    return cast(nn.Module, FeaturePyramidNetwork(list(channels.values()), width))


def _tell(text: str) -> None:
    print(f"harness: {text}", file=sys.stderr, flush=True)
