"""Registrations by options: what a user gave is registered as a conftest would."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError, UnknownName
from harness.settings import ModelSpec

if TYPE_CHECKING:
    from harness.models.entry import ModelEntry
    from harness.models.yours.specs import SpecModel
    from harness.registry import Registry
    from harness.settings import Settings


def register_given(
    config: pytest.Config, settings: Settings, registry: Registry
) -> Settings:
    """Register what --harness-outputs, -model and -population say.

    Returns
    -------
    Settings
        Those of the run: on the base of the outputs, where there are any.

    Raises
    ------
    HarnessError
        If they cannot be, or not together.
    """
    if settings.outputs:
        settings = _with_outputs(config, settings, registry)
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
    registry.add_base(base)
    for one in families:
        registry.add_family(one)
    for entry in models:
        registry.add_entry(entry)
    return replace(settings, base=BASE)


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
