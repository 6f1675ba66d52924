"""Registrations by options: what a user gave is registered as a conftest would."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError, UnknownName
from harness.options import said_base
from harness.settings import ModelSpec

if TYPE_CHECKING:
    from harness.models.entry import ModelEntry
    from harness.models.yours.specs import SpecModel
    from harness.registry import Registry
    from harness.settings import Settings

#: What torchvision's and timm's published weights of classifiers were trained on.
PUBLISHED_BASE = "imagenet"


def register_given(
    config: pytest.Config,
    settings: Settings,
    registry: Registry,
    *,
    asked: Collection[str],
) -> Settings:
    """Register what --harness-base, -outputs, -model and -population say.

    Parameters
    ----------
    asked
        Fields that the user set; others have their defaults.

    Returns
    -------
    Settings
        Those of the run: on the base of a folder of the user's own, of the outputs, or
        of published weights, where there are any.

    Raises
    ------
    HarnessError
        If they cannot be, or not together.
    """
    if settings.outputs:
        settings = _with_outputs(config, settings, registry)
    elif "base" in asked:
        settings = with_own_base(settings, registry)
    elif _all_published(settings):
        settings = replace(settings, base=PUBLISHED_BASE)
    _add_models(settings, registry)
    registry.add_chosen_models(settings)
    _add_populations(settings, registry)
    return settings


def _with_outputs(
    config: pytest.Config, settings: Settings, registry: Registry
) -> Settings:
    """Register the base that saved outputs make up; the settings on it."""
    from harness.answers.outputs import BASE, saved_base

    if config.getoption("harness_base") not in (None, BASE):
        raise HarnessError(
            "--harness-outputs makes a base of its own; leave --harness-base out"
        )
    base, families, models = saved_base(settings.outputs)
    registry.add_base_entry(base)
    for one in families:
        registry.add_family(one)
    for entry in models:
        registry.add_entry(entry)
    return replace(settings, base=BASE)


def with_own_base(settings: Settings, registry: Registry) -> Settings:
    """Register the base of a folder that --harness-base names; the settings on it.

    A name that is known is no folder, whatever lies here: write ``./NAME`` for that.

    Raises
    ------
    HarnessError
        If the folder holds no base, or it is called as another is.
    """
    text = settings.base
    if not {"?", "/", os.sep} & set(text) and (
        text in registry.bases or not Path(text).expanduser().is_dir()
    ):
        return settings
    from harness.datasets.own_base import own_base

    base = own_base(said_base(text))
    if base.name in registry.bases:
        raise HarnessError(
            f"base {base.name} is known already; give the folder another name: "
            f"--harness-base '{text}{'&' if '?' in text else '?'}name=NAME'"
        )
    registry.add_base_with_families(base)
    return replace(settings, base=base.name)


def _all_published(settings: Settings) -> bool:
    """Whether every model is one of published weights, all of which are ImageNet's.

    Encoders have no classes, and are held against any base.
    """
    return (
        bool(settings.model)
        and not settings.models
        and all(
            spec.target.startswith(("torchvision:", "timm:"))
            and spec.kind == "classifier"
            and spec.weights
            and not Path(spec.weights).suffix
            for spec in settings.model
        )
    )


def _add_models(settings: Settings, registry: Registry) -> None:
    """Register the classifiers of --harness-model."""
    if not settings.model:
        return
    if settings.outputs:
        raise HarnessError(
            "--harness-model needs images, and --harness-outputs stands in their "
            "place; leave one out"
        )
    for spec in settings.model:
        entry = given_model(spec, settings, registry)
        if entry.name in registry.models_of(settings.base):
            raise HarnessError(
                f"two models are called {entry.name}; give {spec.target} another "
                f"name: '{spec.target}?name=NAME'"
            )
        registry.add_entry(entry)


def given_model(
    spec: ModelSpec, settings: Settings, registry: Registry
) -> ModelEntry | SpecModel:
    """The model of a specification; nothing is built or looked for yet.

    Raises
    ------
    HarnessError
        If it is of no known form, or says too little or too much.
    """
    from harness.models.yours.specs import spec_model

    known = _checkpoint(spec, settings, registry)
    return known or spec_model(spec, settings.base)


def _checkpoint(
    spec: ModelSpec, settings: Settings, registry: Registry
) -> ModelEntry | None:
    """A known model with other weights, ``lenet?weights=FILE``; None for any other.

    Raises
    ------
    HarnessError
        If it says more than weights and a name, or no weights.
    """
    from harness.models.entry import Given, ModelEntry
    from harness.queries import safe_name

    try:
        entry = registry.model(settings.base, spec.target)
    except UnknownName:
        return None
    if not isinstance(entry, ModelEntry):
        return None
    if not spec.weights:
        raise HarnessError(
            f"model {spec.target} is known: run it with --harness-models, or with "
            f"other weights by --harness-model '{spec.target}?weights=FILE'"
        )
    said = replace(spec, target="", name="", weights="", folder=Path())
    if replace(said, activation="") != ModelSpec(target=""):
        raise HarnessError(
            f"of model {spec.target} all but weights, name and activation is known, "
            f"got more; write '{spec.target}?weights={spec.weights}'"
        )
    path = spec.folder / Path(spec.weights).expanduser()
    return replace(
        entry,
        name=spec.name or safe_name(path.stem),
        weights=Given(path=path),
        activation=spec.activation or entry.activation,
        source="--harness-model",
        parameters=None,
        accuracy=None,
        on_request=False,
    )


def _add_populations(settings: Settings, registry: Registry) -> None:
    """Register those of --harness-population."""
    if not settings.population:
        return
    if settings.outputs:
        raise HarnessError(
            "--harness-population needs images, and --harness-outputs stands in their "
            "place; leave one out"
        )
    registry.add_chosen_populations(settings)
